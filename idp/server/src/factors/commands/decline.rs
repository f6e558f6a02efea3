//! "This was not me."

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::ceremony::{Ceremony, Contents, Ending};
use keyholder_core::flow::{Flow, Stage};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

/// Ends a ceremony and the sign-in that it belongs to, with whatever else waits for an answer there. `false`: it was over already.
pub(crate) struct Decline {
    /// As read.
    pub(crate) ceremony: Ceremony,
    pub(crate) audit: AuditEvent,
    pub(crate) now: Timestamp,
}

#[async_trait]
impl Command for Decline {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        // Whatever step it is at by now: nobody's guess keeps a denial from counting.
        let Some(open) = transaction.find_ceremony(self.ceremony.id).await? else { return Ok(false) };
        if !open.is_open(self.now) {
            return Ok(false);
        }
        let contents = Contents { ending: Some(Ending::Declined), ..open.contents.clone() };
        if !transaction.swap_ceremony(&Ceremony { contents, ended_at: Some(self.now), ..open }).await? {
            return Ok(false);
        }
        if let Some(id) = self.ceremony.flow {
            for other in transaction.list_ceremonies_of_flow(id).await? {
                if other.ended_at.is_none() {
                    transaction.swap_ceremony(&Ceremony { ended_at: Some(self.now), ..other }).await?;
                }
            }
            if let Some(flow) = transaction.find_flow(id).await? {
                transaction.swap_flow(&Flow { stage: Stage::Finished, ..flow }).await?;
            }
        }
        transaction.insert_audit(&self.audit).await?;
        Ok(true)
    }
}
