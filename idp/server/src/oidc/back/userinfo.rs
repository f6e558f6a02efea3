//! `GET` and `POST /oidc/userinfo`.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_oidc::access_token::{self, Behind};
use keyholder_oidc::form::{self, Form};
use keyholder_oidc::userinfo::{self, BearerError};
use secrecy::{ExposeSecret, SecretString};

use super::error::{BackError, answer, respond};
use super::facts::Facts;
use super::input;
use crate::app::App;

pub(super) async fn get(app: Data<App>, request: HttpRequest) -> HttpResponse {
    respond(userinfo(&app, &request, None).await, app.config.issuer())
}

pub(super) async fn post(app: Data<App>, request: HttpRequest, body: Bytes) -> HttpResponse {
    respond(userinfo(&app, &request, Some(&body)).await, app.config.issuer())
}

async fn userinfo(app: &App, request: &HttpRequest, body: Option<&[u8]>) -> Result<HttpResponse, BackError> {
    let token = find_token(request, body)?;
    let now = app.now();
    let token = access_token::read(token.expose_secret(), &app.keys.public(), app.config.issuer())
        .map_err(|_| BearerError::InvalidToken)?;
    let for_userinfo = token.audiences.iter().any(|audience| audience == app.config.issuer());
    if !token.is_live(now) || !for_userinfo {
        return Err(BearerError::InvalidToken.into());
    }
    let Behind::Grant(id) = token.behind else { return Err(BearerError::InsufficientScope.into()) };
    if !token.scopes.iter().any(|scope| scope == "openid") {
        return Err(BearerError::InsufficientScope.into());
    }
    let application = app.applications.find(app, &token.client_id).await?.ok_or(BearerError::InvalidToken)?;
    let facts = Facts::find_behind(app, id, &token).await?.ok_or(BearerError::InvalidToken)?;
    let standing = facts.standing(app, &application, now).await.map_err(|_| BearerError::InvalidToken)?;
    let claims = userinfo::claims(&standing, &token.scopes, &application);
    let client = &application.client;
    let encryption = client.userinfo_encrypted_response;
    // What is encrypted is signed too, or anybody could have encrypted it.
    let implied = encryption.map(|_| client.id_token_signed_response_alg);
    let Some(algorithm) = client.userinfo_signed_response_alg.or(implied) else {
        return Ok(answer(StatusCode::OK).json(&claims));
    };
    let key = app.keys.signer(algorithm)?;
    let signed = userinfo::sign(&key, &claims, app.config.issuer(), &application.client.client_id, now)
        .map_err(|error| BackError::fault("userinfo could not be signed", error))?;
    let body = match encryption {
        None => signed,
        // Core 5.3.2: "If both signing and encryption are requested, the response will be signed then encrypted".
        Some(encryption) => {
            let recipient = app.fetcher.recipient(&application, encryption, now).await;
            let recipient = recipient.map_err(|error| BackError::fault("userinfo cannot be encrypted", error))?;
            recipient
                .encrypt(&signed, app.random.as_ref())
                .map_err(|error| BackError::fault("userinfo could not be encrypted", error))?
        }
    };
    Ok(answer(StatusCode::OK).insert_header((CONTENT_TYPE, "application/jwt")).body(body))
}

fn find_token(request: &HttpRequest, body: Option<&[u8]>) -> Result<SecretString, BackError> {
    let malformed = |_| BearerError::InvalidRequest("the request cannot be read");
    let query = form::parse(request.query_string().as_bytes()).map_err(malformed)?;
    let body = match body {
        Some(body) if input::is_form(request) => Some(form::parse(body).map_err(malformed)?),
        _ => None::<Form>,
    };
    let header = input::authorization(request)
        .map_err(|_| BearerError::InvalidRequest("the Authorization header cannot be read"))?;
    Ok(userinfo::bearer(header, &query, body.as_ref())?)
}
