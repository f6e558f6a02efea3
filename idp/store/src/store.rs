//! The store: reads from a few warm connections, writes through the one writer.

use std::sync::Arc;

use async_trait::async_trait;
use keyholder_core::ports::{Command, Sealer, StoreError};
use keyholder_migrations::Migrator;
use uuid::Uuid;

use crate::rows::reseal::{Sealed, reseal};
use crate::sqlite::figures::Statements;
use crate::sqlite::open::{OpenError, SqliteOptions, open};
use crate::sqlite::readers::Readers;
use crate::sqlite::transaction::SqlTransaction;
use crate::sqlite::writer::{Work, Writer};

/// Rows in SQL. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct SqlStore {
    readers: Arc<Readers>,
    writer: Writer,
    sealer: Arc<dyn Sealer>,
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SqlStore").finish_non_exhaustive()
    }
}

impl SqlStore {
    /// Opens the database; see [`Access`](crate::Access) for what that includes.
    ///
    /// # Errors
    /// A database that another server has, that another version wrote, or that cannot be read or written.
    pub async fn open(options: &SqliteOptions, sealer: Arc<dyn Sealer>) -> Result<Self, OpenError> {
        open::<Migrator>(options, sealer).await
    }

    pub(crate) fn new(readers: Readers, writer: Writer, sealer: Arc<dyn Sealer>) -> Self {
        Self { readers: Arc::new(readers), writer, sealer }
    }

    /// Runs a command in a transaction. What it did is durable when this returns `Ok`, and undone when it returns an error.
    /// A caller that stops waiting does not stop the command.
    ///
    /// # Errors
    /// The command's own, and those of the commit.
    pub async fn execute<C: Command>(&self, command: C) -> Result<C::Output, StoreError> {
        self.writer.execute(command).await
    }

    /// Seals every sealed column again with the current master key, some rows at a time while the server goes on. Afterwards
    /// former keys may be forgotten. Answers how many values were sealed again; one that does not open is left and logged.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        for column in Sealed::ALL {
            let mut after = Some(Uuid::nil());
            while let Some(from) = after {
                let (done, last) = self.writer.execute(Reseal { column, after: from }).await?;
                count += done;
                after = last;
            }
        }
        Ok(count)
    }

    /// How many statements were sent.
    pub fn statements(&self) -> Statements {
        Statements { reading: self.readers.sent(), writing: self.writer.sent() }
    }

    /// Ends the store: what was begun is done, connections are closed, the lock is free. Later calls fail as unavailable.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close();
    }

    /// Runs work that knows the transaction from inside.
    #[cfg(test)]
    pub(crate) async fn work<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        self.writer.execute(work).await
    }

    /// Where reads go.
    pub(crate) fn rows(&self) -> &Readers {
        &self.readers
    }

    /// Where writes go.
    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) fn sealer(&self) -> &dyn Sealer {
        self.sealer.as_ref()
    }
}

/// One batch of sealing again.
struct Reseal {
    column: Sealed,
    after: Uuid,
}

#[async_trait]
impl Work for Reseal {
    type Output = (u64, Option<Uuid>);

    async fn work(&self, transaction: &SqlTransaction) -> Result<Self::Output, StoreError> {
        reseal(transaction, transaction.sealer(), self.column, self.after, 100).await
    }
}

#[cfg(test)]
pub(crate) mod tests;
