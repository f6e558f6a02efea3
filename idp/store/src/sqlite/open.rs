//! Opening the file: the lock, the form of connections, the migrations, the writer.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keyholder_core::ports::Sealer;
use sea_orm::DbErr;
use sea_orm_migration::MigratorTrait;

use super::connection::{Connection, Opening};
use super::migrate::{check_schema, migrate};
use super::readers::Readers;
use super::writer::Writer;
use crate::store::SqlStore;

/// Who opens the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The server, or an offline command: takes the exclusive lock, makes the file where there is none, migrates.
    Server,
    /// A command beside a server that may run: takes no lock, makes nothing, migrates nothing.
    Beside,
}

/// The SQLite file and how it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// The database file. Its folder exists.
    pub path: PathBuf,
    pub access: Access,
    /// Where the copy goes that is made before a migration; `None`: `backups` beside the file.
    pub backups: Option<PathBuf>,
    /// The file grows to so many pages of 4 KiB; `None`: to what the disk holds.
    pub max_pages: Option<u32>,
}

impl SqliteOptions {
    /// For the server.
    pub fn server(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), access: Access::Server, backups: None, max_pages: None }
    }

    /// For a command beside the server.
    pub fn beside(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), access: Access::Beside, backups: None, max_pages: None }
    }

    pub(crate) fn backups(&self) -> PathBuf {
        self.backups.clone().unwrap_or_else(|| self.path.with_file_name("backups"))
    }
}

/// Why the database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has it.
    #[error("another Keyholder server is using {0}; two servers cannot share one SQLite file")]
    InUse(PathBuf),
    /// There is none, and it is not this command's to make.
    #[error("there is no database at {0}; start the server or run `keyholder init` first")]
    Missing(PathBuf),
    /// The schema has migrations that this program does not know.
    #[error(
        "the database {path} was written by a newer version of Keyholder (it has `{migration}`); this version must not open it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first migration that is not known here.
        migration: String,
    },
    /// The schema lacks migrations, and it is not this command's to run them.
    #[error(
        "the database {0} was written by an older version of Keyholder; stop the server and run `keyholder migrate`"
    )]
    Older(PathBuf),
    /// A file cannot be read or written.
    #[error("{path} cannot be opened")]
    Io {
        /// The file or folder.
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The copy before a migration could not be made; nothing was changed.
    #[error("the backup {path} could not be made, so the database was not migrated")]
    Backup {
        /// The copy.
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A copy of the database in use could not be made.
    #[error("the database could not be copied to {path}")]
    Copy {
        /// The copy.
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A migration failed; nothing was changed.
    #[error("the database {path} could not be migrated and was left as it was")]
    Migration {
        /// The file.
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else that the database said.
    #[error("the database {path} cannot be opened")]
    Database {
        /// The file.
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Read connections. A point read takes tens of microseconds, so a few serve many.
const READERS: usize = 4;

/// Opens the database with the given migrations.
pub(crate) async fn open<M: MigratorTrait>(
    options: &SqliteOptions,
    sealer: Arc<dyn Sealer>,
) -> Result<SqlStore, OpenError> {
    let path = options.path.as_path();
    let lock = match options.access {
        Access::Server => {
            let lock = take_lock(path)?;
            create_file(path)?;
            migrate::<M>(options).await?;
            Some(lock)
        }
        Access::Beside => {
            if !path.exists() {
                return Err(OpenError::Missing(path.to_owned()));
            }
            check_schema::<M>(path)?;
            None
        }
    };
    let failed = |source| OpenError::Database { path: path.to_owned(), source: Box::new(source) };
    let write = writing(options);
    let connection = write.connect().map_err(failed)?;
    if lock.is_some() {
        release_claims(&connection).map_err(failed)?;
    }
    let mut readers = Vec::with_capacity(READERS);
    for _ in 0..READERS {
        readers.push(reading(path).connect().map_err(failed)?);
    }
    let writer = Writer::start(connection, write, Arc::clone(&sealer), lock)
        .map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    Ok(SqlStore::new(Readers::new(readers), writer, sealer))
}

/// Takes back what a server held that is gone: the lock says that there is no other. Without it, a mail that was being sent when the
/// power failed would wait for its claim to end.
fn release_claims(connection: &Connection) -> Result<(), DbErr> {
    let statements =
        "UPDATE outbox SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by IS NOT NULL; DELETE FROM leases";
    connection.execute_unprepared(statements).map(drop)
}

/// What all connections have in common. Durable when acknowledged, power cuts included
/// (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
pub(super) const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

fn writing(options: &SqliteOptions) -> Opening {
    let limit = options.max_pages.map(|pages| format!("PRAGMA max_page_count = {pages};")).unwrap_or_default();
    Opening {
        path: options.path.clone(),
        // The writer waits by itself, see there.
        busy: Duration::from_millis(1),
        pragmas: format!("{PRAGMAS} PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096; {limit}"),
    }
}

fn reading(path: &Path) -> Opening {
    Opening {
        path: path.to_owned(),
        busy: Duration::from_secs(5),
        pragmas: format!("{PRAGMAS} PRAGMA query_only = ON; PRAGMA cache_size = -2048;"),
    }
}

/// Takes the lock, which goes with the process, however that ends.
pub(crate) fn take_lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let lock_path = path.with_file_name(name);
    let failed = |source| OpenError::Io { path: lock_path.clone(), source };
    let file = private_file().create(true).truncate(false).open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Makes the file with nobody else's eyes on it; the log and its index take over its mode.
fn create_file(path: &Path) -> Result<(), OpenError> {
    match private_file().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::Io { path: path.to_owned(), source }),
    }
}

pub(crate) fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
