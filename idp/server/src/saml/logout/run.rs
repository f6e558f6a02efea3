//! The steps of a logout: tell the next, until nobody is left; then answer whoever asked.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::id::TokenHash;
use keyholder_oidc::form;
use keyholder_saml::logout::{CheckedLogout, Outcome, Outgoing, Pending, Reply, Telling, answer, ask, status_of};
use keyholder_saml::service_provider::{LogoutBinding, SingleLogoutService, SpMetadata};
use keyholder_theme::page::{Field, FormPost};
use serde::{Deserialize, Serialize};
use url::Url;

use super::super::path;
use crate::app::App;
use crate::applications::Registered;
use crate::logout::{Farewell, signed_out};
use crate::web::{About, Leads, PageError, draw, frame, known_browser, see_other};

/// How long a browser may be on its way. What is lost after that is told to nobody; every session here has ended long before.
const LIFETIME: Duration = Duration::from_mins(15);

/// How many are told before the browser sees a page: it follows 20 redirects in a row (Fetch 4.4, "HTTP-redirect fetch"), and a service
/// provider is two or more of them, at the beginning and at the end a few besides.
const IN_A_ROW: u8 = 4;

/// A logout on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Run {
    /// Those of the sessions that ended: in others nobody is told.
    pub(super) browsers: Vec<TokenHash>,
    /// What is loaded before anybody is told, for applications over OpenID Connect.
    pub(super) frames: Vec<Url>,
    /// Those to be told yet, in order.
    pub(super) tell: Vec<Telling>,
    /// The request whose answer is waited for.
    pub(super) asked: Option<Pending>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) then: Then,
    /// How many were told since the browser saw a page.
    pub(super) in_a_row: u8,
}

/// How it ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Then {
    /// A service provider asked, and is told what came of it.
    Reply(Box<CheckedLogout>, LogoutBinding),
    /// The person signed out here.
    GoOn(Option<String>),
}

/// The address that goes on with a run.
pub(super) fn address(handle: &str) -> String {
    format!("{}?logout={handle}", path::SLO_NEXT)
}

fn key(handle: &str) -> Vec<u8> {
    [b"saml-logout:", handle.as_bytes()].concat()
}

impl Run {
    pub(super) async fn keep(&self, app: &App, handle: &str) -> Result<(), PageError> {
        let plain = serde_json::to_vec(self).map_err(|_| PageError::Fault("a logout cannot be written"))?;
        Ok(app.short_lived.put(&key(handle), plain, LIFETIME).await?)
    }

    pub(super) async fn find(app: &App, handle: &str) -> Result<Option<Self>, PageError> {
        let kept = app.short_lived.find(&key(handle)).await?;
        Ok(kept.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }
}

/// `GET /saml/slo/next`: tells the next.
pub(in super::super) async fn next(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let query = form::parse(request.query_string().as_bytes()).ok();
    let handle = query.as_ref().and_then(|query| query.one("logout")).unwrap_or_default();
    match Run::find(&app, handle).await? {
        Some(run) => resume(&app, &request, run, handle).await,
        // A restart lost the rest: here everybody is signed out.
        None => Ok(see_other("/signed-out")),
    }
}

async fn resume(app: &App, request: &HttpRequest, mut run: Run, handle: &str) -> Result<HttpResponse, PageError> {
    // Somebody comes back without an answer: whoever was asked last gave none.
    run.outcomes.extend(run.asked.take().map(|_| Outcome::Failed));
    if !known_browser(request).is_some_and(|browser| run.browsers.contains(&browser)) {
        // Whoever asks for a logout, or answers one, would read by what names the others know the person.
        run.outcomes.extend(run.tell.drain(..).map(|_| Outcome::Unreachable));
        run.frames.clear();
    }
    if run.frames.is_empty() {
        return go_on(app, request, run, handle).await;
    }
    let frames = std::mem::take(&mut run.frames);
    run.keep(app, handle).await?;
    let farewell = Farewell { frames, go_on: Some(address(handle)), ..Farewell::default() };
    signed_out(app, request, About::default(), &farewell)
}

/// Sends the browser to the next service provider, or ends the run.
async fn go_on(app: &App, request: &HttpRequest, mut run: Run, handle: &str) -> Result<HttpResponse, PageError> {
    if run.tell.is_empty() {
        app.short_lived.remove(&key(handle)).await?;
        return end(app, request, run).await;
    }
    if run.in_a_row == IN_A_ROW {
        run.in_a_row = 0;
        run.keep(app, handle).await?;
        let farewell = Farewell { go_on: Some(address(handle)), ..Farewell::default() };
        return signed_out(app, request, About::default(), &farewell);
    }
    run.in_a_row += 1;
    let telling = run.tell.remove(0);
    let ring = app.saml.load(app).await.map_err(|error| super::super::ending::unusable(&error))?;
    let (now, random, relay_state) = (app.now(), app.random.clone(), handle.to_owned());
    let provider = telling.participant.provider.clone();
    let made = tokio::task::spawn_blocking(move || {
        ask(&telling, Some(&relay_state), ring.signer.as_ref(), now, random.as_ref())
    });
    let made = made.await.map_err(|_| PageError::Fault("signing was interrupted"))?;
    let (id, message) = made.map_err(|_| PageError::Fault("a logout request cannot be written"))?;
    let registered = app.applications.find_provider(app, &provider).await?;
    run.asked = Some(Pending { id, provider });
    run.keep(app, handle).await?;
    send(app, request, registered.as_deref(), message)
}

async fn end(app: &App, request: &HttpRequest, run: Run) -> Result<HttpResponse, PageError> {
    let left = run.outcomes.iter().filter(|outcome| **outcome != Outcome::SignedOut).count();
    if left > 0 {
        tracing::info!(left, "not every service provider was signed out");
    }
    match run.then {
        Then::GoOn(Some(href)) => Ok(see_other(&href)),
        // Not here: the address holds a message, which a reload would send again.
        Then::GoOn(None) => Ok(see_other("/signed-out")),
        Then::Reply(checked, binding) => {
            let reply = Reply::to(&checked, status_of(run.outcomes));
            respond(app, request, reply, &checked.provider, binding).await
        }
    }
}

/// Answers a service provider that asked, where it takes answers.
pub(super) async fn respond(
    app: &App,
    request: &HttpRequest,
    reply: Reply,
    provider: &str,
    binding: LogoutBinding,
) -> Result<HttpResponse, PageError> {
    let registered = app.applications.find_provider(app, provider).await?;
    let service = registered.as_ref().and_then(|registered| service(&registered.provider.metadata, binding)).cloned();
    let Some(service) = service else { return signed_out(app, request, About::default(), &Farewell::default()) };
    let ring = app.saml.load(app).await.map_err(|error| super::super::ending::unusable(&error))?;
    let (now, random) = (app.now(), app.random.clone());
    let made =
        tokio::task::spawn_blocking(move || answer(&reply, &service, ring.signer.as_ref(), now, random.as_ref()));
    let made = made.await.map_err(|_| PageError::Fault("signing was interrupted"))?;
    let made = made.map_err(|_| PageError::Fault("a logout response cannot be written"))?;
    send(app, request, registered.as_deref(), made)
}

/// By the binding with which it asked, else by the other that browsers have.
fn service(metadata: &SpMetadata, binding: LogoutBinding) -> Option<&SingleLogoutService> {
    let bindings = [binding, LogoutBinding::Redirect, LogoutBinding::Post];
    bindings.into_iter().find_map(|binding| metadata.single_logout_service(binding))
}

fn send(
    app: &App,
    request: &HttpRequest,
    to: Option<&Registered>,
    message: Outgoing,
) -> Result<HttpResponse, PageError> {
    match message {
        Outgoing::Redirect { url } => Ok(see_other(&url)),
        Outgoing::Post { address, parameter, value, relay_state } => {
            let message = Field { name: parameter.name().to_owned(), value };
            let relay_state = relay_state.map(|value| Field { name: "RelayState".to_owned(), value });
            let fields = std::iter::once(message).chain(relay_state).collect();
            let application = to.map(|to| to.application.name.clone()).unwrap_or_default();
            let page = FormPost { action: address, application, fields };
            draw(app, StatusCode::OK, &frame(app, request, About::default()), &page, Leads::Away)
        }
        Outgoing::Soap { .. } => Err(PageError::Fault("a browser carries no SOAP")),
    }
}
