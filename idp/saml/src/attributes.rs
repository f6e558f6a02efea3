//! Attributes of a person: their names, and which of them an application gets.
//!
//! Owns the names and the release. Does not own the facts: the server computes them from the grant's school, so that
//! nothing in them names another membership.

use keyholder_core::assurance::Assurance;
use keyholder_core::membership::PupilScope;
use serde::{Deserialize, Serialize};

use crate::checks::context::MICROSOFT_MULTIPLE;
use crate::messages::{Attribute, BASIC_NAMES, URI_NAMES};
use crate::subject::scoped_id;

/// What is known of a person in the school of the grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The stored identifier of this person at this service provider.
    pub persistent: String,
    /// An identifier of this person that is the same everywhere, made of letters and digits.
    pub subject: String,
    /// The domain of the school, or of the provider: what scoped values end with.
    pub scope: String,
    /// An address that answered a mail.
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// A name by which the person is known in the scope, without the scope; never given to another person.
    pub principal: Option<String>,
    pub affiliations: Vec<Affiliation>,
    /// The school's Unique Reference Number.
    pub school_urn: Option<String>,
    /// The school's UK Provider Reference Number.
    pub school_ukprn: Option<String>,
    /// Effective groups.
    pub groups: Vec<String>,
    /// The pupils to whom the person's reach is restricted; empty: to none. `None`: nobody knows, and nothing is said.
    pub pupil_scopes: Option<Vec<PupilScope>>,
    /// What the sign-in was worth.
    pub assurance: Assurance,
}

/// A relation to the school (eduPerson 202208, 2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Affiliation {
    Member,
    Staff,
    Faculty,
    Employee,
    Student,
    Affiliate,
}

impl Affiliation {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Staff => "staff",
            Self::Faculty => "faculty",
            Self::Employee => "employee",
            Self::Student => "student",
            Self::Affiliate => "affiliate",
        }
    }
}

/// A fact that can be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    Mail,
    DisplayName,
    GivenName,
    Surname,
    EduPersonPrincipalName,
    EduPersonScopedAffiliation,
    SubjectId,
    PairwiseId,
    SchoolUrn,
    SchoolUkprn,
    Groups,
    /// The pupils to whom the person's reach is restricted.
    PupilScopes,
    /// Two factors in the words of Microsoft Entra; nothing where one was passed.
    MicrosoftMethods,
}

/// An attribute that an application gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub fact: Fact,
    /// The name that this application wants instead of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub name_format: NameFormat,
}

/// What the name of an attribute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameFormat {
    #[default]
    Uri,
    Basic,
}

impl From<Fact> for Release {
    fn from(fact: Fact) -> Self {
        Self { fact, name: None, name_format: NameFormat::Uri }
    }
}

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 13] = [
        Self::Mail,
        Self::DisplayName,
        Self::GivenName,
        Self::Surname,
        Self::EduPersonPrincipalName,
        Self::EduPersonScopedAffiliation,
        Self::SubjectId,
        Self::PairwiseId,
        Self::SchoolUrn,
        Self::SchoolUkprn,
        Self::Groups,
        Self::PupilScopes,
        Self::MicrosoftMethods,
    ];

    /// The usual name. Those that no registry has are names of ours under the address of this installation (`base`,
    /// without a slash at its end).
    pub fn name(self, base: &str) -> String {
        let registered = match self {
            Self::Mail => "urn:oid:0.9.2342.19200300.100.1.3", // RFC 4524 2.16
            Self::DisplayName => "urn:oid:2.16.840.1.113730.3.1.241", // RFC 2798 2.3
            Self::GivenName => "urn:oid:2.5.4.42",             // RFC 4519 2.12
            Self::Surname => "urn:oid:2.5.4.4",                // RFC 4519 2.32
            Self::EduPersonPrincipalName => "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", // eduPerson 202208
            Self::EduPersonScopedAffiliation => "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
            Self::SubjectId => "urn:oasis:names:tc:SAML:attribute:subject-id", // saml-subject-id-attr-v1.0
            Self::PairwiseId => "urn:oasis:names:tc:SAML:attribute:pairwise-id",
            Self::MicrosoftMethods => "http://schemas.microsoft.com/claims/authnmethodsreferences",
            Self::SchoolUrn => return format!("{base}/saml/attributes/school-urn"),
            Self::SchoolUkprn => return format!("{base}/saml/attributes/school-ukprn"),
            Self::Groups => return format!("{base}/saml/attributes/groups"),
            Self::PupilScopes => return format!("{base}/saml/attributes/pupil-scopes"),
        };
        registered.to_owned()
    }

    /// The name by which people know it.
    pub fn friendly_name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::DisplayName => "displayName",
            Self::GivenName => "givenName",
            Self::Surname => "sn",
            Self::EduPersonPrincipalName => "eduPersonPrincipalName",
            Self::EduPersonScopedAffiliation => "eduPersonScopedAffiliation",
            Self::SubjectId => "subject-id",
            Self::PairwiseId => "pairwise-id",
            Self::SchoolUrn => "schoolUrn",
            Self::SchoolUkprn => "schoolUkprn",
            Self::Groups => "groups",
            Self::PupilScopes => "pupilScopes",
            Self::MicrosoftMethods => "authnmethodsreferences",
        }
    }

    fn values(self, facts: &Facts) -> Vec<String> {
        let one = |value: &Option<String>| value.iter().cloned().collect();
        // Scoped values are believed by their scope: it is never empty, and the part before it has no other.
        let scoped = |local: &str| {
            let whole = !local.is_empty() && !local.contains('@') && !facts.scope.is_empty();
            whole.then(|| format!("{local}@{}", facts.scope))
        };
        match self {
            Self::Mail => one(&facts.email),
            Self::DisplayName => one(&facts.display_name),
            Self::GivenName => one(&facts.given_name),
            Self::Surname => one(&facts.family_name),
            Self::EduPersonPrincipalName => facts.principal.as_deref().and_then(scoped).into_iter().collect(),
            Self::EduPersonScopedAffiliation => {
                facts.affiliations.iter().filter_map(|affiliation| scoped(affiliation.name())).collect()
            }
            Self::SubjectId => scoped_id(&facts.subject, &facts.scope).into_iter().collect(),
            Self::PairwiseId => scoped_id(&facts.persistent, &facts.scope).into_iter().collect(),
            Self::SchoolUrn => one(&facts.school_urn),
            Self::SchoolUkprn => one(&facts.school_ukprn),
            Self::Groups => facts.groups.clone(),
            Self::PupilScopes => facts.pupil_scopes.as_deref().map(pupils).unwrap_or_default(),
            Self::MicrosoftMethods if facts.assurance >= Assurance::MultiFactor => vec![MICROSOFT_MULTIPLE.to_owned()],
            Self::MicrosoftMethods => Vec::new(),
        }
    }
}

/// What is said when a person's reach is not restricted. Said in a word: an attribute without values is none, and whoever misses one must
/// not take it for every pupil.
const EVERY_PUPIL: &str = "all";

/// One value each: the kind and, after the first colon, the name as the school writes it.
fn pupils(scopes: &[PupilScope]) -> Vec<String> {
    if scopes.is_empty() {
        return vec![EVERY_PUPIL.to_owned()];
    }
    scopes.iter().map(|scope| format!("{}:{}", scope.kind.word(), scope.name)).collect()
}

/// The attributes that an application gets: those of its settings, as far as there are values.
pub fn release(facts: &Facts, releases: &[Release], base: &str) -> Vec<Attribute> {
    let attribute = |release: &Release| Attribute {
        name: release.name.clone().unwrap_or_else(|| release.fact.name(base)),
        name_format: match release.name_format {
            NameFormat::Uri => URI_NAMES.to_owned(),
            NameFormat::Basic => BASIC_NAMES.to_owned(),
        },
        friendly_name: Some(release.fact.friendly_name().to_owned()),
        values: release.fact.values(facts),
    };
    releases.iter().map(attribute).filter(|attribute| !attribute.values.is_empty()).collect()
}

#[cfg(test)]
mod tests;
