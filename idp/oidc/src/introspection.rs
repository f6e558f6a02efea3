//! Introspection (RFC 7662), plain and signed (RFC 9701).

use keyholder_core::application::RelyingApplication;
use keyholder_core::assurance;
use keyholder_core::grant::{Grant, RefreshToken};
use keyholder_core::time::Timestamp;
use serde::Serialize;

use crate::access_token::AccessToken;
use crate::claims;
use crate::jws::{self, JwsError, PrivateKey};
use crate::sid::Sid;
use crate::token::BEARER;

/// `typ` of a signed answer (RFC 9701 5).
pub const TYP: &str = "token-introspection+jwt";
/// Media type of a signed answer (RFC 9701 4).
pub const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// The answer (RFC 7662 2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Introspection {
    pub active: bool,
    #[serde(flatten)]
    pub about: Option<About>,
}

/// What is said of a token that is active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    pub scope: String,
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    pub exp: i64,
    pub iat: i64,
    pub sub: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    pub iss: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(flatten)]
    pub sign_in: Option<SignIn>,
}

/// How the person behind a token signed in (RFC 9470 6.2), and until when a stronger sign-in counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignIn {
    pub acr: &'static str,
    pub amr: Vec<String>,
    pub auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevated_until: Option<i64>,
    pub sid: Sid,
}

impl SignIn {
    fn new(grant: &Grant, sid: Sid) -> Self {
        Self {
            acr: claims::acr(grant),
            amr: assurance::amr(&grant.proofs),
            auth_time: claims::auth_time(grant).as_seconds(),
            elevated_until: grant.elevated_until.map(Timestamp::as_seconds),
            sid,
        }
    }
}

/// Whether the caller may know anything about the token: its owner, or one whom it is meant for (RFC 7662 4).
pub fn may_ask(caller: &RelyingApplication, owner: &str, audiences: &[String]) -> bool {
    let client = &caller.client;
    let is_meant = |audience: &String| *audience == client.client_id || client.audiences.contains(audience);
    client.client_id == owner || audiences.iter().any(is_meant)
}

impl Introspection {
    /// "Not active" says nothing of why (RFC 7662 2.2).
    pub fn inactive() -> Self {
        Self::default()
    }

    /// The answer about an access token that stands; the grant and its session's name where it was given for a person.
    pub fn of_access_token(token: &AccessToken, grant: Option<(&Grant, Sid)>, issuer: &str) -> Self {
        Self::active(About {
            scope: token.scopes.join(" "),
            client_id: token.client_id.clone(),
            token_type: Some(BEARER),
            exp: token.expires_at.as_seconds(),
            iat: token.issued_at.as_seconds(),
            sub: token.subject.clone(),
            aud: token.audiences.clone(),
            iss: issuer.to_owned(),
            jti: Some(token.jti.clone()),
            sign_in: grant.map(|(grant, sid)| SignIn::new(grant, sid)),
        })
    }

    /// The answer about a refresh token that may be used.
    pub fn of_refresh_token(
        token: &RefreshToken,
        grant: (&Grant, Sid),
        owner: &RelyingApplication,
        issuer: &str,
    ) -> Self {
        let (grant, sid) = grant;
        Self::active(About {
            scope: token.scopes.join(" "),
            client_id: owner.client.client_id.clone(),
            token_type: None,
            exp: token.expires_at.as_seconds(),
            iat: token.created_at.as_seconds(),
            sub: grant.subject.clone(),
            aud: Vec::new(),
            iss: issuer.to_owned(),
            jti: None,
            sign_in: Some(SignIn::new(grant, sid)),
        })
    }

    fn active(about: About) -> Self {
        Self { active: true, about: Some(about) }
    }

    /// Signs the answer for the caller (RFC 9701 5).
    pub fn sign(&self, key: &PrivateKey, issuer: &str, caller: &str, now: Timestamp) -> Result<String, JwsError> {
        #[derive(Serialize)]
        struct Signed<'a> {
            iss: &'a str,
            aud: &'a str,
            iat: i64,
            token_introspection: &'a Introspection,
        }
        let signed = Signed { iss: issuer, aud: caller, iat: now.as_seconds(), token_introspection: self };
        jws::sign(key, TYP, &signed)
    }
}

#[cfg(test)]
#[path = "introspection_tests.rs"]
mod tests;
