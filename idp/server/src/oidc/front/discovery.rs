//! The documents in which the provider describes itself. Written once for each worker, served as bytes.

use std::sync::OnceLock;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::Assurance;
use keyholder_core::factor::Evidence;
use keyholder_oidc::metadata::{Document, Offer};

use crate::app::App;
use crate::web::PageError;

/// The documents, once they were written: one for each best class that a sign-in can reach.
#[derive(Debug, Default)]
pub(super) struct Cache([OnceLock<(Document, Bytes)>; Assurance::ALL.len()]);

/// The best class that a sign-in can reach: with a password alone, one factor; the installed factor plugins add theirs. Each class
/// satisfies those below it, so all of them are offered.
fn best(app: &App) -> Assurance {
    let factors = app.factors.list();
    let ceilings = factors.iter().map(|factor| &factor.ceiling).filter(|ceiling| !ceiling.recovery_only);
    let worth = |ceiling: &Evidence| {
        if ceiling.phishing_resistant { Assurance::PhishingResistant } else { Assurance::MultiFactor }
    };
    ceilings.map(worth).max().unwrap_or_default()
}

impl Cache {
    fn load(&self, app: &App) -> Result<&(Document, Bytes), PageError> {
        let best = best(app);
        let assurances: Vec<Assurance> = Assurance::ALL.into_iter().filter(|class| *class <= best).collect();
        let place = self.0.get(assurances.len().saturating_sub(1));
        let place = place.ok_or(PageError::Fault("there are more classes than documents"))?;
        if let Some(kept) = place.get() {
            return Ok(kept);
        }
        let offer = Offer { issuer: app.config.issuer(), assurances: &assurances };
        let document = Document::of(&offer).map_err(|_| PageError::Fault("the metadata cannot be written"))?;
        let body = Bytes::from(document.body.clone());
        Ok(place.get_or_init(|| (document, body)))
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
