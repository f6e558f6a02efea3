//! A signed-in browser. Knows the person and the proofs; no school (a [`Grant`](crate::grant::Grant) has one).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assurance::{self, Assurance, Proof};
use crate::id::{PersonId, SessionId, TokenHash};
use crate::time::Timestamp;

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub person: PersonId,
    /// Digest of the cookie's value; replaced at each new proof.
    pub token: TokenHash,
    /// The browser that it belongs to: digest of the browser cookie.
    pub browser: TokenHash,
    pub proofs: Vec<Proof>,
    pub elevated_until: Option<Timestamp>,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The absolute end.
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// The peer's address when it began.
    pub address: String,
    pub user_agent: String,
    /// Raised by each compare-and-swap.
    pub version: i64,
}

/// A browser in which a person signed in, remembered beyond its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    /// Digest of the browser cookie.
    pub browser: TokenHash,
    /// As sent at the last sign-in.
    pub user_agent: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

impl Session {
    /// Whether the session still counts: not ended, not past its absolute end, not idle for longer than `idle`.
    pub fn is_live(&self, now: Timestamp, idle: Duration) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now.since(self.last_seen_at) < idle
    }

    /// What the session's proofs are worth. Sessions are made by a proof, so there is always one.
    pub fn assurance(&self) -> Assurance {
        assurance::assess(&self.proofs).unwrap_or_default()
    }

    /// When the person last proved anything.
    pub fn authenticated_at(&self) -> Timestamp {
        assurance::last_proof_at(&self.proofs).unwrap_or(self.started_at)
    }
}
