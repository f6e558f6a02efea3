//! What Keyholder says about a person beyond the standard claims, and the one view of them that the pages use.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims, UserInfoClaims};
use serde::{Deserialize, Serialize};

use crate::assurance::Assurance;

/// Claims of the scopes `groups`, `school` and `scopes_of_pupils`. Each is absent when its scope was not granted.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct SchoolClaims {
    pub(crate) school: Option<School>,
    /// Effective groups in that school, for this sign-in.
    pub(crate) groups: Option<Vec<String>>,
    /// Empty: not restricted to any pupils.
    pub(crate) scopes_of_pupils: Option<Vec<PupilScope>>,
    /// When the key's effect ends, in seconds since the epoch.
    pub(crate) elevated_until: Option<i64>,
    /// The provider's session; names what a logout token ends.
    pub(crate) sid: Option<String>,
}

impl AdditionalClaims for SchoolClaims {}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct School {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) urn: Option<String>,
    pub(crate) ukprn: Option<String>,
}

/// A year group or class.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct PupilScope {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// Who signed in, and how.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The only thing to recognise a person by. Names and addresses change; this does not.
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) school: Option<School>,
    pub(crate) groups: Vec<String>,
    /// Empty: not restricted to any pupils. `None`: nobody said.
    pub(crate) pupil_scopes: Option<Vec<PupilScope>>,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    /// Seconds since the epoch.
    pub(crate) auth_time: Option<i64>,
    pub(crate) elevated_until: Option<i64>,
    pub(crate) sid: Option<String>,
}

type IdClaims = IdTokenClaims<SchoolClaims, CoreGenderClaim>;
type UserClaims = UserInfoClaims<SchoolClaims, CoreGenderClaim>;

impl Person {
    /// How somebody signed in comes from the ID token only; who they are may come from userinfo, which is asked later and so wins.
    pub(crate) fn from_claims(id_token: &IdClaims, user: Option<&UserClaims>) -> Self {
        let extra = id_token.additional_claims();
        let user_extra = user.map(UserInfoClaims::additional_claims);
        let name = |claims: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserName>>| {
            claims.and_then(|names| names.get(None)).map(|name| name.to_string())
        };
        let text = |email: &openidconnect::EndUserEmail| email.to_string();
        Self {
            subject: id_token.subject().to_string(),
            name: user.and_then(|user| name(user.name())).or_else(|| name(id_token.name())),
            email: user.and_then(UserInfoClaims::email).or(id_token.email()).map(text),
            school: user_extra.and_then(|extra| extra.school.clone()).or_else(|| extra.school.clone()),
            groups: user_extra
                .and_then(|extra| extra.groups.clone())
                .or_else(|| extra.groups.clone())
                .unwrap_or_default(),
            pupil_scopes: user_extra
                .and_then(|extra| extra.scopes_of_pupils.clone())
                .or_else(|| extra.scopes_of_pupils.clone()),
            acr: id_token.auth_context_ref().map(|acr| acr.to_string()),
            amr: id_token
                .auth_method_refs()
                .map(|all| all.iter().map(|amr| amr.to_string()).collect())
                .unwrap_or_default(),
            auth_time: id_token.auth_time().map(|time| time.timestamp()),
            elevated_until: user_extra.and_then(|extra| extra.elevated_until).or(extra.elevated_until),
            sid: extra.sid.clone(),
        }
    }

    /// What the sign-in is worth now: an elevation that has run out is none.
    pub(crate) fn assurance(&self, now: i64) -> Assurance {
        let signed_in = Assurance::from_acr(self.acr.as_deref());
        if self.elevated_until.is_some_and(|until| until <= now) {
            signed_in.min(Assurance::SingleFactor)
        } else {
            signed_in
        }
    }

    pub(crate) fn display_name(&self) -> &str {
        self.name.as_deref().or(self.email.as_deref()).unwrap_or(&self.subject)
    }
}

#[cfg(test)]
mod tests;
