//! A person's place in a school: group, reach, beginning and end.

use serde::{Deserialize, Serialize};

use crate::assurance::Assurance;
use crate::id::{MembershipId, PersonId, PupilScopeId, SchoolId, UserGroupId};
use crate::time::Timestamp;

/// A Person in a School. Checked at every sign-in, refresh and userinfo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub id: MembershipId,
    pub person: PersonId,
    pub school: SchoolId,
    pub group: UserGroupId,
    /// Empty: not restricted to any pupils.
    pub pupil_scopes: Vec<PupilScopeId>,
    pub starts_at: Option<Timestamp>,
    /// The first instant at which the person no longer belongs.
    pub ends_at: Option<Timestamp>,
    /// Whether this person administers the school's people and keys (Admin Key Holder).
    pub admin_key_holder: bool,
    pub created_at: Timestamp,
}

impl Membership {
    /// Whether the person belongs to the school at that instant.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts_at.is_none_or(|start| start <= now) && self.ends_at.is_none_or(|end| now < end)
    }
}

/// Named permissions in a School.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGroup {
    pub id: UserGroupId,
    pub school: SchoolId,
    /// Unique in its school; lower-case letters, digits and hyphens.
    pub slug: String,
    pub name: String,
    /// What a sign-in with the needed assurance gets; goes into the `groups` claim.
    pub full: Vec<String>,
    /// What a weaker sign-in gets. A subset of `full`.
    pub restricted: Vec<String>,
    /// The assurance needed for the full set.
    pub needs: Assurance,
    /// How long an elevation lasts, in minutes.
    pub elevation_minutes: u16,
    pub first_key: FirstKey,
    pub created_at: Timestamp,
}

/// What it takes to enrol a first key, besides the password: whoever guessed that must not add a key of their own (design,
/// invariant 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstKey {
    /// A fresh link, mailed to the verified address and opened in the session, or a pass.
    #[default]
    Mailbox,
    /// An access pass, handed over in person.
    Pass,
    /// Nothing more.
    Open,
}

/// What kind of set of pupils a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PupilScopeKind {
    YearGroup,
    Class,
}

impl PupilScopeKind {
    /// As applications read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::YearGroup => "year-group",
            Self::Class => "class",
        }
    }
}

/// A year group or class to which a Membership's reach is restricted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PupilScope {
    pub id: PupilScopeId,
    pub school: SchoolId,
    pub kind: PupilScopeKind,
    pub name: String,
}

/// A membership with what it refers to: what a sign-in needs to know about one school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipInFull {
    pub membership: Membership,
    pub school: crate::school::School,
    pub group: UserGroup,
    pub pupil_scopes: Vec<PupilScope>,
}
