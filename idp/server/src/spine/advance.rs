//! From the facts to the next page: runs the dispatcher, and takes the steps that need no page in memory.

use std::sync::Arc;

use actix_web::HttpRequest;
use keyholder_core::application::RelyingApplication;
use keyholder_core::assurance::Assurance;
use keyholder_core::flow::dispatcher::{Decline, Facts, KeyAtHand, Next, Refusal, SubjectMatch, next};
use keyholder_core::flow::{Flow, Origin, SchoolChoice, WrongStage};
use keyholder_core::id::SchoolId;
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::policy::{PolicyRequest, PolicyStage};
use keyholder_core::ports::Queries;
use keyholder_core::school::School;
use keyholder_core::session::{Place, Session, SessionInFull};
use keyholder_core::verdict::{Permit, Verdict};
use keyholder_theme::page::ProblemKind;

use super::{scenery, ticket};
use crate::app::App;
use crate::factors::{self, Held};
use crate::oidc::front;
use crate::saml;
use crate::web::{self, PageError};

/// What the rows say about a flow.
pub(super) struct Known {
    pub(super) visitor: Option<(Session, Person)>,
    pub(super) application: Option<Arc<RelyingApplication>>,
    /// The active memberships of the person.
    pub(super) memberships: Vec<MembershipInFull>,
    /// The keys of the person, once somebody looked for them.
    pub(super) held: Option<Held>,
    subject: SubjectMatch,
}

impl Known {
    async fn load(app: &App, flow: &Flow, visitor: Option<SessionInFull>) -> Result<Self, PageError> {
        let application = scenery::find_application(app, flow).await?;
        if flow.origin.application().is_some() && application.is_none() {
            // Unregistered while people were signing in to it.
            return Err(PageError::problem(ProblemKind::FlowExpired).way_home());
        }
        let (visitor, mut memberships) = match visitor {
            Some(SessionInFull { session, person, memberships }) => (Some((session, person)), memberships),
            None => (None, Vec::new()),
        };
        memberships.retain(|member| member.membership.is_active(app.now()));
        let person = visitor.as_ref().map(|(_, person)| person);
        let subject = subject_match(app, flow, application.as_deref(), person, &memberships).await?;
        Ok(Self { visitor, application, memberships, held: None, subject })
    }

    /// Who is signed in, for what follows a step that changes nothing about that.
    pub(super) fn visitor(&self) -> Option<SessionInFull> {
        let (session, person) = self.visitor.clone()?;
        Some(SessionInFull { session, person, memberships: self.memberships.clone() })
    }

    /// The schools that may be chosen for this flow.
    pub(super) fn choices(&self) -> Vec<MembershipInFull> {
        let serves = |member: &&MembershipInFull| {
            self.application.as_ref().is_none_or(|application| application.offered_to.serves(&member.school))
        };
        self.memberships.iter().filter(serves).cloned().collect()
    }
}

/// Whether the person is the one whom the application named. With a pairwise subject for each school, any of them names them.
async fn subject_match(
    app: &App,
    flow: &Flow,
    application: Option<&RelyingApplication>,
    person: Option<&Person>,
    memberships: &[MembershipInFull],
) -> Result<SubjectMatch, PageError> {
    let (Some(asked), Some(application)) = (&flow.ask.subject, application) else { return Ok(SubjectMatch::NotAsked) };
    for member in memberships {
        if let Some(person) = person
            && is_known_as(app, &flow.origin, application, (person, &member.school), asked).await?
        {
            return Ok(SubjectMatch::Same);
        }
    }
    Ok(SubjectMatch::Other)
}

/// Whether the application knows the person by this name, in the words of its protocol.
async fn is_known_as(
    app: &App,
    origin: &Origin,
    application: &RelyingApplication,
    (person, school): (&Person, &School),
    name: &str,
) -> Result<bool, PageError> {
    Ok(match origin {
        Origin::Saml { .. } => saml::knows_as(app, application, person, school, name).await?,
        Origin::Oidc { .. } | Origin::Portal { .. } => {
            front::subject_of(app, application, person, school).await? == name
        }
    })
}

/// The next thing for which somebody is needed: a reader, or whoever asked.
pub(super) enum Step {
    Email,
    FirstProof { email: String },
    School { choices: Vec<MembershipInFull> },
    Factor { member: MembershipInFull, needed: Assurance, decline: Decline },
    Consent { member: MembershipInFull },
    Complete { member: MembershipInFull, permit: Permit },
    Refuse(Refusal),
}

/// A flow at its next step.
pub(super) struct Scene {
    /// The flow's page as the reader addressed it.
    pub(super) here: String,
    /// With the steps taken in memory; its version is that of the row.
    pub(super) flow: Flow,
    pub(super) known: Known,
    pub(super) step: Step,
}

enum Move {
    Adopt,
    TakeSchool(SchoolId),
    Decide(Box<MembershipInFull>),
    LookForKeys,
    LookForConsent(SchoolId),
    Stop(Box<Step>),
}

/// Goes on until somebody is needed. Steps taken in memory are taken again with the next request: nothing is kept before a reader
/// has chosen something.
pub(super) async fn advance(app: &App, request: &HttpRequest, ticket: &str, flow: Flow) -> Result<Scene, PageError> {
    let visitor = web::visitor(app, request).await?;
    advance_as(app, request, format!("/sign-in/{ticket}"), flow, visitor).await
}

/// The same for whoever is signed in by now, whatever the cookies of the request say.
pub(super) async fn advance_as(
    app: &App,
    request: &HttpRequest,
    here: String,
    mut flow: Flow,
    visitor: Option<SessionInFull>,
) -> Result<Scene, PageError> {
    let mut known = Known::load(app, &flow, visitor).await?;
    let (mut verdict, mut keys, mut consented): (_, Option<Vec<KeyAtHand>>, Option<Vec<String>>) = (None, None, None);
    loop {
        let facts = Facts {
            session: known.visitor.as_ref().map(|(session, _)| session),
            application: known.application.as_deref(),
            memberships: &known.memberships,
            subject_matches: known.subject,
            consented: consented.as_deref(),
            keys: keys.as_deref(),
            verdict: verdict.as_ref(),
            now: app.now(),
        };
        let taken = match next(&flow, &facts) {
            Next::AskEmail => Move::Stop(Box::new(Step::Email)),
            Next::AskFirstProof { email } => Move::Stop(Box::new(Step::FirstProof { email: email.to_owned() })),
            Next::Adopt => Move::Adopt,
            Next::AskSchool { choices } => {
                Move::Stop(Box::new(Step::School { choices: choices.into_iter().cloned().collect() }))
            }
            Next::TakeSchool(school) => Move::TakeSchool(school),
            Next::AskPolicies { member } => Move::Decide(Box::new(member.clone())),
            Next::LookForKeys => Move::LookForKeys,
            Next::LookForConsent(school) => Move::LookForConsent(school),
            Next::AskFactor { member, needed, decline } => {
                Move::Stop(Box::new(Step::Factor { member: member.clone(), needed, decline }))
            }
            Next::AskConsent { member } => Move::Stop(Box::new(Step::Consent { member: member.clone() })),
            Next::Complete { member, permit } => {
                Move::Stop(Box::new(Step::Complete { member: member.clone(), permit }))
            }
            Next::Refuse(refusal) => Move::Stop(Box::new(Step::Refuse(refusal))),
            Next::AlreadyFinished => return Err(ticket::problem(app, ProblemKind::FlowFinished, &flow).await?),
        };
        flow = match (taken, &known.visitor) {
            (Move::Stop(step), _) => return Ok(Scene { here, flow, known, step: *step }),
            (Move::Adopt, Some((session, _))) => flow.authenticate(session.id),
            (Move::LookForKeys, Some((_, person))) => {
                let held = Held::by(app, person.id).await?;
                keys = Some(factors::at_hand(app, &held.keys));
                known.held = Some(held);
                Ok(flow)
            }
            (Move::LookForConsent(school), Some((_, person))) => {
                consented = Some(find_consent(app, person, known.application.as_deref(), school).await?);
                Ok(flow)
            }
            (Move::Adopt | Move::Decide(_) | Move::LookForKeys | Move::LookForConsent(_), None) => Err(WrongStage),
            (Move::TakeSchool(school), _) => flow.choose_school(school),
            (Move::Decide(member), Some((session, person))) => {
                verdict = Some(decide(app, request, &known, (session, person), &member).await);
                Ok(flow)
            }
        }
        .map_err(|_| PageError::Fault("the dispatcher took a step that does not fit"))?;
    }
}

/// What the policies say, of the proofs that count in this school.
async fn decide(
    app: &App,
    request: &HttpRequest,
    known: &Known,
    (session, person): (&Session, &Person),
    member: &MembershipInFull,
) -> Verdict {
    let now = app.now();
    let proofs = session.proofs_in(Place::of(member), now);
    let address = web::peer(request).to_string();
    let asked = PolicyRequest {
        stage: PolicyStage::Authorise,
        person,
        member,
        application: known.application.as_deref(),
        proofs: &proofs,
        address: Some(&address),
        now,
    };
    app.policies.decide(&asked).await
}

async fn find_consent(
    app: &App,
    person: &Person,
    application: Option<&RelyingApplication>,
    school: SchoolId,
) -> Result<Vec<String>, PageError> {
    let Some(application) = application else { return Ok(Vec::new()) };
    Ok(app.store.find_consent(person.id, application.id, school).await?.unwrap_or_default())
}

impl Scene {
    /// Whether the reader may choose another school before the end.
    pub(super) fn may_change_school(&self) -> bool {
        let preset = self.flow.ask.school.is_some() && self.flow.ask.school_choice == SchoolChoice::AsNeeded;
        !preset && self.known.choices().len() > 1
    }
}
