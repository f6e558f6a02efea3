//! `POST /oidc/introspect` (RFC 7662, RFC 9701).

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::application::{GrantType, RelyingApplication, SigningAlgorithm};
use keyholder_core::grant::Grant;
use keyholder_core::ports::{Queries, SingleUse};
use keyholder_oidc::access_token::{self, AccessToken, Behind};
use keyholder_oidc::introspection::{self, Introspection};
use keyholder_oidc::sid::Sid;
use keyholder_oidc::token::TokenError;

use super::client::authenticate_confidential;
use super::error::{BackError, answer, respond};
use super::facts::Facts;
use super::input::read_form;
use crate::app::App;
use crate::digest::hash_token;

pub(super) async fn introspect(app: Data<App>, request: HttpRequest, body: Bytes) -> HttpResponse {
    respond(answer_for(&app, &request, &body).await, app.config.issuer())
}

async fn answer_for(app: &App, request: &HttpRequest, body: &[u8]) -> Result<HttpResponse, BackError> {
    let form = read_form(request, body)?;
    let caller = authenticate_confidential(app, request, &form).await?;
    let token = form.one("token").ok_or(TokenError::InvalidRequest("token is missing"))?;
    let found = match access_token::read(token, &app.keys.public(), app.config.issuer()) {
        Ok(token) => about_access_token(app, &caller, &token).await?,
        Err(_) => about_refresh_token(app, &caller, token).await?,
    };
    let found = found.unwrap_or_else(Introspection::inactive);
    let Some(algorithm) = signed_with(request, &caller) else {
        return Ok(answer(StatusCode::OK).json(&found));
    };
    let key = app.keys.signer(algorithm)?;
    let signed = found
        .sign(&key, app.config.issuer(), &caller.client.client_id, app.now())
        .map_err(|error| BackError::fault("an introspection answer could not be signed", error))?;
    Ok(answer(StatusCode::OK).insert_header((CONTENT_TYPE, introspection::MEDIA_TYPE)).body(signed))
}

/// Signed for a caller that registered for it or asks for it (RFC 9701 4, 6).
fn signed_with(request: &HttpRequest, caller: &RelyingApplication) -> Option<SigningAlgorithm> {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = accept.contains(introspection::MEDIA_TYPE).then(SigningAlgorithm::default);
    caller.client.introspection_signed_response_alg.or(asked)
}

async fn about_access_token(
    app: &App,
    caller: &RelyingApplication,
    token: &AccessToken,
) -> Result<Option<Introspection>, BackError> {
    let now = app.now();
    if !introspection::may_ask(caller, &token.client_id, &token.audiences) || !token.is_live(now) {
        return Ok(None);
    }
    let Some(owner) = app.applications.find(app, &token.client_id).await? else { return Ok(None) };
    let issuer = app.config.issuer();
    match token.behind {
        Behind::Client if !owner.client.grant_types.contains(&GrantType::ClientCredentials) => Ok(None),
        Behind::Client => {
            let is_revoked = app.store.is_used(SingleUse::RevokedAccessToken, token.jti.as_bytes()).await?;
            Ok((!is_revoked).then(|| Introspection::of_access_token(token, None, issuer)))
        }
        Behind::Grant(id) => {
            let Some(facts) = Facts::find_behind(app, id, token).await? else { return Ok(None) };
            let stands = facts.standing(app, &owner, now).await.is_ok();
            Ok(stands.then(|| Introspection::of_access_token(token, Some(named(app, &facts.grant)), issuer)))
        }
    }
}

/// A grant and its session's name.
fn named<'a>(app: &App, grant: &'a Grant) -> (&'a Grant, Sid) {
    (grant, Sid::of_grant(app.sealer.as_ref(), grant))
}

/// Refresh tokens concern their owner only.
async fn about_refresh_token(
    app: &App,
    caller: &RelyingApplication,
    value: &str,
) -> Result<Option<Introspection>, BackError> {
    let now = app.now();
    let Some(token) = app.store.find_refresh_token(hash_token(value)).await? else { return Ok(None) };
    let Some(facts) = Facts::find(app, token.grant).await? else { return Ok(None) };
    let usable = facts.grant.application == caller.id && token.rotated_at.is_none() && now < token.expires_at;
    let stands = usable && facts.standing(app, caller, now).await.is_ok();
    Ok(stands.then(|| Introspection::of_refresh_token(&token, named(app, &facts.grant), caller, app.config.issuer())))
}
