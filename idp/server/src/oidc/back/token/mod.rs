//! `POST /oidc/token`.

mod client_credentials;
mod code;
mod issue;
mod refresh;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_oidc::token::{self, TokenRequest};

use super::client::authenticate;
use super::error::{BackError, answer, respond};
use super::input::read_form;
use crate::app::App;
use crate::metrics::TokensIssued;

pub(super) async fn token(app: Data<App>, request: HttpRequest, body: Bytes) -> HttpResponse {
    respond(answer_for(&app, &request, &body).await, app.config.issuer())
}

async fn answer_for(app: &App, request: &HttpRequest, body: &[u8]) -> Result<HttpResponse, BackError> {
    let form = read_form(request, body)?;
    let application = authenticate(app, request, &form).await?;
    let (grant_type, response) = match token::parse(&form)? {
        TokenRequest::AuthorizationCode(redemption) => {
            ("authorization_code", code::redeem(app, &application, &redemption).await?)
        }
        TokenRequest::RefreshToken(refresh) => ("refresh_token", refresh::refresh(app, &application, &refresh).await?),
        TokenRequest::ClientCredentials { scope } => {
            ("client_credentials", client_credentials::issue(app, &application, scope.as_deref())?)
        }
    };
    let mut response = answer(StatusCode::OK).json(&response);
    response.extensions_mut().insert(TokensIssued(grant_type));
    Ok(response)
}
