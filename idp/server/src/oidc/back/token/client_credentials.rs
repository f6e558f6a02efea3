//! Tokens for a client on its own account.

use std::time::Duration;

use keyholder_core::application::RelyingApplication;
use keyholder_oidc::access_token::{self, Frame};
use keyholder_oidc::token::{BEARER, TokenResponse, client_credentials};

use super::super::error::BackError;
use crate::app::App;

/// Makes a token for a client that was authenticated. Nothing is stored: it is a name for the registration.
pub(super) fn issue(
    app: &App,
    application: &RelyingApplication,
    scope: Option<&str>,
) -> Result<TokenResponse, BackError> {
    let scopes = client_credentials::check(application, scope)?;
    let now = app.now();
    let lifetime = Duration::from_mins(u64::from(app.config.token.access_minutes));
    let frame =
        Frame { issuer: app.config.issuer(), application, scopes: &scopes, now, expires_at: now.plus(lifetime) };
    let key = app.keys.signer(application.client.id_token_signed_response_alg)?;
    let access_token = access_token::sign(&key, &access_token::of_client(&frame, app.random.as_ref()))
        .map_err(|error| BackError::fault("an access token could not be signed", error))?;
    Ok(TokenResponse {
        access_token,
        token_type: BEARER,
        expires_in: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
        refresh_token: None,
        id_token: None,
        scope: scopes.join(" "),
    })
}
