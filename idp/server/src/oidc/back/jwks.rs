//! `GET /oidc/jwks`.

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_oidc::jwks::MAX_AGE_SECONDS;

use crate::app::App;

pub(super) async fn jwks(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let set = app.keys.jwks();
    let sent = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let known =
        sent.split(',').any(|tag| matches!(tag.trim().trim_start_matches("W/"), tag if tag == set.etag || tag == "*"));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, set.etag))
        .insert_header((CACHE_CONTROL, format!("public, max-age={MAX_AGE_SECONDS}")))
        // Public, and no cookie plays a part.
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((CONTENT_TYPE, "application/jwk-set+json"));
    if known { response.finish() } else { response.body(set.bytes) }
}
