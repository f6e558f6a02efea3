//! Ceremonies with factor plugins: challenges to be answered, keys to be enrolled.
//!
//! Owns the way from a question to its consequence: what a plugin is told ([`context`]), which keys may answer ([`offers`]), the row between
//! two pages, the one transaction in which an answer counts ([`commands`]), and what is drawn of a step ([`view`]). Does not own the
//! sandbox (`keyholder_core::factor::Factors`), the pages (`crate::spine`, `crate::account`), nor who may add a key.
//!
//! # Threats, and what stands against them
//!
//! *Guessing.* Five wrong answers within a quarter of an hour and a key waits (`keyholder_core::lockout`); a throttle of person and network
//! counts beside it. Both are looked at before the plugin is asked, and the first once more in the transaction in which an answer would
//! count: guesses sent all at once are worth no more than guesses sent one after the other.
//!
//! *One answer used twice.* Acceptance ends the ceremony by compare-and-swap, swaps the key's data, and burns the code, in one transaction with
//! the proof. Of two that compete one wins. A swap lost to the record of somebody's failure is tried once more, so that a stranger's
//! guesses do not make an honest answer lose.
//!
//! *A plugin that claims too much.* A key that was not handed in is a fault; evidence is cut down to what the operator granted. A plugin that
//! fails lets nobody in.
//!
//! *Questions without end.* See [`bounds`].
//!
//! *A sign-in begun by somebody else.* Denied at a device, it ends at once, and the browser is told.

mod bounds;
mod challenge;
pub(crate) mod commands;
mod context;
mod device;
mod enrolment;
mod offers;
mod settle;
mod view;

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::ceremony::Ceremony;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{Descriptor, Effect, Fault, Purpose, RejectReason, Rejection, Text, Warning};
use keyholder_core::id::{ApplicationId, FlowId, SchoolId};
use keyholder_core::locale::Language;
use keyholder_core::person::Person;
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use secrecy::SecretString;

use crate::app::App;
use crate::audit::{self, Whence};
use crate::metrics::FactorOutcome;
use crate::spine::Foreseen;
use crate::spine::commands::Record;
use crate::web::PageError;

pub use bounds::Bounds;
pub(crate) use challenge::{answer_challenge, begin_challenge, pick_up};
pub use device::{Delivered, DeviceRequest, Target, deliver};
pub(crate) use enrolment::{EnrolAnswered, Enrolling, answer_enrolment, begin_enrolment, find_enrolment};
pub(crate) use offers::{Held, Offer, Wanted, at_hand, offers};
pub(crate) use view::{Drawn, Unanswered, kind_of, name_of, prompt_view, read_answer};

/// Who is asked, in which session, from where.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) app: &'a App,
    pub(crate) session: &'a Session,
    pub(crate) person: &'a Person,
    pub(crate) whence: &'a Whence,
    pub(crate) language: Language,
}

/// For what a challenge is.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    pub(crate) purpose: Purpose,
    pub(crate) flow: FlowId,
    pub(crate) application: Option<(ApplicationId, String)>,
    pub(crate) school: (SchoolId, String),
    /// How long an elevation lasts there.
    pub(crate) elevation: Duration,
}

/// What a person is asked, or why they cannot be asked.
#[derive(Debug)]
pub(crate) enum Begun {
    Waiting(Box<Ceremony>),
    /// The plugin failed; it was recorded.
    Fault,
    Busy,
    /// It was begun too often: again in so many minutes.
    Often {
        minutes: u32,
    },
}

/// What became of an answer.
#[derive(Debug)]
pub enum Answered {
    /// It was right: the session goes on under this token.
    Accepted {
        token: SecretString,
        /// As it is now; `None` where a device answered.
        session: Option<Box<Session>>,
        /// The sign-in ended with it.
        end: Option<Box<Foreseen>>,
        warnings: Vec<Warning>,
    },
    /// The step goes on; its problem says what was wrong, if anything was.
    Again(Box<Ceremony>),
    /// It was wrong, and the ceremony is over.
    Refused(Refused),
    /// The person said that it was not they: the sign-in is over.
    Declined,
    /// There were too many wrong answers before: it was not looked at.
    Waits {
        until: Timestamp,
    },
    /// It was one wrong answer too many.
    Locked {
        until: Timestamp,
    },
    /// Too many wrong answers of this person.
    Throttled {
        minutes: u32,
    },
    /// It counted elsewhere already, or came too late: nothing was changed.
    Elsewhere,
    Fault,
    Busy,
}

/// Why an answer was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reason: RejectReason,
    /// The plugin's own words.
    pub text: Option<Text>,
    /// In milliseconds, ahead positive.
    pub clock_off_ms: Option<i64>,
}

impl From<Rejection> for Refused {
    fn from(Rejection { reason, text, clock_off_ms, .. }: Rejection) -> Self {
        Self { reason, text, clock_off_ms }
    }
}

impl Refused {
    pub(crate) fn because(reason: RejectReason) -> Self {
        Self { reason, text: None, clock_off_ms: None }
    }
}

impl Asked<'_> {
    /// An event about one of their keys. `detail` never holds a secret.
    fn event(
        &self,
        kind: AuditKind,
        errand: Option<&Errand>,
        detail: Option<&str>,
    ) -> keyholder_core::audit::AuditEvent {
        let about = audit::About {
            school: errand.map(|errand| errand.school.0),
            application: errand.and_then(|errand| errand.application.as_ref()).map(|(id, _)| *id),
            subject: Some(self.person.id),
            detail,
            whence: Some(self.whence),
            ..audit::About::default()
        };
        audit::event(self.app, kind, about)
    }

    /// Counts that something begins which costs rows and a call; else what is said instead.
    pub(crate) fn may_begin(&self) -> Result<(), Begun> {
        let (session, person) = (self.session.id, self.person.id);
        let counted = self.app.bounds.begin(session, person, self.whence.address, self.app.now());
        counted.map_err(|minutes| Begun::Often { minutes })
    }

    /// Records that a plugin failed: nobody got in. The host has logged the cause.
    async fn note_fault(&self, factor: &str, errand: Option<&Errand>, fault: &Fault) -> Result<(), PageError> {
        self.app.metrics.factor(factor, FactorOutcome::Fault);
        if *fault == Fault::Busy {
            return Ok(());
        }
        let Some(unwritten) = self.app.bounds.write_fault(factor, self.app.now()) else { return Ok(()) };
        let before = if unwritten == 0 { String::new() } else { format!(" (and {unwritten} before, not written)") };
        let audit = self.event(AuditKind::FactorFault, errand, Some(&format!("{factor}: {fault}{before}")));
        Ok(self.app.store.execute(Record { audit }).await?)
    }
}

/// Why a message is not sent.
const UNDONE: &str = "this version of Keyholder wakes no devices";

/// Effects that a plugin was granted and that are not done here are told of, not passed over in silence: no device is woken yet.
fn note_effects(factor: &Descriptor, effects: &[Effect]) {
    for _ in 0..undone(effects) {
        let (plugin, version, effect) = (&factor.id, &factor.version, "send-message");
        tracing::warn!(%plugin, %version, effect, why = UNDONE, "an effect of a plugin is dropped");
    }
}

fn undone(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::SendMessage(_))).count()
}

/// How a key stands in the log: its factor and its name.
fn named(factor: &Descriptor, key: Option<&Credential>) -> String {
    key.map_or_else(|| factor.id.clone(), |key| format!("{}: {}", factor.id, key.label))
}

#[cfg(test)]
mod tests;
