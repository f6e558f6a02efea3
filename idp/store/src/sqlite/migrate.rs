//! Bringing the schema up to date: all that is pending in one transaction, after a copy of the file.
//!
//! Killed at any moment, the file is as it was before or as it is after: the transaction sees to that. A copy that was not
//! finished keeps the ending `.part` and is made anew.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use sea_orm::{
    DatabaseConnection, DbErr, EntityTrait, QueryOrder, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};

use super::copy::copy_into;
use super::open::{OpenError, SqliteOptions, connecting, private_file};

/// Which migrations are there and which are to come.
struct Standing {
    applied: Vec<String>,
    pending: Vec<String>,
}

async fn standing<M: MigratorTrait>(database: &DatabaseConnection, path: &Path) -> Result<Standing, OpenError> {
    let known: Vec<String> = M::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied(database)
        .await
        .map_err(|error| OpenError::Database { path: path.to_owned(), source: Box::new(error) })?;
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Err(OpenError::Newer { path: path.to_owned(), migration: unknown.clone() });
    }
    let there: HashSet<&String> = applied.iter().collect();
    let pending = known.iter().filter(|name| !there.contains(name)).cloned().collect();
    Ok(Standing { applied, pending })
}

pub(super) async fn applied(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    if !SchemaManager::new(database).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let rows = seaql_migrations::Entity::find().order_by_asc(seaql_migrations::Column::Version).all(database).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

async fn connect(path: &Path) -> Result<DatabaseConnection, OpenError> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(connecting(path)).await;
    pool.map(DatabaseConnection::from)
        .map_err(|error| OpenError::Database { path: path.to_owned(), source: Box::new(error) })
}

async fn disconnect(database: DatabaseConnection) {
    if let Err(error) = database.close().await {
        tracing::warn!(%error, "the connection of the migrations did not close cleanly");
    }
}

/// Refuses a schema that is not this program's.
pub(crate) async fn check_schema<M: MigratorTrait>(path: &Path) -> Result<(), OpenError> {
    let database = connect(path).await?;
    let standing = standing::<M>(&database, path).await;
    disconnect(database).await;
    if standing?.pending.is_empty() { Ok(()) } else { Err(OpenError::Older(path.to_owned())) }
}

/// Brings the schema up to date.
pub(crate) async fn migrate<M: MigratorTrait>(options: &SqliteOptions) -> Result<(), OpenError> {
    let database = connect(&options.path).await?;
    let done = migrate_on::<M>(&database, options).await;
    disconnect(database).await;
    done
}

async fn migrate_on<M: MigratorTrait>(database: &DatabaseConnection, options: &SqliteOptions) -> Result<(), OpenError> {
    let path = options.path.as_path();
    let standing = standing::<M>(database, path).await?;
    let Some(first) = standing.pending.first() else { return Ok(()) };
    if !standing.applied.is_empty() {
        let copy = back_up(database, &options.backups(), path, first).await?;
        tracing::info!(copy = %copy.display(), "the database was copied before its migration");
    }
    run::<M>(database)
        .await
        .map_err(|error| OpenError::Migration { path: path.to_owned(), source: Box::new(error) })?;
    tracing::info!(migrations = ?standing.pending, "the database was migrated");
    Ok(())
}

async fn run<M: MigratorTrait>(database: &DatabaseConnection) -> Result<(), DbErr> {
    let immediate =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let transaction = database.begin_with_options(immediate).await?;
    M::up(&transaction, None).await?;
    transaction.commit().await
}

/// Copies the database. The name says before what, and a number which copy: a former one is never overwritten.
async fn back_up(
    database: &DatabaseConnection,
    folder: &Path,
    path: &Path,
    before: &str,
) -> Result<PathBuf, OpenError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let copy = (1..=u32::MAX)
        .map(|number| folder.join(format!("{stem}-before-{before}-{number}.db")))
        .find(|copy| !copy.exists())
        .unwrap_or_else(|| folder.join(format!("{stem}-before-{before}.db")));
    let failed = |source| OpenError::Backup { path: copy.clone(), source };
    let part = copy.with_extension("db.part");
    prepare(folder, &part).map_err(|error| failed(Box::new(error)))?;
    copy_into(database, &part).await.map_err(|error| failed(Box::new(error)))?;
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
