//! The documents in which the provider describes itself. Written once for each worker, served as bytes.

use std::sync::OnceLock;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::Assurance;
use keyholder_oidc::metadata::{Document, Offer};

use crate::app::App;
use crate::web::PageError;

/// What a sign-in can reach: with a password alone, one factor. Factor plugins add theirs.
const REACHABLE: [Assurance; 1] = [Assurance::SingleFactor];

/// The document, once it was written.
#[derive(Debug, Default)]
pub(super) struct Cache(OnceLock<(Document, Bytes)>);

impl Cache {
    fn load(&self, app: &App) -> Result<&(Document, Bytes), PageError> {
        if let Some(kept) = self.0.get() {
            return Ok(kept);
        }
        let offer = Offer { issuer: app.config.issuer(), assurances: &REACHABLE };
        let document = Document::of(&offer).map_err(|_| PageError::Fault("the metadata cannot be written"))?;
        let body = Bytes::from(document.body.clone());
        Ok(self.0.get_or_init(|| (document, body)))
    }
}

/// `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub(super) async fn metadata(
    app: Data<App>,
    cache: Data<Cache>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let (document, body) = cache.load(&app)?;
    let sent = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let known = sent.is_some_and(|tags| document.is_known(tags));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, document.etag.as_str()))
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        // No cookie plays a part, so every page may read it.
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((CONTENT_TYPE, "application/json"));
    Ok(if known { response.finish() } else { response.body(body.clone()) })
}
