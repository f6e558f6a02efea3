//! The answer to a request for a sign-in (saml-core-2.0-os 3.3.3; saml-profiles-2.0-os 4.1.4.2).

use super::read::{self, ReadError};
use super::{Assertion, Header, Status, write};
use crate::names::{ASSERTION, PROTOCOL};
use crate::xml::{Element, ValueError};

/// A `Response` without what it contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub header: Header,
    /// The request's id; none where nobody asked.
    pub in_response_to: Option<String>,
    pub status: Status,
}

/// What a response that was read contains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    pub assertions: Vec<Assertion>,
    /// How many are encrypted.
    pub encrypted: usize,
}

impl Response {
    /// Writes a response around an `Assertion` or `EncryptedAssertion`; around nothing where it is an error.
    pub fn write(&self, assertion: Option<Element>) -> Result<Element, ValueError> {
        let root = write::optional(write::samlp("Response"), "InResponseTo", self.in_response_to.as_deref())?;
        let root = self.header.write(root)?.child(self.status.write()?);
        Ok(match assertion {
            Some(assertion) => root.child(assertion),
            None => root,
        })
    }

    /// Reads a response, as a service provider does.
    pub fn read(root: &Element) -> Result<(Self, Contents), ReadError> {
        read::expect(root, PROTOCOL, "Response")?;
        let assertions = root.all(ASSERTION, "Assertion").map(Assertion::read).collect::<Result<_, _>>()?;
        let encrypted = root.all(ASSERTION, "EncryptedAssertion").count();
        let response = Self {
            header: Header::read(root)?,
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            status: Status::read(root)?,
        };
        Ok((response, Contents { assertions, encrypted }))
    }
}
