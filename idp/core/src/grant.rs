//! A session's use of one application, and the refresh tokens that go on from it.

use serde::{Deserialize, Serialize};

use crate::assurance::{Assurance, Proof};
use crate::id::{ApplicationId, GrantId, MembershipId, PersonId, RefreshTokenId, SchoolId, SessionId, TokenHash};
use crate::membership::MembershipInFull;
use crate::person::Person;
use crate::session::Session;
use crate::time::Timestamp;

/// A session's (or offline token's) use of one application: its school, proofs, scopes. Claims, userinfo, refresh,
/// introspection and logout are computed from it; nothing in them names another membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: GrantId,
    pub session: SessionId,
    pub person: PersonId,
    pub application: ApplicationId,
    pub school: SchoolId,
    pub membership: MembershipId,
    /// `sub` as this application knows the person.
    pub subject: String,
    pub scopes: Vec<String>,
    /// The `claims` request parameter as JSON text (`OpenID` Connect Core 5.5).
    pub claims_request: Option<String>,
    /// What had been proved when the grant was made.
    pub proofs: Vec<Proof>,
    pub elevated_until: Option<Timestamp>,
    /// Whether it outlives the session (`offline_access`).
    pub offline: bool,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Grant {
    /// What the proofs of this grant are worth.
    pub fn assurance(&self) -> Assurance {
        crate::assurance::assess(&self.proofs).unwrap_or_default()
    }

    /// Whether tokens may still be made from it.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// A grant with what tells whether it still stands, all as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantInFull {
    pub grant: Grant,
    /// Missing where the clean-up took it: an offline grant outlives its session.
    pub session: Option<Session>,
    pub person: Person,
    /// The grant's own membership.
    pub member: MembershipInFull,
    /// Whether the single-use mark that was asked about is set.
    pub is_marked: bool,
}

/// One refresh token. All that go back to one authorization are a family: its grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    pub id: RefreshTokenId,
    pub token: TokenHash,
    pub grant: GrantId,
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was first exchanged for its successor.
    pub rotated_at: Option<Timestamp>,
    /// The successor's sealed value, kept for the time in which a lost answer may be asked for again.
    pub successor: Option<Vec<u8>>,
    pub used_at: Option<Timestamp>,
}
