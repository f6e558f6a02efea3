//! Changes of the stored signing keys, made by whoever comes first.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::{KeyState, SigningKey};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

/// Name of the lease under which the schedule is followed, and of the counter that changes raise.
pub(super) const NAME: &str = "keys";

/// Takes the lease of rotation.
#[derive(Debug)]
pub(super) struct TakeLease {
    pub(super) holder: String,
    pub(super) now: Timestamp,
    pub(super) until: Timestamp,
}

#[async_trait]
impl Command for TakeLease {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.take_lease(NAME, &self.holder, self.now, self.until).await
    }
}

/// A change with what it needs. Keys are made before the transaction, since making them takes long.
#[derive(Debug)]
pub(super) enum Prepared {
    Insert(SigningKey),
    Update(SigningKey),
    Delete(SigningKeyId),
}

/// Makes the changes if the stored keys are still those that they were decided by; `false` where somebody was faster.
#[derive(Debug)]
pub(super) struct ChangeKeys {
    pub(super) decided_by: Vec<(SigningKeyId, KeyState)>,
    pub(super) changes: Vec<Prepared>,
    pub(super) audit: Vec<AuditEvent>,
}

#[async_trait]
impl Command for ChangeKeys {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let stored = transaction.list_signing_keys().await?;
        if !stored.iter().map(|key| (key.id, key.state)).eq(self.decided_by.iter().copied()) {
            return Ok(false);
        }
        for change in &self.changes {
            match change {
                Prepared::Insert(key) => transaction.insert_signing_key(key).await?,
                Prepared::Update(key) => transaction.update_signing_key(key).await?,
                Prepared::Delete(id) => transaction.delete_signing_key(*id).await?,
            }
        }
        for event in &self.audit {
            transaction.insert_audit(event).await?;
        }
        transaction.raise_revision(NAME).await?;
        Ok(true)
    }
}
