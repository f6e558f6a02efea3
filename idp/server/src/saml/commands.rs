//! What SAML changes in rows.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::KeyState;
use keyholder_core::ports::{Command, SingleUse, StoreError, Transaction};
use keyholder_core::saml::{NameIdOwner, SamlKey, SamlParticipant};
use keyholder_core::time::Timestamp;

use super::keys::REVISION;
use crate::spine::commands::FinishFlow;

/// Gives a person an identifier at an application, unless there is one: answers the one that counts.
pub(super) struct KeepNameId {
    pub(super) owner: NameIdOwner,
    /// A fresh one.
    pub(super) value: String,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for KeepNameId {
    type Output = String;

    async fn run(&self, transaction: &dyn Transaction) -> Result<String, StoreError> {
        if let Some(value) = transaction.find_name_id(self.owner).await? {
            return Ok(value);
        }
        transaction.insert_name_id(self.owner, &self.value, self.now).await?;
        Ok(self.value.clone())
    }
}

/// Ends a flow with a response: the request is used up in the transaction that makes the grant.
pub(super) struct Answer {
    pub(super) finish: FinishFlow,
    /// [`replay_mark`](keyholder_saml::checks::CheckedRequest::replay_mark); none where nobody asked.
    pub(super) mark: Option<(String, Timestamp)>,
    pub(super) participant: Option<SamlParticipant>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    Now,
    /// The flow ended or went on elsewhere, or the request was answered before: nothing was changed.
    Before,
}

#[async_trait]
impl Command for Answer {
    type Output = Answered;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Answered, StoreError> {
        if let Some((value, until)) = &self.mark
            && !transaction.use_once(SingleUse::SamlRequest, value.as_bytes(), *until).await?
        {
            return Ok(Answered::Before);
        }
        if !self.finish.run(transaction).await? {
            // The flow went on elsewhere: its request is not used up by this.
            return Err(StoreError::Conflict("a flow that was answered".to_owned()));
        }
        if let Some(participant) = &self.participant {
            transaction.insert_participant(participant).await?;
        }
        Ok(Answered::Now)
    }
}

/// Stores keys for the purposes that have none that signs; others came first otherwise.
pub(super) struct MakeKeys {
    pub(super) keys: Vec<(SamlKey, AuditEvent)>,
}

#[async_trait]
impl Command for MakeKeys {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let stored = transaction.list_saml_keys().await?;
        for (key, audit) in &self.keys {
            if stored.iter().any(|other| other.purpose == key.purpose && other.state == KeyState::Active) {
                continue;
            }
            transaction.insert_saml_key(key).await?;
            transaction.insert_audit(audit).await?;
        }
        transaction.raise_revision(REVISION).await
    }
}

/// Changes the stored keys if they are still those that this was decided by.
pub(super) struct ChangeKeys {
    pub(super) decided_by: Vec<(SigningKeyId, KeyState)>,
    pub(super) insert: Vec<SamlKey>,
    pub(super) update: Vec<SamlKey>,
    pub(super) delete: Vec<SigningKeyId>,
    pub(super) audit: Vec<AuditEvent>,
}

#[async_trait]
impl Command for ChangeKeys {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let stored = transaction.list_saml_keys().await?;
        if !stored.iter().map(|key| (key.id, key.state)).eq(self.decided_by.iter().copied()) {
            return Ok(false);
        }
        for key in &self.insert {
            transaction.insert_saml_key(key).await?;
        }
        for key in &self.update {
            transaction.update_saml_key(key).await?;
        }
        for id in &self.delete {
            transaction.delete_saml_key(*id).await?;
        }
        for event in &self.audit {
            transaction.insert_audit(event).await?;
        }
        transaction.raise_revision(REVISION).await?;
        Ok(true)
    }
}
