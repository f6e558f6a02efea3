//! How a request ended (saml-core-2.0-os 3.2.2.1 to 3.2.2.4).

use super::read::{self, ReadError};
use super::write;
use crate::names::PROTOCOL;
use crate::xml::{Element, ValueError};

const PREFIX: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// Who is to blame: the permissible top-level codes (3.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TopStatus {
    Success,
    Requester,
    Responder,
    VersionMismatch,
}

impl TopStatus {
    const ALL: [Self; 4] = [Self::Success, Self::Requester, Self::Responder, Self::VersionMismatch];

    /// The code without what all codes begin with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Requester => "Requester",
            Self::Responder => "Responder",
            Self::VersionMismatch => "VersionMismatch",
        }
    }
}

/// What happened: second-level codes (3.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NestedStatus {
    AuthnFailed,
    InvalidNameIdPolicy,
    NoAuthnContext,
    NoPassive,
    PartialLogout,
    RequestDenied,
    RequestUnsupported,
    UnknownPrincipal,
    UnsupportedBinding,
    /// Somebody else's, as written.
    Other(String),
}

impl NestedStatus {
    const KNOWN: [Self; 9] = [
        Self::AuthnFailed,
        Self::InvalidNameIdPolicy,
        Self::NoAuthnContext,
        Self::NoPassive,
        Self::PartialLogout,
        Self::RequestDenied,
        Self::RequestUnsupported,
        Self::UnknownPrincipal,
        Self::UnsupportedBinding,
    ];

    /// The code as it is written.
    pub fn uri(&self) -> String {
        let name = match self {
            Self::AuthnFailed => "AuthnFailed",
            Self::InvalidNameIdPolicy => "InvalidNameIDPolicy",
            Self::NoAuthnContext => "NoAuthnContext",
            Self::NoPassive => "NoPassive",
            Self::PartialLogout => "PartialLogout",
            Self::RequestDenied => "RequestDenied",
            Self::RequestUnsupported => "RequestUnsupported",
            Self::UnknownPrincipal => "UnknownPrincipal",
            Self::UnsupportedBinding => "UnsupportedBinding",
            Self::Other(code) => return code.clone(),
        };
        format!("{PREFIX}{name}")
    }
}

/// A status: a top-level code, at most one below it, and words for developers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub top: TopStatus,
    pub nested: Option<NestedStatus>,
    /// Never about a person.
    pub message: Option<String>,
}

impl Status {
    /// It went well.
    pub const SUCCESS: Self = Self { top: TopStatus::Success, nested: None, message: None };

    /// It did not.
    pub fn new(top: TopStatus, nested: NestedStatus) -> Self {
        Self { top, nested: Some(nested), message: None }
    }

    /// Whether all of it went well: `Success`, and no partial logout below it.
    pub fn is_success(&self) -> bool {
        self.top == TopStatus::Success && self.nested != Some(NestedStatus::PartialLogout)
    }

    /// Reads the `Status` of a response.
    pub(crate) fn read(root: &Element) -> Result<Self, ReadError> {
        let status = read::exactly_one(root, PROTOCOL, "Status")?;
        let code = read::exactly_one(status, PROTOCOL, "StatusCode")?;
        let value = read::attribute(code, "Value")?;
        let top = TopStatus::ALL.into_iter().find(|top| value.strip_prefix(PREFIX) == Some(top.name()));
        let nested = match read::at_most_one(code, PROTOCOL, "StatusCode")? {
            None => None,
            Some(nested) => {
                let value = read::attribute(nested, "Value")?;
                let known = NestedStatus::KNOWN.into_iter().find(|known| known.uri() == value);
                Some(known.unwrap_or_else(|| NestedStatus::Other(value.to_owned())))
            }
        };
        let message = read::at_most_one(status, PROTOCOL, "StatusMessage")?.map(Element::own_text);
        Ok(Self { top: top.ok_or(ReadError::Malformed("StatusCode"))?, nested, message })
    }

    /// Writes a `Status`.
    pub(crate) fn write(&self) -> Result<Element, ValueError> {
        let mut code = write::attribute(write::samlp("StatusCode"), "Value", &format!("{PREFIX}{}", self.top.name()))?;
        if let Some(nested) = &self.nested {
            code = code.child(write::attribute(write::samlp("StatusCode"), "Value", &nested.uri())?);
        }
        let status = write::samlp("Status").child(code);
        match &self.message {
            Some(message) => Ok(status.child(write::text(write::samlp("StatusMessage"), message)?)),
            None => Ok(status),
        }
    }
}
