//! Use of refresh tokens.

use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_core::grant::RefreshToken;
use keyholder_core::ports::Queries;
use keyholder_core::time::Timestamp;
use keyholder_oidc::token::refresh_token::{self, Refresh, Rotation, Use, second_use};
use keyholder_oidc::token::{TokenError, TokenResponse};
use secrecy::{ExposeSecret, SecretString};

use super::super::commands::{EndGrant, RotateRefreshToken, TouchRefreshToken};
use super::super::error::BackError;
use super::super::facts::Facts;
use super::issue::{Issue, draw_refresh_token, id_token_recipient, issue};
use crate::app::App;
use crate::digest::hash_token;

const NOT_VALID: TokenError = TokenError::InvalidGrant("the refresh token is not valid");
/// How often a use is decided anew when the same token is exchanged at the same moment. Once is enough.
const ATTEMPTS: usize = 3;

/// Refreshes for a client that was authenticated.
pub(super) async fn refresh(
    app: &App,
    application: &RelyingApplication,
    refresh: &Refresh,
) -> Result<TokenResponse, BackError> {
    for _ in 0..ATTEMPTS {
        if let Some(response) = attempt(app, application, refresh).await? {
            return Ok(response);
        }
    }
    Err(BackError::Fault("a refresh token is exchanged again and again", None))
}

/// One attempt; `None` where the token was exchanged by somebody else in between.
async fn attempt(
    app: &App,
    application: &RelyingApplication,
    refresh: &Refresh,
) -> Result<Option<TokenResponse>, BackError> {
    let now = app.now();
    let token = app.store.find_refresh_token(hash_token(refresh.token.expose_secret())).await?.ok_or(NOT_VALID)?;
    let facts = Facts::find(app, token.grant).await?.ok_or(NOT_VALID)?;
    refresh_token::check(&token, &facts.grant, application, now)?;
    let successor = find_successor(app, &token).await?;
    let second = second_use(&token, successor.as_ref().map(|(_, row)| row), now);
    if second == Use::Reuse {
        end_family(app, &facts, now).await?;
        return Err(NOT_VALID.into());
    }
    let standing = facts.standing(app, application, now).await.map_err(TokenError::from)?;
    let scopes = refresh_token::scopes(refresh, &token)?;
    let recipient = id_token_recipient(app, application, now).await?;
    let recipient = recipient.as_ref();
    let value = match (second, successor) {
        (Use::Repeated, Some((value, _))) => Some(value),
        _ => match next_value(app, &facts, &token, application, now).await? {
            Next::Same => None,
            Next::Successor(value) => Some(value),
            Next::TakenMeanwhile => return Ok(None),
        },
    };
    let refresh_token = value.as_ref();
    issue(app, &Issue { application, standing: &standing, scopes: &scopes, nonce: None, refresh_token, recipient, now })
        .map(Some)
}

/// What the client goes on with.
enum Next {
    /// The token that it has.
    Same,
    Successor(SecretString),
    TakenMeanwhile,
}

async fn next_value(
    app: &App,
    facts: &Facts,
    token: &RefreshToken,
    application: &RelyingApplication,
    now: Timestamp,
) -> Result<Next, BackError> {
    if Rotation::of(application) == Rotation::Keep {
        app.store.execute(TouchRefreshToken { id: token.id, now }).await?;
        return Ok(Next::Same);
    }
    // RFC 6749 6: "the refresh token scope MUST be identical", however narrow this one use is.
    let (value, successor) = draw_refresh_token(app, &facts.grant, &token.scopes, now);
    let sealed = app
        .sealer
        .seal(&seal_context(token), value.expose_secret().as_bytes())
        .map_err(|error| BackError::fault("a refresh token could not be sealed", error))?;
    let rotate = RotateRefreshToken { former: token.id, successor, sealed, now };
    let first = app.store.execute(rotate).await?;
    Ok(if first { Next::Successor(value) } else { Next::TakenMeanwhile })
}

/// The token for which this one was exchanged, with its value.
async fn find_successor(app: &App, token: &RefreshToken) -> Result<Option<(SecretString, RefreshToken)>, BackError> {
    let Some(sealed) = &token.successor else { return Ok(None) };
    let value = app
        .sealer
        .open(&seal_context(token), sealed)
        .map_err(|error| BackError::fault("a sealed refresh token does not open", error))?;
    let value =
        String::from_utf8(value).map_err(|error| BackError::fault("a sealed refresh token is no text", error))?;
    let value = SecretString::from(value);
    let row = app.store.find_refresh_token(hash_token(value.expose_secret())).await?;
    Ok(row.map(|row| (value, row)))
}

fn seal_context(token: &RefreshToken) -> String {
    format!("refresh-token-successor:{}", token.id)
}

async fn end_family(app: &App, facts: &Facts, now: Timestamp) -> Result<(), BackError> {
    let why = facts.event(app, AuditKind::RefreshTokenReused, "an exchanged refresh token was presented again");
    app.store.execute(EndGrant { id: facts.grant.id, now, why }).await?;
    Ok(())
}
