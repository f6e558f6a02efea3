//! The end of a session, asked for and answered (saml-core-2.0-os 3.7; saml-profiles-2.0-os 4.4.4).

use keyholder_core::time::Timestamp;

use super::read::{self, ReadError};
use super::{Header, NameId, Status, write};
use crate::names::{ASSERTION, PROTOCOL};
use crate::xml::{Element, Value, ValueError};

/// Who shall be signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    NameId(NameId),
    /// An `EncryptedID`, or a `BaseID` of some extension: kept as sent.
    Opaque(Box<Element>),
}

/// A `LogoutRequest` (3.7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    pub header: Header,
    /// When it stops to count.
    pub not_on_or_after: Option<Timestamp>,
    /// Why, as a URI.
    pub reason: Option<String>,
    pub principal: Principal,
    /// The sessions meant; none means all of the principal's (saml-core-2.0-os 3.7.1).
    pub session_indexes: Vec<String>,
}

/// A `LogoutResponse` (3.7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    pub header: Header,
    pub in_response_to: Option<String>,
    pub status: Status,
}

impl LogoutRequest {
    /// Reads the tree of a request.
    pub fn read(root: &Element) -> Result<Self, ReadError> {
        read::expect(root, PROTOCOL, "LogoutRequest")?;
        let name = read::at_most_one(root, ASSERTION, "NameID")?;
        let principal = match (name, read::opaque(root)?) {
            (Some(name), None) => Principal::NameId(NameId::read(name)?),
            (None, Some(opaque)) => Principal::Opaque(Box::new(opaque.clone())),
            (Some(_), Some(_)) => return Err(ReadError::Repeated("NameID")),
            (None, None) => return Err(ReadError::Missing("NameID")),
        };
        Ok(Self {
            header: Header::read(root)?,
            not_on_or_after: read::instant(root, "NotOnOrAfter")?,
            reason: root.attribute("Reason").map(str::to_owned),
            principal,
            session_indexes: root
                .all(PROTOCOL, "SessionIndex")
                .map(|index| read::text(index, "SessionIndex"))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Writes a request; its signature goes behind the Issuer.
    pub fn write(&self) -> Result<Element, ValueError> {
        let mut root = write::samlp("LogoutRequest");
        if let Some(end) = self.not_on_or_after {
            root = root.with("NotOnOrAfter", Value::instant(end)?);
        }
        root = write::optional(root, "Reason", self.reason.as_deref())?;
        root = self.header.write(root)?.child(match &self.principal {
            Principal::NameId(name) => name.write()?,
            Principal::Opaque(element) => (**element).clone(),
        });
        for index in &self.session_indexes {
            root = root.child(write::text(write::samlp("SessionIndex"), index)?);
        }
        Ok(root)
    }
}

impl LogoutResponse {
    /// Reads the tree of a response.
    pub fn read(root: &Element) -> Result<Self, ReadError> {
        read::expect(root, PROTOCOL, "LogoutResponse")?;
        Ok(Self {
            header: Header::read(root)?,
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            status: Status::read(root)?,
        })
    }

    /// Writes a response; its signature goes behind the Issuer.
    pub fn write(&self) -> Result<Element, ValueError> {
        let root = write::optional(write::samlp("LogoutResponse"), "InResponseTo", self.in_response_to.as_deref())?;
        Ok(self.header.write(root)?.child(self.status.write()?))
    }
}
