//! Userinfo (`OpenID` Connect Core 5.3) and the bearer token by which it is asked (RFC 6750).

use keyholder_core::application::RelyingApplication;
use keyholder_core::assurance;
use keyholder_core::time::Timestamp;
use openidconnect::UserInfoClaims;
use openidconnect::core::CoreGenderClaim;
use secrecy::SecretString;
use serde::Serialize;

use crate::claims::{self, UserInfoExtra, Wanted};
use crate::form::Form;
use crate::jws::{self, JwsError, PrivateKey};
use crate::token::standing::Standing;

/// `typ` of signed userinfo.
pub const TYP: &str = "JWT";

/// Why a request with a bearer token is refused (RFC 6750 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// No token at all: the answer says nothing but that one is needed.
    #[error("no token was sent")]
    Missing,
    #[error("{0}")]
    InvalidRequest(&'static str),
    #[error("the token is not valid")]
    InvalidToken,
    #[error("the token was not given for openid")]
    InsufficientScope,
}

impl BearerError {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest(_) => 400,
            Self::Missing | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
        }
    }

    /// The value of `error`, where there is one.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Missing => None,
            Self::InvalidRequest(_) => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
        }
    }

    /// The value of `WWW-Authenticate` (RFC 6750 3).
    pub fn challenge(self, realm: &str) -> String {
        let start = format!("Bearer realm=\"{realm}\"");
        match (self, self.code()) {
            (Self::InsufficientScope, Some(code)) => format!("{start}, error=\"{code}\", scope=\"openid\""),
            (_, Some(code)) => format!("{start}, error=\"{code}\", error_description=\"{self}\""),
            (_, None) => start,
        }
    }
}

/// Finds the token: in the header (RFC 6750 2.1) or in the form (2.2), not in both, and never in the address (2.3), where
/// it would stand in logs.
pub fn bearer(authorization: Option<&str>, query: &Form, body: Option<&Form>) -> Result<SecretString, BearerError> {
    if query.one("access_token").is_some() {
        return Err(BearerError::InvalidRequest("the token was sent in the address"));
    }
    let in_body = body.and_then(|form| form.one("access_token"));
    let in_header = authorization.map(|header| {
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        (scheme.eq_ignore_ascii_case("Bearer"), token.trim_matches(' '))
    });
    match (in_header, in_body) {
        (Some((true, _)), Some(_)) => Err(BearerError::InvalidRequest("the token was sent twice")),
        (Some((true, "")), None) => Err(BearerError::InvalidRequest("the token is empty")),
        (Some((true, token)), None) | (_, Some(token)) => Ok(SecretString::from(token)),
        (_, None) => Err(BearerError::Missing),
    }
}

/// What userinfo answers.
pub type Claims = UserInfoClaims<UserInfoExtra, CoreGenderClaim>;

/// The claims for a token with these scopes.
pub fn claims(standing: &Standing<'_>, scopes: &[String], application: &RelyingApplication) -> Claims {
    let grant = standing.grant;
    let asked = Wanted::of_request(&claims::request_of(grant).userinfo, grant, application);
    let wanted = Wanted::of_scopes(scopes).and(asked);
    let extra = UserInfoExtra {
        school: claims::of_school(standing, &wanted),
        acr: Some(claims::acr(grant).to_owned()),
        amr: assurance::amr(&grant.proofs),
        auth_time: Some(claims::auth_time(grant).as_seconds()),
    };
    UserInfoClaims::new(claims::standard(standing, &wanted), extra)
}

/// Signs the claims for a client that registered for that (Core 5.3.2).
pub fn sign(
    key: &PrivateKey,
    claims: &Claims,
    issuer: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<String, JwsError> {
    #[derive(Serialize)]
    struct Signed<'a> {
        iss: &'a str,
        aud: &'a str,
        iat: i64,
        #[serde(flatten)]
        claims: &'a Claims,
    }
    jws::sign(key, TYP, &Signed { iss: issuer, aud: client_id, iat: now.as_seconds(), claims })
}

#[cfg(test)]
#[path = "userinfo_tests.rs"]
mod tests;
