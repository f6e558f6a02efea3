//! `POST /oidc/revoke` (RFC 7009).

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_core::ports::Queries;
use keyholder_oidc::access_token::{self, AccessToken};
use keyholder_oidc::token::TokenError;

use super::client::authenticate;
use super::commands::{EndGrant, RevokeAccessToken};
use super::error::{BackError, answer, respond};
use super::facts::Facts;
use super::input::read_form;
use crate::app::App;
use crate::digest::hash_token;

pub(super) async fn revoke(app: Data<App>, request: HttpRequest, body: Bytes) -> HttpResponse {
    respond(answer_for(&app, &request, &body).await, app.config.issuer())
}

async fn answer_for(app: &App, request: &HttpRequest, body: &[u8]) -> Result<HttpResponse, BackError> {
    let form = read_form(request, body)?;
    let application = authenticate(app, request, &form).await?;
    let token = form.one("token").ok_or(TokenError::InvalidRequest("token is missing"))?;
    match access_token::read(token, &app.keys.public(), app.config.issuer()) {
        Ok(token) => revoke_access_token(app, &application, token).await?,
        Err(_) => revoke_refresh_token(app, &application, token).await?,
    }
    // RFC 7009 2.2: the same for a token that is unknown, ended or somebody else's.
    Ok(answer(StatusCode::OK).finish())
}

async fn revoke_access_token(app: &App, caller: &RelyingApplication, token: AccessToken) -> Result<(), BackError> {
    if token.client_id != caller.client.client_id || !token.is_live(app.now()) {
        return Ok(());
    }
    app.store.execute(RevokeAccessToken { jti: token.jti, expires_at: token.expires_at }).await?;
    Ok(())
}

/// Ends the grant, and with it the access tokens made from it (RFC 7009 2.1).
async fn revoke_refresh_token(app: &App, caller: &RelyingApplication, value: &str) -> Result<(), BackError> {
    let Some(token) = app.store.find_refresh_token(hash_token(value)).await? else { return Ok(()) };
    let Some(facts) = Facts::find(app, token.grant).await? else { return Ok(()) };
    if facts.grant.application != caller.id {
        return Ok(());
    }
    let why = facts.event(app, AuditKind::GrantRevoked, "the application revoked its refresh token");
    app.store.execute(EndGrant { id: facts.grant.id, now: app.now(), why }).await?;
    Ok(())
}
