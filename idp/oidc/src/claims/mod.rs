//! Claims about a person (`OpenID` Connect Core 5) in one school, computed afresh from a grant that stands.
//!
//! Owns which claims exist, which scope gives which, and their values, on the types of the `openidconnect` crate. Nothing in
//! them names another membership.

use std::collections::{BTreeMap, BTreeSet};

use keyholder_core::application::{ConsentRule, RelyingApplication};
use keyholder_core::assurance;
use keyholder_core::grant::Grant;
use keyholder_core::membership::PupilScopeKind;
use keyholder_core::time::Timestamp;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AdditionalClaims, EndUserEmail, EndUserFamilyName, EndUserGivenName, EndUserName, LanguageTag, LocalizedClaim,
    StandardClaims, SubjectIdentifier,
};
use serde::{Deserialize, Serialize};

use crate::authorize::{ClaimRequest, ClaimsRequest};
use crate::sid::Sid;
use crate::token::standing::Standing;

/// Which scope gives which claims (Core 5.4).
const OF_SCOPES: [(&str, &[&str]); 5] = [
    ("profile", &["name", "given_name", "family_name", "locale"]),
    ("email", &["email", "email_verified"]),
    ("groups", &["groups"]),
    ("school", &["school"]),
    ("scopes_of_pupils", &["scopes_of_pupils"]),
];

/// Claims beyond the standard ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school: Option<SchoolClaim>,
    /// Effective groups in that school.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Empty: not restricted to any pupils.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes_of_pupils: Option<Vec<PupilScopeClaim>>,
    /// When a stronger sign-in stops to count, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevated_until: Option<i64>,
}

/// The school of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolClaim {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ukprn: Option<String>,
}

/// A year group or class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PupilScopeClaim {
    pub kind: PupilScopeKind,
    pub name: String,
}

/// Claims of an ID token beyond those that `openidconnect` knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenExtra {
    #[serde(flatten)]
    pub school: SchoolClaims,
    /// The session, which a logout token ends (Back-Channel Logout 1.0, 2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
}

impl AdditionalClaims for IdTokenExtra {}

/// Claims of userinfo beyond those that `openidconnect` knows: how the person signed in, told as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfoExtra {
    #[serde(flatten)]
    pub school: SchoolClaims,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

impl AdditionalClaims for UserInfoExtra {}

/// The names of the claims that go into one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted(BTreeSet<&'static str>);

impl Wanted {
    /// The claims that these scopes give.
    pub fn of_scopes(scopes: &[String]) -> Self {
        let given = OF_SCOPES.iter().filter(|(scope, _)| scopes.iter().any(|known| known == scope));
        Self(given.flat_map(|(_, claims)| claims.iter().copied()).collect())
    }

    /// The claims asked for one by one (Core 5.5), as far as the application may know them: what its registration allows,
    /// or, where the person was asked, what the person agreed to.
    pub fn of_request(
        requested: &BTreeMap<String, Option<ClaimRequest>>,
        grant: &Grant,
        application: &RelyingApplication,
    ) -> Self {
        let allowed = match application.consent {
            ConsentRule::FirstParty => Self::of_scopes(&application.client.scopes),
            ConsentRule::AskPerson => Self::of_scopes(&grant.scopes),
        };
        Self(allowed.0.into_iter().filter(|name| requested.contains_key(*name)).collect())
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// The `claims` parameter of the grant's authorization request.
pub fn request_of(grant: &Grant) -> ClaimsRequest {
    // It was read before it was stored; what no longer reads asks for nothing.
    grant.claims_request.as_deref().and_then(|text| ClaimsRequest::parse(text).ok()).unwrap_or_default()
}

/// The standard claims (Core 5.1).
pub fn standard(standing: &Standing<'_>, wanted: &Wanted) -> StandardClaims<CoreGenderClaim> {
    let person = standing.person;
    let mut claims = StandardClaims::new(SubjectIdentifier::new(standing.grant.subject.clone()));
    if wanted.has("name") {
        claims = claims.set_name(Some(LocalizedClaim::from(EndUserName::new(person.display_name()))));
    }
    if wanted.has("given_name") && !person.given_name.is_empty() {
        let name = EndUserGivenName::new(person.given_name.clone());
        claims = claims.set_given_name(Some(LocalizedClaim::from(name)));
    }
    if wanted.has("family_name") && !person.family_name.is_empty() {
        let name = EndUserFamilyName::new(person.family_name.clone());
        claims = claims.set_family_name(Some(LocalizedClaim::from(name)));
    }
    if wanted.has("locale") {
        claims = claims.set_locale(person.language.map(|language| LanguageTag::new(language.tag().to_owned())));
    }
    if wanted.has("email") {
        claims = claims.set_email(Some(EndUserEmail::new(person.email.to_string())));
    }
    if wanted.has("email_verified") {
        // True only after that very address answered a mail.
        claims = claims.set_email_verified(Some(person.email_verified_at.is_some()));
    }
    claims
}

/// The claims about the school.
pub fn of_school(standing: &Standing<'_>, wanted: &Wanted) -> SchoolClaims {
    let school = &standing.member.school;
    let school = SchoolClaim {
        id: school.id.to_string(),
        name: school.name.clone(),
        urn: school.urn.clone(),
        ukprn: school.ukprn.clone(),
    };
    let scopes = standing.permit.pupil_scopes.iter();
    let scopes = scopes.map(|scope| PupilScopeClaim { kind: scope.kind, name: scope.name.clone() });
    SchoolClaims {
        school: wanted.has("school").then_some(school),
        groups: wanted.has("groups").then(|| standing.permit.groups.clone()),
        scopes_of_pupils: wanted.has("scopes_of_pupils").then(|| scopes.collect()),
        elevated_until: standing.grant.elevated_until.map(Timestamp::as_seconds),
    }
}

/// When the person last proved anything (Core 2, `auth_time`).
pub fn auth_time(grant: &Grant) -> Timestamp {
    assurance::last_proof_at(&grant.proofs).unwrap_or(grant.created_at)
}

/// The value of `acr`: the first class asked for that was reached, else the best reached (Core 3.1.2.1, 5.5.1.1: classes are
/// asked for in order of preference).
pub fn acr(grant: &Grant) -> &'static str {
    let reached = grant.assurance();
    let asked = request_of(grant).assurance().map(|asked| asked.classes).unwrap_or_default();
    asked.into_iter().find(|class| *class <= reached).unwrap_or(reached).acr()
}

#[cfg(test)]
mod tests;
