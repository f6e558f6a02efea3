//! Deletes what expired and is of no more use.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_store::SqlStore;

/// The lease under which one node cleans up.
const LEASE: &str = "clean-up";
const LEASE_TIME: Duration = Duration::from_mins(3);
/// Rows of each kind in one transaction: sign-ins share the writer.
const BATCH: u64 = 500;
/// Batches in one turn; the rest waits a minute.
const TURNS: usize = 100;

/// Deletes what expired before `now`, if no other node does. Answers how many rows went.
pub async fn clean_up(store: &SqlStore, node: &str, now: Timestamp) -> Result<u64, StoreError> {
    let mut gone = 0;
    for _ in 0..TURNS {
        match store.execute(CleanUp { node: node.to_owned(), now }).await? {
            None | Some(0) => break,
            Some(some) => gone += some,
        }
    }
    Ok(gone)
}

/// One batch. `None`: another node has the lease.
#[derive(Debug)]
struct CleanUp {
    node: String,
    now: Timestamp,
}

#[async_trait]
impl Command for CleanUp {
    type Output = Option<u64>;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Option<u64>, StoreError> {
        if !transaction.take_lease(LEASE, &self.node, self.now, self.now.plus(LEASE_TIME)).await? {
            return Ok(None);
        }
        transaction.delete_expired(self.now, BATCH).await.map(Some)
    }
}

#[cfg(test)]
mod tests;
