//! The read connections: a few, warm, lent to one reader at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connection::Connection;
use super::record::{Database, Record};

/// The read connections. They refuse to write (`query_only`).
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
    /// Statements that were sent.
    sent: AtomicU64,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        let free = Semaphore::new(connections.len());
        Self { idle: Mutex::new(connections), free, sent: AtomicU64::new(0) }
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// A connection for one statement.
    async fn borrow(&self) -> Result<Borrowed<'_>, DbErr> {
        let closed = || DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        self.sent.fetch_add(1, Ordering::Relaxed);
        let permit = self.free.acquire().await.map_err(|_| closed())?;
        // The last one used has the warmest caches. A permit stands for a connection, so there is one.
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or_else(closed)?;
        Ok(Borrowed { readers: self, connection: Some(connection), _permit: permit })
    }

    /// Closes the connections; what is being read is read to its end.
    pub(crate) fn close(&self) {
        self.free.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            connection.close();
        }
    }
}

/// A connection on loan. Given back on drop, before its permit is.
struct Borrowed<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
    _permit: SemaphorePermit<'a>,
}

impl Borrowed<'_> {
    fn connection(&self) -> Result<&Connection, DbErr> {
        self.connection.as_ref().ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !self.readers.free.is_closed()
        {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

#[async_trait]
impl ConnectionTrait for Readers {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.borrow().await?.connection()?.execute(&statement).map(ExecResult::from)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.borrow().await?.connection()?.execute_unprepared(sql).map(ExecResult::from)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.borrow().await?.connection()?.query_one(&statement)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.borrow().await?.connection()?.query_all(&statement)
    }
}

impl Database for Readers {
    async fn records<R: Record>(&self, statement: Statement) -> Result<Vec<R>, DbErr> {
        self.borrow().await?.connection()?.records(&statement)
    }
}
