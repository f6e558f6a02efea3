//! A registered service provider: what its metadata says, and what the application's settings say about it.
//!
//! Owns the two apart, so that refreshed metadata replaces the one and never touches the other. Does not own their
//! storage.

use serde::{Deserialize, Serialize};

use keyholder_core::time::Timestamp;

use crate::certificate::Certificate;
use crate::messages::NameIdFormat;
use crate::verify::PublicKey;

/// A service provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceProvider {
    pub metadata: SpMetadata,
    pub settings: Settings,
}

/// What a service provider says about itself (saml-metadata-2.0-os 2.4.4), as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpMetadata {
    pub entity_id: String,
    /// Shown to people who administrate; from `mdui:DisplayName` or the service's name.
    #[serde(default)]
    pub display_name: Option<String>,
    pub assertion_consumer_services: Vec<AssertionConsumerService>,
    #[serde(default)]
    pub single_logout_services: Vec<SingleLogoutService>,
    /// Every key with which it may sign; all of them are tried.
    #[serde(default)]
    pub signing: Vec<Certificate>,
    /// Every key for which it can decrypt, the preferred first.
    #[serde(default)]
    pub encryption: Vec<EncryptionKey>,
    /// `AuthnRequestsSigned`: an unsigned request is not from it.
    #[serde(default)]
    pub authn_requests_signed: bool,
    #[serde(default)]
    pub want_assertions_signed: bool,
    /// The formats that it says it can use, as written; none says nothing.
    #[serde(default)]
    pub name_id_formats: Vec<String>,
    /// The names of `RequestedAttribute`s, for the administrator's eye: release follows the settings.
    #[serde(default)]
    pub requested_attributes: Vec<String>,
    /// When these statements stop to count.
    #[serde(default)]
    pub valid_until: Option<Timestamp>,
    /// How long they may be kept before they are fetched again, in seconds.
    #[serde(default)]
    pub cache_seconds: Option<u64>,
}

/// Where assertions may be sent (saml-metadata-2.0-os 2.2.3, 2.4.4). Only those that take them by POST are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionConsumerService {
    pub location: String,
    pub index: u16,
    /// As written: absent is neither.
    #[serde(default)]
    pub is_default: Option<bool>,
}

/// Where it takes messages about logout (saml-metadata-2.0-os 2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SingleLogoutService {
    pub binding: LogoutBinding,
    pub location: String,
    /// Where answers go, if elsewhere.
    #[serde(default)]
    pub response_location: Option<String>,
}

/// How a message about logout travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutBinding {
    /// Behind the browser's back; the most reliable.
    Soap,
    Redirect,
    Post,
}

impl LogoutBinding {
    /// Every binding, the preferred first.
    pub const ALL: [Self; 3] = [Self::Soap, Self::Redirect, Self::Post];

    /// The identifier of the binding (saml-bindings-2.0-os 3).
    pub fn uri(self) -> &'static str {
        match self {
            Self::Soap => "urn:oasis:names:tc:SAML:2.0:bindings:SOAP",
            Self::Redirect => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
            Self::Post => crate::messages::POST_BINDING,
        }
    }
}

/// A key that messages may be encrypted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionKey {
    pub certificate: Certificate,
    /// `EncryptionMethod` algorithms as written; none says nothing.
    #[serde(default)]
    pub methods: Vec<String>,
}

/// What the application's settings say. [`crate::templates`] has the values to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub template: crate::templates::Template,
    /// The identifier where the request leaves the choice.
    pub name_id: NameIdFormat,
    pub sign: Sign,
    pub encrypt: Encrypt,
    /// The attributes that it gets; nothing else.
    pub release: Vec<crate::attributes::Release>,
    pub requests: RequestSignature,
    /// How far its clock may be wrong, in seconds.
    pub clock_skew_seconds: u32,
    pub contexts: ContextPolicy,
    pub idp_initiated: IdpInitiated,
    pub entity_id_of: EntityIdOf,
    /// For how long an assertion may be redeemed, in seconds.
    pub assertion_seconds: u32,
}

/// What is signed. `WantAssertionsSigned` of the metadata adds the assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    #[default]
    Response,
    Assertion,
    Both,
}

/// When an assertion is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encrypt {
    /// Where the service provider has a key for it.
    #[default]
    WhenPossible,
    /// Nothing is sent without.
    Always,
    /// The service provider has a key but cannot use it.
    Never,
    /// As `Always`, with AES in CBC mode: for service providers that know nothing newer. Not authenticated; logged.
    LegacyCbc,
}

/// Whether requests have to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestSignature {
    /// Where the metadata says that they are.
    #[default]
    AsMetadataSays,
    Required,
}

/// What `RequestedAuthnContext` means for this application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContextPolicy {
    pub requested: Requested,
    pub single_factor: SingleFactorClass,
    pub multi_factor: MultiFactorClass,
}

/// Whether a request for a class counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requested {
    #[default]
    Honoured,
    /// For applications that ask for a class out of habit and do not look at the answer.
    Ignored,
}

/// How a sign-in with one factor is named where no class was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SingleFactorClass {
    /// REFEDS Single Factor Authentication Profile.
    #[default]
    Refeds,
    /// `PasswordProtectedTransport` (saml-authn-context-2.0-os 3.4.3): what most software knows.
    PasswordProtectedTransport,
}

/// How a sign-in with two factors is named where no class was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MultiFactorClass {
    /// REFEDS Multi-Factor Authentication Profile, or phishing-resistant where the sign-in was.
    #[default]
    Refeds,
    /// The class that Microsoft Entra takes for two factors. It looks for them in no other place.
    Microsoft,
}

/// By whose entity id the service provider knows us. Keys and people are the same behind each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityIdOf {
    /// That of all.
    #[default]
    Installation,
    /// One for this application alone.
    Application,
    /// One for each school that it serves, for software that tells schools apart by whoever signed somebody in.
    School,
}

/// Whether a sign-in may begin here, without a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdpInitiated {
    #[default]
    Refused,
    /// From **My applications**, with this `RelayState`.
    Allowed { relay_state: Option<String> },
}

impl ServiceProvider {
    /// Whether a request without a signature is refused.
    pub fn needs_signed_requests(&self) -> bool {
        self.metadata.authn_requests_signed || self.settings.requests == RequestSignature::Required
    }

    /// Whether the assertion itself is signed.
    pub fn signs_assertion(&self) -> bool {
        self.metadata.want_assertions_signed || self.settings.sign != Sign::Response
    }

    /// Whether the response around it is signed.
    pub fn signs_response(&self) -> bool {
        self.settings.sign != Sign::Assertion
    }
}

impl SpMetadata {
    /// One without metadata, written by hand: an entity id and one address.
    pub fn by_hand(entity_id: impl Into<String>, assertion_consumer_service: impl Into<String>) -> Self {
        let location = assertion_consumer_service.into();
        Self {
            entity_id: entity_id.into(),
            display_name: None,
            assertion_consumer_services: vec![AssertionConsumerService { location, index: 0, is_default: None }],
            single_logout_services: Vec::new(),
            signing: Vec::new(),
            encryption: Vec::new(),
            authn_requests_signed: false,
            want_assertions_signed: false,
            name_id_formats: Vec::new(),
            requested_attributes: Vec::new(),
            valid_until: None,
            cache_seconds: None,
        }
    }

    /// The keys that its messages may be signed with. One that cannot be read is passed over: it verifies nothing.
    pub fn signing_keys(&self) -> Vec<PublicKey> {
        self.signing.iter().filter_map(|certificate| certificate.public_key().ok()).collect()
    }

    /// Where assertions go if the request does not say (saml-metadata-2.0-os 2.2.3): the first that is marked as
    /// default, else the first that is not marked as none, else the first.
    pub fn default_assertion_consumer_service(&self) -> Option<&AssertionConsumerService> {
        let services = || self.assertion_consumer_services.iter();
        services()
            .find(|service| service.is_default == Some(true))
            .or_else(|| services().find(|service| service.is_default.is_none()))
            .or_else(|| services().next())
    }

    /// The logout endpoint of a binding.
    pub fn single_logout_service(&self, binding: LogoutBinding) -> Option<&SingleLogoutService> {
        self.single_logout_services.iter().find(|service| service.binding == binding)
    }
}

impl SingleLogoutService {
    /// Where answers go.
    pub fn response_address(&self) -> &str {
        self.response_location.as_deref().unwrap_or(&self.location)
    }
}
