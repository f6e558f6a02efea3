//! Enrolled keys. The data of a key belongs to its factor plugin and is sealed at rest.

use serde::{Deserialize, Serialize};

use crate::factor::{DeviceKey, Evidence};
use crate::id::{CredentialId, PersonId, SchoolId};
use crate::lockout::Failures;
use crate::time::Timestamp;

/// Who owns a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialOwner {
    /// A person who enrolled it.
    Person(PersonId),
    /// A school that issues it: a managed key, which proves nothing elsewhere.
    School(SchoolId),
}

/// A key with what is counted against it, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialInFull {
    pub credential: Credential,
    pub failures: Option<Failures>,
}

/// One enrolled key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: CredentialId,
    pub owner: CredentialOwner,
    /// The person who uses it: the owner, or whom the school issued it to.
    pub holder: Option<PersonId>,
    /// Id of the factor plugin.
    pub factor: String,
    /// Unique per installation and factor, where the factor looks keys up by it (a WebAuthn credential id, a serial).
    pub lookup: Option<Vec<u8>>,
    pub label: String,
    /// Format of `secret`, the plugin's own numbering.
    pub format: u32,
    /// What the plugin keeps; in the clear here, sealed in the row for this owner, factor, key and version.
    pub secret: Vec<u8>,
    /// The key of the device that holds it, with which the device's requests are authenticated.
    pub device: Option<DeviceKey>,
    /// What was proved when it was enrolled.
    pub evidence: Evidence,
    /// Shown to people; never secret.
    pub facts: Vec<(String, String)>,
    /// Raised by each compare-and-swap.
    pub version: i64,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Credential")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("factor", &self.factor)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
