//! What arrives: forms and the `Authorization` header.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use keyholder_oidc::form::{self, Form};
use keyholder_oidc::token::TokenError;

/// Reads the form of a request (RFC 6749 3.2, appendix B).
pub(super) fn read_form(request: &HttpRequest, body: &[u8]) -> Result<Form, TokenError> {
    if !is_form(request) {
        return Err(TokenError::InvalidRequest("the body is not application/x-www-form-urlencoded"));
    }
    Ok(form::parse(body)?)
}

/// Whether the body is a form, by its media type.
pub(super) fn is_form(request: &HttpRequest) -> bool {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The one `Authorization` header, where there is one.
pub(super) fn authorization(request: &HttpRequest) -> Result<Option<&str>, TokenError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (first, second) = (headers.next(), headers.next());
    if second.is_some() {
        return Err(TokenError::InvalidRequest("more than one Authorization header"));
    }
    let unreadable = || TokenError::InvalidRequest("the Authorization header is not ASCII text");
    first.map(|header| header.to_str().map_err(|_| unreadable())).transpose()
}
