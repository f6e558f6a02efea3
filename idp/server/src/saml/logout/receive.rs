//! The single logout service: requests of service providers, and their answers to ours.

use std::collections::BTreeSet;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use async_trait::async_trait;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::SessionId;
use keyholder_core::ports::{Command, Queries as _, SamlQueries as _, SingleUse, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_oidc::form;
use keyholder_saml::checks::{self, Arrival};
use keyholder_saml::inbound::Inbound;
use keyholder_saml::logout::{
    CheckedLogout, Participant, Refusal, Refused, Rejection, Reply, Way, named, receive_request, receive_response,
};
use keyholder_saml::redirect::{Parameter, Query};
use keyholder_saml::service_provider::LogoutBinding;

use super::super::{entity_id, path, readable, untrusted};
use super::run::{Run, Then, go_on, respond};
use super::{begin, participants, prepare};
use crate::app::App;
use crate::applications::Registered;
use crate::audit;
use crate::logout::{Farewell, front_channel, signed_out};
use crate::web::{About, PageError, is_form, see_other, whence};

const REQUEST: &str = "LogoutRequest";
const RESPONSE: &str = "LogoutResponse";

/// `GET /saml/slo`
pub(in super::super) async fn get(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let query = Query::parse(request.query_string()).map_err(|error| untrusted(&error, None))?;
    let relay_state = query.relay_state().map(str::to_owned);
    let (parameter, local) = match query.parameter() {
        Parameter::Request => (Parameter::Request, REQUEST),
        Parameter::Response => (Parameter::Response, RESPONSE),
    };
    let message = Inbound::from_redirect(query, local).map_err(|error| untrusted(&error, None))?;
    receive(&app, &request, parameter, &message, (relay_state.as_deref(), LogoutBinding::Redirect)).await
}

/// `POST /saml/slo`. Needs no cookie: a signed message names the sessions.
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, PageError> {
    if !is_form(&request) {
        return Err(untrusted(&"the body is not a form", None));
    }
    let form = form::parse(&body).map_err(|error| untrusted(&error, None))?;
    let (parameter, field, local) = match (form.one("SAMLRequest"), form.one("SAMLResponse")) {
        (Some(field), None) => (Parameter::Request, field, REQUEST),
        (None, Some(field)) => (Parameter::Response, field, RESPONSE),
        (Some(_), Some(_)) => return Err(untrusted(&"both SAMLRequest and SAMLResponse", None)),
        (None, None) => return Err(untrusted(&"neither SAMLRequest nor SAMLResponse", None)),
    };
    let message = Inbound::from_post(field, local).map_err(|error| untrusted(&error, None))?;
    receive(&app, &request, parameter, &message, (form.one("RelayState"), LogoutBinding::Post)).await
}

async fn receive(
    app: &App,
    request: &HttpRequest,
    parameter: Parameter,
    message: &Inbound,
    (relay_state, binding): (Option<&str>, LogoutBinding),
) -> Result<HttpResponse, PageError> {
    let sender = checks::issuer_of(message).map_err(|error| untrusted(&error, None))?;
    let registered = app.applications.find_provider(app, &sender).await?;
    let registered = registered.ok_or_else(|| untrusted(&"no such service provider is registered", Some(&sender)))?;
    let (issuer, endpoint) = (entity_id(&app.config), app.address(path::SLO));
    let arrival = Arrival { issuer: &issuer, endpoint: &endpoint, relay_state, now: app.now() };
    match parameter {
        Parameter::Request => asked(app, request, &registered, message, &arrival, binding).await,
        Parameter::Response => answered(app, request, &registered, message, &arrival).await,
    }
}

/// A service provider answers a request of ours.
async fn answered(
    app: &App,
    request: &HttpRequest,
    registered: &Registered,
    message: &Inbound,
    arrival: &Arrival<'_>,
) -> Result<HttpResponse, PageError> {
    let sender = &registered.provider.metadata.entity_id;
    let handle = arrival.relay_state.unwrap_or_default();
    let run = Run::find(app, handle).await?;
    let mut run = run.ok_or_else(|| untrusted(&"the RelayState names no logout that is on its way", Some(sender)))?;
    let pending: Vec<_> = run.asked.take().into_iter().collect();
    let received = receive_response(message, &registered.provider, arrival, Way::Browser, &pending);
    let (_, outcome) = received.map_err(|reason| untrusted(&reason, Some(sender)))?;
    run.outcomes.push(outcome);
    go_on(app, request, run, handle).await
}

/// A service provider asks: what it names ends here, then everywhere else.
async fn asked(
    app: &App,
    request: &HttpRequest,
    registered: &Registered,
    message: &Inbound,
    arrival: &Arrival<'_>,
    binding: LogoutBinding,
) -> Result<HttpResponse, PageError> {
    let sender = registered.provider.metadata.entity_id.as_str();
    let checked = match receive_request(message, &registered.provider, arrival, Way::Browser) {
        Ok(checked) => checked,
        Err(Rejection::Untrusted(reason)) => return Err(untrusted(&reason, Some(sender))),
        Err(Rejection::Refused(refused)) => return refuse(app, request, &refused, (sender, binding)).await,
    };
    let told = app.store.list_participants_named(registered.application.id, &checked.name_id.value).await?;
    let told: Vec<(SessionId, Participant)> =
        told.into_iter().filter_map(|told| Some((told.session, serde_json::from_value(told.told).ok()?))).collect();
    let known: Vec<Participant> = told.iter().map(|(_, participant)| participant.clone()).collect();
    let meant: Vec<Participant> = match named(&checked, &known) {
        Ok(meant) => meant.into_iter().cloned().collect(),
        Err(refusal) => {
            let refused = refused(&checked, refusal);
            return refuse(app, request, &refused, (sender, binding)).await;
        }
    };
    let sessions: BTreeSet<SessionId> =
        told.iter().filter(|(_, participant)| meant.contains(participant)).map(|(session, _)| *session).collect();
    let mut others = Vec::new();
    let mut frames = Vec::new();
    for session in &sessions {
        others.extend(participants(app, *session).await?);
        frames.extend(front_channel(app, *session).await?);
    }
    // The one that asks is told by the answer, for every session that it named.
    others.retain(|participant| !meant.contains(participant));
    if !end_sessions(app, request, registered, &checked, sessions).await? {
        return Err(untrusted(&"the request was used before", Some(sender)));
    }
    let run = prepare(app, &others, None, Then::Reply(Box::new(checked), binding)).await?;
    let next = begin(app, &run).await?;
    if frames.is_empty() {
        return Ok(see_other(&next));
    }
    signed_out(app, request, About::default(), &Farewell { frames, go_on: Some(next), ..Farewell::default() })
}

fn refused(checked: &CheckedLogout, refusal: Refusal) -> Refused {
    Refused { in_response_to: checked.id.clone(), relay_state: checked.relay_state.clone(), refusal }
}

async fn refuse(
    app: &App,
    request: &HttpRequest,
    refused: &Refused,
    (sender, binding): (&str, LogoutBinding),
) -> Result<HttpResponse, PageError> {
    let reason = refused.refusal.to_string();
    tracing::info!(entity_id = readable(sender), reason, "a SAML request is answered with an error");
    respond(app, request, Reply::refusing(refused, &entity_id(&app.config)), sender, binding).await
}

/// Ends what a request names, once. `false`: the request was used before.
struct EndNamed {
    sessions: Vec<(SessionId, AuditEvent)>,
    mark: (String, Timestamp),
    now: Timestamp,
}

#[async_trait]
impl Command for EndNamed {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let (value, until) = &self.mark;
        if !transaction.use_once(SingleUse::SamlRequest, value.as_bytes(), *until).await? {
            return Ok(false);
        }
        for (session, audit) in &self.sessions {
            if transaction.end_session(*session, self.now).await? {
                transaction.insert_audit(audit).await?;
            }
        }
        Ok(true)
    }
}

async fn end_sessions(
    app: &App,
    request: &HttpRequest,
    registered: &Registered,
    checked: &CheckedLogout,
    sessions: BTreeSet<SessionId>,
) -> Result<bool, PageError> {
    let whence = whence(request);
    let mut ended = Vec::new();
    for id in sessions {
        let subject = app.store.find_session(id).await?.map(|session| session.person);
        let application = Some(registered.application.id);
        let about = audit::About { application, subject, whence: Some(&whence), ..audit::About::default() };
        ended.push((id, audit::event(app, AuditKind::SignedOut, about)));
    }
    let done = app.store.execute(EndNamed { sessions: ended, mark: checked.replay_mark(), now: app.now() }).await?;
    app.outbox_wake.notify_one();
    Ok(done)
}
