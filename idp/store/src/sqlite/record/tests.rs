use std::time::Duration;

use sea_orm::{DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

use super::{Field, Reading, Record};
use crate::sqlite::connection::{Connection, Opening};

fn connect() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.db");
    std::fs::write(&path, "").unwrap();
    (folder, Opening { path, busy: Duration::ZERO, pragmas: String::new() }.connect().unwrap())
}

/// One value, as it comes.
struct Lone<F>(F);

impl<F: Field + Send> Record for Lone<F> {
    const WIDTH: usize = 1;

    fn select(_: &mut sea_orm::sea_query::SelectStatement) {}

    fn read(row: &mut Reading<'_>) -> Result<Self, DbErr> {
        row.next("lone").map(Self)
    }
}

fn read<R: Record>(connection: &Connection, values: impl IntoIterator<Item = Value>) -> Result<R, DbErr> {
    let values: Vec<Value> = values.into_iter().collect();
    let sql = format!("SELECT {}", vec!["?"; values.len()].join(", "));
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    connection.records::<R>(&statement).map(|mut rows| rows.remove(0))
}

fn refuses<F: Field + Send>(connection: &Connection, value: impl Into<Value>) {
    let found = read::<Lone<F>>(connection, [value.into()]).map(|_| ());
    assert!(matches!(found, Err(DbErr::Type(_))), "{found:?}");
}

#[test]
fn a_value_of_another_kind_than_its_field_is_an_error_and_not_an_absent_one() {
    let (_folder, connection) = connect();
    refuses::<Option<i64>>(&connection, "7");
    refuses::<Option<i64>>(&connection, 7.5);
    refuses::<Option<i32>>(&connection, i64::from(i32::MAX) + 1);
    refuses::<Option<bool>>(&connection, "yes");
    refuses::<Option<String>>(&connection, vec![b'a']);
    refuses::<Option<String>>(&connection, 7_i64);
    refuses::<Option<Vec<u8>>>(&connection, "plain");
    refuses::<Option<Uuid>>(&connection, vec![1_u8; 15]);
    refuses::<Option<Uuid>>(&connection, Uuid::nil().to_string());
}

#[test]
fn an_absent_value_is_read_only_where_it_may_be_absent() {
    let (_folder, connection) = connect();
    refuses::<i64>(&connection, Value::BigInt(None));
    refuses::<String>(&connection, Value::BigInt(None));
    refuses::<Uuid>(&connection, Value::BigInt(None));
    assert_eq!(read::<Lone<Option<String>>>(&connection, [Value::BigInt(None)]).unwrap().0, None);
}

#[test]
fn values_are_read_as_they_went_in() {
    let (_folder, connection) = connect();
    let id = Uuid::from_u128(7);
    assert_eq!(read::<Lone<i64>>(&connection, [i64::MIN.into()]).unwrap().0, i64::MIN);
    assert_eq!(read::<Lone<i32>>(&connection, [i32::MIN.into()]).unwrap().0, i32::MIN);
    assert!(read::<Lone<bool>>(&connection, [true.into()]).unwrap().0);
    assert_eq!(read::<Lone<Uuid>>(&connection, [id.into()]).unwrap().0, id);
    assert_eq!(read::<Lone<String>>(&connection, ["Siân".into()]).unwrap().0, "Siân");
    assert_eq!(read::<Lone<Vec<u8>>>(&connection, [vec![0_u8, 255].into()]).unwrap().0, [0, 255]);
}

#[test]
fn what_a_join_did_not_find_takes_its_whole_width() {
    type Joined = (Lone<i64>, Option<(Lone<i64>, Lone<String>)>, Lone<i64>);
    let (_folder, connection) = connect();
    let absent = Value::BigInt(None);
    let none: Joined = read(&connection, [1_i64.into(), absent.clone(), absent.clone(), 4_i64.into()]).unwrap();
    assert!(none.1.is_none());
    assert_eq!((none.0.0, none.2.0), (1, 4));
    let (_, some, last): Joined =
        read(&connection, [1_i64.into(), 2_i64.into(), "three".into(), 4_i64.into()]).unwrap();
    let some = some.unwrap();
    assert_eq!((some.0.0, some.1.0.as_str(), last.0), (2, "three", 4));
    // Half a row is none of ours.
    let half = read::<Joined>(&connection, [1_i64.into(), 2_i64.into(), absent, 4_i64.into()]).map(|_| ());
    assert!(matches!(half, Err(DbErr::Type(_))), "{half:?}");
}
