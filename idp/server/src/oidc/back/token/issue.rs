//! Tokens for a grant that stands.

use std::time::Duration;

use keyholder_core::application::{GrantType, RelyingApplication};
use keyholder_core::grant::{Grant, RefreshToken};
use keyholder_core::id::RefreshTokenId;
use keyholder_core::random::draw_token;
use keyholder_core::time::Timestamp;
use keyholder_oidc::access_token::{self, Frame};
use keyholder_oidc::id_token::{self, Making};
use keyholder_oidc::jwe::Recipient;
use keyholder_oidc::sid::Sid;
use keyholder_oidc::token::standing::Standing;
use keyholder_oidc::token::{BEARER, TokenResponse, refresh_token};
use secrecy::{ExposeSecret, SecretString};

use super::super::error::BackError;
use crate::app::App;
use crate::digest::hash_token;

/// What tokens are made of.
#[derive(Debug)]
pub(super) struct Issue<'a> {
    pub(super) application: &'a RelyingApplication,
    pub(super) standing: &'a Standing<'a>,
    pub(super) scopes: &'a [String],
    pub(super) nonce: Option<&'a str>,
    pub(super) refresh_token: Option<&'a SecretString>,
    /// To whom the ID token is encrypted, where the client asks for that.
    pub(super) recipient: Option<&'a Recipient>,
    pub(super) now: Timestamp,
}

/// The client's key for its ID tokens. Before the commit: keys that are not to be had cost the client nothing.
pub(super) async fn id_token_recipient(
    app: &App,
    application: &RelyingApplication,
    now: Timestamp,
) -> Result<Option<Recipient>, BackError> {
    let Some(encryption) = application.client.id_token_encrypted_response else { return Ok(None) };
    let recipient = app.fetcher.recipient(application, encryption, now).await;
    recipient.map(Some).map_err(|error| BackError::fault("an ID token cannot be encrypted", error))
}

/// Makes and signs the tokens. After the commit: nothing is signed while a transaction is open.
pub(super) fn issue(app: &App, issue: &Issue<'_>) -> Result<TokenResponse, BackError> {
    let Issue { application, standing, scopes, now, .. } = *issue;
    let minutes = |minutes: u32| now.plus(Duration::from_mins(u64::from(minutes))).min(standing.ends_at);
    let (expires_at, id_expires_at) = (minutes(app.config.token.access_minutes), minutes(app.config.token.id_minutes));
    let key = app.keys.signer(application.client.id_token_signed_response_alg)?;
    let frame = Frame { issuer: app.config.issuer(), application, scopes, now, expires_at };
    let claims = access_token::of_grant(&frame, standing.grant, app.random.as_ref());
    let access_token = access_token::sign(&key, &claims)
        .map_err(|error| BackError::fault("an access token could not be signed", error))?;
    let sid = Sid::of_grant(app.sealer.as_ref(), standing.grant);
    let making = Making {
        issuer: app.config.issuer(),
        application,
        standing,
        nonce: issue.nonce,
        access_token: &access_token,
        sid: &sid,
        now,
        expires_at: id_expires_at,
    };
    // OpenID Connect Core 3.1.2.1, 12: an ID token goes with the scope `openid`.
    let id_token = scopes.iter().any(|scope| scope == "openid").then(|| id_token::make(&key, &making)).transpose();
    let id_token = id_token.map_err(|error| BackError::fault("an ID token could not be made", error))?;
    let id_token = match (id_token, issue.recipient) {
        (Some(signed), Some(recipient)) => {
            let encrypted = recipient.encrypt(&signed, app.random.as_ref());
            Some(encrypted.map_err(|error| BackError::fault("an ID token could not be encrypted", error))?)
        }
        (id_token, _) => id_token,
    };
    Ok(TokenResponse {
        id_token,
        access_token,
        token_type: BEARER,
        expires_in: expires_at.as_seconds() - now.as_seconds(),
        refresh_token: issue.refresh_token.map(|value| value.expose_secret().to_owned()),
        scope: scopes.join(" "),
    })
}

/// A refresh token with its value, which is not stored.
pub(super) fn draw_refresh_token(
    app: &App,
    grant: &Grant,
    scopes: &[String],
    now: Timestamp,
) -> (SecretString, RefreshToken) {
    let value = draw_token(app.random.as_ref());
    let lifetime = if grant.offline {
        Duration::from_hours(24 * u64::from(app.config.token.offline_days))
    } else {
        Duration::from_hours(u64::from(app.config.token.refresh_hours))
    };
    let token = RefreshToken {
        id: RefreshTokenId::draw(app.random.as_ref(), now),
        token: hash_token(value.expose_secret()),
        grant: grant.id,
        scopes: scopes.to_vec(),
        created_at: now,
        expires_at: refresh_token::expires_at(grant, lifetime, now),
        rotated_at: None,
        successor: None,
        used_at: None,
    };
    (value, token)
}

/// Whether the client gets refresh tokens.
pub(super) fn may_refresh(application: &RelyingApplication) -> bool {
    application.client.grant_types.contains(&GrantType::RefreshToken)
}
