//! Rows of keys that schools issue.

use async_trait::async_trait;

use super::StoreError;
use crate::id::{CredentialId, ManagedKeyId, PersonId, SchoolId};
use crate::managed_key::{ManagedKey, ManagedKeyChange};

type Result<T> = std::result::Result<T, StoreError>;

/// What can be asked of them.
#[async_trait]
pub trait ManagedKeyQueries: Send + Sync {
    /// The inventory of a school, retired keys included, by serial.
    async fn list_managed_keys(&self, school: SchoolId) -> Result<Vec<ManagedKey>>;
    /// What happened to a key, the oldest first.
    async fn list_managed_key_changes(&self, key: ManagedKeyId) -> Result<Vec<ManagedKeyChange>>;
}

/// What can be changed.
#[async_trait]
pub trait ManagedKeyTransaction: ManagedKeyQueries {
    /// Conflicts where the school has a key of this factor and serial that is not retired.
    async fn insert_managed_key(&self, key: &ManagedKey) -> Result<()>;
    /// Replaces state, credential and time if the version is still `key.version`; raises it.
    async fn swap_managed_key(&self, key: &ManagedKey) -> Result<bool>;
    async fn insert_managed_key_change(&self, change: &ManagedKeyChange) -> Result<()>;
    /// Gives a school's key to somebody, or to nobody; its last use belongs to the former holder and is forgotten.
    async fn hold_credential(&self, id: CredentialId, holder: Option<PersonId>) -> Result<bool>;
}
