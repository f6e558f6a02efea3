//! The one writer: many commands share one transaction and its one fsync (design, invariant 5).
//!
//! Commands wait in a bounded queue. The writer begins (`BEGIN IMMEDIATE`), runs each command that waits, commits, and only then
//! answers: what a caller hears of is durable. While the disk works on one commit, the next batch gathers. An error of a command
//! undoes that command alone; a failed commit fails every caller of its batch. So each runs in a savepoint of its own, but the
//! first: before it there is nothing to keep, and an error of it rolls the transaction back. Whoever writes alone is not to pay for a
//! savepoint.
//!
//! Where SQLite gives up the whole transaction under a command (a full disk, say), the innocent must not suffer: the commands
//! of that batch run once more, each in a transaction of its own. That is the only case in which one runs twice.
//!
//! The writer has a thread and a small runtime to itself, so that it depends on no caller's runtime, and nobody's waits for the disk.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use keyholder_core::ports::{Command, Sealer, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::connection::{Connection, Opening};
use super::figures::Counted;
use super::transaction::SqlTransaction;
use crate::error::{Severity, severity, shared, stored};

/// Commands that may wait; a caller beyond that waits for a place.
const QUEUE: usize = 1024;
/// Commands in one transaction at most.
const BATCH: usize = 256;
/// How long another process (the command line beside the server) may hold the lock.
const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// Between two attempts to take the lock. SQLite's own waiting goes up to 100 ms, in which a busy server would have taken the
/// lock again each time.
const BUSY_PAUSE: Duration = Duration::from_millis(1);
/// A command awaits nothing but the transaction; one that does must not stop all others.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);

/// What the writer runs in a transaction: a [`Command`], or work of the store itself.
#[async_trait]
pub(crate) trait Work: Send + Sync + 'static {
    type Output: Send + 'static;
    async fn work(&self, transaction: &SqlTransaction) -> Result<Self::Output, StoreError>;
}

#[async_trait]
impl<C: Command> Work for C {
    type Output = C::Output;
    async fn work(&self, transaction: &SqlTransaction) -> Result<C::Output, StoreError> {
        self.run(transaction).await
    }
}

/// A command with its caller, its type forgotten.
#[async_trait]
trait Job: Send {
    /// Runs the command and keeps what it answers. `true`: what it did is to be kept.
    async fn run(&mut self, transaction: &SqlTransaction) -> bool;
    /// What the caller hears if the transaction is committed.
    fn set_failure(&mut self, error: StoreError);
    /// Tells the caller: what was kept, or that everything failed.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

struct Call<W: Work> {
    work: W,
    outcome: Option<Result<W::Output, StoreError>>,
    reply: oneshot::Sender<Result<W::Output, StoreError>>,
}

#[async_trait]
impl<W: Work> Job for Call<W> {
    async fn run(&mut self, transaction: &SqlTransaction) -> bool {
        let outcome = self.work.work(transaction).await;
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn set_failure(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let outcome = match (failure, self.outcome) {
            // An error of its own says more than the failure of the batch.
            (_, Some(Err(error))) | (Some(error), _) => Err(error),
            (None, Some(Ok(output))) => Ok(output),
            (None, None) => Err(gone()),
        };
        // A caller that went away does not want to know.
        drop(self.reply.send(outcome));
    }
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    counted: Arc<Counted>,
}

/// The writer is gone: closed, or never got a connection again.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
struct Closed;

#[derive(Debug, thiserror::Error)]
#[error("the command panicked")]
struct Panicked;

#[derive(Debug, thiserror::Error)]
#[error("the command did not end in time")]
struct TooLong;

fn gone() -> StoreError {
    StoreError::Unavailable(Box::new(Closed))
}

impl Writer {
    /// Starts the writer on a connection. `lock` is held until the connection is closed.
    pub(crate) fn start(
        connection: Connection,
        options: Opening,
        sealer: Arc<dyn Sealer>,
        lock: Option<File>,
    ) -> std::io::Result<Self> {
        let (queue, commands) = mpsc::channel(QUEUE);
        let counted = Arc::new(Counted::default());
        let counting = Arc::clone(&counted);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        std::thread::Builder::new().name("keyholder-writer".to_owned()).spawn(move || {
            let transaction = Some(SqlTransaction::new(connection, Arc::clone(&sealer), counting.statements()));
            let work = Loop { commands, options, sealer, transaction, closing: Vec::new(), counted: counting };
            let closing = runtime.block_on(work.run());
            drop(lock);
            drop(closing);
        })?;
        Ok(Self { queue, counted })
    }

    /// What the writer did since it started, and how much waits for it.
    pub(crate) fn figures(&self) -> super::figures::WriterFigures {
        self.counted.figures(QUEUE - self.queue.capacity())
    }

    /// Statements that were sent to the connection.
    pub(crate) fn sent(&self) -> u64 {
        self.counted.statements().load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Runs one piece of work; durable when it returns.
    pub(crate) async fn execute<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Call { work, outcome: None, reply });
        self.queue.send(Message::Job(job)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Ends the writer once everything that waits is done. Comes back when the connection is closed and the lock is free.
    pub(crate) async fn close(&self) {
        let (closing, closed) = oneshot::channel();
        if self.queue.send(Message::Close(closing)).await.is_ok() {
            // It is never sent, only dropped, when the writer's thread has let go of everything.
            drop(closed.await);
        }
    }
}

struct Loop {
    commands: mpsc::Receiver<Message>,
    options: Opening,
    sealer: Arc<dyn Sealer>,
    /// `None` after a failure that left the connection in doubt.
    transaction: Option<SqlTransaction>,
    /// Who waits for the end.
    closing: Vec<oneshot::Sender<()>>,
    counted: Arc<Counted>,
}

/// How one command ended.
enum Ended {
    /// Its changes are in the transaction.
    Kept,
    /// Its changes are undone, the transaction goes on.
    Undone,
    /// The transaction is gone.
    Lost,
}

/// What undoes a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// The end of the transaction, in which nothing else was done.
    Transaction,
    /// A savepoint, the transaction's first.
    Savepoint,
    /// A savepoint, in the place of that of the command before.
    NextSavepoint,
}

impl Loop {
    async fn run(mut self) -> Vec<oneshot::Sender<()>> {
        while let Some(message) = self.commands.recv().await {
            match message {
                Message::Job(job) => self.batch(job).await,
                Message::Close(closing) => self.stop(closing),
            }
        }
        if let Some(transaction) = self.transaction.take() {
            transaction.close();
        }
        self.closing
    }

    /// Takes no more commands; those that were queued before still count.
    fn stop(&mut self, closing: oneshot::Sender<()>) {
        self.commands.close();
        self.closing.push(closing);
    }

    /// One transaction, with everything that waits.
    async fn batch(&mut self, first: Box<dyn Job>) {
        let transaction = match self.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return first.answer(Some(error)),
        };
        let mut jobs = Vec::new();
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            let undo = match jobs.len() {
                0 => Undo::Transaction,
                1 => Undo::Savepoint,
                _ => Undo::NextSavepoint,
            };
            let ended = run_one(&transaction, job.as_mut(), undo).await;
            if undo == Undo::Transaction && matches!(ended, Ended::Undone) {
                self.transaction = Some(transaction);
                return job.answer(None);
            }
            jobs.push(job);
            if matches!(ended, Ended::Lost) {
                transaction.close();
                tracing::warn!(commands = jobs.len(), "a transaction was lost; its commands run again one by one");
                for job in jobs {
                    self.alone(job).await;
                }
                return;
            }
            if jobs.len() < BATCH {
                match self.commands.try_recv() {
                    Ok(Message::Job(job)) => next = Some(job),
                    Ok(Message::Close(closing)) => self.stop(closing),
                    Err(_) => {}
                }
            }
        }
        self.commit(transaction, jobs);
    }

    /// One command in a transaction of its own.
    async fn alone(&mut self, mut job: Box<dyn Job>) {
        let transaction = match self.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return job.answer(Some(error)),
        };
        match run_one(&transaction, job.as_mut(), Undo::Transaction).await {
            Ended::Kept => self.commit(transaction, vec![job]),
            Ended::Undone => {
                self.transaction = Some(transaction);
                job.answer(None);
            }
            Ended::Lost => {
                transaction.close();
                job.answer(Some(gone()));
            }
        }
    }

    /// Makes it durable, then tells the callers.
    fn commit(&mut self, transaction: SqlTransaction, jobs: Vec<Box<dyn Job>>) {
        let failure = match transaction.control("COMMIT") {
            Ok(()) => {
                self.counted.committed(jobs.len());
                self.transaction = Some(transaction);
                None
            }
            Err(error) => {
                self.counted.failed();
                tracing::error!(%error, commands = jobs.len(), "a commit failed");
                transaction.close();
                Some(Arc::new(stored(error)))
            }
        };
        for job in jobs {
            job.answer(failure.as_ref().map(shared));
        }
    }

    /// Opens a transaction, on a new connection where the former was given up. Waits while another process writes.
    async fn begin(&mut self) -> Result<SqlTransaction, StoreError> {
        let transaction = if let Some(transaction) = self.transaction.take() {
            transaction
        } else {
            let connection = self.options.connect().map_err(stored)?;
            SqlTransaction::new(connection, Arc::clone(&self.sealer), self.counted.statements())
        };
        let deadline = Instant::now() + BUSY_LIMIT;
        loop {
            match transaction.begin() {
                Ok(()) => return Ok(transaction),
                Err(error) if severity(&error) == Severity::Busy && Instant::now() < deadline => {
                    sleep(BUSY_PAUSE).await;
                }
                Err(error) => {
                    transaction.close();
                    return Err(stored(error));
                }
            }
        }
    }
}

/// Runs one command. What it did is kept, or undone; a savepoint goes with the commit, or with the next one.
async fn run_one(transaction: &SqlTransaction, job: &mut dyn Job, undo: Undo) -> Ended {
    let begin: &[&'static str] = match undo {
        Undo::Transaction => &[],
        Undo::Savepoint => &["SAVEPOINT command"],
        Undo::NextSavepoint => &["RELEASE command", "SAVEPOINT command"],
    };
    if begin.iter().any(|statement| transaction.control(statement).is_err()) {
        return Ended::Lost;
    }
    let ran = timeout(COMMAND_LIMIT, AssertUnwindSafe(job.run(transaction)).catch_unwind()).await;
    let keep = match ran {
        Ok(Ok(keep)) => keep,
        Ok(Err(_)) => {
            tracing::error!("a command panicked; what it did is undone");
            job.set_failure(StoreError::Database(Box::new(Panicked)));
            false
        }
        Err(_) => {
            tracing::error!("a command did not end in time; what it did is undone");
            job.set_failure(StoreError::Unavailable(Box::new(TooLong)));
            false
        }
    };
    if transaction.is_lost() {
        return Ended::Lost;
    }
    if keep {
        return Ended::Kept;
    }
    let rollback = if undo == Undo::Transaction { "ROLLBACK" } else { "ROLLBACK TO command" };
    match transaction.control(rollback) {
        Ok(()) => Ended::Undone,
        Err(_) => Ended::Lost,
    }
}
