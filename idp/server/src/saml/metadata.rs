//! `GET /saml/metadata` and the like of other entities: what we say about ourselves, signed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::school::School;
use keyholder_core::time::Timestamp;
use keyholder_saml::messages::NameIdFormat;
use keyholder_saml::metadata::{
    Contact, ContactKind, Display, IdpMetadata, Localised, LogoutEndpoint, MEDIA_TYPE, SsoEndpoint,
};
use keyholder_saml::service_provider::LogoutBinding;
use keyholder_theme::page::ProblemKind;
use tokio::sync::Mutex;

use super::Entity;
use super::keys::Ring;
use crate::app::App;
use crate::web::PageError;

/// How long the document counts. Long enough for whoever keeps a copy by hand.
const VALID: Duration = Duration::from_hours(24 * 365);
/// How long it may be kept before it is fetched again.
const CACHE: Duration = Duration::from_hours(6);
/// How long one signature is served.
const SIGNED_FOR: Duration = Duration::from_hours(1);

/// Of a name, in characters; the writer refuses longer ones.
const LONGEST_NAME: usize = 200;

/// The documents as they were signed last. There are as many as entities that a service provider knows.
#[derive(Debug, Default)]
pub struct MetadataCache(Mutex<HashMap<Entity, Signed>>);

#[derive(Debug)]
struct Signed {
    by: Arc<Ring>,
    at: Timestamp,
    body: Bytes,
}

/// `GET /saml/metadata`
pub(super) async fn get(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let entity = Entity::asked(&request);
    if !entity.is_used(&app).await? {
        return Err(PageError::problem(ProblemKind::NotFound).way_home());
    }
    let body = document(&app, entity).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(body))
}

async fn document(app: &App, entity: Entity) -> Result<Bytes, PageError> {
    let ring = app.saml.load(app).await.map_err(|error| super::ending::unusable(&error))?;
    let now = app.now();
    let mut kept = app.saml_metadata.0.lock().await;
    kept.retain(|_, signed| Arc::ptr_eq(&signed.by, &ring) && now < signed.at.plus(SIGNED_FOR));
    if let Some(signed) = kept.get(&entity) {
        return Ok(signed.body.clone());
    }
    let school = entity.find_school(app).await?;
    let metadata = describe(app, &entity, school.as_ref(), &ring, now);
    let (signer, random) = (ring.metadata_signer.clone(), app.random.clone());
    let signed = tokio::task::spawn_blocking(move || metadata.sign(signer.as_ref(), random.as_ref())).await;
    let signed = signed.map_err(|_| PageError::Fault("signing the metadata was interrupted"))?;
    let body = Bytes::from(signed.map_err(|_| PageError::Fault("the metadata cannot be signed"))?);
    kept.insert(entity, Signed { by: ring, at: now, body: body.clone() });
    Ok(body)
}

/// What works, and nothing else (design, invariant 13).
fn describe(app: &App, entity: &Entity, school: Option<&School>, ring: &Ring, now: Timestamp) -> IdpMetadata {
    let at = |binding| SsoEndpoint { binding, location: entity.single_sign_on(&app.config) };
    let logout = |binding| LogoutEndpoint { binding, location: entity.single_logout(&app.config) };
    IdpMetadata {
        entity_id: entity.id(&app.config),
        single_sign_on: vec![at(LogoutBinding::Redirect), at(LogoutBinding::Post)],
        single_logout: LogoutBinding::ALL.map(logout).into(),
        signing: ring.published.clone(),
        encryption: ring.published_encryption.clone(),
        name_id_formats: vec![NameIdFormat::Persistent, NameIdFormat::Transient, NameIdFormat::EmailAddress],
        want_authn_requests_signed: false,
        scopes: vec![super::scope(app)],
        display: Some(display(app, school)),
        error_url: Some(app.address("/help")),
        organization: None,
        contacts: school.and_then(support).into_iter().collect(),
        valid_until: now.plus(VALID),
        cache: CACHE,
    }
}

/// What people choose by, where an application asks them who signs them in.
fn display(app: &App, school: Option<&School>) -> Display {
    let name = school.map_or_else(|| super::scope(app), |school| school.name.clone());
    let name = name.chars().take(LONGEST_NAME).collect();
    Display { names: vec![Localised { language: "en", text: name }], ..Display::default() }
}

/// Whom the school's people ask for help.
fn support(school: &School) -> Option<Contact> {
    let help = &school.branding.help;
    let email = help.email.clone().filter(|email| email.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let name = help.name.as_ref().map(|name| name.chars().take(LONGEST_NAME).collect());
    Some(Contact { kind: ContactKind::Support, name, email })
}
