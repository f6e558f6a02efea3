//! What a sign-in proved, and what that is worth.
//!
//! Owns the table of the design ("ceremony in this session"). `amr` values are those of RFC 8176; classes are those of the
//! REFEDS profiles and of the `OpenID` Connect EAP ACR values.

use serde::{Deserialize, Serialize};

use crate::factor::Evidence;
use crate::id::{CredentialId, SchoolId};
use crate::time::Timestamp;

/// `acr` of a sign-in with one factor (REFEDS Single Factor Authentication Profile).
pub const ACR_SINGLE_FACTOR: &str = "https://refeds.org/profile/sfa";
/// `acr` of a sign-in with two factors (REFEDS Multi-Factor Authentication Profile).
pub const ACR_MULTI_FACTOR: &str = "https://refeds.org/profile/mfa";
/// `acr` of a phishing-resistant sign-in (`OpenID` Connect Extended Authentication Profile ACR Values 1.0, 2).
pub const ACR_PHISHING_RESISTANT: &str = "phr";

/// What a set of proofs is worth, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// One factor.
    #[default]
    SingleFactor,
    /// Two factors of different kinds.
    MultiFactor,
    /// Two factors, of which one cannot be phished.
    PhishingResistant,
}

impl Assurance {
    /// Every class, weakest first.
    pub const ALL: [Self; 3] = [Self::SingleFactor, Self::MultiFactor, Self::PhishingResistant];

    /// The authentication context class reference.
    pub fn acr(self) -> &'static str {
        match self {
            Self::SingleFactor => ACR_SINGLE_FACTOR,
            Self::MultiFactor => ACR_MULTI_FACTOR,
            Self::PhishingResistant => ACR_PHISHING_RESISTANT,
        }
    }

    /// Reads an `acr` value; `None` for a class that is not known here.
    pub fn from_acr(acr: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|assurance| assurance.acr() == acr)
    }
}

/// How something was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A password that the host checked.
    Password,
    /// A factor plugin's verdict.
    Factor,
    /// A mailed link: permits to enrol a first key in this session, and proves nothing.
    FirstKey,
    /// An access pass: as a mailed link.
    AccessPass,
    /// A second kind of first proof, in tests alone: what an upstream identity provider would be.
    #[cfg(test)]
    Upstream,
}

/// What a method proves in a sign-in. The port of the first proof: a further kind (an upstream identity provider) is a variant
/// of [`Method`] with this role, a page and a command of its own. The dispatcher asks for *a* first proof and knows none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Who the person is.
    FirstProof,
    /// That it is still they.
    Factor,
    /// Nothing to any application: a first key may be enrolled.
    Enrolment,
}

impl Method {
    /// Its place in a sign-in.
    pub fn role(self) -> Role {
        match self {
            Self::Password => Role::FirstProof,
            Self::Factor => Role::Factor,
            Self::FirstKey | Self::AccessPass => Role::Enrolment,
            #[cfg(test)]
            Self::Upstream => Role::FirstProof,
        }
    }
}

/// Where a proof counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    #[default]
    Everywhere,
    /// A managed key proves nothing outside the school that issued it (design, invariant 9).
    School(SchoolId),
    /// A recovery code opens one's keys and no application.
    KeyManagement,
}

/// Evidence that a factor was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub method: Method,
    pub at: Timestamp,
    /// The credential used; `None` for the password.
    pub credential: Option<CredentialId>,
    /// RFC 8176 values, without `mfa`, which follows from the whole set.
    pub amr: Vec<String>,
    pub phishing_resistant: bool,
    #[serde(default)]
    pub reach: Reach,
    /// Of a factor in a session: until when it counts on Keyholder's own pages, by the elevation of the school where it was used.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Proof {
    /// The proof that a password was right.
    pub fn of_password(at: Timestamp) -> Self {
        Self {
            method: Method::Password,
            at,
            credential: None,
            amr: vec!["pwd".to_owned()],
            phishing_resistant: false,
            reach: Reach::Everywhere,
            until: None,
        }
    }

    /// The permission to enrol a first key (design, invariant 10), by a method whose role is enrolment.
    pub fn of_first_key(method: Method, at: Timestamp) -> Self {
        Self { method, amr: Vec::new(), reach: Reach::KeyManagement, ..Self::of_password(at) }
    }

    /// The proof that a key was used: what its plugin's evidence says, as far as the host let it through.
    pub fn of_factor(at: Timestamp, credential: CredentialId, evidence: &Evidence, reach: Reach) -> Self {
        let mut amr = evidence.amr.clone();
        if evidence.user_verified && !amr.iter().any(|value| value == "user") {
            amr.push("user".to_owned());
        }
        Self {
            method: Method::Factor,
            at,
            credential: Some(credential),
            amr,
            phishing_resistant: evidence.phishing_resistant,
            reach: if evidence.recovery_only { Reach::KeyManagement } else { reach },
            until: None,
        }
    }
}

/// What the proofs are worth together. An empty set is no sign-in at all.
pub fn assess(proofs: &[Proof]) -> Option<Assurance> {
    let first = proofs.iter().any(|proof| proof.method.role() == Role::FirstProof);
    let factors = || proofs.iter().filter(|proof| proof.method.role() == Role::Factor);
    match (first, factors().next().is_some()) {
        (false, false) => None,
        (true, true) if factors().any(|proof| proof.phishing_resistant) => Some(Assurance::PhishingResistant),
        (true, true) => Some(Assurance::MultiFactor),
        _ => Some(Assurance::SingleFactor),
    }
}

/// The `amr` claim for these proofs: each value once, in the order proved, `mfa` last where it is true (RFC 8176 2).
pub fn amr(proofs: &[Proof]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in proofs.iter().flat_map(|proof| &proof.amr) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    if assess(proofs) >= Some(Assurance::MultiFactor) {
        values.push("mfa".to_owned());
    }
    values
}

/// When the person last proved anything (`auth_time`, `OpenID` Connect Core 2).
pub fn last_proof_at(proofs: &[Proof]) -> Option<Timestamp> {
    proofs.iter().filter(|proof| proof.method.role() != Role::Enrolment).map(|proof| proof.at).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(phishing_resistant: bool) -> Proof {
        Proof {
            method: Method::Factor,
            at: Timestamp::from_seconds(20),
            credential: None,
            amr: vec!["otp".into()],
            phishing_resistant,
            reach: Reach::Everywhere,
            until: None,
        }
    }

    #[test]
    fn assurance_is_what_was_proved() {
        let password = Proof::of_password(Timestamp::from_seconds(10));
        assert_eq!(assess(&[]), None);
        assert_eq!(assess(std::slice::from_ref(&password)), Some(Assurance::SingleFactor));
        assert_eq!(assess(&[factor(true)]), Some(Assurance::SingleFactor));
        assert_eq!(assess(&[password.clone(), factor(false)]), Some(Assurance::MultiFactor));
        assert_eq!(assess(&[password.clone(), factor(true)]), Some(Assurance::PhishingResistant));
        assert_eq!(amr(&[password.clone(), factor(false), factor(false)]), ["pwd", "otp", "mfa"]);
        assert_eq!(amr(std::slice::from_ref(&password)), ["pwd"]);
        assert_eq!(last_proof_at(&[password.clone(), factor(true)]), Some(Timestamp::from_seconds(20)));

        let permitted = Proof::of_first_key(Method::FirstKey, Timestamp::from_seconds(30));
        assert_eq!(assess(std::slice::from_ref(&permitted)), None);
        assert_eq!(assess(&[password.clone(), permitted.clone()]), Some(Assurance::SingleFactor));
        assert_eq!(amr(&[password.clone(), permitted.clone()]), ["pwd"]);
        assert_eq!(last_proof_at(&[password, permitted]), Some(Timestamp::from_seconds(10)));
    }

    #[test]
    fn a_recovery_code_reaches_no_further_than_the_keys() {
        let sheet =
            Evidence { amr: vec!["otp".into()], recovery_only: true, user_verified: true, ..Evidence::default() };
        let key = CredentialId::from_uuid(uuid::Uuid::from_u128(1));
        let proof = Proof::of_factor(Timestamp::from_seconds(1), key, &sheet, Reach::Everywhere);
        assert_eq!(proof.reach, Reach::KeyManagement);
        assert_eq!(proof.amr, ["otp", "user"]);
    }

    #[test]
    fn acr_values_read_back() {
        for assurance in Assurance::ALL {
            assert_eq!(Assurance::from_acr(assurance.acr()), Some(assurance));
        }
        assert_eq!(Assurance::from_acr("urn:mace:incommon:iap:silver"), None);
    }
}
