//! Refresh tokens (RFC 6749 6, RFC 9700 4.14, `OpenID` Connect Core 12): which may be used, and what a second use means.

use std::time::Duration;

use keyholder_core::application::{GrantType, RefreshRotation, RelyingApplication};
use keyholder_core::grant::{Grant, RefreshToken};
use keyholder_core::time::Timestamp;
use secrecy::SecretString;

use super::{TokenError, scope};

/// How long a token that was exchanged may be presented again, as long as its successor is unused: an answer that got lost
/// must not sign people out.
pub const GRACE: Duration = Duration::from_secs(30);

/// What is sent to refresh.
#[derive(Debug)]
pub struct Refresh {
    pub token: SecretString,
    pub scope: Option<String>,
}

/// Whether a use replaces the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The token goes on.
    Keep,
    /// The token is exchanged for a successor.
    Replace,
}

impl Rotation {
    /// What is registered. Public clients always rotate (RFC 9700 2.2.2).
    pub fn of(application: &RelyingApplication) -> Self {
        let client = &application.client;
        match client.refresh_rotation {
            RefreshRotation::ByClientType if client.authentication.is_confidential() => Self::Keep,
            RefreshRotation::ByClientType | RefreshRotation::Always => Self::Replace,
        }
    }
}

/// Checks that the token is this client's, which was authenticated. Whether it was exchanged before is the next question
/// ([`second_use`]); then whether the grant still stands (`standing`), and last what it is used for ([`scopes`]).
pub fn check(
    token: &RefreshToken,
    grant: &Grant,
    application: &RelyingApplication,
    now: Timestamp,
) -> Result<(), TokenError> {
    // RFC 6749 6: "bound to the client to which it was issued". Another client learns and changes nothing.
    if grant.application != application.id || token.grant != grant.id {
        return Err(TokenError::InvalidGrant("the refresh token is not valid"));
    }
    if !application.client.grant_types.contains(&GrantType::RefreshToken) {
        return Err(TokenError::UnauthorizedClient);
    }
    if token.expires_at <= now {
        return Err(TokenError::InvalidGrant("the refresh token is not valid"));
    }
    Ok(())
}

/// The scopes of this use: those of the token, or fewer (RFC 6749 6).
pub fn scopes(refresh: &Refresh, token: &RefreshToken) -> Result<Vec<String>, TokenError> {
    scope::narrow(&token.scopes, refresh.scope.as_deref())
}

/// What it means that a token was presented, given what became of it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It was not exchanged before.
    First,
    /// Its answer may have been lost: the same successor is given again.
    Repeated,
    /// Two parties have it: the whole family ends (RFC 9700 4.14.2).
    Reuse,
}

/// Tells a repeated request from a stolen token. `successor` is the token for which it was exchanged.
pub fn second_use(token: &RefreshToken, successor: Option<&RefreshToken>, now: Timestamp) -> Use {
    let Some(rotated_at) = token.rotated_at else { return Use::First };
    let unused = successor.is_some_and(|next| next.rotated_at.is_none() && next.used_at.is_none());
    if unused && now.since(rotated_at) < GRACE { Use::Repeated } else { Use::Reuse }
}

/// The life of a refresh token made now: never beyond the grant, and never beyond an elevation.
pub fn expires_at(grant: &Grant, lifetime: Duration, now: Timestamp) -> Timestamp {
    let ends = now.plus(lifetime).min(grant.expires_at);
    grant.elevated_until.map_or(ends, |until| ends.min(until))
}
