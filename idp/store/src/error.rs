//! What the database says, in the words of the ports.

use std::sync::Arc;

use keyholder_core::ports::StoreError;
use sea_orm::{ConnAcquireErr, DbErr};

use crate::sqlite::connection::code_of;

/// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const INTERRUPT: i32 = 9;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOTADB: i32 = 26;
    /// Extended: a write was refused. A full disk is [`FULL`]; a quota (`EDQUOT`) and a largest size of files (`EFBIG`) are not
    /// told apart from a disk that fails (`unixWrite` in `os_unix.c`), and either way nothing can be stored.
    pub(super) const IOERR_WRITE: i32 = 778;
    /// Extended: the shared memory of the log could not be enlarged, which happens on a full disk.
    pub(super) const IOERR_SHMSIZE: i32 = 4874;
}

/// What a failure means to the transaction in which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The statement alone failed.
    Statement,
    /// Another process holds the lock: to be tried again.
    Busy,
    /// SQLite may have rolled the whole transaction back (<https://www.sqlite.org/lang_transaction.html>, 3).
    Transaction,
}

/// How far a failure reaches.
pub(crate) fn severity(error: &DbErr) -> Severity {
    match code_of(error).map(|(code, _)| code & 0xff) {
        Some(code::BUSY | code::LOCKED) => Severity::Busy,
        Some(code::NOMEM | code::INTERRUPT | code::IOERR | code::CORRUPT | code::FULL | code::NOTADB) => {
            Severity::Transaction
        }
        Some(_) => Severity::Statement,
        // Not from SQLite: a conversion concerns one statement, a lost connection all of them.
        None => match error {
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Severity::Transaction,
            _ => Severity::Statement,
        },
    }
}

/// Translates what the database said.
pub(crate) fn stored(error: DbErr) -> StoreError {
    match code_of(&error) {
        Some((code::IOERR_WRITE | code::IOERR_SHMSIZE, _)) => return StoreError::Full,
        Some((code, message)) => match code & 0xff {
            code::CONSTRAINT => return StoreError::Conflict(message),
            code::FULL => return StoreError::Full,
            code::BUSY | code::LOCKED | code::IOERR | code::NOMEM | code::INTERRUPT => {
                return StoreError::Unavailable(Box::new(error));
            }
            code::CORRUPT | code::NOTADB => {
                return StoreError::Corrupt { what: "database file", source: Some(Box::new(error)) };
            }
            _ => {}
        },
        None => {}
    }
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) | DbErr::Conn(_) => {
            StoreError::Unavailable(Box::new(error))
        }
        error => StoreError::Database(Box::new(error)),
    }
}

/// The same failure once more, for the next caller of a batch that failed as a whole.
pub(crate) fn shared(error: &Arc<StoreError>) -> StoreError {
    match error.as_ref() {
        StoreError::Conflict(what) => StoreError::Conflict(what.clone()),
        StoreError::Full => StoreError::Full,
        StoreError::Unavailable(_) => StoreError::Unavailable(Box::new(Arc::clone(error))),
        StoreError::Corrupt { what, .. } => StoreError::Corrupt { what, source: Some(Box::new(Arc::clone(error))) },
        StoreError::Database(_) => StoreError::Database(Box::new(Arc::clone(error))),
    }
}

/// A stored value that cannot be read.
pub(crate) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Corrupt { what, source: None }
}
