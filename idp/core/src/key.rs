//! Signing keys and their life: next, active, retired.

use serde::{Deserialize, Serialize};

use crate::application::SigningAlgorithm;
use crate::id::SigningKeyId;
use crate::time::Timestamp;

/// A key that signs tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Also the `kid`.
    pub id: SigningKeyId,
    pub algorithm: SigningAlgorithm,
    pub state: KeyState,
    /// PKCS#8 DER; sealed in the row.
    pub private_der: Vec<u8>,
    pub created_at: Timestamp,
    /// From when it signs: published before, so that every cached JWK Set knows it.
    pub active_from: Timestamp,
    /// Until when it is published after it stopped signing; `None` while it signs.
    pub published_until: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Published, not yet signing.
    Next,
    /// Signing.
    Active,
    /// No longer signing, still published.
    Retired,
}
