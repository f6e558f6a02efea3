//! What an application's settings begin with, by the kind of application.

use serde::{Deserialize, Serialize};

use crate::attributes::{Fact, NameFormat, Release};
use crate::messages::NameIdFormat;
use crate::service_provider::{
    ContextPolicy, Encrypt, EntityIdOf, IdpInitiated, MultiFactorClass, RequestSignature, Requested, Settings, Sign,
    SingleFactorClass, SpMetadata,
};

/// A kind of application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// Any application: one persistent identifier, name and address.
    #[default]
    Generic,
    GoogleWorkspace,
    /// A domain of Microsoft Entra that is federated to this identity provider.
    MicrosoftEntra,
    /// A Shibboleth service provider, and applications of a research and education federation.
    Shibboleth,
    /// A safeguarding application: who, in which school, in which groups, and how strongly proved.
    Safeguarding,
}

impl Template {
    /// Every template.
    pub const ALL: [Self; 5] =
        [Self::Generic, Self::GoogleWorkspace, Self::MicrosoftEntra, Self::Shibboleth, Self::Safeguarding];

    /// As it is written in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::GoogleWorkspace => "google-workspace",
            Self::MicrosoftEntra => "microsoft-entra",
            Self::Shibboleth => "shibboleth",
            Self::Safeguarding => "safeguarding",
        }
    }

    /// The settings to begin with.
    pub fn settings(self) -> Settings {
        let facts = |facts: &[Fact]| facts.iter().copied().map(Release::from).collect::<Vec<_>>();
        let password = ContextPolicy {
            requested: Requested::Honoured,
            single_factor: SingleFactorClass::PasswordProtectedTransport,
            multi_factor: MultiFactorClass::Refeds,
        };
        let generic = Settings {
            template: self,
            name_id: NameIdFormat::Persistent,
            sign: Sign::Response,
            encrypt: Encrypt::WhenPossible,
            release: facts(&[Fact::Mail, Fact::DisplayName]),
            requests: RequestSignature::AsMetadataSays,
            clock_skew_seconds: 60,
            contexts: password,
            idp_initiated: IdpInitiated::Refused,
            entity_id_of: EntityIdOf::Installation,
            assertion_seconds: 300,
        };
        match self {
            Self::Generic => generic,
            // "SSO assertion requirements" of Google Workspace: the primary address is the NameID. Attributes are kept by Google and
            // used for nothing that a school needs; in the legacy profile one that is not ASCII, such as a name, ends the sign-in.
            Self::GoogleWorkspace => Settings {
                name_id: NameIdFormat::EmailAddress,
                encrypt: Encrypt::Never,
                release: Vec::new(),
                ..generic
            },
            // "Use a SAML 2.0 identity provider for single sign-on": the ImmutableID is a persistent NameID, the user principal name
            // is IDPEmail, and the assertion is signed. "Satisfy multifactor authentication controls with claims from a federated
            // IdP": two factors are told by the class of the sign-in alone; attributes about them are not read.
            Self::MicrosoftEntra => Settings {
                sign: Sign::Assertion,
                encrypt: Encrypt::Never,
                release: vec![Release {
                    fact: Fact::Mail,
                    name: Some("IDPEmail".to_owned()),
                    name_format: NameFormat::Basic,
                }],
                contexts: ContextPolicy { multi_factor: MultiFactorClass::Microsoft, ..password },
                ..generic
            },
            // saml2int 3.1.3.2: subject identifiers are attributes, and the NameID is transient.
            Self::Shibboleth => Settings {
                name_id: NameIdFormat::Transient,
                release: facts(&[
                    Fact::PairwiseId,
                    Fact::EduPersonPrincipalName,
                    Fact::EduPersonScopedAffiliation,
                    Fact::Mail,
                    Fact::DisplayName,
                ]),
                contexts: ContextPolicy::default(),
                ..generic
            },
            Self::Safeguarding => Settings {
                sign: Sign::Both,
                release: facts(&[
                    Fact::Mail,
                    Fact::DisplayName,
                    Fact::GivenName,
                    Fact::Surname,
                    Fact::SchoolUrn,
                    Fact::SchoolUkprn,
                    Fact::Groups,
                    Fact::PupilScopes,
                ]),
                contexts: ContextPolicy::default(),
                ..generic
            },
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Template::default().settings()
    }
}

/// What Google Workspace would say about itself for a domain: it publishes no metadata.
pub fn google_workspace_metadata(domain: &str) -> SpMetadata {
    SpMetadata {
        name_id_formats: vec![NameIdFormat::EmailAddress.uri().to_owned()],
        ..SpMetadata::by_hand(format!("google.com/a/{domain}"), format!("https://www.google.com/a/{domain}/acs"))
    }
}

/// What Microsoft Entra says about itself, as far as a sign-in needs it.
pub fn microsoft_entra_metadata() -> SpMetadata {
    SpMetadata {
        name_id_formats: vec![NameIdFormat::Persistent.uri().to_owned()],
        want_assertions_signed: true,
        ..SpMetadata::by_hand("urn:federation:MicrosoftOnline", "https://login.microsoftonline.com/login.srf")
    }
}

#[cfg(test)]
mod tests;
