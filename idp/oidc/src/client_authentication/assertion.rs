//! Client assertions: tokens by which a client proves who it is (RFC 7523 3, `OpenID` Connect Core 9).

use std::time::Duration;

use keyholder_core::time::Timestamp;

use super::Refused;
use crate::jws::Verified;

/// The longest time for which an assertion may be good.
pub const LIFETIME: Duration = Duration::from_mins(5);
/// How far the client's clock may be ahead.
const SKEW: Duration = Duration::from_secs(10);
/// The longest `jti`, in bytes: it is kept.
const MAX_JTI: usize = 256;
/// Kinds of tokens that are never client assertions, although a client signs them.
const OTHER_KINDS: [&str; 4] = ["oauth-authz-req+jwt", "dpop+jwt", "at+jwt", "logout+jwt"];

/// What an assertion that was accepted uses up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Names the assertion together with its client, for the mark that makes it count once.
    pub mark: Vec<u8>,
    /// How long the mark has to be kept.
    pub expires_at: Timestamp,
}

/// Checks the claims of an assertion whose signature is the client's. `audiences` are the names by which we go.
pub fn check(assertion: &Verified, client_id: &str, audiences: &[&str], now: Timestamp) -> Result<Accepted, Refused> {
    if OTHER_KINDS.iter().any(|kind| assertion.header.is_typ(kind)) {
        return Err(Refused::Failed("the token is no client assertion"));
    }
    // RFC 7523 3: iss and sub are the client_id.
    if assertion.text("iss") != Some(client_id) || assertion.text("sub") != Some(client_id) {
        return Err(Refused::Failed("the assertion is not about the client"));
    }
    let for_us = assertion.audiences().iter().any(|audience| audiences.contains(audience));
    if !for_us {
        return Err(Refused::Failed("the assertion is for somebody else"));
    }
    let at = |claim: &str| assertion.seconds(claim).map(Timestamp::from_seconds);
    let expires_at = at("exp").ok_or(Refused::Failed("exp of the assertion is missing"))?;
    if expires_at <= now {
        return Err(Refused::Failed("the assertion has expired"));
    }
    if expires_at > now.plus(LIFETIME).plus(SKEW) {
        return Err(Refused::Failed("exp of the assertion is more than five minutes ahead"));
    }
    if [at("iat"), at("nbf")].into_iter().flatten().any(|begins| begins > now.plus(SKEW)) {
        return Err(Refused::Failed("the assertion is not yet good"));
    }
    let jti = assertion.text("jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
    let jti = jti.ok_or(Refused::Failed("jti of the assertion is missing or too long"))?;
    Ok(Accepted { mark: [client_id.as_bytes(), &[0], jti.as_bytes()].concat(), expires_at: expires_at.plus(SKEW) })
}
