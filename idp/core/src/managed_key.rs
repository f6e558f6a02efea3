//! Keys that a school issues: its inventory, with state and history.
//!
//! Owns the life of such a key: imported, issued, returned, retired. The key itself is a [`Credential`](crate::credential::Credential)
//! that the school owns; it goes when the key is retired, the inventory's entry and its history stay.

use serde::{Deserialize, Serialize};

use crate::id::{CredentialId, ManagedKeyChangeId, ManagedKeyId, PersonId, SchoolId};
use crate::time::Timestamp;

/// One entry of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedKey {
    pub id: ManagedKeyId,
    pub school: SchoolId,
    /// Id of the factor plugin.
    pub factor: String,
    /// What stands on the key. Unique among the school's keys that are not retired.
    pub serial: String,
    /// `None` once it is retired.
    pub credential: Option<CredentialId>,
    pub state: ManagedKeyState,
    /// Raised by each compare-and-swap.
    pub version: i64,
    pub imported_at: Timestamp,
    pub changed_at: Timestamp,
}

/// Where a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ManagedKeyState {
    InStock,
    Issued {
        to: PersonId,
    },
    /// Lost, broken or worn out. Never comes back.
    Retired,
}

/// What happened to a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedKeyChange {
    pub id: ManagedKeyChangeId,
    pub key: ManagedKeyId,
    pub at: Timestamp,
    pub kind: ManagedKeyChangeKind,
    /// Who got it, or had it.
    pub person: Option<PersonId>,
    /// Why, in words.
    pub note: Option<String>,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagedKeyChangeKind {
    Imported,
    Issued,
    Returned,
    Retired,
}

/// The step does not fit where the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongState {
    #[error("the key is in stock")]
    InStock,
    #[error("somebody has the key: it has to be returned first")]
    Issued,
    #[error("the key was retired")]
    Retired,
}

impl ManagedKey {
    /// Handed to a person.
    pub fn issue(self, to: PersonId, now: Timestamp) -> Result<Self, WrongState> {
        match self.state {
            ManagedKeyState::InStock => Ok(Self { state: ManagedKeyState::Issued { to }, changed_at: now, ..self }),
            ManagedKeyState::Issued { .. } => Err(WrongState::Issued),
            ManagedKeyState::Retired => Err(WrongState::Retired),
        }
    }

    /// Handed back; also who had it.
    pub fn take_back(self, now: Timestamp) -> Result<(Self, PersonId), WrongState> {
        match self.state {
            ManagedKeyState::Issued { to } => {
                Ok((Self { state: ManagedKeyState::InStock, changed_at: now, ..self }, to))
            }
            ManagedKeyState::InStock => Err(WrongState::InStock),
            ManagedKeyState::Retired => Err(WrongState::Retired),
        }
    }

    /// Taken out of use, wherever it is.
    pub fn retire(self, now: Timestamp) -> Result<(Self, Option<PersonId>), WrongState> {
        let holder = match self.state {
            ManagedKeyState::InStock => None,
            ManagedKeyState::Issued { to } => Some(to),
            ManagedKeyState::Retired => return Err(WrongState::Retired),
        };
        Ok((Self { state: ManagedKeyState::Retired, credential: None, changed_at: now, ..self }, holder))
    }
}
