//! What we say about a person (saml-core-2.0-os 2.3.3; saml-profiles-2.0-os 4.1.4.2).

use keyholder_core::time::Timestamp;

use super::read::{self, ReadError};
use super::{NameId, write};
use crate::names::ASSERTION;
use crate::xml::{Element, Value, ValueError};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// Attribute names that are URIs (saml-core-2.0-os 8.2.2).
pub const URI_NAMES: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
/// Attribute names that are plain words (saml-core-2.0-os 8.2.3).
pub const BASIC_NAMES: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/// An assertion about one sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub id: String,
    pub issue_instant: Timestamp,
    /// Our entity id.
    pub issuer: String,
    pub subject: NameId,
    pub bearer: Bearer,
    pub conditions: Conditions,
    pub authn: AuthnStatement,
    /// None: no `AttributeStatement` is written, since an empty one is not valid.
    pub attributes: Vec<Attribute>,
}

/// Who may use it: whoever brings it to this address in time (saml-profiles-2.0-os 4.1.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub recipient: String,
    /// The request's id; none where nobody asked (4.1.5).
    pub in_response_to: Option<String>,
    pub not_on_or_after: Timestamp,
}

/// When and for whom it holds (saml-core-2.0-os 2.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    pub not_before: Timestamp,
    pub not_on_or_after: Timestamp,
    /// The service provider's entity id.
    pub audience: String,
}

/// How and when the person signed in (saml-core-2.0-os 2.7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnStatement {
    pub authn_instant: Timestamp,
    /// What a logout request names the session by.
    pub session_index: String,
    pub session_not_on_or_after: Option<Timestamp>,
    /// `AuthnContextClassRef`.
    pub class: String,
}

/// One attribute with one element for each value (saml-core-2.0-os 2.7.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    /// [`URI_NAMES`] or [`BASIC_NAMES`].
    pub name_format: String,
    /// For people who read logs; nobody may compare it.
    pub friendly_name: Option<String>,
    pub values: Vec<String>,
}

impl Assertion {
    /// Writes an assertion; its signature goes behind the Issuer.
    pub fn write(&self) -> Result<Element, ValueError> {
        let root = write::attribute(write::saml("Assertion"), "ID", &self.id)?
            .with("Version", "2.0")
            .with("IssueInstant", Value::instant(self.issue_instant)?)
            .child(write::saml("Issuer").text(write::entity_id(&self.issuer)?))
            .child(self.bearer.write(&self.subject)?)
            .child(self.conditions.write()?)
            .child(self.authn.write()?);
        if self.attributes.is_empty() {
            return Ok(root);
        }
        let mut statement = write::saml("AttributeStatement");
        for attribute in &self.attributes {
            statement = statement.child(attribute.write()?);
        }
        Ok(root.child(statement))
    }

    /// Reads an assertion of our shape; as a service provider does.
    pub fn read(root: &Element) -> Result<Self, ReadError> {
        read::expect(root, ASSERTION, "Assertion")?;
        let subject = read::exactly_one(root, ASSERTION, "Subject")?;
        let statement = read::at_most_one(root, ASSERTION, "AttributeStatement")?;
        let attributes = statement
            .map(|statement| statement.all(ASSERTION, "Attribute").map(Attribute::read).collect::<Result<Vec<_>, _>>());
        Ok(Self {
            id: read::attribute(root, "ID")?.to_owned(),
            issue_instant: read::instant(root, "IssueInstant")?.ok_or(ReadError::Missing("IssueInstant"))?,
            issuer: read::text(read::exactly_one(root, ASSERTION, "Issuer")?, "Issuer")?,
            subject: NameId::read(read::exactly_one(subject, ASSERTION, "NameID")?)?,
            bearer: Bearer::read(subject)?,
            conditions: Conditions::read(read::exactly_one(root, ASSERTION, "Conditions")?)?,
            authn: AuthnStatement::read(read::exactly_one(root, ASSERTION, "AuthnStatement")?)?,
            attributes: attributes.transpose()?.unwrap_or_default(),
        })
    }
}

impl Bearer {
    fn write(&self, subject: &NameId) -> Result<Element, ValueError> {
        let mut data = write::saml("SubjectConfirmationData")
            .with("NotOnOrAfter", Value::instant(self.not_on_or_after)?)
            .with("Recipient", write::address(&self.recipient)?);
        data = write::optional(data, "InResponseTo", self.in_response_to.as_deref())?;
        let confirmation = write::saml("SubjectConfirmation").with("Method", BEARER).child(data);
        Ok(write::saml("Subject").child(subject.write()?).child(confirmation))
    }

    fn read(subject: &Element) -> Result<Self, ReadError> {
        let confirmation = read::exactly_one(subject, ASSERTION, "SubjectConfirmation")?;
        if confirmation.attribute("Method") != Some(BEARER) {
            return Err(ReadError::Malformed("SubjectConfirmation"));
        }
        let data = read::exactly_one(confirmation, ASSERTION, "SubjectConfirmationData")?;
        Ok(Self {
            recipient: read::attribute(data, "Recipient")?.to_owned(),
            in_response_to: data.attribute("InResponseTo").map(str::to_owned),
            not_on_or_after: read::instant(data, "NotOnOrAfter")?.ok_or(ReadError::Missing("NotOnOrAfter"))?,
        })
    }
}

impl Conditions {
    fn write(&self) -> Result<Element, ValueError> {
        let audience = write::saml("Audience").text(write::entity_id(&self.audience)?);
        Ok(write::saml("Conditions")
            .with("NotBefore", Value::instant(self.not_before)?)
            .with("NotOnOrAfter", Value::instant(self.not_on_or_after)?)
            .child(write::saml("AudienceRestriction").child(audience)))
    }

    fn read(element: &Element) -> Result<Self, ReadError> {
        let restriction = read::exactly_one(element, ASSERTION, "AudienceRestriction")?;
        Ok(Self {
            not_before: read::instant(element, "NotBefore")?.ok_or(ReadError::Missing("NotBefore"))?,
            not_on_or_after: read::instant(element, "NotOnOrAfter")?.ok_or(ReadError::Missing("NotOnOrAfter"))?,
            audience: read::text(read::exactly_one(restriction, ASSERTION, "Audience")?, "Audience")?,
        })
    }
}

impl AuthnStatement {
    fn write(&self) -> Result<Element, ValueError> {
        let mut statement = write::saml("AuthnStatement").with("AuthnInstant", Value::instant(self.authn_instant)?);
        statement = write::attribute(statement, "SessionIndex", &self.session_index)?;
        if let Some(end) = self.session_not_on_or_after {
            statement = statement.with("SessionNotOnOrAfter", Value::instant(end)?);
        }
        let class = write::text(write::saml("AuthnContextClassRef"), &self.class)?;
        Ok(statement.child(write::saml("AuthnContext").child(class)))
    }

    fn read(element: &Element) -> Result<Self, ReadError> {
        let context = read::exactly_one(element, ASSERTION, "AuthnContext")?;
        Ok(Self {
            authn_instant: read::instant(element, "AuthnInstant")?.ok_or(ReadError::Missing("AuthnInstant"))?,
            session_index: read::attribute(element, "SessionIndex")?.to_owned(),
            session_not_on_or_after: read::instant(element, "SessionNotOnOrAfter")?,
            class: read::text(read::exactly_one(context, ASSERTION, "AuthnContextClassRef")?, "AuthnContextClassRef")?,
        })
    }
}

impl Attribute {
    pub(crate) fn write(&self) -> Result<Element, ValueError> {
        let element = write::attribute(write::saml("Attribute"), "Name", &self.name)?;
        let element = write::attribute(element, "NameFormat", &self.name_format)?;
        let mut element = write::optional(element, "FriendlyName", self.friendly_name.as_deref())?;
        for value in &self.values {
            element = element.child(write::text(write::saml("AttributeValue"), value)?);
        }
        Ok(element)
    }

    fn read(element: &Element) -> Result<Self, ReadError> {
        let values = element.all(ASSERTION, "AttributeValue").map(Element::own_text).collect();
        Ok(Self {
            name: read::attribute(element, "Name")?.to_owned(),
            name_format: element.attribute("NameFormat").unwrap_or_default().to_owned(),
            friendly_name: element.attribute("FriendlyName").map(str::to_owned),
            values,
        })
    }
}
