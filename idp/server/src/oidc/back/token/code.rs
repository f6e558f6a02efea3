//! Redemption of authorization codes.

use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_oidc::code::{CodePayload, storage_key};
use keyholder_oidc::token::authorization_code::{self, Redemption};
use keyholder_oidc::token::{TokenError, TokenResponse};
use secrecy::ExposeSecret;

use super::super::commands::{self, Permits, RedeemCode};
use super::super::error::BackError;
use super::super::facts::Facts;
use super::issue::{Issue, draw_refresh_token, id_token_recipient, issue, may_refresh};
use crate::app::App;
use crate::digest::hash_token;

/// One text for every code that gives nothing.
const NOT_VALID: TokenError = TokenError::InvalidGrant("the code is not valid");

/// Redeems a code for a client that was authenticated. The code is spent whatever comes of it.
pub(super) async fn redeem(
    app: &App,
    application: &RelyingApplication,
    redemption: &Redemption,
) -> Result<TokenResponse, BackError> {
    let now = app.now();
    let code = redemption.code.expose_secret();
    let payload = find_payload(app, code).await?.ok_or(NOT_VALID)?;
    let facts = Facts::find(app, payload.grant).await?.ok_or(NOT_VALID)?;
    let checked = authorization_code::check(redemption, &payload, application, now);
    let standing = match checked {
        Ok(()) => facts.standing(app, application, now).await.map_err(TokenError::from),
        Err(refused) => {
            tracing::info!(%refused, "a code is not redeemed");
            Err(refused.into())
        }
    };
    let recipient = if standing.is_ok() { id_token_recipient(app, application, now).await? } else { None };
    let refresh = (standing.is_ok() && may_refresh(application))
        .then(|| draw_refresh_token(app, &facts.grant, &payload.scopes, now));
    let (value, row) = refresh.unzip();
    let command = RedeemCode {
        code: hash_token(code),
        grant: payload.grant,
        permits: if standing.is_ok() { Permits::Tokens(row) } else { Permits::Nothing },
        now,
        replay: facts.event(app, AuditKind::CodeReplayed, "a code was presented again"),
    };
    let outcome = app.store.execute(command).await?;
    let standing = standing?;
    match outcome {
        commands::Redemption::First => {}
        commands::Redemption::GrantEnded | commands::Redemption::Replayed => return Err(NOT_VALID.into()),
    }
    let nonce = payload.nonce.as_deref();
    issue(
        app,
        &Issue {
            application,
            standing: &standing,
            scopes: &payload.scopes,
            nonce,
            refresh_token: value.as_ref(),
            recipient: recipient.as_ref(),
            now,
        },
    )
}

async fn find_payload(app: &App, code: &str) -> Result<Option<CodePayload>, BackError> {
    let Some(bytes) = app.short_lived.find(&storage_key(code)).await? else { return Ok(None) };
    let payload = serde_json::from_slice(&bytes);
    payload.map(Some).map_err(|error| BackError::fault("the payload of a code cannot be read", error))
}
