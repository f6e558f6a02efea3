//! Links that leave by mail and come back once.

use serde::{Deserialize, Serialize};

use crate::id::{MailedLinkId, PersonId, SessionId, TokenHash};
use crate::time::Timestamp;

/// A single-use link in a mail. Opening it changes nothing: mail scanners open every link. Only the accepted form uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedLink {
    pub id: MailedLinkId,
    pub token: TokenHash,
    pub purpose: LinkPurpose,
    /// Whom it was sent to; `None` for the link of the first run.
    pub person: Option<PersonId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// What a link permits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum LinkPurpose {
    /// Set a password, the first or a new one. Proves the address as well. `resume`: the sealed flow from which it was
    /// asked, so that the sign-in can go on at the application.
    SetPassword { resume: Option<String> },
    /// Confirm that this new address is read by the person.
    ConfirmEmail { address: String },
    /// Enrol a first key in this session (design, invariant 10).
    FirstKey { session: SessionId },
    /// As [`FirstKey`](Self::FirstKey), in any session of the person: handed over by the school, typed and not mailed.
    AccessPass,
    /// Make the first school and its Admin Key Holder.
    FirstRun,
}

impl LinkPurpose {
    /// The kind's name: a newer link of one kind for one person replaces the older one. Those for a first key are replaced within
    /// their session alone, or whoever guessed the password could keep killing the owner's.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SetPassword { .. } => "set-password",
            Self::ConfirmEmail { .. } => "confirm-email",
            Self::FirstKey { .. } => "first-key",
            Self::AccessPass => "access-pass",
            Self::FirstRun => "first-run",
        }
    }
}
