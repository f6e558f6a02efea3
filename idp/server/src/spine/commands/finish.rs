//! The end of a flow.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::flow::{Flow, Stage};
use keyholder_core::grant::Grant;
use keyholder_core::ports::{Command, StoreError, Transaction};

/// Ends a flow and makes what it permits. Of two that end one flow, one gets `true`.
#[derive(Debug)]
pub struct FinishFlow {
    /// As loaded. Version 0: never stored; its id, inserted once, makes it single-use.
    pub flow: Flow,
    pub grant: Option<Grant>,
    pub audit: Vec<AuditEvent>,
}

#[async_trait]
impl Command for FinishFlow {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let finished = Flow { stage: Stage::Finished, ..self.flow.clone() };
        let first = if finished.version == 0 {
            transaction.add_flow(&Flow { version: 1, ..finished }).await?
        } else {
            transaction.swap_flow(&finished).await?
        };
        if !first {
            return Ok(false);
        }
        permit(transaction, self.grant.as_ref(), &self.audit).await?;
        Ok(true)
    }
}

/// What the end of a flow permits.
pub(super) async fn permit(
    transaction: &dyn Transaction,
    grant: Option<&Grant>,
    audit: &[AuditEvent],
) -> Result<(), StoreError> {
    if let Some(grant) = grant {
        transaction.insert_grant(grant).await?;
    }
    for event in audit {
        transaction.insert_audit(event).await?;
    }
    Ok(())
}
