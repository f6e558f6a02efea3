//! A service provider's request for a sign-in (saml-core-2.0-os 3.4.1; saml-profiles-2.0-os 4.1.4.1).

use serde::{Deserialize, Serialize};

use super::read::{self, ReadError};
use super::{Header, NameId, write};
use crate::names::{ASSERTION, PROTOCOL};
use crate::xml::{Element, ValueError};

/// HTTP POST (saml-bindings-2.0-os 3.5), the only binding by which responses leave.
pub const POST_BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/// An `AuthnRequest` as it was sent: nothing about it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    pub header: Header,
    /// Whom the service provider wants to see signed in (3.4.1, `Subject`).
    pub subject: Option<NameId>,
    /// The same as an `EncryptedID`, or a `BaseID` of some extension: kept as sent.
    pub opaque_subject: Option<Box<Element>>,
    pub name_id_policy: Option<NameIdPolicy>,
    pub requested_authn_context: Option<RequestedAuthnContext>,
    /// The person shall prove again who they are.
    pub force_authn: bool,
    /// No page may be shown.
    pub is_passive: bool,
    pub assertion_consumer_service_url: Option<String>,
    pub assertion_consumer_service_index: Option<u16>,
    pub protocol_binding: Option<String>,
    /// Which attributes it wants, by number. Release follows the application's settings whatever it says.
    pub attribute_consuming_service_index: Option<u16>,
}

/// What kind of identifier is wanted (3.4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameIdPolicy {
    /// As written; none leaves the choice to the provider.
    pub format: Option<String>,
    pub sp_name_qualifier: Option<String>,
    /// Whether a persistent identifier may be made for this request.
    pub allow_create: bool,
}

/// How requested contexts are compared with the one reached (3.3.2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    #[default]
    Exact,
    Minimum,
    Maximum,
    Better,
}

impl Comparison {
    /// Every comparison.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Minimum, Self::Maximum, Self::Better];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Better => "better",
        }
    }
}

/// How strongly the person shall prove who they are (3.3.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestedAuthnContext {
    pub comparison: Comparison,
    /// `AuthnContextClassRef`s, the preferred first.
    pub classes: Vec<String>,
    /// Whether declarations are asked for, which nobody has.
    pub declarations: bool,
}

impl AuthnRequest {
    /// Reads the tree of a request.
    pub fn read(root: &Element) -> Result<Self, ReadError> {
        read::expect(root, PROTOCOL, "AuthnRequest")?;
        let attribute = |name| root.attribute(name).map(str::to_owned);
        let policy = read::at_most_one(root, PROTOCOL, "NameIDPolicy")?.map(NameIdPolicy::read).transpose()?;
        let context = read::at_most_one(root, PROTOCOL, "RequestedAuthnContext")?;
        let (subject, opaque_subject) = match read::at_most_one(root, ASSERTION, "Subject")? {
            Some(subject) => (read::at_most_one(subject, ASSERTION, "NameID")?, read::opaque(subject)?),
            None => (None, None),
        };
        if subject.is_some() && opaque_subject.is_some() {
            return Err(ReadError::Repeated("NameID"));
        }
        Ok(Self {
            header: Header::read(root)?,
            subject: subject.map(NameId::read).transpose()?,
            opaque_subject: opaque_subject.cloned().map(Box::new),
            name_id_policy: policy,
            requested_authn_context: context.map(RequestedAuthnContext::read).transpose()?,
            force_authn: read::boolean(root, "ForceAuthn")?,
            is_passive: read::boolean(root, "IsPassive")?,
            assertion_consumer_service_url: attribute("AssertionConsumerServiceURL"),
            assertion_consumer_service_index: read::unsigned_short(root, "AssertionConsumerServiceIndex")?,
            protocol_binding: attribute("ProtocolBinding"),
            attribute_consuming_service_index: read::unsigned_short(root, "AttributeConsumingServiceIndex")?,
        })
    }

    /// Writes a request, as a service provider does.
    pub fn write(&self) -> Result<Element, ValueError> {
        let mut root = write::samlp("AuthnRequest");
        for (name, set) in [("ForceAuthn", self.force_authn), ("IsPassive", self.is_passive)] {
            if set {
                root = root.with(name, true);
            }
        }
        if let Some(url) = &self.assertion_consumer_service_url {
            root = root.with("AssertionConsumerServiceURL", write::address(url)?);
        }
        let indices = [
            ("AssertionConsumerServiceIndex", self.assertion_consumer_service_index),
            ("AttributeConsumingServiceIndex", self.attribute_consuming_service_index),
        ];
        for (name, index) in indices {
            if let Some(index) = index {
                root = root.with(name, u32::from(index));
            }
        }
        root = write::optional(root, "ProtocolBinding", self.protocol_binding.as_deref())?;
        root = self.header.write(root)?;
        if let Some(subject) = &self.subject {
            root = root.child(write::saml("Subject").child(subject.write()?));
        }
        if let Some(element) = &self.opaque_subject {
            root = root.child(write::saml("Subject").child((**element).clone()));
        }
        if let Some(policy) = &self.name_id_policy {
            root = root.child(policy.write()?);
        }
        if let Some(context) = &self.requested_authn_context {
            root = root.child(context.write()?);
        }
        Ok(root)
    }
}

impl NameIdPolicy {
    fn read(element: &Element) -> Result<Self, ReadError> {
        Ok(Self {
            format: element.attribute("Format").map(str::to_owned),
            sp_name_qualifier: element.attribute("SPNameQualifier").map(str::to_owned),
            allow_create: read::boolean(element, "AllowCreate")?,
        })
    }

    fn write(&self) -> Result<Element, ValueError> {
        let element = write::optional(write::samlp("NameIDPolicy"), "Format", self.format.as_deref())?;
        let element = write::optional(element, "SPNameQualifier", self.sp_name_qualifier.as_deref())?;
        Ok(if self.allow_create { element.with("AllowCreate", true) } else { element })
    }
}

impl RequestedAuthnContext {
    fn read(element: &Element) -> Result<Self, ReadError> {
        let comparison = match element.attribute("Comparison") {
            None => Comparison::Exact,
            Some(text) => Comparison::ALL
                .into_iter()
                .find(|comparison| comparison.name() == text)
                .ok_or(ReadError::Malformed("Comparison"))?,
        };
        let classes = element
            .all(ASSERTION, "AuthnContextClassRef")
            .map(|class| read::text(class, "AuthnContextClassRef"))
            .collect::<Result<_, _>>()?;
        let declarations = element.find(ASSERTION, "AuthnContextDeclRef").is_some();
        Ok(Self { comparison, classes, declarations })
    }

    fn write(&self) -> Result<Element, ValueError> {
        let mut element = write::samlp("RequestedAuthnContext").with("Comparison", self.comparison.name());
        for class in &self.classes {
            element = element.child(write::text(write::saml("AuthnContextClassRef"), class)?);
        }
        Ok(element)
    }
}
