//! What follows an accepted form: the answer to whoever asked, where nothing else is to be asked, else the flow's page.
//!
//! The one place that asks the dispatcher after a step. Does not know what the step was: it is told the flow and who is signed in by
//! now, since the cookies of the request tell of the time before. An answer that has to be posted on is given at the flow's page: it can
//! be read again there, and come back to, without sending a form twice.
//!
//! A step that writes anyway may [foresee] the end for the session as it will be, and write both in one transaction.

use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::{Flow, Origin};
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries as _;
use keyholder_core::session::{Session, SessionInFull};

use super::advance::{Known, Scene, Step, advance_as};
use super::commands::{FinishFlow, KeepFlow};
use super::{Ending, show};
use crate::app::App;
use crate::oidc::front;
use crate::web::{About, PageError, log, see_other};

/// Goes on with a flow whose step is kept.
pub(super) async fn onward(app: &App, request: &HttpRequest, flow: Flow, visitor: SessionInFull) -> HttpResponse {
    let here = address_of(&flow);
    at_once(app, request, flow, visitor).await.unwrap_or_else(|| see_other(&here))
}

/// Goes on with a flow whose step is not kept yet. Where the end follows, nothing but the end is: it is decided by the step.
pub(super) async fn keep_onward(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    visitor: Option<SessionInFull>,
) -> Result<HttpResponse, PageError> {
    let here = address_of(&flow);
    if let Some(visitor) = visitor
        && let Some(answer) = at_once(app, request, flow.clone(), visitor).await
    {
        return Ok(answer);
    }
    app.store.execute(KeepFlow { flow }).await?;
    // Also where another tab was first: the page shows how far the flow is.
    Ok(see_other(&here))
}

/// The page of a flow that is a row.
fn address_of(flow: &Flow) -> String {
    format!("/sign-in/{}", flow.id)
}

/// The answer to whoever asked. `None` where a page comes first, be it one that tells why there is no answer: the flow's page shows it.
async fn at_once(app: &App, request: &HttpRequest, flow: Flow, visitor: SessionInFull) -> Option<HttpResponse> {
    if !is_answered_by_redirect(&flow) {
        return None;
    }
    match Box::pin(end(app, request, flow, visitor)).await {
        Ok(answer) => answer,
        Err(error) => {
            // What was done before stands, so the reader is told of it by the cookies of this answer.
            log(&error);
            None
        }
    }
}

async fn end(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    visitor: SessionInFull,
) -> Result<Option<HttpResponse>, PageError> {
    let here = address_of(&flow);
    let scene = advance_as(app, request, here, flow, Some(visitor)).await?;
    if !needs_nobody(&scene) {
        return Ok(None);
    }
    show::end(app, request, scene).await.map(Some)
}

fn is_answered_by_redirect(flow: &Flow) -> bool {
    match &flow.origin {
        Origin::Portal { .. } => true,
        Origin::Oidc { .. } => front::answers_by_redirect(flow),
        Origin::Saml { .. } => false,
    }
}

/// Whether the next step is the end, of which no reader is told by a page of ours.
fn needs_nobody(Scene { step, flow, .. }: &Scene) -> bool {
    match step {
        Step::Complete { .. } => true,
        Step::Refuse(refusal) => flow.origin.application().is_some() && !show::is_for_the_reader(*refusal, flow),
        Step::Email | Step::FirstProof { .. } | Step::School { .. } | Step::Factor { .. } | Step::Consent { .. } => {
            false
        }
    }
}

/// A flow at a step that is about to be written.
pub(crate) struct Prospect<'a> {
    pub(super) app: &'a App,
    pub(super) request: &'a HttpRequest,
    /// As it will be; its version is that of the row before.
    pub(super) flow: &'a Flow,
    pub(super) person: &'a Person,
    /// `None`: not looked for yet.
    pub(super) memberships: Option<&'a [MembershipInFull]>,
}

/// What would follow the step.
pub(crate) enum Ahead {
    /// The reader is asked or told something at the flow's page.
    Page,
    /// An error for whoever asked. With the active memberships of the person, by which it was decided.
    Refusal { memberships: Vec<MembershipInFull> },
    /// The end that was asked for.
    End(Box<Foreseen>),
}

/// The end of a flow, decided for a session as it will be. Nothing of it counts before [`finish`](Self::finish) is done, in the
/// transaction that makes the session so.
#[derive(Debug)]
pub struct Foreseen {
    flow: Flow,
    made: Made,
}

#[derive(Debug)]
enum Made {
    Code(Box<front::Success>),
    Home { return_to: String, school: String },
}

/// Asks the dispatcher what would follow for this session.
pub(crate) async fn foresee(prospect: &Prospect<'_>, session: Session) -> Result<Ahead, PageError> {
    let Prospect { app, request, flow, person, memberships } = *prospect;
    if !is_answered_by_redirect(flow) {
        return Ok(Ahead::Page);
    }
    let memberships = match memberships {
        Some(memberships) => memberships.to_vec(),
        None => app.store.list_memberships(person.id).await?,
    };
    let visitor = SessionInFull { session, person: person.clone(), memberships };
    let scene = advance_as(app, request, address_of(flow), flow.clone(), Some(visitor)).await;
    match scene {
        Ok(scene) => decide(app, request, scene).await,
        // Nothing is done yet, and the flow's page tells.
        Err(PageError::Problem(_) | PageError::Elsewhere(_)) => Ok(Ahead::Page),
        Err(error) => Err(error),
    }
}

async fn decide(app: &App, request: &HttpRequest, scene: Scene) -> Result<Ahead, PageError> {
    let ends = needs_nobody(&scene);
    let Scene { flow, known: Known { visitor, application, memberships, .. }, step, .. } = scene;
    let (Step::Complete { member, permit }, Some((session, person))) = (step, &visitor) else {
        return Ok(if ends { Ahead::Refusal { memberships } } else { Ahead::Page });
    };
    let made = match (&flow.origin, &application) {
        (Origin::Portal { return_to }, _) => {
            Made::Home { return_to: return_to.clone(), school: member.school.slug.clone() }
        }
        (Origin::Oidc { .. }, Some(application)) => {
            let ending = Ending { flow: flow.clone(), session, person, application, member: &member, permit: &permit };
            match front::decide(app, request, &ending).await? {
                Some(success) => Made::Code(Box::new(success)),
                None => return Ok(Ahead::Refusal { memberships }),
            }
        }
        (Origin::Oidc { .. } | Origin::Saml { .. }, _) => return Ok(Ahead::Page),
    };
    Ok(Ahead::End(Box::new(Foreseen { flow, made })))
}

impl Ahead {
    /// The end, where it would follow.
    pub(crate) fn end(self) -> Option<Box<Foreseen>> {
        match self {
            Self::End(end) => Some(end),
            Self::Page | Self::Refusal { .. } => None,
        }
    }
}

impl Foreseen {
    /// What makes it count.
    pub(crate) fn finish(&self) -> FinishFlow {
        let (grant, audit) = match &self.made {
            Made::Code(success) => (Some(success.grant.clone()), vec![success.audit.clone()]),
            Made::Home { .. } => (None, Vec::new()),
        };
        FinishFlow { flow: self.flow.clone(), grant, audit }
    }

    /// The answer, once it counts.
    pub(super) async fn answer(self, app: &App, request: &HttpRequest) -> HttpResponse {
        let answer = match self.made {
            Made::Code(success) => success.answer(app, request, About::default).await,
            Made::Home { return_to, school } => show::home(&return_to, &school),
        };
        answer.unwrap_or_else(|error| {
            log(&error);
            see_other(&address_of(&self.flow))
        })
    }
}
