//! How a flow that an application asked for ends: with a code, or with an error.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::flow::dispatcher::Refusal;
use keyholder_core::flow::{Flow, Interaction, Origin};
use keyholder_core::grant::Grant;
use keyholder_core::random::draw_token;
use keyholder_oidc::authorize::{AuthorizationRequest, ErrorCode};
use keyholder_oidc::code::{self, CodePayload};
use keyholder_oidc::respond::{self, ResponseMode};
use keyholder_theme::page::ProblemKind;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize as _;

use super::answer::answer;
use super::grant::make_grant;
use crate::app::App;
use crate::spine::commands::FinishFlow;
use crate::spine::{self, Ending, record};
use crate::web::{About, PageError};

/// A code that an application is to get, and the grant behind it. It is answered only once the grant is kept with the end of the flow.
#[derive(Debug)]
pub struct Success {
    asked: AuthorizationRequest,
    pub grant: Grant,
    pub audit: AuditEvent,
}

/// Decides with what a flow ends. `None`: with an error, since it is about another person than was asked for.
pub async fn decide(app: &App, request: &HttpRequest, ending: &Ending<'_>) -> Result<Option<Success>, PageError> {
    let asked = request_of(&ending.flow)?;
    let grant = make_grant(app, &asked, ending).await?;
    // OpenID Connect Core 3.1.2.2: no positive answer about anybody but the one asked for. Where the subject differs by school,
    // only now is it known.
    if ending.flow.ask.subject.as_ref().is_some_and(|subject| *subject != grant.subject) {
        return Ok(None);
    }
    let audit = record::grant_made(app, request, &grant, &grant.scopes.join(" "));
    Ok(Some(Success { asked, grant, audit }))
}

impl Success {
    /// Keeps the code, then answers the application.
    pub async fn answer(
        &self,
        app: &App,
        request: &HttpRequest,
        about: impl FnOnce() -> About,
    ) -> Result<HttpResponse, PageError> {
        let code = keep_code(app, &self.asked, &self.grant).await?;
        answer(app, request, about, respond::success(&self.asked.reply_to, app.config.issuer(), &code))
    }
}

/// Ends a flow with a code: the grant is made in the transaction that finishes the flow, then the code is kept, then the
/// application is answered.
pub async fn complete(app: &App, request: &HttpRequest, ending: Ending<'_>) -> Result<HttpResponse, PageError> {
    let Some(success) = decide(app, request, &ending).await? else {
        return refuse(app, request, ending.flow, Refusal::OtherPerson).await;
    };
    let about = spine::about_in(&ending.flow, Some(ending.application), &ending.member.school);
    finish(app, ending.flow, ending.application, Some(success.grant.clone()), success.audit.clone()).await?;
    success.answer(app, request, || about).await
}

/// Ends a flow of an application with the error that tells why.
pub async fn refuse(app: &App, request: &HttpRequest, flow: Flow, refusal: Refusal) -> Result<HttpResponse, PageError> {
    let code = error_code(refusal, flow.ask.interaction);
    end_with(app, request, flow, code, (AuditKind::SignInFailed, refusal.to_string())).await
}

/// Ends a flow because the person does not want the application to learn what it asked for.
pub async fn deny(app: &App, request: &HttpRequest, flow: Flow) -> Result<HttpResponse, PageError> {
    let why = (AuditKind::ConsentRefused, "the person refused".to_owned());
    end_with(app, request, flow, ErrorCode::AccessDenied, why).await
}

async fn end_with(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    code: ErrorCode,
    (kind, detail): (AuditKind, String),
) -> Result<HttpResponse, PageError> {
    let asked = request_of(&flow)?;
    let application = match flow.origin.application() {
        Some(id) => app.applications.find_by_id(app, id).await?,
        None => None,
    };
    // Removed while the person signed in: its addresses are registered no more.
    let application = application.ok_or_else(|| PageError::problem(ProblemKind::BadApplicationRequest).way_home())?;
    // What stands around the page that posts; a redirect shows none.
    let about = match asked.reply_to.mode {
        ResponseMode::FormPost => spine::about(app, &flow, Some(&application)).await?,
        ResponseMode::Query => About::default(),
    };
    // An application that asks with `prompt=none` whether anybody is signed in leaves nothing behind (design: an anonymous
    // visitor costs the server no state). Being refused twice permits nothing.
    if flow.version > 0 || flow.session().is_some() {
        let event = record::refused(app, request, &flow, (kind, &detail)).await?;
        finish(app, flow, &application, None, event).await?;
    }
    answer(app, request, || about, respond::error(&asked.reply_to, app.config.issuer(), &code.into()))
}

/// What the application is told (RFC 6749 4.1.2.1, `OpenID` Connect Core 3.1.2.6).
fn error_code(refusal: Refusal, interaction: Interaction) -> ErrorCode {
    match refusal {
        // Core 3.1.2.2: a person other than the one asked for "SHOULD return an error, such as login_required".
        Refusal::LoginRequired | Refusal::OtherPerson => ErrorCode::LoginRequired,
        Refusal::AccountSelectionRequired => ErrorCode::AccountSelectionRequired,
        Refusal::ConsentRequired => ErrorCode::ConsentRequired,
        Refusal::AssuranceNotReached => ErrorCode::UnmetAuthenticationRequirements,
        // A page would ask for the factor that is missing.
        Refusal::GroupNeedsMore(_) if interaction == Interaction::Forbidden => ErrorCode::InteractionRequired,
        Refusal::NoMembership | Refusal::GroupNeedsMore(_) => ErrorCode::AccessDenied,
    }
}

/// Whether the application is answered by a redirect, and not by a page that posts the answer.
pub fn answers_by_redirect(flow: &Flow) -> bool {
    request_of(flow).is_ok_and(|asked| asked.reply_to.mode == ResponseMode::Query)
}

fn request_of(flow: &Flow) -> Result<AuthorizationRequest, PageError> {
    let Origin::Oidc { request, .. } = &flow.origin else {
        return Err(PageError::Fault("a flow of our own pages is answered as an application's"));
    };
    AuthorizationRequest::deserialize(request).map_err(|_| PageError::Fault("a kept request cannot be read"))
}

async fn finish(
    app: &App,
    flow: Flow,
    application: &RelyingApplication,
    grant: Option<Grant>,
    event: AuditEvent,
) -> Result<(), PageError> {
    let ways = spine::start_again(&flow, Some(application));
    let first = app.store.execute(FinishFlow { flow, grant, audit: vec![event] }).await?;
    if first { Ok(()) } else { Err(PageError::problem(ProblemKind::FlowFinished).ways(ways)) }
}

async fn keep_code(app: &App, asked: &AuthorizationRequest, grant: &Grant) -> Result<SecretString, PageError> {
    let lifetime = Duration::from_secs(u64::from(app.config.token.code_seconds));
    let payload = serde_json::to_vec(&CodePayload::new(asked, grant, lifetime));
    let payload = payload.map_err(|_| PageError::Fault("a code's payload cannot be written as JSON"))?;
    let code = draw_token(&*app.random);
    app.short_lived.put(&code::storage_key(code.expose_secret()), payload, code::KEPT_FOR).await?;
    Ok(code)
}

#[cfg(test)]
mod tests;
