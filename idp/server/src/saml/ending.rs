//! How a flow that a service provider asked for ends: with an assertion, or with a status that tells why not.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::{Proof, Role, assess};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::flow::dispatcher::Refusal as CoreRefusal;
use keyholder_core::flow::{Flow, Interaction, Origin};
use keyholder_core::grant::Grant;
use keyholder_core::id::GrantId;
use keyholder_core::ports::StoreError;
use keyholder_core::saml::SamlParticipant;
use keyholder_core::session::Place;
use keyholder_saml::attributes::release;
use keyholder_saml::checks::{CheckedRequest, Refusal, Refused};
use keyholder_saml::logout::Participant;
use keyholder_saml::respond::{self, Answer, RespondError, SignOn};
use keyholder_saml::service_provider::LogoutBinding;
use keyholder_saml::subject::{self, Naming, draw_opaque};
use keyholder_theme::page::ProblemKind;
use url::Url;

use super::commands::{self, Answered};
use super::keys::SamlKeyError;
use super::{Entity, answer, person, untrusted};
use crate::app::App;
use crate::applications::Registered;
use crate::spine::commands::FinishFlow;
use crate::spine::{self, Ending, record};
use crate::web::{PageError, see_other};
use crate::workers::describe;

/// Ends a flow with a response. It is signed before the transaction that makes it count, and sent after it.
pub async fn complete(app: &App, request: &HttpRequest, ending: Ending<'_>) -> Result<HttpResponse, PageError> {
    let asked = request_of(&ending.flow)?;
    let registered = registered(app, &ending.flow, &asked).await?;
    let (now, place) = (app.now(), Place::of(ending.member));
    let proofs = proofs(&ending, place, now);
    let assurance = assess(&proofs).unwrap_or_default();
    let facts = person::facts(app, &ending, assurance).await?;
    let issuer = Entity::towards(&registered, &ending.member.school).id(&app.config);
    // The settings changed while the person signed in: the answer would come from somebody who was not asked.
    if asked.reply_to.in_response_to.is_some() && asked.issuer != issuer {
        return Err(untrusted(&"it knows us by another entity id by now", Some(&asked.provider)));
    }
    let asked = CheckedRequest { issuer: issuer.clone(), ..asked };
    let naming = Naming {
        issuer: &issuer,
        provider: &asked.provider,
        persistent: &facts.persistent,
        email: facts.email.as_deref(),
    };
    let name_id = match subject::name_id(asked.name_id, &naming, app.random.as_ref()) {
        Ok(name_id) => name_id,
        Err(error) => return end_with(app, request, ending.flow, Refusal::Denied, error.to_string()).await,
    };
    // Saml-profiles-2.0-os 4.1.4.1: "the resulting assertion's <saml:Subject> MUST match". Persistent ones differ by school, so
    // only now is it known.
    if ending.flow.ask.subject.as_ref().is_some_and(|subject| *subject != facts.persistent) {
        let why = Refusal::UnknownPrincipal;
        return end_with(app, request, ending.flow, why, why.to_string()).await;
    }
    let participant = Participant {
        provider: asked.provider.clone(),
        issuer,
        name_id,
        session_index: draw_opaque(app.random.as_ref()),
    };
    let attributes = release(&facts, &registered.provider.settings.release, app.config.issuer());
    let statement = Statement {
        registered: registered.clone(),
        asked: asked.clone(),
        participant: participant.clone(),
        attributes,
        ending: &ending,
        assurance,
    };
    let made = match sign(app, statement).await? {
        Ok(made) => made,
        Err(error) => return end_with(app, request, ending.flow, refusal_of(&asked, &error), error.to_string()).await,
    };
    let about = spine::about_in(&ending.flow, Some(ending.application), &ending.member.school);
    let grant = grant(app, &ending, &participant, proofs);
    let audit = record::grant_made(app, request, &grant, &format!("{} {}", made.assertion_id, made.class));
    let told = SamlParticipant {
        grant: grant.id,
        session: grant.session,
        application: grant.application,
        name_id: participant.name_id.value.clone(),
        session_index: participant.session_index.clone(),
        reached_by_soap: registered.provider.metadata.single_logout_service(LogoutBinding::Soap).is_some(),
        told: serde_json::to_value(&participant).map_err(|_| PageError::Fault("a participant cannot be written"))?,
    };
    finish(app, ending.flow, &asked, Some((grant, told)), audit).await?;
    answer::post(app, request, about, made.posted)
}

/// Ends a flow of a service provider with the status that tells why.
pub async fn refuse(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    refusal: CoreRefusal,
) -> Result<HttpResponse, PageError> {
    if request_of(&flow)?.reply_to.in_response_to.is_none() {
        return refuse_here(app, request, flow, refusal).await;
    }
    let told = match (refusal, flow.ask.interaction) {
        // A page could have been shown: the person signed out elsewhere meanwhile.
        (CoreRefusal::LoginRequired, Interaction::Allowed) => Refusal::AuthnFailed,
        // A page would ask for the factor that is missing.
        (CoreRefusal::GroupNeedsMore(_) | CoreRefusal::AssuranceNotReached, Interaction::Forbidden) => Refusal::Passive,
        (other, _) => other.into(),
    };
    end_with(app, request, flow, told, refusal.to_string()).await
}

/// Nobody asked, so that nobody is told: the person who began it reads why it went no further.
async fn refuse_here(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    refusal: CoreRefusal,
) -> Result<HttpResponse, PageError> {
    let kind = match refusal {
        CoreRefusal::NoMembership => ProblemKind::NoMembership,
        CoreRefusal::GroupNeedsMore(_) => ProblemKind::GroupNeedsKey,
        CoreRefusal::AssuranceNotReached => ProblemKind::AssuranceNotReached,
        CoreRefusal::OtherPerson => ProblemKind::OtherPerson,
        CoreRefusal::LoginRequired | CoreRefusal::AccountSelectionRequired | CoreRefusal::ConsentRequired => {
            ProblemKind::FlowExpired
        }
    };
    let asked = request_of(&flow)?;
    let event = record::refused(app, request, &flow, (AuditKind::SignInFailed, &refusal.to_string())).await?;
    finish(app, flow, &asked, None, event).await?;
    Err(PageError::problem(kind).way_home())
}

/// Ends a flow because the person does not want the application to learn what it gets.
pub async fn deny(app: &App, request: &HttpRequest, flow: Flow) -> Result<HttpResponse, PageError> {
    let why = (AuditKind::ConsentRefused, "the person refused".to_owned());
    end_noted(app, request, flow, Refusal::Denied, why).await
}

/// The host to which the answer goes, for the consent page.
pub fn host_of(flow: &Flow) -> Option<String> {
    let asked = request_of(flow).ok()?;
    Url::parse(&asked.reply_to.assertion_consumer_service).ok()?.host_str().map(str::to_owned)
}

async fn end_with(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    refusal: Refusal,
    detail: String,
) -> Result<HttpResponse, PageError> {
    end_noted(app, request, flow, refusal, (AuditKind::SignInFailed, detail)).await
}

async fn end_noted(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    refusal: Refusal,
    (kind, detail): (AuditKind, String),
) -> Result<HttpResponse, PageError> {
    let asked = request_of(&flow)?;
    if asked.reply_to.in_response_to.is_none() {
        let event = record::refused(app, request, &flow, (kind, &detail)).await?;
        finish(app, flow, &asked, None, event).await?;
        return Ok(see_other("/"));
    }
    let registered = registered(app, &flow, &asked).await?;
    tracing::info!(
        entity_id = super::readable(&asked.provider),
        reason = detail,
        "a SAML request is answered with an error"
    );
    let about = spine::about(app, &flow, Some(&registered.application)).await?;
    let refused = Refused { reply_to: asked.reply_to.clone(), refusal };
    // Signed for authenticated persons alone.
    let ring = match flow.session() {
        Some(_) => Some(app.saml.load(app).await.map_err(|error| unusable(&error))?),
        None => None,
    };
    let (issuer, now, random) = (asked.issuer.clone(), app.now(), app.random.clone());
    let posted = tokio::task::spawn_blocking(move || {
        let signer = ring.as_ref().map(|ring| ring.signer.as_ref() as &dyn keyholder_saml::signer::Signer);
        respond::refuse(&refused, &issuer, signer, now, random.as_ref())
    });
    let posted = posted.await.map_err(|_| PageError::Fault("signing was interrupted"))?;
    let posted = posted.map_err(|_| PageError::Fault("an error response cannot be written"))?;
    // As with OpenID Connect: whoever asks with IsPassive whether anybody is signed in leaves nothing behind.
    if flow.version > 0 || flow.session().is_some() {
        let event = record::refused(app, request, &flow, (kind, &detail)).await?;
        finish(app, flow, &asked, None, event).await?;
    }
    answer::post(app, request, about, posted)
}

fn request_of(flow: &Flow) -> Result<CheckedRequest, PageError> {
    let Origin::Saml { request, .. } = &flow.origin else {
        return Err(PageError::Fault("a flow of another origin is answered as a service provider's"));
    };
    serde_json::from_value(request.clone()).map_err(|_| PageError::Fault("a kept request cannot be read"))
}

/// The service provider as it is registered now: removed or moved while the person signed in, it gets nothing.
async fn registered(app: &App, flow: &Flow, asked: &CheckedRequest) -> Result<Arc<Registered>, PageError> {
    let gone = || untrusted(&"the service provider is registered so no more", Some(&asked.provider));
    let registered = app.applications.find_provider(app, &asked.provider).await?.ok_or_else(gone)?;
    let same = flow.origin.application() == Some(registered.application.id);
    let mut services = registered.provider.metadata.assertion_consumer_services.iter();
    let there = services.any(|service| service.location == asked.reply_to.assertion_consumer_service);
    if same && there { Ok(registered) } else { Err(gone()) }
}

/// What counts for this answer: where a proof must not be older than an instant, that goes for the factor too.
fn proofs(ending: &Ending<'_>, place: Place, now: keyholder_core::time::Timestamp) -> Vec<Proof> {
    let least = ending.flow.ask.proof_not_before;
    let mut proofs = ending.session.proofs_in(place, now);
    proofs.retain(|proof| proof.method.role() == Role::FirstProof || least.is_none_or(|least| proof.at >= least));
    proofs
}

/// What a response is made of.
struct Statement<'a> {
    registered: Arc<Registered>,
    asked: CheckedRequest,
    participant: Participant,
    attributes: Vec<keyholder_saml::messages::Attribute>,
    ending: &'a Ending<'a>,
    assurance: keyholder_core::assurance::Assurance,
}

/// Signs on a thread of its own.
async fn sign(app: &App, statement: Statement<'_>) -> Result<Result<Answer, RespondError>, PageError> {
    let ring = app.saml.load(app).await.map_err(|error| unusable(&error))?;
    let (now, random) = (app.now(), app.random.clone());
    let Statement { registered, asked, participant, attributes, ending, assurance } = statement;
    let (authenticated_at, session_expires_at) = (ending.session.authenticated_at(), ending.session.expires_at);
    let made = tokio::task::spawn_blocking(move || {
        let sign_on = SignOn {
            provider: &registered.provider,
            request: &asked,
            name_id: participant.name_id,
            attributes,
            authenticated_at,
            assurance,
            session_index: &participant.session_index,
            session_expires_at,
            now,
        };
        respond::succeed(&sign_on, ring.signer.as_ref(), random.as_ref())
    });
    made.await.map_err(|_| PageError::Fault("signing was interrupted"))
}

/// What the service provider is told of a response that cannot be made; the operator reads the rest.
fn refusal_of(asked: &CheckedRequest, error: &RespondError) -> Refusal {
    if *error == RespondError::AuthnContext {
        return Refusal::AuthnContext;
    }
    let entity_id = super::readable(&asked.provider);
    tracing::error!(entity_id, error = super::readable(&error.to_string()), "a SAML response cannot be made");
    Refusal::Internal
}

/// Keys that cannot be relied on sign nothing.
pub(super) fn unusable(error: &SamlKeyError) -> PageError {
    tracing::error!(error = describe(error), "the SAML keys cannot be used");
    PageError::Fault("the SAML keys cannot be used")
}

fn grant(app: &App, ending: &Ending<'_>, participant: &Participant, proofs: Vec<Proof>) -> Grant {
    let now = app.now();
    Grant {
        id: GrantId::draw(app.random.as_ref(), now),
        session: ending.session.id,
        person: ending.person.id,
        application: ending.application.id,
        school: ending.member.school.id,
        membership: ending.member.membership.id,
        subject: participant.name_id.value.clone(),
        scopes: Vec::new(),
        claims_request: None,
        proofs,
        elevated_until: ending.session.elevated_in(Place::of(ending.member), now),
        offline: false,
        created_at: now,
        expires_at: ending.session.expires_at,
        ended_at: None,
    }
}

async fn finish(
    app: &App,
    flow: Flow,
    asked: &CheckedRequest,
    made: Option<(Grant, SamlParticipant)>,
    event: AuditEvent,
) -> Result<(), PageError> {
    let application = match flow.origin.application() {
        Some(id) => app.applications.find_by_id(app, id).await?,
        None => None,
    };
    let ways = spine::start_again(&flow, application.as_deref());
    let before = || PageError::problem(ProblemKind::FlowFinished).ways(ways.clone());
    // An error may be told again; a response is not made twice.
    let mark = made.as_ref().and_then(|_| asked.replay_mark());
    let (grant, participant) = made.unzip();
    let finish = FinishFlow { flow, grant, audit: vec![event] };
    match app.store.execute(commands::Answer { finish, mark, participant }).await {
        Ok(Answered::Now) => Ok(()),
        Ok(Answered::Before) | Err(StoreError::Conflict(_)) => Err(before()),
        Err(error) => Err(error.into()),
    }
}
