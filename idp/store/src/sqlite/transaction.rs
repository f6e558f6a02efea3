//! The transaction that a batch of commands shares.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use keyholder_core::ports::Sealer;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::connection::Connection;
use super::record::{Database, Record};
use crate::error::{Severity, severity};

/// What a command sees: the write connection while a transaction is open on it.
pub(crate) struct SqlTransaction {
    connection: Mutex<Connection>,
    /// Set once SQLite may have rolled the transaction back by itself. From then on each statement is refused: on its own it
    /// would be durable at once, outside any transaction.
    lost: AtomicBool,
    sealer: Arc<dyn Sealer>,
    /// Statements that were sent.
    sent: Arc<AtomicU64>,
}

impl SqlTransaction {
    pub(crate) fn new(connection: Connection, sealer: Arc<dyn Sealer>, sent: Arc<AtomicU64>) -> Self {
        Self { connection: Mutex::new(connection), lost: AtomicBool::new(false), sealer, sent }
    }

    /// Where statements go: itself. The store has the same method.
    pub(crate) fn rows(&self) -> &Self {
        self
    }

    pub(crate) fn sealer(&self) -> &dyn Sealer {
        self.sealer.as_ref()
    }

    /// Whether the transaction may be gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// A statement of transaction control. One that fails leaves the transaction in doubt.
    pub(crate) fn control(&self, sql: &'static str) -> Result<(), DbErr> {
        self.check()?;
        let done = self.connection().control(sql);
        if done.is_err() {
            self.lost.store(true, Ordering::Release);
        }
        done
    }

    /// `BEGIN IMMEDIATE`, which may be refused because another process writes.
    pub(crate) fn begin(&self) -> Result<(), DbErr> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.connection().control("BEGIN IMMEDIATE")
    }

    /// Closes the connection; what is not committed is rolled back.
    pub(crate) fn close(self) {
        self.connection.into_inner().unwrap_or_else(PoisonError::into_inner).close();
    }

    /// Held for one statement, by the one command that runs.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another statement may be sent.
    fn check(&self) -> Result<(), DbErr> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.is_lost() { Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)) } else { Ok(()) }
    }

    fn noting<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &done
            && severity(error) != Severity::Statement
        {
            self.lost.store(true, Ordering::Release);
        }
        done
    }
}

#[async_trait]
impl ConnectionTrait for SqlTransaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.check()?;
        self.noting(self.connection().execute(&statement).map(ExecResult::from))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.check()?;
        self.noting(self.connection().execute_unprepared(sql).map(ExecResult::from))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.check()?;
        self.noting(self.connection().query_one(&statement))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.check()?;
        self.noting(self.connection().query_all(&statement))
    }
}

impl Database for SqlTransaction {
    async fn records<R: Record>(&self, statement: Statement) -> Result<Vec<R>, DbErr> {
        self.check()?;
        self.noting(self.connection().records(&statement))
    }
}
