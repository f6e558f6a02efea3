//! Bringing the schema up to date: all that is pending in one transaction, after a copy of the file.
//!
//! Killed at any moment, the file is as it was before or as it is after: the transaction sees to that. A copy that was not
//! finished keeps the ending `.part` and is made anew.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Schema, Statement};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};

use super::connection::{Connection, Opening};
use super::copy::copy_into;
use super::open::{OpenError, PRAGMAS, SqliteOptions, private_file};

/// Which migrations are there and which are to come.
struct Standing {
    applied: Vec<String>,
    pending: Vec<String>,
}

fn standing<M: MigratorTrait>(database: &Connection, path: &Path) -> Result<Standing, OpenError> {
    let known: Vec<String> = M::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied =
        applied(database).map_err(|error| OpenError::Database { path: path.to_owned(), source: Box::new(error) })?;
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Err(OpenError::Newer { path: path.to_owned(), migration: unknown.clone() });
    }
    let there: HashSet<&String> = applied.iter().collect();
    let pending = known.iter().filter(|name| !there.contains(name)).cloned().collect();
    Ok(Standing { applied, pending })
}

/// The migrations that a database has, in order.
pub(super) fn applied(database: &Connection) -> Result<Vec<String>, DbErr> {
    let select = |sql: &str| database.query_all(&Statement::from_string(DbBackend::Sqlite, sql));
    if select("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'")?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = select("SELECT version FROM seaql_migrations ORDER BY version")?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let opening = Opening { path: path.to_owned(), busy: Duration::from_secs(5), pragmas: PRAGMAS.to_owned() };
    opening.connect().map_err(|error| OpenError::Database { path: path.to_owned(), source: Box::new(error) })
}

/// Refuses a schema that is not this program's.
pub(crate) fn check_schema<M: MigratorTrait>(path: &Path) -> Result<(), OpenError> {
    let database = connect(path)?;
    let standing = standing::<M>(&database, path);
    database.close();
    if standing?.pending.is_empty() { Ok(()) } else { Err(OpenError::Older(path.to_owned())) }
}

/// Brings the schema up to date.
pub(crate) async fn migrate<M: MigratorTrait>(options: &SqliteOptions) -> Result<(), OpenError> {
    let path = options.path.as_path();
    let database = connect(path)?;
    let standing = standing::<M>(&database, path)?;
    let Some(first) = standing.pending.first() else {
        database.close();
        return Ok(());
    };
    if !standing.applied.is_empty() {
        let copy = back_up(&database, &options.backups(), path, first)?;
        tracing::info!(copy = %copy.display(), "the database was copied before its migration");
    }
    run::<M>(database, &standing.pending)
        .await
        .map_err(|error| OpenError::Migration { path: path.to_owned(), source: Box::new(error) })?;
    tracing::info!(migrations = ?standing.pending, "the database was migrated");
    Ok(())
}

/// Runs what is pending in one transaction, which is rolled back where the connection ends before its commit. sea-orm's own way of running
/// migrations wants a driver of its own.
async fn run<M: MigratorTrait>(connection: Connection, pending: &[String]) -> Result<(), DbErr> {
    let database = connection.into_database().await?;
    database.execute_unprepared("BEGIN IMMEDIATE").await?;
    let mut table = Schema::new(DbBackend::Sqlite).create_table_from_entity(seaql_migrations::Entity);
    database.execute(table.if_not_exists()).await?;
    let manager = SchemaManager::new(&database);
    for migration in M::migrations().iter().filter(|migration| pending.iter().any(|name| name == migration.name())) {
        migration.up(&manager).await?;
        let insert = "INSERT INTO seaql_migrations (version, applied_at) VALUES (?, unixepoch())";
        let values = [migration.name().into()];
        database.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values)).await?;
    }
    database.execute_unprepared("COMMIT").await.map(drop)
}

/// Copies the database. The name says before what, and a number which copy: a former one is never overwritten.
fn back_up(database: &Connection, folder: &Path, path: &Path, before: &str) -> Result<PathBuf, OpenError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let copy = (1..=u32::MAX)
        .map(|number| folder.join(format!("{stem}-before-{before}-{number}.db")))
        .find(|copy| !copy.exists())
        .unwrap_or_else(|| folder.join(format!("{stem}-before-{before}.db")));
    let failed = |source| OpenError::Backup { path: copy.clone(), source };
    let part = copy.with_extension("db.part");
    prepare(folder, &part).map_err(|error| failed(Box::new(error)))?;
    copy_into(database, &part).map_err(|error| failed(Box::new(error)))?;
    finish(folder, &part, &copy).map_err(|error| failed(Box::new(error)))?;
    Ok(copy)
}

/// An empty file of ours for the copy to go into, so that nobody else can read it.
fn prepare(folder: &Path, part: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private_file().create_new(true).open(part).map(drop)
}

/// Durable first, named second.
fn finish(folder: &Path, part: &Path, copy: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, copy)?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
