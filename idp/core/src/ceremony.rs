//! A ceremony with a factor plugin: a challenge to be answered, or a key to be enrolled.
//!
//! Owns what is kept between two pages. The row is bound to session, person, factor and purpose; its step has a version:
//! `more` replaces it by compare-and-swap, acceptance or final rejection ends it, and of two answers one counts (design, invariant 6).

use serde::{Deserialize, Serialize};

use crate::assurance::Proof;
use crate::credential::Credential;
use crate::factor::{Occasion, Purpose, Step};
use crate::id::{CeremonyId, CredentialId, FlowId, PersonId, SessionId};
use crate::lockout::Failures;
use crate::session::Session;
use crate::time::Timestamp;

/// One ceremony in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    pub id: CeremonyId,
    /// Raised by each compare-and-swap.
    pub version: i64,
    pub session: SessionId,
    /// The flow whose step it is; `None` at enrolment.
    pub flow: Option<FlowId>,
    pub person: PersonId,
    /// Id of the factor plugin.
    pub factor: String,
    pub purpose: Purpose,
    /// The keys that were handed in.
    pub credentials: Vec<CredentialId>,
    pub contents: Contents,
    /// By which a device that is not enrolled yet finds it: that of the step. Unique while the ceremony is open, hashed in the row.
    pub reply_tag: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A ceremony with its session, one of its keys, and what is counted against that, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CeremonyInFull {
    pub ceremony: Ceremony,
    pub session: Option<Session>,
    /// Missing where it was removed.
    pub key: Option<Credential>,
    pub failures: Option<Failures>,
}

/// What of it is sealed in the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub step: Step,
    pub occasion: Occasion,
    /// At enrolment: the name typed so far.
    pub label: Option<String>,
    /// What came of it at a device, for the browser to learn.
    #[serde(default)]
    pub ending: Option<Ending>,
}

/// How a ceremony was answered outside the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The answer was right: its proof waits to be picked up by the browser, whose session then gets a fresh token.
    Accepted(Box<Proof>),
    /// The person said that it was not they.
    Declined,
    /// The key is enrolled.
    Enrolled(CredentialId),
}

impl Ceremony {
    /// Whether an answer may still come.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}
