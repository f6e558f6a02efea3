//! What a plugin makes of an answer.

use serde::{Deserialize, Serialize};

use super::Evidence;
use super::answer::DeviceKey;
use super::step::{Effect, Step, Text};
use crate::id::CredentialId;
use crate::time::Timestamp;

/// Of an answer at enrolment.
#[derive(Debug)]
pub enum EnrolOutcome {
    More(Step),
    Enrolled(NewCredential),
    Rejected(Rejection),
}

/// Of an answer at a challenge.
#[derive(Debug)]
pub enum VerifyOutcome {
    More(Step),
    Accepted(Accepted),
    Rejected(Rejection),
}

/// A key to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// Unique per installation and plugin.
    pub lookup: Option<Vec<u8>>,
    pub suggested_label: String,
    pub format: u32,
    pub data: Vec<u8>,
    pub device: Option<DeviceKey>,
    pub evidence: Evidence,
    pub consume: Vec<Consumed>,
    /// Shown to people; never secret.
    pub facts: Vec<(String, String)>,
    pub effects: Vec<Effect>,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewCredential").field("format", &self.format).finish_non_exhaustive()
    }
}

/// Keys out of a file.
#[derive(Debug, Default)]
pub struct Imported {
    pub keys: Vec<NewCredential>,
    /// Where, and why it was passed over.
    pub problems: Vec<(String, String)>,
}

/// The answer was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// One of those handed in.
    pub credential: CredentialId,
    /// A compare-and-swap; lost: the sign-in is refused.
    pub update: Option<CredentialUpdate>,
    /// Burnt in the transaction of the proof; burnt already: the sign-in is refused.
    pub consume: Vec<Consumed>,
    pub evidence: Evidence,
    pub warnings: Vec<Warning>,
    pub effects: Vec<Effect>,
}

/// New data of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialUpdate {
    pub format: u32,
    pub data: Vec<u8>,
    /// `None`: they stay.
    pub facts: Option<Vec<(String, String)>>,
}

impl std::fmt::Debug for CredentialUpdate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CredentialUpdate").field("format", &self.format).finish_non_exhaustive()
    }
}

/// What must not be used again with this key.
#[derive(Clone, PartialEq, Eq)]
pub struct Consumed {
    pub token: Vec<u8>,
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Consumed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Consumed").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A counter went back: the key may have been copied.
    PossibleClone,
    /// This many are left.
    FewLeft(u32),
    /// In milliseconds, ahead positive.
    ClockOff(i64),
    LegacyFormat,
    Other(String),
}

/// The answer was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub reason: RejectReason,
    pub text: Option<Text>,
    /// In milliseconds, ahead positive.
    pub clock_off_ms: Option<i64>,
    /// Stored although the answer is refused.
    pub updates: Vec<(CredentialId, CredentialUpdate)>,
    /// Burnt although the answer is refused.
    pub consume: Vec<(CredentialId, Consumed)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectReason {
    WrongResponse,
    Replayed,
    Expired,
    WrongOrigin,
    UnknownCredential,
    UserVerificationMissing,
    AuthenticatorNotAllowed,
    /// The person said that it was not they: the sign-in ends.
    DeclinedByUser,
    Malformed,
    Exhausted,
    Other(String),
}
