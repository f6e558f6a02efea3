//! Who calls: the application that a request authenticates.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_oidc::client_authentication::{self, Checked, Presented, Refused, assertion};
use keyholder_oidc::form::Form;
use keyholder_oidc::jws::JwsAlgorithm;
use keyholder_oidc::metadata::path;
use keyholder_oidc::token::TokenError;

use super::commands::{Note, UseAssertion};
use super::error::BackError;
use super::input;
use crate::app::App;
use crate::audit::{About, event};
use crate::web::whence;

/// How often a failure of one client is written down: an attacker must not fill the log.
const BETWEEN_NOTES: Duration = Duration::from_mins(1);

/// Authenticates the client of a request.
pub(super) async fn authenticate(
    app: &App,
    request: &HttpRequest,
    form: &Form,
) -> Result<Arc<RelyingApplication>, BackError> {
    let header = input::authorization(request)?;
    let result = match client_authentication::parse(header, form) {
        Ok(presented) => find_and_prove(app, request, &presented).await,
        Err(refused) => Err(refused.into()),
    };
    result.map_err(|failure| match failure {
        Failure::Refused(refused) => {
            tracing::info!(reason = %refused, "a client was not authenticated");
            match TokenError::from(refused) {
                TokenError::InvalidClient if header.is_some() => BackError::BasicFailed,
                error => BackError::Token(error),
            }
        }
        Failure::Other(error) => error,
    })
}

/// The same for endpoints where a client has to be able to keep a secret.
pub(super) async fn authenticate_confidential(
    app: &App,
    request: &HttpRequest,
    form: &Form,
) -> Result<Arc<RelyingApplication>, BackError> {
    let application = authenticate(app, request, form).await?;
    if application.client.authentication.is_confidential() {
        Ok(application)
    } else {
        Err(TokenError::InvalidClient.into())
    }
}

/// Why a client is not authenticated.
enum Failure {
    Refused(Refused),
    Other(BackError),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<keyholder_core::ports::StoreError> for Failure {
    fn from(error: keyholder_core::ports::StoreError) -> Self {
        Self::Other(error.into())
    }
}

async fn find_and_prove(
    app: &App,
    request: &HttpRequest,
    presented: &Presented,
) -> Result<Arc<RelyingApplication>, Failure> {
    let found = app.applications.find(app, &presented.client_id).await?;
    let application = found.ok_or(Refused::Failed("no client is registered under that id"))?;
    match prove(app, presented, &application).await {
        Ok(()) => Ok(application),
        Err(Failure::Refused(refused @ Refused::Failed(reason))) => {
            note_failure(app, request, &application, reason).await?;
            Err(refused.into())
        }
        Err(failure) => Err(failure),
    }
}

async fn prove(app: &App, presented: &Presented, application: &RelyingApplication) -> Result<(), Failure> {
    let token = match client_authentication::check(presented, application)? {
        Checked::Authenticated => return Ok(()),
        Checked::Assertion(token) => token,
    };
    let now = app.now();
    let verified =
        app.fetcher.verify_by_client(application, token, &JwsAlgorithm::ALL, now).await.map_err(|error| {
            tracing::info!(error = &error as &dyn std::error::Error, "a client assertion is not accepted");
            Refused::Failed("the assertion is not signed by the client")
        })?;
    // OpenID Connect Core 9 names the token endpoint; newer profiles the issuer.
    let audiences = [app.config.issuer(), &app.address(path::TOKEN)];
    let accepted = assertion::check(&verified, &application.client.client_id, &audiences, now)?;
    // In a transaction of its own, before anything is done: whatever comes of the request, the assertion is spent.
    let first = app.store.execute(UseAssertion(accepted)).await?;
    if first { Ok(()) } else { Err(Refused::Failed("the assertion was used before").into()) }
}

async fn note_failure(
    app: &App,
    request: &HttpRequest,
    application: &RelyingApplication,
    reason: &'static str,
) -> Result<(), Failure> {
    let key = [b"client-failed:", application.id.as_uuid().as_bytes().as_slice()].concat();
    if app.short_lived.find(&key).await?.is_some() {
        return Ok(());
    }
    app.short_lived.put(&key, Vec::new(), BETWEEN_NOTES).await?;
    let whence = whence(request);
    let about =
        About { application: Some(application.id), detail: Some(reason), whence: Some(&whence), ..About::default() };
    let note = Note(event(app, AuditKind::ClientAuthenticationFailed, about));
    Ok(app.store.execute(note).await?)
}
