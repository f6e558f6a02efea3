//! Statements of sea-orm on a connection of SQLite, on the thread that asks.
//!
//! Owns values on their way in and out. SQLite answers a look-up in some ten microseconds; to wake a thread for it, and to be woken by its
//! answer, costs several times that. So the few long reads there are hold the thread that asks for as long as they take.
//!
//! Rows of entities are read by place, see [`record`](super::record). What sea-orm reads itself it reads by name, from values that it can tell
//! apart: SQLite knows one kind of integers, no truth values and no identifiers. There a column is read as it was declared; an integer as 64 bits, but
//! where the entity reads 32 ([`is_narrow`]); an expression called `is_...` as a truth value. Whatever is of another kind than that is an
//! error, never an absent value.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, OpenFlags, Row, ToSql};
use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, QueryResult, RuntimeErr,
    Statement, Value,
};
use uuid::Uuid;

use super::record::{Reading, Record};
use crate::entities;

/// Statements that stay prepared. There are some two hundred.
const PREPARED: usize = 512;

/// How a connection is opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) path: PathBuf,
    /// How long a statement waits where another process holds the lock.
    pub(crate) busy: Duration,
    /// `PRAGMA` statements.
    pub(crate) pragmas: String,
}

impl Opening {
    /// Opens a connection to a file that is there.
    pub(crate) fn connect(&self) -> Result<Connection, DbErr> {
        // Each connection is used by one thread at a time, so that it needs no lock of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connect = || {
            let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(self.busy)?;
            // Else a statement is prepared anew whenever a value is bound by which it could have been planned, such as that of `LIMIT ?`.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            connection.execute_batch(&self.pragmas)?;
            Ok(Connection(connection))
        };
        connect().map_err(|error| DbErr::Conn(told(&error)))
    }
}

/// A connection to the file.
#[derive(Debug)]
pub(crate) struct Connection(rusqlite::Connection);

impl Connection {
    pub(crate) fn execute(&self, statement: &Statement) -> Result<ProxyExecResult, DbErr> {
        let changed = self.bind(statement)?.raw_execute().map_err(refused)?;
        Ok(self.changed(changed))
    }

    pub(crate) fn execute_unprepared(&self, sql: &str) -> Result<ProxyExecResult, DbErr> {
        self.0.execute_batch(sql).map_err(refused)?;
        Ok(self.changed(usize::try_from(self.0.changes()).unwrap_or(usize::MAX)))
    }

    /// A statement of transaction control, kept prepared.
    pub(crate) fn control(&self, sql: &'static str) -> Result<(), DbErr> {
        self.0.prepare_cached(sql).and_then(|mut statement| statement.raw_execute()).map(drop).map_err(refused)
    }

    pub(crate) fn query_one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut first = None;
        self.read(statement, |row| {
            first = Some(row.into());
            false
        })?;
        Ok(first)
    }

    pub(crate) fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut all = Vec::new();
        self.read(statement, |row| {
            all.push(row.into());
            true
        })?;
        Ok(all)
    }

    /// Every row of an answer.
    pub(crate) fn records<R: Record>(&self, statement: &Statement) -> Result<Vec<R>, DbErr> {
        let mut prepared = self.bind(statement)?;
        let mut rows = prepared.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(refused)? {
            all.push(R::read(&mut Reading::of(row))?);
        }
        Ok(all)
    }

    /// As sea-orm's own kind of connection, for what takes no other: migrations.
    pub(crate) async fn into_database(self) -> Result<DatabaseConnection, DbErr> {
        sea_orm::Database::connect_proxy(DbBackend::Sqlite, Arc::new(Box::new(Whole(Mutex::new(self))))).await
    }

    pub(crate) fn close(self) {
        if let Err((_, error)) = self.0.close() {
            tracing::warn!(%error, "a connection did not close cleanly");
        }
    }

    fn changed(&self, rows: usize) -> ProxyExecResult {
        let last = u64::try_from(self.0.last_insert_rowid()).unwrap_or_default();
        ProxyExecResult::new(last, u64::try_from(rows).unwrap_or(u64::MAX))
    }

    /// Values are bound, never part of the text: the text is sea-orm's own.
    fn bind(&self, statement: &Statement) -> Result<CachedStatement<'_>, DbErr> {
        let mut prepared = self.0.prepare_cached(&statement.sql).map_err(refused)?;
        for (place, value) in statement.values.iter().flat_map(|values| &values.0).enumerate() {
            prepared.raw_bind_parameter(place + 1, Bound(value)).map_err(refused)?;
        }
        Ok(prepared)
    }

    /// Hands the rows over, until it is told that there are enough.
    fn read(&self, statement: &Statement, mut take: impl FnMut(ProxyRow) -> bool) -> Result<(), DbErr> {
        let mut prepared = self.bind(statement)?;
        let columns: Vec<(String, Kind)> = prepared
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), Kind::of(column.name(), column.decl_type())))
            .collect();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(refused)? {
            if !take(read_row(row, &columns)?) {
                break;
            }
        }
        Ok(())
    }
}

/// A connection that sea-orm has to itself.
#[derive(Debug)]
struct Whole(Mutex<Connection>);

#[async_trait]
impl ProxyDatabaseTrait for Whole {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let mut all = Vec::new();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(&statement, |row| {
            all.push(row);
            true
        })?;
        Ok(all)
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).execute(&statement)
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Narrow,
    Wide,
    Truth,
    Identifier,
    Text,
    Bytes,
    /// An expression: as it comes.
    Any,
}

impl Kind {
    /// Of a column of a result: its name, behind that of a joined table, and how it was declared (<https://www.sqlite.org/datatype3.html>).
    pub(crate) fn of(name: &str, declared: Option<&str>) -> Self {
        let own = name.rsplit('.').next().unwrap_or(name);
        let Some(declared) = declared else {
            return if own.starts_with("is_") { Self::Truth } else { Self::Any };
        };
        let begins = |word: &str| declared.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
        if begins("integer") || begins("bigint") {
            if is_narrow(own) { Self::Narrow } else { Self::Wide }
        } else if begins("boolean") {
            Self::Truth
        } else if begins("uuid") {
            Self::Identifier
        } else if begins("blob") || begins("varbinary") || begins("binary") {
            Self::Bytes
        } else if begins("varchar") || begins("text") || begins("char") {
            Self::Text
        } else {
            Self::Any
        }
    }

    fn absent(self) -> Value {
        match self {
            Self::Narrow => Value::Int(None),
            Self::Wide => Value::BigInt(None),
            Self::Truth => Value::Bool(None),
            Self::Identifier => Value::Uuid(None),
            Self::Text | Self::Any => Value::String(None),
            Self::Bytes => Value::Bytes(None),
        }
    }

    fn read(self, value: ValueRef<'_>) -> Option<Value> {
        let text = |octets: &[u8]| std::str::from_utf8(octets).ok().map(Value::from);
        match (self, value) {
            (_, ValueRef::Null) => Some(self.absent()),
            (Self::Narrow, ValueRef::Integer(number)) => i32::try_from(number).ok().map(Value::from),
            (Self::Wide | Self::Any, ValueRef::Integer(number)) => Some(Value::from(number)),
            (Self::Truth, ValueRef::Integer(number)) => Some(Value::from(number != 0)),
            (Self::Identifier, ValueRef::Blob(octets)) => Uuid::from_slice(octets).ok().map(Value::from),
            (Self::Text | Self::Any, ValueRef::Text(octets)) => text(octets),
            (Self::Bytes | Self::Any, ValueRef::Blob(octets)) => Some(Value::from(octets.to_vec())),
            _ => None,
        }
    }
}

/// Whether the entities read a column of this name as 32 bits. No name is read both ways; a test sees to that.
fn is_narrow(name: &str) -> bool {
    static NARROW: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let narrow = |column: &entities::Described| matches!(column.kind, sea_orm::ColumnType::Integer);
        entities::describe().into_iter().filter(narrow).map(|column| column.name).collect()
    });
    NARROW.contains(name)
}

fn read_row(row: &Row<'_>, columns: &[(String, Kind)]) -> Result<ProxyRow, DbErr> {
    let mut values = BTreeMap::new();
    for (at, (name, kind)) in columns.iter().enumerate() {
        let value = row.get_ref(at).map_err(refused)?;
        let value = kind.read(value).ok_or_else(|| DbErr::Type(format!("the column {name} is not {kind:?}")))?;
        values.insert(name.clone(), value);
    }
    Ok(ProxyRow::new(values))
}

/// A value on its way into a statement.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let integer = |number: Option<i64>| number.map(ValueRef::Integer);
        let value = match self.0 {
            Value::Bool(truth) => integer(truth.map(i64::from)),
            Value::TinyInt(number) => integer(number.map(i64::from)),
            Value::SmallInt(number) => integer(number.map(i64::from)),
            Value::Int(number) => integer(number.map(i64::from)),
            Value::BigInt(number) => integer(*number),
            Value::TinyUnsigned(number) => integer(number.map(i64::from)),
            Value::SmallUnsigned(number) => integer(number.map(i64::from)),
            Value::Unsigned(number) => integer(number.map(i64::from)),
            // Of `LIMIT` alone: more rows than that there cannot be.
            Value::BigUnsigned(number) => integer(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX))),
            Value::Double(number) => number.map(ValueRef::Real),
            Value::String(text) => text.as_ref().map(|text| ValueRef::Text(text.as_bytes())),
            Value::Bytes(octets) => octets.as_ref().map(|octets| ValueRef::Blob(octets)),
            Value::Uuid(id) => id.as_ref().map(|id| ValueRef::Blob(id.as_bytes())),
            other => return Err(rusqlite::Error::ToSqlConversionFailure(format!("{other:?} has no column").into())),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

/// How a message begins in which sea-orm carries what SQLite said: it has no other place for the code.
const SAID: &str = "SQLite ";

fn told(error: &rusqlite::Error) -> RuntimeErr {
    RuntimeErr::Internal(match error.sqlite_error() {
        Some(said) => format!("{SAID}{}: {error}", said.extended_code),
        None => error.to_string(),
    })
}

/// The extended result code (<https://www.sqlite.org/rescode.html>) and the words, where SQLite said something.
pub(crate) fn code_of(error: &DbErr) -> Option<(i32, String)> {
    let (DbErr::Conn(RuntimeErr::Internal(text))
    | DbErr::Exec(RuntimeErr::Internal(text))
    | DbErr::Query(RuntimeErr::Internal(text))) = error
    else {
        return None;
    };
    let (code, message) = text.strip_prefix(SAID)?.split_once(": ")?;
    Some((code.parse().ok()?, message.to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn refused(error: rusqlite::Error) -> DbErr {
    DbErr::Query(told(&error))
}

#[cfg(test)]
mod tests;
