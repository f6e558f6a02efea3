//! Seals audit events: each gets its place in the chain of its school.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::audit::ChainLink;
use keyholder_core::id::SchoolId;
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_store::SqlStore;

use crate::audit::chain;

/// The lease under which one node seals.
const LEASE: &str = "audit-seal";
const LEASE_TIME: Duration = Duration::from_secs(5);
/// Events in one transaction: sign-ins share the writer.
const BATCH: u64 = 200;

/// Seals every event there is, if no other node does. Answers how many. Writes nothing where there is nothing to seal.
pub async fn seal_all(store: &SqlStore, node: &str, now: Timestamp) -> Result<u64, StoreError> {
    let mut sealed = 0;
    while !store.list_unsealed_audit(1).await?.is_empty() {
        match store.execute(Seal { node: node.to_owned(), now }).await? {
            None | Some(0) => break,
            Some(some) => sealed += some,
        }
    }
    Ok(sealed)
}

/// One batch. `None`: another node has the lease. Should two nodes seal after all, the sequence number is unique: one of
/// them conflicts, changes nothing and reads again.
#[derive(Debug)]
struct Seal {
    node: String,
    now: Timestamp,
}

#[async_trait]
impl Command for Seal {
    type Output = Option<u64>;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Option<u64>, StoreError> {
        if !transaction.take_lease(LEASE, &self.node, self.now, self.now.plus(LEASE_TIME)).await? {
            return Ok(None);
        }
        let events = transaction.list_unsealed_audit(BATCH).await?;
        let mut ends: HashMap<Option<SchoolId>, Option<ChainLink>> = HashMap::new();
        let mut sealed = 0;
        for event in &events {
            let former = match ends.remove(&event.school) {
                Some(end) => end,
                None => transaction.last_audit_link(event.school).await?,
            };
            let link = chain::follow(former.as_ref(), chain::commit(event));
            transaction.seal_audit(event.id, &link).await?;
            ends.insert(event.school, Some(link));
            sealed += 1;
        }
        Ok(Some(sealed))
    }
}

#[cfg(test)]
mod tests;
