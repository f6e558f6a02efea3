//! An answer from a device: a phone that approves, denies, or enrols itself.
//!
//! Whoever calls this has authenticated the request by the device's own key. What the device may do is checked here: it holds a key
//! that the ceremony asks for, or it showed the reply tag of an enrolment.

use keyholder_core::audit::AuditKind;
use keyholder_core::ceremony::Ceremony;
use keyholder_core::factor::{
    Answer, Ask, DeviceAnswer, DeviceKey, Effect, EnrolOutcome, Fault, Purpose, Response, Step,
};
use keyholder_core::id::{CeremonyId, CredentialId};
use keyholder_core::ports::Queries;

use super::challenge::{Answering, By, next_step};
use super::commands::GoOn;
use super::context::{Diagnosing, context, same_occasion};
use super::{Answered, Asked};
use crate::app::App;
use crate::audit::Whence;
use crate::web::PageError;

/// Which ceremony a device answers.
#[derive(Debug, Clone)]
pub enum Target {
    /// A challenge, for the holder of this key, whose device key signed the request.
    Challenge { ceremony: CeremonyId, credential: CredentialId },
    /// An enrolment, by what its page showed; the device key that the device made signed the request.
    Enrolment { reply_tag: Vec<u8>, key: DeviceKey },
}

/// An authenticated request of a device.
#[derive(Debug, Clone)]
pub struct DeviceRequest {
    pub target: Target,
    pub body: Vec<u8>,
    pub whence: Whence,
}

/// What became of it.
#[derive(Debug)]
pub struct Delivered {
    pub answered: Answered,
    /// What the plugin answers the device.
    pub answer: Option<Vec<u8>>,
}

impl Delivered {
    fn just(answered: Answered) -> Self {
        Self { answered, answer: None }
    }
}

/// Delivers a device's answer. The browser learns of it when it next reads its page.
pub async fn deliver(app: &App, request: DeviceRequest) -> Result<Delivered, PageError> {
    let DeviceRequest { target, body, whence } = request;
    let now = app.now();
    let ceremony = match &target {
        Target::Challenge { ceremony, credential } => {
            let found = app.store.find_ceremony(*ceremony).await?;
            let held = app.store.find_credential(*credential).await?;
            let may = held.is_some_and(|key| key.device.is_some());
            found.filter(|found| may && found.purpose != Purpose::Enrolment && found.credentials.contains(credential))
        }
        Target::Enrolment { reply_tag, .. } => {
            let found = app.store.find_ceremony_by_reply_tag(reply_tag, now).await?;
            found.filter(|found| found.purpose == Purpose::Enrolment)
        }
    };
    let Some(ceremony) = ceremony.filter(|found| found.is_open(now)) else {
        return Ok(Delivered::just(Answered::Elsewhere));
    };
    let (Some(session), Some(person)) =
        (app.store.find_session(ceremony.session).await?, app.store.find_person(ceremony.person).await?)
    else {
        return Ok(Delivered::just(Answered::Elsewhere));
    };
    if !session.is_live(now, app.config.session.idle()) || person.disabled_at.is_some() {
        return Ok(Delivered::just(Answered::Elsewhere));
    }
    let language = person.language.unwrap_or_default();
    let asked = Asked { app, session: &session, person: &person, whence: &whence, language };
    let (credential, key) = match target {
        Target::Challenge { credential, .. } => (Some(credential), None),
        Target::Enrolment { key, .. } => (None, Some(key)),
    };
    let device = DeviceAnswer { credential, key, body };
    let answer = Answer { prompt: prompt_of(&ceremony.contents.step), response: Response::Device(device) };
    if ceremony.purpose == Purpose::Enrolment {
        return enrol(&asked, ceremony, answer).await;
    }
    let answered = Answering { asked: &asked, errand: None, prospect: None, by: By::Device }
        .answer(ceremony.id, None, &answer)
        .await?;
    let answer = match &answered {
        Answered::Again(next) => answer_of(&next.contents.step.effects),
        _ => None,
    };
    Ok(Delivered { answered, answer })
}

/// The prompt that something outside the browser answers, else the first.
fn prompt_of(step: &Step) -> String {
    let waits = step.prompts.iter().find(|prompt| matches!(prompt.ask, Ask::Wait(_)));
    waits.or(step.prompts.first()).map(|prompt| prompt.id.clone()).unwrap_or_default()
}

fn answer_of(effects: &[Effect]) -> Option<Vec<u8>> {
    effects.iter().find_map(|effect| match effect {
        Effect::AnswerDevice(body) => Some(body.clone()),
        Effect::SendMessage(_) => None,
    })
}

/// The device brings its key; the form on the page stays, and finishes.
async fn enrol(asked: &Asked<'_>, ceremony: Ceremony, answer: Answer) -> Result<Delivered, PageError> {
    let app = asked.app;
    let held = app.store.list_credentials(ceremony.person).await?;
    let existing: Vec<_> = held.into_iter().filter(|key| key.factor == ceremony.factor).collect();
    let told = context(asked, Purpose::Enrolment, same_occasion(&ceremony), Diagnosing::Forbidden);
    let state = &ceremony.contents.step.state;
    match app.factors.finish_enrolment(&ceremony.factor, told, &existing, state, answer).await {
        Ok(EnrolOutcome::More(step)) => {
            if let Some(factor) = app.factors.find(&ceremony.factor) {
                super::note_effects(&factor, &step.effects);
            }
            let mut next = next_step(&ceremony, step, app.now());
            let body = answer_of(&next.contents.step.effects);
            if !app.store.execute(GoOn { ceremony: next.clone() }).await? {
                return Ok(Delivered::just(Answered::Elsewhere));
            }
            next.version += 1;
            Ok(Delivered { answered: Answered::Again(Box::new(next)), answer: body })
        }
        Ok(EnrolOutcome::Rejected(rejection)) => {
            let detail = format!("{}: {}", ceremony.factor, super::settle::word(&rejection.reason));
            let audit = asked.event(AuditKind::FactorRefused, None, Some(&detail));
            app.store.execute(crate::spine::commands::Record { audit }).await?;
            Ok(Delivered::just(Answered::Refused(rejection.into())))
        }
        // A key without a name, that its owner has not confirmed on the page, is not added.
        Ok(EnrolOutcome::Enrolled(_)) => {
            let fault = Fault::Failed("it enrolled a key before the page was answered".to_owned());
            asked.note_fault(&ceremony.factor, None, &fault).await?;
            Ok(Delivered::just(Answered::Fault))
        }
        Err(fault) => {
            asked.note_fault(&ceremony.factor, None, &fault).await?;
            Ok(Delivered::just(if fault == Fault::Busy { Answered::Busy } else { Answered::Fault }))
        }
    }
}
