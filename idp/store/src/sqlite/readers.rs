//! The read connections: a few, warm, lent to one reader at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connection;

/// The read connections. They refuse to write (`query_only`).
pub(crate) struct Readers {
    idle: Mutex<Vec<SqliteConnection>>,
    free: Semaphore,
    /// Statements that were sent.
    sent: AtomicU64,
}

impl Readers {
    pub(crate) fn new(connections: Vec<SqliteConnection>) -> Self {
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
    pub(crate) async fn close(&self) {
        self.free.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a read connection did not close cleanly");
            }
        }
    }
}

/// A connection on loan. Given back on drop, before its permit is.
struct Borrowed<'a> {
    readers: &'a Readers,
    connection: Option<SqliteConnection>,
    _permit: SemaphorePermit<'a>,
}

impl Borrowed<'_> {
    fn connection(&mut self) -> Result<&mut SqliteConnection, DbErr> {
        self.connection.as_mut().ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
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
        connection::execute(self.borrow().await?.connection()?, statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        connection::execute_unprepared(self.borrow().await?.connection()?, sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        connection::query_one(self.borrow().await?.connection()?, statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        connection::query_all(self.borrow().await?.connection()?, statement).await
    }
}
