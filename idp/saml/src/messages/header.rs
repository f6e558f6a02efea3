//! What every message begins with (`RequestAbstractType`, saml-core-2.0-os 3.2.1; `StatusResponseType`, 3.2.2).

use keyholder_core::time::Timestamp;

use super::read::{self, ReadError};
use super::write;
use crate::names::ASSERTION;
use crate::xml::{Element, Value, ValueError};

/// The only format that an issuer of messages may have (saml-profiles-2.0-os 4.1.4.1).
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// The beginning of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub id: String,
    /// "2.0" is the only one that is served; kept as sent, since another one has a status of its own.
    pub version: String,
    pub issue_instant: Timestamp,
    /// Where the message was sent to.
    pub destination: Option<String>,
    /// The entity id of the sender.
    pub issuer: String,
}

impl Header {
    /// Reads the attributes and the Issuer of a message's root.
    pub(crate) fn read(root: &Element) -> Result<Self, ReadError> {
        let issuer = read::exactly_one(root, ASSERTION, "Issuer")?;
        if issuer.attribute("Format").is_some_and(|format| format != ENTITY) {
            return Err(ReadError::Malformed("Issuer"));
        }
        Ok(Self {
            id: read::attribute(root, "ID")?.to_owned(),
            version: read::attribute(root, "Version")?.to_owned(),
            issue_instant: read::instant(root, "IssueInstant")?.ok_or(ReadError::Missing("IssueInstant"))?,
            destination: root.attribute("Destination").map(str::to_owned),
            issuer: read::text(issuer, "Issuer")?,
        })
    }

    /// Puts it on a root.
    pub(crate) fn write(&self, root: Element) -> Result<Element, ValueError> {
        let mut root = write::attribute(root, "ID", &self.id)?
            .with("Version", "2.0")
            .with("IssueInstant", Value::instant(self.issue_instant)?);
        if let Some(destination) = &self.destination {
            root = root.with("Destination", write::address(destination)?);
        }
        Ok(root.child(write::saml("Issuer").text(write::entity_id(&self.issuer)?)))
    }
}
