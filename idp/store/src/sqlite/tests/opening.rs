//! Locks, versions, migrations.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_migrations::Migrator;
use sea_orm_migration::prelude::*;

use super::{Mark, is_marked, of_parent, open, read_until, spawn};
use crate::sqlite::open::open as open_with;
use crate::store::tests::sealer;
use crate::{Access, OpenError, SqlStore, SqliteOptions};

/// The schema of a former version: all but the last migration.
struct Former;

#[async_trait::async_trait]
impl MigratorTrait for Former {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Migrator::migrations();
        migrations.pop();
        migrations
    }
}

/// The schema of a later version.
struct Later;

#[async_trait::async_trait]
impl MigratorTrait for Later {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Migrator::migrations();
        migrations.push(Box::new(AddTable { then: Then::GoOn }));
        migrations
    }
}

/// The same, but it never gets beyond the middle of its last migration.
struct Interrupted;

#[async_trait::async_trait]
impl MigratorTrait for Interrupted {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Migrator::migrations();
        migrations.push(Box::new(AddTable { then: Then::Hang }));
        migrations
    }
}

/// The same, but its last migration fails in the middle.
struct Failing;

#[async_trait::async_trait]
impl MigratorTrait for Failing {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Migrator::migrations();
        migrations.push(Box::new(AddTable { then: Then::Fail }));
        migrations
    }
}

enum Then {
    GoOn,
    Hang,
    Fail,
}

struct AddTable {
    then: Then,
}

impl MigrationName for AddTable {
    fn name(&self) -> &'static str {
        "m9999_later"
    }
}

const HALF: &str = "half of the migration is done";

#[async_trait::async_trait]
impl MigrationTrait for AddTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(Table::create().table("later").col(ColumnDef::new("id").uuid().not_null()).take()).await?;
        match self.then {
            Then::GoOn => {}
            Then::Hang => {
                println!("{HALF}");
                std::io::stdout().flush().unwrap();
                std::future::pending::<()>().await;
            }
            Then::Fail => return Err(DbErr::Custom("half-way".to_owned())),
        }
        manager.create_index(Index::create().name("later_id").table("later").col("id").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn tables(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name";
    let mut names = connection.prepare(sql).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// The copy that is made before the last migration, by its number.
fn copy_name(number: u32) -> String {
    let migrations = Migrator::migrations();
    format!("keyholder-before-{}-{number}.db", migrations.last().unwrap().name())
}

fn copies(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = match fs::read_dir(folder.join("backups")) {
        Ok(entries) => entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect(),
        Err(_) => Vec::new(),
    };
    names.sort();
    names
}

#[tokio::test]
async fn two_servers_cannot_share_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let first = open(&path).await.unwrap();
    let refused = open(&path).await.unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)));
    assert!(refused.to_string().contains("another Keyholder server is using"), "{refused}");
    // The first goes on undisturbed; when it stops, the next may start.
    first.execute(Mark(1)).await.unwrap();
    first.close().await;
    let second = open(&path).await.unwrap();
    assert!(is_marked(&second, 1).await);
}

#[tokio::test]
async fn a_command_works_beside_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let server = open(&path).await.unwrap();
    let beside = SqlStore::open(&SqliteOptions::beside(&path), sealer()).await.unwrap();
    let writes = (0..200).map(|number| {
        let store = if number % 2 == 0 { server.clone() } else { beside.clone() };
        async move { store.execute(Mark(number)).await.unwrap() }
    });
    assert!(futures::future::join_all(writes).await.into_iter().all(|first| first));
    for number in 0..200 {
        assert!(is_marked(&server, number).await && is_marked(&beside, number).await);
    }
    beside.close().await;
    // It holds no lock whose end could take the server's away.
    assert!(matches!(open(&path).await, Err(OpenError::InUse(_))));
}

#[tokio::test]
async fn a_command_beside_the_server_makes_and_migrates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let beside = SqliteOptions::beside(&path);
    assert!(matches!(SqlStore::open(&beside, sealer()).await, Err(OpenError::Missing(_))));
    assert!(!path.exists());
    open_with::<Former>(&SqliteOptions::server(&path), sealer()).await.unwrap().close().await;
    let before = tables(&path);
    let refused = SqlStore::open(&beside, sealer()).await.unwrap_err();
    assert!(refused.to_string().contains("run `keyholder migrate`"), "{refused}");
    assert_eq!(tables(&path), before);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    open_with::<Later>(&SqliteOptions::server(&path), sealer()).await.unwrap().close().await;
    for access in [Access::Server, Access::Beside] {
        let options = SqliteOptions { access, ..SqliteOptions::server(&path) };
        let refused = SqlStore::open(&options, sealer()).await.unwrap_err();
        assert!(matches!(refused, OpenError::Newer { .. }));
        assert!(refused.to_string().contains("a newer version of Keyholder (it has `m9999_later`)"), "{refused}");
    }
    // Not even by mistake: it opens with its own version as before.
    open_with::<Later>(&SqliteOptions::server(&path), sealer()).await.unwrap();
}

#[tokio::test]
async fn a_copy_is_made_where_there_is_something_to_migrate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let options = SqliteOptions::server(&path);
    let former = open_with::<Former>(&options, sealer()).await.unwrap();
    former.execute(Mark(1)).await.unwrap();
    former.close().await;
    assert!(copies(folder.path()).is_empty(), "nothing was lost by making a new file");
    let before = tables(&path);

    let current = SqlStore::open(&options, sealer()).await.unwrap();
    assert!(is_marked(&current, 1).await);
    assert_eq!(current.count_waiting_outbox().await.unwrap(), 0);
    current.close().await;
    assert_eq!(copies(folder.path()), [copy_name(1)]);

    // The copy is the former database, and opens as such.
    let copy = folder.path().join("backups").join(copy_name(1));
    assert_eq!(tables(&copy), before);
    let restored = open_with::<Former>(&SqliteOptions::server(&copy), sealer()).await.unwrap();
    assert!(is_marked(&restored, 1).await);
    restored.close().await;

    // Nothing is pending: nothing is copied.
    SqlStore::open(&options, sealer()).await.unwrap().close().await;
    assert_eq!(
        fs::read_dir(folder.path().join("backups"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().ends_with("-1.db") })
            .count(),
        1
    );
}

#[tokio::test]
async fn a_migration_without_a_copy_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    open_with::<Former>(&SqliteOptions::server(&path), sealer()).await.unwrap().close().await;
    let before = tables(&path);
    let not_a_folder = folder.path().join("file");
    fs::write(&not_a_folder, "").unwrap();
    let options = SqliteOptions { backups: Some(not_a_folder), ..SqliteOptions::server(&path) };
    assert!(matches!(SqlStore::open(&options, sealer()).await, Err(OpenError::Backup { .. })));
    assert_eq!(tables(&path), before);
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let options = SqliteOptions::server(&path);
    open_with::<Former>(&options, sealer()).await.unwrap().close().await;
    let before = tables(&path);
    // The one before it, which did not fail, is undone as well.
    assert!(matches!(open_with::<Failing>(&options, sealer()).await, Err(OpenError::Migration { .. })));
    assert_eq!(tables(&path), before);
    open_with::<Later>(&options, sealer()).await.unwrap();
}

/// The other process: gets half-way.
#[test]
#[ignore = "the other process of `a_migration_survives_kill_9`"]
fn migrates_until_it_is_killed() {
    let Some(database) = of_parent() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    drop(runtime.block_on(open_with::<Interrupted>(&SqliteOptions::server(database), sealer())));
}

#[tokio::test]
async fn a_migration_survives_kill_9() {
    for former in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyholder.db");
        let options = SqliteOptions::server(&path);
        if former {
            let store = open_with::<Former>(&options, sealer()).await.unwrap();
            store.execute(Mark(1)).await.unwrap();
            store.close().await;
        }
        let before = if former { tables(&path) } else { Vec::new() };

        let (mut child, mut output) = spawn("sqlite::tests::opening::migrates_until_it_is_killed", &path);
        assert!(read_until(&mut output, HALF).is_some());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(tables(&path), before);
        // A copy that was not finished when its process was killed is in nobody's way.
        if former {
            let part = folder.path().join("backups").join(format!("{}.part", copy_name(2)));
            fs::write(part, "half").unwrap();
        }

        let store = open_with::<Later>(&options, sealer()).await.unwrap();
        assert!(is_marked(&store, 1).await == former);
        store.close().await;
        let after = tables(&path);
        assert!(after.contains(&"later".to_owned()) && after.contains(&"later_id".to_owned()));
        let expected = if former { vec![copy_name(1), copy_name(2)] } else { Vec::new() };
        assert_eq!(copies(folder.path()), expected);
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    let text = "this is not a database, it is a letter to the parents of Year 5\n".repeat(100);
    fs::write(&path, &text).unwrap();
    assert!(matches!(open(&path).await, Err(OpenError::Database { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let nowhere = folder.path().join("no/such/folder/keyholder.db");
    assert!(matches!(open(&nowhere).await, Err(OpenError::Io { .. })));
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("keyholder.db")).await.unwrap();
    let other = store.clone();
    store.close().await;
    store.close().await;
    assert!(matches!(other.execute(Mark(1)).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(other.list_trusts().await, Err(StoreError::Unavailable(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    open_with::<Former>(&SqliteOptions::server(&path), sealer()).await.unwrap().close().await;
    let store = open(&path).await.unwrap();
    store.execute(Mark(1)).await.unwrap();
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.extend(fs::read_dir(folder.path().join("backups")).unwrap().map(|entry| entry.unwrap().path()));
    let files: Vec<_> = files.into_iter().filter(|path| path.is_file()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "{}", file.display());
    }
}

/// Takes a lease for an hour.
struct Lease(&'static str);

#[async_trait::async_trait]
impl Command for Lease {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let (now, until) = (Timestamp::from_seconds(0), Timestamp::from_seconds(3600));
        transaction.take_lease("work", self.0, now, until).await
    }
}

#[tokio::test]
async fn what_a_dead_server_held_is_free_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.sqlite");
    let store = open(&path).await.unwrap();
    assert!(store.execute(Lease("dead")).await.unwrap());
    assert!(!store.execute(Lease("other")).await.unwrap());
    let beside = SqlStore::open(&SqliteOptions::beside(&path), sealer()).await.unwrap();
    assert!(!beside.execute(Lease("beside")).await.unwrap(), "a command beside the server takes nothing away");
    beside.close().await;
    store.close().await;
    let store = open(&path).await.unwrap();
    assert!(store.execute(Lease("next")).await.unwrap());
    store.close().await;
}
