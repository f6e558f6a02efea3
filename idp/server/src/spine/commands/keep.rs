//! Steps of a flow, kept; and events that are nothing but recorded.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::flow::Flow;
use keyholder_core::id::{ApplicationId, PersonId, SchoolId};
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

/// Keeps a flow's new stage. `false`: it went on elsewhere meanwhile.
pub(crate) struct KeepFlow {
    pub(crate) flow: Flow,
}

#[async_trait]
impl Command for KeepFlow {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        keep(transaction, &self.flow).await
    }
}

/// Keeps a flow with an agreement to what its application learns.
pub(crate) struct Agree {
    pub(crate) flow: Flow,
    pub(crate) person: PersonId,
    pub(crate) application: ApplicationId,
    pub(crate) school: SchoolId,
    pub(crate) scopes: Vec<String>,
    pub(crate) audit: AuditEvent,
    pub(crate) now: Timestamp,
}

#[async_trait]
impl Command for Agree {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        if !keep(transaction, &self.flow).await? {
            return Ok(false);
        }
        transaction.put_consent(self.person, self.application, self.school, &self.scopes, self.now).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(true)
    }
}

/// Records an event that changes nothing else.
pub(crate) struct Record {
    pub(crate) audit: AuditEvent,
}

#[async_trait]
impl Command for Record {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_audit(&self.audit).await
    }
}

/// Records that a password link was asked for; the outbox finds out whether anybody gets one.
pub(crate) struct RecordAsked {
    pub(crate) message: OutboxMessage,
    pub(crate) audit: AuditEvent,
}

#[async_trait]
impl Command for RecordAsked {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_outbox(&self.message).await?;
        transaction.insert_audit(&self.audit).await
    }
}

/// A flow as it is once it was kept.
pub(crate) fn kept(flow: Flow) -> Flow {
    Flow { version: flow.version.saturating_add(1), ..flow }
}

/// Inserts a flow that has no row yet, once; else replaces the row if nobody else did.
pub(super) async fn keep(transaction: &dyn Transaction, flow: &Flow) -> Result<bool, StoreError> {
    if flow.version > 0 {
        return transaction.swap_flow(flow).await;
    }
    transaction.add_flow(&kept(flow.clone())).await
}
