use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sea_orm::{ColumnType, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

use super::{Connection, Kind, Opening, code_of};
use crate::store::tests::sealer;
use crate::{SqlStore, SqliteOptions, entities};

fn connect(path: &Path) -> Connection {
    Opening { path: path.to_owned(), busy: Duration::ZERO, pragmas: String::new() }.connect().unwrap()
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

fn table() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.db");
    std::fs::write(&path, "").unwrap();
    let connection = connect(&path);
    let columns = "id uuid_text PRIMARY KEY, at integer, attempts integer, open boolean, name varchar, seal blob";
    connection.execute_unprepared(&format!("CREATE TABLE some ({columns})")).unwrap();
    (folder, connection)
}

/// What an entity reads a column as.
fn read_as(kind: &ColumnType) -> Kind {
    match kind {
        ColumnType::Integer => Kind::Narrow,
        ColumnType::BigInteger => Kind::Wide,
        ColumnType::Boolean => Kind::Truth,
        ColumnType::Uuid => Kind::Identifier,
        ColumnType::String(_) | ColumnType::Text => Kind::Text,
        ColumnType::VarBinary(_) | ColumnType::Binary(_) | ColumnType::Blob => Kind::Bytes,
        other => panic!("no kind for {other:?}"),
    }
}

#[tokio::test]
async fn every_column_is_given_as_its_entity_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    SqlStore::open(&SqliteOptions::server(&path), sealer()).await.unwrap().close().await;
    let database = rusqlite::Connection::open(&path).unwrap();
    let described = entities::describe();
    assert!(described.len() > 200);
    for column in described {
        let sql = "SELECT type FROM pragma_table_info(?) WHERE name = ?";
        let declared: String = database.query_row(sql, [column.table, column.name.as_str()], |row| row.get(0)).unwrap();
        let given = Kind::of(&column.name, Some(&declared));
        assert_eq!(given, read_as(&column.kind), "{}.{} is declared as {declared}", column.table, column.name);
    }
}

#[test]
fn values_come_back_as_they_went_in() {
    let (_folder, connection) = table();
    let id = Uuid::from_u128(7);
    let row: [Value; 6] =
        [id.into(), i64::MIN.into(), i32::MAX.into(), true.into(), "Siân".into(), vec![0_u8, 255].into()];
    let insert = statement("INSERT INTO some VALUES (?, ?, ?, ?, ?, ?)", row);
    assert_eq!(connection.execute(&insert).unwrap().rows_affected, 1);
    let absent: [Value; 6] = [
        Uuid::from_u128(8).into(),
        Value::BigInt(None),
        Value::Int(None),
        Value::Bool(None),
        Value::String(None),
        Value::Bytes(None),
    ];
    connection.execute(&statement("INSERT INTO some VALUES (?, ?, ?, ?, ?, ?)", absent)).unwrap();

    let rows = connection.query_all(&statement("SELECT * FROM some ORDER BY id", [])).unwrap();
    assert_eq!(rows[0].try_get::<Uuid>("", "id").unwrap(), id);
    assert_eq!(rows[0].try_get::<Option<i64>>("", "at").unwrap(), Some(i64::MIN));
    assert_eq!(rows[0].try_get::<Option<i32>>("", "attempts").unwrap(), Some(i32::MAX));
    assert_eq!(rows[0].try_get::<Option<bool>>("", "open").unwrap(), Some(true));
    assert_eq!(rows[0].try_get::<Option<String>>("", "name").unwrap().as_deref(), Some("Siân"));
    assert_eq!(rows[0].try_get::<Option<Vec<u8>>>("", "seal").unwrap(), Some(vec![0, 255]));
    assert_eq!(rows[1].try_get::<Option<i64>>("", "at").unwrap(), None);
    assert_eq!(rows[1].try_get::<Option<i32>>("", "attempts").unwrap(), None);
    assert_eq!(rows[1].try_get::<Option<bool>>("", "open").unwrap(), None);
    assert_eq!(rows[1].try_get::<Option<String>>("", "name").unwrap(), None);
    assert_eq!(rows[1].try_get::<Option<Vec<u8>>>("", "seal").unwrap(), None);
    assert!(rows[1].try_get::<i64>("", "at").is_err());

    let one = connection.query_one(&statement("SELECT count(*) AS n, 1 AS is_so FROM some", [])).unwrap().unwrap();
    assert_eq!((one.try_get::<i64>("", "n").unwrap(), one.try_get::<bool>("", "is_so").unwrap()), (2, true));
}

#[test]
fn a_value_of_another_kind_is_an_error_and_not_an_absent_one() {
    let (_folder, connection) = table();
    let bent = [
        ("id", Value::from(vec![1_u8, 2])),
        ("at", Value::from("now")),
        ("attempts", Value::from(i64::MAX)),
        ("open", Value::from("yes")),
        ("name", Value::from(vec![255_u8])),
        ("seal", Value::from("plain")),
    ];
    for (column, value) in bent {
        connection.execute_unprepared("DELETE FROM some").unwrap();
        connection.execute(&statement(&format!("INSERT INTO some ({column}) VALUES (?)"), [value])).unwrap();
        let read = connection.query_all(&statement(&format!("SELECT {column} FROM some"), []));
        assert!(matches!(read, Err(DbErr::Type(_))), "{column}: {read:?}");
    }
}

#[test]
fn what_sqlite_said_is_told_with_its_code() {
    let (_folder, connection) = table();
    let insert = statement("INSERT INTO some (id) VALUES (?)", [Uuid::from_u128(1).into()]);
    connection.execute(&insert).unwrap();
    let (code, message) = code_of(&connection.execute(&insert).unwrap_err()).unwrap();
    // SQLITE_CONSTRAINT_PRIMARYKEY
    assert_eq!(code, 1555);
    assert!(message.contains("some.id"), "{message}");
    assert_eq!(code_of(&DbErr::Custom("SQLite 5: no".to_owned())), None);
}

#[test]
fn statements_are_bound_and_never_spelt_out() {
    let (_folder, connection) = table();
    let name = "x'; DROP TABLE some; --";
    connection.execute(&statement("INSERT INTO some (name) VALUES (?)", [name.into()])).unwrap();
    let found = connection.query_one(&statement("SELECT name FROM some WHERE name = ?", [name.into()])).unwrap();
    assert_eq!(found.unwrap().try_get::<String>("", "name").unwrap(), name);
}

#[test]
fn no_name_is_read_as_32_bits_here_and_as_64_there() {
    let mut kinds: BTreeMap<String, ColumnType> = BTreeMap::new();
    for column in entities::describe() {
        if matches!(column.kind, ColumnType::Integer | ColumnType::BigInteger) {
            let other = kinds.entry(column.name.clone()).or_insert_with(|| column.kind.clone());
            assert_eq!(*other, column.kind, "{}.{}", column.table, column.name);
        }
    }
}

/// As `.cargo/config.toml` has it compiled.
#[test]
fn connections_share_no_cache_of_pages() {
    let (_folder, connection) = table();
    let rows = connection.query_all(&statement("PRAGMA compile_options", [])).unwrap();
    let options: Vec<String> = rows.iter().map(|row| row.try_get("", "compile_options").unwrap()).collect();
    assert!(!options.is_empty());
    assert!(!options.contains(&"ENABLE_MEMORY_MANAGEMENT".to_owned()), "{options:?}");
}

#[tokio::test]
async fn a_log_in_use_is_told_when_it_cannot_be_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyholder.db");
    SqlStore::open(&SqliteOptions::server(&path), sealer()).await.unwrap().close().await;
    crate::compact(&path).unwrap();
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM people").unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE later (id INTEGER)").unwrap();
    assert!(crate::compact(&path).is_err());
    reader.execute_batch("COMMIT").unwrap();
    crate::compact(&path).unwrap();
}
