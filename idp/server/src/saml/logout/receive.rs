//! The single logout service: requests of service providers, and their answers to ours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use async_trait::async_trait;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::{GrantId, PersonId, SessionId, TokenHash};
use keyholder_core::ports::{Command, Queries as _, SamlQueries as _, SingleUse, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_oidc::form;
use keyholder_saml::checks::Arrival;
use keyholder_saml::inbound::Inbound;
use keyholder_saml::logout::{
    CheckedLogout, Front, Participant, Refusal, Refused, Rejection, Reply, Way, named, receive_request,
    receive_response, status_of,
};
use keyholder_saml::messages::soap::FaultCode;
use keyholder_saml::redirect::{Parameter, Query};
use keyholder_saml::service_provider::{LogoutBinding, ServiceProvider};

use super::super::sender::Sender;
use super::super::{encrypted, readable, untrusted};
use super::run::{Run, Then, address, respond};
use super::soap::{self, TakeBack, is_soap};
use super::{Told, begin, participants, prepare};
use crate::app::App;
use crate::applications::Registered;
use crate::audit;
use crate::logout::front_channel;
use crate::web::{PageError, is_form, see_other, whence};

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
    if is_soap(&request) {
        return by_soap(&app, &request, &body).await;
    }
    if !is_form(&request) {
        return Err(untrusted(&"the body is neither a form nor a SOAP message", None));
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
    let Sender { registered, entity } = Sender::find(app, request, message).await?;
    let (issuer, endpoint) = (entity.id(&app.config), entity.single_logout(&app.config));
    let arrival = Arrival { issuer: &issuer, endpoint: &endpoint, relay_state, decryption: &[], now: app.now() };
    match parameter {
        Parameter::Request => asked(app, request, &registered, message, &arrival, binding).await,
        Parameter::Response => answered(app, &registered, message, &arrival).await,
    }
}

fn by_browser(
    message: &Inbound,
    provider: &ServiceProvider,
    arrival: &Arrival<'_>,
) -> Result<CheckedLogout, Rejection> {
    receive_request(message, provider, arrival, Way::Browser)
}

fn over_soap(message: &Inbound, provider: &ServiceProvider, arrival: &Arrival<'_>) -> Result<CheckedLogout, Rejection> {
    receive_request(message, provider, arrival, Way::Soap)
}

/// A service provider answers a request of ours.
async fn answered(
    app: &App,
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
    run.keep(app, handle).await?;
    // A form of another site brings no cookie, by which the browser is known.
    Ok(see_other(&address(handle)))
}

/// A service provider asks: what it names ends here, then everywhere else.
async fn asked(
    app: &App,
    request: &HttpRequest,
    registered: &Arc<Registered>,
    message: &Inbound,
    arrival: &Arrival<'_>,
    binding: LogoutBinding,
) -> Result<HttpResponse, PageError> {
    let sender = registered.provider.metadata.entity_id.as_str();
    let checked = match encrypted::check(app, message, registered, arrival, by_browser).await? {
        Ok(checked) => checked,
        Err(Rejection::Untrusted(reason)) => return Err(untrusted(&reason, Some(sender))),
        Err(Rejection::Refused(refused)) => return refuse(app, request, &refused, arrival, (sender, binding)).await,
    };
    let meant = match meant(app, registered, &checked).await? {
        Ok(meant) => meant,
        Err(refusal) => return refuse(app, request, &refused(&checked, refusal), arrival, (sender, binding)).await,
    };
    let mut frames = Vec::new();
    for session in meant.sessions.keys() {
        frames.extend(front_channel(app, *session).await?);
    }
    if !end_sessions(app, request, registered, &checked, &meant).await? {
        return Err(untrusted(&"the request was used before", Some(sender)));
    }
    let then = Then::Reply(Box::new(checked), binding);
    let prepared = prepare(app, &meant.others, Front::Available, then).await?;
    let run = Run { browsers: meant.browsers, frames, ..prepared };
    Ok(see_other(&begin(app, &run).await?))
}

/// What a request names.
struct Meant {
    /// With whose they are.
    sessions: BTreeMap<SessionId, Option<PersonId>>,
    /// In which they began.
    browsers: Vec<TokenHash>,
    /// By which the one that asks was told. It is told by the answer, for every session that it named.
    own: Vec<GrantId>,
    /// Who else was told of these sessions.
    others: Vec<Told>,
}

async fn meant(
    app: &App,
    registered: &Registered,
    checked: &CheckedLogout,
) -> Result<Result<Meant, Refusal>, PageError> {
    let kept = app.store.list_participants_named(registered.application.id, &checked.name_id.value).await?;
    let told: Vec<(SessionId, Told)> =
        kept.into_iter().filter_map(|kept| Some((kept.session, Told::read(kept)?))).collect();
    let known: Vec<Participant> = told.iter().map(|(_, told)| told.participant.clone()).collect();
    let meant = match named(checked, &known) {
        Ok(meant) => meant,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let own = told.iter().filter(|(_, told)| meant.contains(&&told.participant));
    let (sessions, own): (BTreeSet<SessionId>, Vec<GrantId>) =
        own.map(|(session, told)| (*session, told.grant)).unzip();
    let mut meant = Meant { sessions: BTreeMap::new(), browsers: Vec::new(), own, others: Vec::new() };
    for id in sessions {
        let session = app.store.find_session(id).await?;
        let ended_before = session.as_ref().is_none_or(|session| session.ended_at.is_some());
        let told = participants(app, id).await?.into_iter().filter(|told| !meant.own.contains(&told.grant));
        let told: Vec<Told> = told.collect();
        meant.others.extend(told.into_iter().map(|told| Told { ended_before, ..told }));
        meant.browsers.extend(session.as_ref().map(|session| session.browser));
        meant.sessions.insert(id, session.map(|session| session.person));
    }
    Ok(Ok(meant))
}

/// A service provider asks behind the browser's back: nobody can be told with one.
async fn by_soap(app: &App, request: &HttpRequest, body: &[u8]) -> Result<HttpResponse, PageError> {
    match soap_request(app, request, body).await {
        Ok(reply) => soap::respond(app, reply).await,
        // The page is not for a service provider; the log has its reason.
        Err(PageError::Problem(_)) => Ok(soap::fault(FaultCode::Client, "the request cannot be trusted")),
        Err(error) => {
            tracing::error!(error = ?error, "a SOAP request for logout cannot be answered");
            Ok(soap::fault(FaultCode::Server, "the request cannot be answered now"))
        }
    }
}

async fn soap_request(app: &App, request: &HttpRequest, body: &[u8]) -> Result<Reply, PageError> {
    let message = Inbound::from_soap(body, REQUEST).map_err(|error| untrusted(&error, None))?;
    let sender = Sender::find(app, request, &message).await?;
    let Sender { registered, entity } = &sender;
    let (issuer, endpoint) = (entity.id(&app.config), entity.single_logout(&app.config));
    let arrival = Arrival { issuer: &issuer, endpoint: &endpoint, relay_state: None, decryption: &[], now: app.now() };
    let checked = match encrypted::check(app, &message, registered, &arrival, over_soap).await? {
        Ok(checked) => checked,
        Err(Rejection::Untrusted(reason)) => return Err(untrusted(&reason, Some(sender.name()))),
        Err(Rejection::Refused(refused)) => return Ok(refusing(&refused, &issuer, sender.name())),
    };
    let meant = match meant(app, registered, &checked).await? {
        Ok(meant) => meant,
        Err(refusal) => return Ok(refusing(&refused(&checked, refusal), &issuer, sender.name())),
    };
    if !end_sessions(app, request, registered, &checked, &meant).await? {
        return Err(untrusted(&"the request was used before", Some(sender.name())));
    }
    let run = prepare(app, &meant.others, Front::None, Then::GoOn(None)).await?;
    Ok(Reply::to(&checked, status_of(run.outcomes)))
}

fn refused(checked: &CheckedLogout, refusal: Refusal) -> Refused {
    Refused { in_response_to: checked.id.clone(), relay_state: checked.relay_state.clone(), refusal }
}

async fn refuse(
    app: &App,
    request: &HttpRequest,
    refused: &Refused,
    arrival: &Arrival<'_>,
    (sender, binding): (&str, LogoutBinding),
) -> Result<HttpResponse, PageError> {
    respond(app, request, refusing(refused, arrival.issuer, sender), sender, binding).await
}

/// The answer says less than the log.
fn refusing(refused: &Refused, issuer: &str, sender: &str) -> Reply {
    let reason = refused.refusal.to_string();
    tracing::info!(entity_id = readable(sender), reason, "a SAML request is answered with an error");
    Reply::refusing(refused, issuer)
}

/// Ends what a request names, once. `false`: the request was used before.
struct EndNamed {
    sessions: Vec<(SessionId, AuditEvent)>,
    /// By which the one that asks was told: it needs no notice.
    own: Vec<GrantId>,
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
        TakeBack(self.own.clone()).run(transaction).await?;
        Ok(true)
    }
}

async fn end_sessions(
    app: &App,
    request: &HttpRequest,
    registered: &Registered,
    checked: &CheckedLogout,
    meant: &Meant,
) -> Result<bool, PageError> {
    let whence = whence(request);
    let mut ended = Vec::new();
    for (&id, &subject) in &meant.sessions {
        let application = Some(registered.application.id);
        let about = audit::About { application, subject, whence: Some(&whence), ..audit::About::default() };
        ended.push((id, audit::event(app, AuditKind::SignedOut, about)));
    }
    let (own, mark) = (meant.own.clone(), checked.replay_mark());
    let done = app.store.execute(EndNamed { sessions: ended, own, mark, now: app.now() }).await?;
    app.outbox_wake.notify_one();
    Ok(done)
}
