//! What only an operator asks of the store: numbers of this moment, and the audit log as it stands.
//!
//! These are no ports: no rule of the domain depends on them.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::SchoolId;
use keyholder_core::ports::StoreError;
use keyholder_core::time::Timestamp;
use uuid::Uuid;

use crate::rows::{audit_log, present};
use crate::sqlite::figures::WriterFigures;
use crate::sqlite::transaction::SqlTransaction;
use crate::sqlite::writer::Work;
use crate::store::SqlStore;

/// How things stand at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Present {
    /// Messages that wait for delivery.
    pub outbox_waiting: u64,
    /// Messages that were given up.
    pub outbox_dead: u64,
    /// Sessions that count.
    pub live_sessions: u64,
    /// Audit events that no link seals yet.
    pub unsealed_events: u64,
    pub oldest_unsealed_event: Option<Timestamp>,
    /// When the newest audit event happened.
    pub newest_event: Option<Timestamp>,
}

/// A row of the audit log, damaged or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub id: Uuid,
    /// `None`: not sealed yet.
    pub sequence: Option<i64>,
    pub commitment: Option<Vec<u8>>,
    pub chain: Option<Vec<u8>>,
    pub at: Timestamp,
    pub values: Values,
}

/// What is left of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    Present(Box<AuditEvent>),
    /// Truncated: the salt and what is personal are gone, and empty here.
    Removed(Box<AuditEvent>),
    /// Neither: a part is missing, contradicts another, or cannot be read.
    Damaged,
}

/// Rows truncated in one transaction: sign-ins share the writer.
const TRUNCATED_AT_ONCE: u64 = 500;

impl SqlStore {
    /// What the writer did since the store was opened.
    pub fn writer_figures(&self) -> WriterFigures {
        self.writer().figures()
    }

    /// Numbers of this moment. `idle`: how long a session may go unused.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn present(&self, now: Timestamp, idle: Duration) -> Result<Present, StoreError> {
        present::read(self.rows(), now, idle).await
    }

    /// The chains that there are; `None` is the installation's own.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_audit_chains(&self) -> Result<Vec<Option<SchoolId>>, StoreError> {
        audit_log::list_chains(self.rows()).await
    }

    /// The sealed rows of a chain that come after a sequence number, in order.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_audit_rows(
        &self,
        school: Option<SchoolId>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        audit_log::list_sealed(self.rows(), school, after, limit).await
    }

    /// The last sequence number of a chain.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_audit_sequence(&self, school: Option<SchoolId>) -> Result<Option<i64>, StoreError> {
        audit_log::last_sequence(self.rows(), school).await
    }

    /// The rows of a chain that are not sealed yet, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_unsealed_audit_rows(&self, school: Option<SchoolId>) -> Result<Vec<AuditRow>, StoreError> {
        audit_log::list_unsealed(self.rows(), school).await
    }

    /// Removes salts and values of a chain's events from before an instant; the chain still verifies. Answers how many.
    ///
    /// # Errors
    /// Those of the database; what was removed until then stays removed.
    pub async fn truncate_audit(&self, school: Option<SchoolId>, before: Timestamp) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let removed = self.writer().execute(Truncate { school, before }).await?;
            count += removed;
            if removed < TRUNCATED_AT_ONCE {
                return Ok(count);
            }
        }
    }
}

struct Truncate {
    school: Option<SchoolId>,
    before: Timestamp,
}

#[async_trait]
impl Work for Truncate {
    type Output = u64;

    async fn work(&self, transaction: &SqlTransaction) -> Result<u64, StoreError> {
        audit_log::truncate(transaction, self.school, self.before, TRUNCATED_AT_ONCE).await
    }
}
