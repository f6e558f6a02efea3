//! Copies of a database that is in use, and a look at a database file from outside.
//!
//! Owns consistent copies, the check of a file's soundness, and the lock that keeps servers away from a file while it is
//! replaced. Does not own what a backup looks like outside of this machine (the server's `backup`).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keyholder_migrations::Migrator;
use sea_orm::{DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait as _;

use super::connection::{Connection, Opening};
use super::migrate::applied;
use super::open::{OpenError, private_file, take_lock};

/// What a database file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The migrations that it has, in order.
    pub migrations: Vec<String>,
    /// Those that this program does not know: a newer version wrote it.
    pub unknown: Vec<String>,
    /// Those that it lacks: an older version wrote it.
    pub pending: Vec<String>,
    /// What `PRAGMA quick_check` found (<https://www.sqlite.org/pragma.html#pragma_quick_check>); empty where it is sound.
    pub damage: Vec<String>,
}

/// Keeps every server away from a database file until it is dropped.
#[derive(Debug)]
pub struct DatabaseLock {
    _file: File,
}

impl DatabaseLock {
    /// Takes the lock that a server holds while it runs. The database itself need not exist.
    ///
    /// # Errors
    /// [`OpenError::InUse`] while a server runs.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { _file: take_lock(path)? })
    }
}

/// Looks at a database file; changes nothing in it. Works beside a running server.
///
/// # Errors
/// A file that is no database or cannot be read.
pub fn inspect(path: &Path) -> Result<Inspection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let database = connect(path)?;
    let found = inspect_on(&database);
    database.close();
    found.map_err(|error| failed(path, error))
}

/// Writes a copy of the database as it is at one moment, while a server goes on working with it. `target` must not exist;
/// where the copy fails nothing is left of it. Answers the migrations that the copy has.
///
/// # Errors
/// [`OpenError::Backup`] where the copy cannot be written, a full disk included.
pub fn copy(path: &Path, target: &Path) -> Result<Vec<String>, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let not_made =
        |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Copy { path: target.to_owned(), source };
    // Made by us first, so that nobody else can read it.
    private_file().create_new(true).open(target).map_err(|error| not_made(error.into()))?;
    let copied = (|| {
        let database = connect(path)?;
        let copied = copy_into(&database, target);
        database.close();
        copied.map_err(|error| not_made(error.into()))?;
        let copy = connect(target)?;
        let migrations = applied(&copy);
        copy.close();
        migrations.map_err(|error| not_made(error.into()))
    })();
    if copied.is_err() {
        remove(target);
    }
    copied
}

/// Copies a database into an empty file (<https://www.sqlite.org/lang_vacuum.html>, 3).
pub(super) fn copy_into(database: &Connection, target: &Path) -> Result<(), DbErr> {
    // The name is an expression there: quoted as a string literal.
    let name = target.to_string_lossy().replace('\'', "''");
    database.execute_unprepared(&format!("VACUUM INTO '{name}'")).map(drop)
}

/// Writes a database file anew and empties its log, so that nothing is left of what was deleted: SQLite only marks its place as
/// free. Works beside a running server, whose writes wait meanwhile.
///
/// # Errors
/// Whatever the database says, such as that a long read keeps the log from being emptied.
pub fn compact(path: &Path) -> Result<(), OpenError> {
    let database = connect(path)?;
    let compacted = (|| {
        database.execute_unprepared("VACUUM")?;
        // Answers whether somebody was in the way (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
        let empty = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        match database.query_one(&empty)? {
            Some(row) if row.try_get::<i64>("", "busy")? != 0 => {
                Err(DbErr::Custom("the log of the database is in use; try again".to_owned()))
            }
            _ => Ok(()),
        }
    })();
    database.close();
    compacted.map_err(|error| failed(path, error))
}

/// Removes a database file that was not finished, with what SQLite put beside it.
pub fn remove(path: &Path) {
    for file in files_of(path) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %file.display(), %error, "a file that was not finished could not be removed");
            }
            _ => {}
        }
    }
}

/// The database file, its log and the index of that (<https://www.sqlite.org/wal.html>, 2).
pub fn files_of(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        path.with_file_name(name)
    })
}

fn inspect_on(database: &Connection) -> Result<Inspection, DbErr> {
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let migrations = applied(database)?;
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA quick_check(20)");
    let mut damage = Vec::new();
    for row in database.query_all(&check)? {
        damage.push(row.try_get_by_index::<String>(0)?);
    }
    damage.retain(|line| line != "ok");
    Ok(Inspection {
        unknown: migrations.iter().filter(|name| !known.contains(name)).cloned().collect(),
        pending: known.iter().filter(|name| !migrations.contains(name)).cloned().collect(),
        migrations,
        damage,
    })
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    // The journal mode is the file's own: looking at a file changes nothing in it.
    let opening = Opening { path: path.to_owned(), busy: Duration::from_secs(5), pragmas: String::new() };
    opening.connect().map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Database { path: path.to_owned(), source: Box::new(error) }
}
