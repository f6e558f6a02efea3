#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::ports::{Queries as _, SingleUse};

use super::super::tests::Bed;
use super::*;

#[derive(Debug)]
struct Mark(u8, Timestamp);

#[async_trait]
impl Command for Mark {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.use_once(SingleUse::AuthorizationCode, &[self.0], self.1).await
    }
}

#[tokio::test]
async fn what_expired_goes_and_what_did_not_stays() {
    let bed = Bed::new().await;
    bed.store.execute(Mark(1, bed.now().plus(Duration::from_mins(1)))).await.unwrap();
    bed.store.execute(Mark(2, bed.now().plus(Duration::from_hours(1)))).await.unwrap();
    assert_eq!(clean_up(&bed.store, "node-1", bed.now()).await.unwrap(), 0);
    bed.clock.pass(Duration::from_mins(30));
    assert_eq!(clean_up(&bed.store, "node-1", bed.now()).await.unwrap(), 1);
    assert!(bed.store.is_used(SingleUse::AuthorizationCode, &[2]).await.unwrap());
}

#[tokio::test]
async fn one_node_cleans_up() {
    let bed = Bed::new().await;
    bed.store.execute(Mark(1, bed.now())).await.unwrap();
    bed.clock.pass(Duration::from_mins(1));
    assert_eq!(clean_up(&bed.store, "node-2", bed.now()).await.unwrap(), 1);
    bed.store.execute(Mark(2, bed.now())).await.unwrap();
    bed.clock.pass(Duration::from_mins(1));
    assert_eq!(clean_up(&bed.store, "node-1", bed.now()).await.unwrap(), 0);
    bed.clock.pass(LEASE_TIME);
    assert_eq!(clean_up(&bed.store, "node-1", bed.now()).await.unwrap(), 1);
}
