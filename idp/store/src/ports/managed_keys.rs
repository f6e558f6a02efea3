//! The ports of keys that schools issue.

use async_trait::async_trait;
use keyholder_core::id::{CredentialId, ManagedKeyId, PersonId, SchoolId};
use keyholder_core::managed_key::{ManagedKey, ManagedKeyChange};
use keyholder_core::ports::{ManagedKeyQueries, ManagedKeyTransaction};

use crate::rows::{self, Result};
use crate::sqlite::transaction::SqlTransaction;
use crate::store::SqlStore;

macro_rules! queries {
    ($type:ty) => {
        #[async_trait]
        impl ManagedKeyQueries for $type {
            async fn list_managed_keys(&self, school: SchoolId) -> Result<Vec<ManagedKey>> {
                rows::managed_keys::list_managed_keys(self.rows(), school).await
            }
            async fn list_managed_key_changes(&self, key: ManagedKeyId) -> Result<Vec<ManagedKeyChange>> {
                rows::managed_keys::list_managed_key_changes(self.rows(), key).await
            }
        }
    };
}

queries!(SqlStore);
queries!(SqlTransaction);

#[async_trait]
impl ManagedKeyTransaction for SqlTransaction {
    async fn insert_managed_key(&self, key: &ManagedKey) -> Result<()> {
        rows::managed_keys::insert_managed_key(self.rows(), key).await
    }
    async fn swap_managed_key(&self, key: &ManagedKey) -> Result<bool> {
        rows::managed_keys::swap_managed_key(self.rows(), key).await
    }
    async fn insert_managed_key_change(&self, change: &ManagedKeyChange) -> Result<()> {
        rows::managed_keys::insert_managed_key_change(self.rows(), change).await
    }
    async fn hold_credential(&self, id: CredentialId, holder: Option<PersonId>) -> Result<bool> {
        rows::managed_keys::hold_credential(self.rows(), id, holder).await
    }
}
