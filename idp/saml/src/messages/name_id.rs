//! Identifiers of a subject (saml-core-2.0-os 2.2.3, 8.3).

use serde::{Deserialize, Serialize};

use super::read::{self, ReadError};
use super::write;
use crate::xml::{Element, ValueError};

/// A kind of identifier that we issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameIdFormat {
    /// A new one for each sign-in (8.3.8).
    Transient,
    /// The same at each sign-in to one application, and another at the next (8.3.7).
    Persistent,
    /// The e-mail address (8.3.2).
    EmailAddress,
    /// Left to the provider (8.3.1).
    Unspecified,
}

impl NameIdFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Transient, Self::Persistent, Self::EmailAddress, Self::Unspecified];

    /// The identifier of the format.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        }
    }

    /// Reads an identifier of a format; `None` for one that we do not issue.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.uri() == uri)
    }
}

/// A `NameID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameId {
    pub value: String,
    /// As written; none means unspecified.
    pub format: Option<String>,
    /// The entity id of the identity provider.
    pub name_qualifier: Option<String>,
    /// The entity id of the service provider, or of its group.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// One without qualifiers.
    pub fn new(format: NameIdFormat, value: impl Into<String>) -> Self {
        let format = Some(format.uri().to_owned());
        Self { value: value.into(), format, name_qualifier: None, sp_name_qualifier: None }
    }

    /// Whether this, as a service provider sent it back, names the same subject as `issued`. A qualifier left out is
    /// the issued one (saml-core-2.0-os 8.3.7), a format left out too; what is there must be equal, case included.
    pub fn names(&self, issued: &Self) -> bool {
        let same = |theirs: &Option<String>, ours: &Option<String>| theirs.is_none() || theirs == ours;
        self.value == issued.value
            && (same(&self.format, &issued.format) || self.format.as_deref() == Some(NameIdFormat::Unspecified.uri()))
            && same(&self.name_qualifier, &issued.name_qualifier)
            && same(&self.sp_name_qualifier, &issued.sp_name_qualifier)
    }

    /// Reads a `NameID`.
    pub(crate) fn read(element: &Element) -> Result<Self, ReadError> {
        let attribute = |name| element.attribute(name).map(str::to_owned);
        Ok(Self {
            value: read::text(element, "NameID")?,
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
        })
    }

    /// Writes a `NameID`.
    pub(crate) fn write(&self) -> Result<Element, ValueError> {
        let qualifier = |text: &Option<String>| text.as_deref().map(write::entity_id).transpose();
        let element = write::saml("NameID")
            .with_some("NameQualifier", qualifier(&self.name_qualifier)?)
            .with_some("SPNameQualifier", qualifier(&self.sp_name_qualifier)?);
        let element = write::optional(element, "Format", self.format.as_deref())?;
        write::text(element, &self.value)
    }
}
