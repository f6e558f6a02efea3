//! The authorization endpoint.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::application::RelyingApplication;
use keyholder_core::flow::Origin;
use keyholder_oidc::authorize::{self, Checked, Context, Refused, Rejection, Untrusted, UnverifiedRequest};
use keyholder_oidc::jws::Verified;
use keyholder_oidc::metadata::path;
use keyholder_oidc::request_object::{self, RequestObjectError};
use keyholder_oidc::respond;

use super::answer::answer;
use super::untrusted::{check_form, untrusted};
use crate::app::App;
use crate::metrics::OidcError;
use crate::outbound::{ClientTokenError, FetchError};
use crate::spine;
use crate::web::{About, PageError, see_other};

/// `GET /oidc/authorize`: begins a sign-in.
pub(super) async fn get(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let unverified = parse(request.query_string().as_bytes())?;
    let client_id = unverified.client_id().map_err(|reason| untrusted(&reason, None))?;
    let application = app.applications.find(&app, client_id).await?;
    let application = application.ok_or_else(|| untrusted(&Untrusted::ClientUnknown, Some(client_id)))?;
    match check(&app, &unverified, &application).await {
        Ok(checked) => begin(&app, &request, &application, checked).await,
        Err(Rejection::Refused(refused)) => refuse(&app, &request, &application, &refused),
        Err(Rejection::Untrusted(reason)) => Err(untrusted(&reason, Some(client_id))),
    }
}

/// `POST /oidc/authorize` (`OpenID` Connect Core 3.1.2.1): goes on by GET. Cookies that are `SameSite=Lax` do not come with a
/// form of another site, so that the person would look signed out here.
pub(super) async fn post(request: HttpRequest, body: Bytes) -> Result<HttpResponse, PageError> {
    check_form(&request)?;
    let unverified = parse(&body)?;
    Ok(see_other(&format!("{}?{}", path::AUTHORIZE, unverified.to_query())))
}

fn parse(bytes: &[u8]) -> Result<UnverifiedRequest, PageError> {
    authorize::parse(bytes).map_err(|reason| untrusted(&reason, None))
}

async fn check(
    app: &App,
    unverified: &UnverifiedRequest,
    application: &RelyingApplication,
) -> Result<Checked, Rejection> {
    let request_object = match unverified.request_object() {
        None => None,
        Some(object) => Some(verify(app, application, object).await),
    };
    let context = Context {
        issuer: app.config.issuer(),
        application,
        request_object: request_object.as_ref(),
        own_keys: &app.keys.public(),
        now: app.now(),
    };
    authorize::check(unverified, &context)
}

async fn verify(app: &App, application: &RelyingApplication, object: &str) -> Result<Verified, RequestObjectError> {
    let verified = app.fetcher.verify_by_client(application, object, &request_object::ALGORITHMS, app.now()).await;
    verified.map_err(|error| match error {
        ClientTokenError::Token(error) => error.into(),
        ClientTokenError::Keys(FetchError::NoKeys) => RequestObjectError::NoKeys,
        ClientTokenError::Keys(error) => RequestObjectError::KeysUnavailable(error.to_string()),
    })
}

async fn begin(
    app: &App,
    request: &HttpRequest,
    application: &RelyingApplication,
    checked: Checked,
) -> Result<HttpResponse, PageError> {
    let kept = serde_json::to_value(&checked.request);
    let kept = kept.map_err(|_| PageError::Fault("a request cannot be written as JSON"))?;
    let origin = Origin::Oidc { application: application.id, request: kept };
    spine::begin(app, request, origin, checked.ask).await
}

fn refuse(
    app: &App,
    request: &HttpRequest,
    application: &RelyingApplication,
    refused: &Refused,
) -> Result<HttpResponse, PageError> {
    let client_id = &application.client.client_id;
    let error = refused.error;
    tracing::info!(client_id, error = error.code.name(), description = error.description, "a request is refused");
    let about = || About::default().application(application);
    let mut answer = answer(app, request, about, respond::error(&refused.reply_to, app.config.issuer(), &error))?;
    answer.extensions_mut().insert(OidcError(error.code.name()));
    Ok(answer)
}
