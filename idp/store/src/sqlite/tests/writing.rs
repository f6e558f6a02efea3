//! The one writer: shared commits, and failures that hit those whom they concern.

use std::sync::Mutex;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::join_all;
use keyholder_core::ports::{StoreError, Transaction as _};
use sea_orm::ConnectionTrait as _;
use tokio::sync::oneshot;

use super::{Mark, is_marked, open};
use crate::sqlite::transaction::SqlTransaction;
use crate::sqlite::writer::Work;
use crate::store::tests::sealer;
use crate::{SqlStore, SqliteOptions};

/// Holds its batch open until the test lets go.
struct Gate {
    begun: Mutex<Option<oneshot::Sender<()>>>,
    go_on: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

/// A gate with both its ends.
fn gate() -> (Gate, oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (begun, is_begun) = oneshot::channel();
    let (let_go, go_on) = oneshot::channel();
    (Gate { begun: Mutex::new(Some(begun)), go_on: tokio::sync::Mutex::new(Some(go_on)) }, is_begun, let_go)
}

#[async_trait]
impl Work for Gate {
    type Output = ();
    async fn work(&self, _: &SqlTransaction) -> Result<(), StoreError> {
        if let Some(begun) = self.begun.lock().unwrap().take() {
            begun.send(()).unwrap();
        }
        if let Some(go_on) = self.go_on.lock().await.take() {
            go_on.await.unwrap();
        }
        Ok(())
    }
}

/// Leaves a reference to nothing behind that is looked at only when the transaction is committed.
struct FailTheCommit;

#[async_trait]
impl Work for FailTheCommit {
    type Output = ();
    async fn work(&self, transaction: &SqlTransaction) -> Result<(), StoreError> {
        transaction.execute_unprepared("PRAGMA defer_foreign_keys = ON").await.unwrap();
        transaction
            .execute_unprepared("INSERT INTO passwords (person_id, hash, changed_at) VALUES (x'00', 'hash', 0)")
            .await
            .unwrap();
        Ok(())
    }
}

/// Ends the transaction under everybody's feet, as SQLite does by itself after some errors.
struct LoseTheTransaction;

#[async_trait]
impl Work for LoseTheTransaction {
    type Output = ();
    async fn work(&self, transaction: &SqlTransaction) -> Result<(), StoreError> {
        transaction.execute_unprepared("ROLLBACK").await.unwrap();
        transaction.raise_revision("lost").await
    }
}

struct Panic;

#[async_trait]
impl Work for Panic {
    type Output = ();
    async fn work(&self, transaction: &SqlTransaction) -> Result<(), StoreError> {
        transaction.raise_revision("panicked").await?;
        panic!("on purpose");
    }
}

/// Fills pages.
struct Fill(u32);

#[async_trait]
impl Work for Fill {
    type Output = ();
    async fn work(&self, transaction: &SqlTransaction) -> Result<(), StoreError> {
        for number in 0..self.0 {
            let name = format!("{number}{}", "x".repeat(3000));
            transaction
                .take_lease(&name, "holder", super::Timestamp::from_seconds(0), super::Timestamp::from_seconds(1))
                .await?;
        }
        Ok(())
    }
}

async fn store() -> (tempfile::TempDir, SqlStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("keyholder.db")).await.unwrap();
    (folder, store)
}

/// Runs these in one batch, in this order.
macro_rules! in_one_batch {
    ($store:ident: $($work:expr),*) => {{
        let (gate, begun, let_go) = gate();
        let store = &$store;
        let together = async {
            futures::join!(store.work(gate), $(store.work($work)),*)
        };
        futures::pin_mut!(together);
        // Polled once, all are queued behind the gate.
        assert!(together.as_mut().now_or_never().is_none());
        begun.await.unwrap();
        let_go.send(()).unwrap();
        together.await
    }};
}

#[tokio::test]
async fn nothing_is_acknowledged_before_the_shared_commit() {
    let (_folder, store) = store().await;
    let (gate, begun, let_go) = gate();
    let first = store.execute(Mark(1));
    let second = store.work(gate);
    futures::pin_mut!(first, second);
    // Both are queued by their first poll; the gate makes sure that they share a batch or that the first is long done.
    let queued = futures::poll!(first.as_mut()).is_pending() & futures::poll!(second.as_mut()).is_pending();
    assert!(queued);
    begun.await.unwrap();
    let third = store.execute(Mark(3));
    futures::pin_mut!(third);
    assert!(futures::poll!(third.as_mut()).is_pending());
    assert!(!is_marked(&store, 3).await);
    let_go.send(()).unwrap();
    assert!(first.await.unwrap());
    second.await.unwrap();
    assert!(third.await.unwrap());
    assert!(is_marked(&store, 1).await && is_marked(&store, 3).await);
}

#[tokio::test]
async fn a_failed_commit_fails_every_caller_of_its_batch() {
    let (_folder, store) = store().await;
    let (gate, before, breaking, after) = in_one_batch!(store: Mark(1), FailTheCommit, Mark(2));
    assert!(gate.is_err());
    assert!(matches!(before, Err(StoreError::Conflict(_))), "{before:?}");
    assert!(matches!(breaking, Err(StoreError::Conflict(_))));
    assert!(matches!(after, Err(StoreError::Conflict(_))));
    assert!(!is_marked(&store, 1).await && !is_marked(&store, 2).await);
    // The writer goes on, on a new connection.
    assert!(store.execute(Mark(1)).await.unwrap());
    assert!(is_marked(&store, 1).await);
}

#[tokio::test]
async fn who_shares_a_batch_with_a_lost_transaction_does_not_suffer() {
    let (_folder, store) = store().await;
    let (gate, before, breaking, after) = in_one_batch!(store: Mark(1), LoseTheTransaction, Mark(2));
    gate.unwrap();
    assert!(before.unwrap());
    assert!(breaking.is_err());
    assert!(after.unwrap());
    assert!(is_marked(&store, 1).await && is_marked(&store, 2).await);
}

#[tokio::test]
async fn a_panic_undoes_its_command_and_nothing_else() {
    let (_folder, store) = store().await;
    let (gate, before, panicked, after) = in_one_batch!(store: Mark(1), Panic, Mark(2));
    gate.unwrap();
    assert!(matches!(panicked, Err(StoreError::Database(_))));
    assert!(before.unwrap() && after.unwrap());
    assert!(is_marked(&store, 1).await && is_marked(&store, 2).await);
    assert_eq!(keyholder_core::ports::Queries::revision(&store, "panicked").await.unwrap(), 0);
}

/// Writes, waits until the test lets go, and fails.
struct FailFirst(Gate);

#[async_trait]
impl Work for FailFirst {
    type Output = ();
    async fn work(&self, transaction: &SqlTransaction) -> Result<(), StoreError> {
        transaction.raise_revision("failed").await?;
        self.0.work(transaction).await?;
        Err(StoreError::Conflict("on purpose".to_owned()))
    }
}

#[tokio::test]
async fn the_first_of_a_batch_is_undone_like_any_other() {
    let (_folder, store) = store().await;
    let (gate, begun, let_go) = gate();
    let all = async { futures::join!(store.work(FailFirst(gate)), store.execute(Mark(1)), store.work(Panic)) };
    futures::pin_mut!(all);
    assert!(all.as_mut().now_or_never().is_none());
    begun.await.unwrap();
    let_go.send(()).unwrap();
    let (failed, after, panicked) = all.await;
    assert!(matches!(failed, Err(StoreError::Conflict(_))), "{failed:?}");
    assert!(after.unwrap() && panicked.is_err());
    assert!(is_marked(&store, 1).await);
    for name in ["failed", "panicked"] {
        assert_eq!(keyholder_core::ports::Queries::revision(&store, name).await.unwrap(), 0);
    }
    // Nothing is left open: the next one is durable when it is answered.
    assert!(store.execute(Mark(2)).await.unwrap());
    assert!(is_marked(&store, 2).await);
}

#[tokio::test]
async fn who_writes_alone_pays_for_no_savepoint() {
    let (_folder, store) = store().await;
    let before = store.statements();
    assert!(store.execute(Mark(1)).await.unwrap());
    // Begin, the mark, commit.
    assert_eq!(store.statements().writing - before.writing, 3);
    let before = store.statements();
    let (gate, first, second, third) = in_one_batch!(store: Mark(2), Mark(3), Mark(4));
    gate.unwrap();
    assert!(first.unwrap() && second.unwrap() && third.unwrap());
    // Begin, a savepoint and a mark for each but the gate, commit.
    assert_eq!(store.statements().writing - before.writing, 10);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_its_command() {
    let (_folder, store) = store().await;
    let (gate, begun, let_go) = gate();
    let held = store.work(gate);
    futures::pin_mut!(held);
    assert!(futures::poll!(held.as_mut()).is_pending());
    begun.await.unwrap();
    // Queued, then dropped.
    assert!(store.execute(Mark(1)).now_or_never().is_none());
    let_go.send(()).unwrap();
    held.await.unwrap();
    assert!(store.execute(Mark(2)).await.unwrap());
    assert!(is_marked(&store, 1).await);
}

#[tokio::test]
async fn the_lock_of_another_process_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let store = open(&path).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = store.execute(Mark(1));
    futures::pin_mut!(waiting);
    assert!(futures::poll!(waiting.as_mut()).is_pending());
    // Reads do not wait, and there are enough of them for the writer to be refused more than once.
    for _ in 0..500 {
        assert!(!is_marked(&store, 1).await);
    }
    other.execute_batch("COMMIT").unwrap();
    assert!(waiting.await.unwrap());
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    open(&path).await.unwrap().close().await;
    let options = SqliteOptions { max_pages: Some(250), ..SqliteOptions::server(&path) };
    let store = SqlStore::open(&options, sealer()).await.unwrap();
    assert!(store.execute(Mark(0)).await.unwrap());

    let (gate, before, full, after) = in_one_batch!(store: Mark(1), Fill(1000), Mark(2));
    gate.unwrap();
    assert!(matches!(full, Err(StoreError::Full)), "{full:?}");
    // What was undone made room again, so those beside it fit.
    assert!(before.unwrap() && after.unwrap());

    // Filled to the brim, one by one.
    let mut kept = Vec::new();
    let mut refused = 0;
    for round in 0..200_u64 {
        let numbers = (round * 64 + 100)..(round * 64 + 164);
        let outcomes = join_all(numbers.clone().map(|number| store.execute(Mark(number)))).await;
        for (number, outcome) in numbers.zip(outcomes) {
            match outcome {
                Ok(first) => {
                    assert!(first);
                    kept.push(number);
                }
                Err(StoreError::Full) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0 && !kept.is_empty());
    for number in kept.iter().chain(&[0, 1, 2]) {
        assert!(is_marked(&store, *number).await);
    }
    store.close().await;

    // With room again, it goes on.
    let store = open(&path).await.unwrap();
    for number in &kept {
        assert!(is_marked(&store, *number).await);
    }
    assert!(store.execute(Mark(u64::MAX)).await.unwrap());
}

#[tokio::test]
async fn a_read_connection_does_not_write() {
    let (_folder, store) = store().await;
    assert!(store.rows().execute_unprepared("DELETE FROM people").await.is_err());
    assert!(store.rows().execute_unprepared("CREATE TABLE more (id INTEGER)").await.is_err());
}

#[tokio::test]
async fn foreign_keys_hold_and_commits_reach_the_disk() {
    let (folder, store) = store().await;
    let row = store.work(Pragmas).await.unwrap();
    // synchronous 2 is FULL.
    assert_eq!(row, ("wal".to_owned(), 2, 1));
    drop(folder);
}

struct Pragmas;

#[async_trait]
impl Work for Pragmas {
    type Output = (String, i64, i64);
    async fn work(&self, transaction: &SqlTransaction) -> Result<Self::Output, StoreError> {
        let ask = |sql: &str| sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let mode = transaction.query_one_raw(ask("PRAGMA journal_mode")).await.unwrap().unwrap();
        let synchronous = transaction.query_one_raw(ask("PRAGMA synchronous")).await.unwrap().unwrap();
        let keys = transaction.query_one_raw(ask("PRAGMA foreign_keys")).await.unwrap().unwrap();
        Ok((
            mode.try_get_by_index(0).unwrap(),
            synchronous.try_get_by_index(0).unwrap(),
            keys.try_get_by_index(0).unwrap(),
        ))
    }
}
