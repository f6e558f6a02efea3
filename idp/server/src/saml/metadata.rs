//! `GET /saml/metadata`: what we say about ourselves, signed.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::time::Timestamp;
use keyholder_saml::messages::NameIdFormat;
use keyholder_saml::metadata::{IdpMetadata, LogoutEndpoint, MEDIA_TYPE, SsoEndpoint};
use keyholder_saml::service_provider::LogoutBinding;
use tokio::sync::Mutex;

use super::keys::Ring;
use super::path;
use crate::app::App;
use crate::web::PageError;

/// How long the document counts. Long enough for whoever keeps a copy by hand.
const VALID: Duration = Duration::from_hours(24 * 365);
/// How long it may be kept before it is fetched again.
const CACHE: Duration = Duration::from_hours(6);
/// How long one signature is served.
const SIGNED_FOR: Duration = Duration::from_hours(1);

/// The document as it was signed last.
#[derive(Debug, Default)]
pub struct MetadataCache(Mutex<Option<(Arc<Ring>, Timestamp, Bytes)>>);

/// `GET /saml/metadata`
pub(super) async fn get(app: Data<App>, _request: HttpRequest) -> Result<HttpResponse, PageError> {
    let body = document(&app).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(body))
}

async fn document(app: &App) -> Result<Bytes, PageError> {
    let ring = app.saml.load(app).await.map_err(|error| super::ending::unusable(&error))?;
    let now = app.now();
    let mut kept = app.saml_metadata.0.lock().await;
    if let Some((signed_by, at, body)) = kept.as_ref()
        && Arc::ptr_eq(signed_by, &ring)
        && now < at.plus(SIGNED_FOR)
    {
        return Ok(body.clone());
    }
    let (metadata, signer, random) = (describe(app, &ring, now), ring.metadata_signer.clone(), app.random.clone());
    let signed = tokio::task::spawn_blocking(move || metadata.sign(signer.as_ref(), random.as_ref())).await;
    let signed = signed.map_err(|_| PageError::Fault("signing the metadata was interrupted"))?;
    let body = Bytes::from(signed.map_err(|_| PageError::Fault("the metadata cannot be signed"))?);
    *kept = Some((ring, now, body.clone()));
    Ok(body)
}

/// What works, and nothing else (design, invariant 13).
fn describe(app: &App, ring: &Ring, now: Timestamp) -> IdpMetadata {
    let at = |binding| SsoEndpoint { binding, location: app.address(path::SSO) };
    let logout = |binding| LogoutEndpoint { binding, location: app.address(path::SLO) };
    IdpMetadata {
        entity_id: super::entity_id(&app.config),
        single_sign_on: vec![at(LogoutBinding::Redirect), at(LogoutBinding::Post)],
        single_logout: LogoutBinding::ALL.map(logout).into(),
        signing: ring.published.clone(),
        encryption: Vec::new(),
        name_id_formats: vec![NameIdFormat::Persistent, NameIdFormat::Transient, NameIdFormat::EmailAddress],
        want_authn_requests_signed: false,
        scopes: vec![super::scope(app)],
        display: None,
        error_url: None,
        organization: None,
        contacts: Vec::new(),
        valid_until: now.plus(VALID),
        cache: CACHE,
    }
}
