//! Access tokens: signed tokens (RFC 9068), made and read back.
//!
//! Owns their form. Whether the grant behind one still stands is asked at each use; the token itself is only a name for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::RelyingApplication;
use keyholder_core::assurance;
use keyholder_core::grant::Grant;
use keyholder_core::id::GrantId;
use keyholder_core::random::{Random, draw_bytes};
use keyholder_core::time::Timestamp;
use serde::Serialize;

use crate::claims;
use crate::jws::{self, JwsAlgorithm, JwsError, PrivateKey, PublicKeys, Verified};

/// `typ` of an access token (RFC 9068 2.1).
pub const TYP: &str = "at+jwt";

/// What stands in a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Audience<'a>,
    exp: i64,
    iat: i64,
    jti: String,
    client_id: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    // RFC 9068 2.2.1
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
}

/// One name as text, several as a list (RFC 7519 4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(&'a str),
    Several(Vec<&'a str>),
}

impl<'a> Audience<'a> {
    fn new(mut names: Vec<&'a str>) -> Self {
        names.dedup();
        match names.as_slice() {
            [one] => Self::One(one),
            _ => Self::Several(names),
        }
    }
}

/// The frame of a token: who says it, to whom, from when until when.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub issuer: &'a str,
    pub application: &'a RelyingApplication,
    pub scopes: &'a [String],
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// The claims of a token for a person's grant. Its audience is userinfo, and the interfaces that the application registered.
pub fn of_grant<'a>(frame: &Frame<'a>, grant: &'a Grant, random: &dyn Random) -> Claims<'a> {
    let client = &frame.application.client;
    let audiences = std::iter::once(frame.issuer).chain(client.audiences.iter().map(String::as_str)).collect();
    Claims {
        sub: &grant.subject,
        aud: Audience::new(audiences),
        jti: draw_jti(&grant.id.to_string(), random),
        auth_time: assurance::last_proof_at(&grant.proofs).map(Timestamp::as_seconds),
        acr: Some(claims::acr(grant)),
        amr: assurance::amr(&grant.proofs),
        ..empty(frame)
    }
}

/// The claims of a token for a client on its own account: `sub` is the client (RFC 9068 2.2).
pub fn of_client<'a>(frame: &Frame<'a>, random: &dyn Random) -> Claims<'a> {
    let client = &frame.application.client;
    let audiences: Vec<&str> = client.audiences.iter().map(String::as_str).collect();
    let audiences = if audiences.is_empty() { vec![frame.issuer] } else { audiences };
    Claims { sub: &client.client_id, aud: Audience::new(audiences), jti: draw_jti("client", random), ..empty(frame) }
}

fn empty<'a>(frame: &Frame<'a>) -> Claims<'a> {
    Claims {
        iss: frame.issuer,
        sub: "",
        aud: Audience::One(frame.issuer),
        exp: frame.expires_at.as_seconds(),
        iat: frame.now.as_seconds(),
        jti: String::new(),
        client_id: &frame.application.client.client_id,
        scope: frame.scopes.join(" "),
        auth_time: None,
        acr: None,
        amr: Vec::new(),
    }
}

fn draw_jti(prefix: &str, random: &dyn Random) -> String {
    format!("{prefix}.{}", URL_SAFE_NO_PAD.encode(draw_bytes::<16>(random)))
}

/// Signs a token.
pub fn sign(key: &PrivateKey, claims: &Claims<'_>) -> Result<String, JwsError> {
    jws::sign(key, TYP, claims)
}

/// A token of ours, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub jti: String,
    pub behind: Behind,
    pub client_id: String,
    pub subject: String,
    pub audiences: Vec<String>,
    pub scopes: Vec<String>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What a token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    Grant(GrantId),
    /// The client on its own account.
    Client,
}

/// Why a token is not one of ours.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    #[error("the token is not signed by this provider")]
    Signature(#[from] JwsError),
    #[error("the token is not an access token of this provider")]
    Kind,
}

/// Reads a token and checks that it is an access token of ours. Whether it has expired is the next question: a token may
/// be revoked after its end, without effect.
pub fn read(token: &str, keys: &PublicKeys, issuer: &str) -> Result<AccessToken, NotOurs> {
    let verified = jws::verify(token, keys, &JwsAlgorithm::OURS)?;
    // RFC 9068 4: an ID token or a logout token is none, although the same keys sign it.
    if !verified.header.is_typ(TYP) || verified.text("iss") != Some(issuer) {
        return Err(NotOurs::Kind);
    }
    from_claims(&verified).ok_or(NotOurs::Kind)
}

fn from_claims(verified: &Verified) -> Option<AccessToken> {
    let jti = verified.text("jti")?.to_owned();
    let behind = match jti.split_once('.')?.0 {
        "client" => Behind::Client,
        grant => Behind::Grant(grant.parse().ok()?),
    };
    let scopes = verified.text("scope").unwrap_or_default();
    Some(AccessToken {
        behind,
        client_id: verified.text("client_id")?.to_owned(),
        subject: verified.text("sub")?.to_owned(),
        audiences: verified.audiences().into_iter().map(str::to_owned).collect(),
        scopes: scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        issued_at: Timestamp::from_seconds(verified.seconds("iat")?),
        expires_at: Timestamp::from_seconds(verified.seconds("exp")?),
        jti,
    })
}

impl AccessToken {
    /// Whether the token has not reached its end (RFC 7519 4.1.4).
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

#[cfg(test)]
mod tests;
