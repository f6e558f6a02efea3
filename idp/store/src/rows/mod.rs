//! Rows to domain types and back: what the ports promise, in statements that any SQL database takes.
//!
//! Each function works on a pool or a transaction alike. Owns the statements and the form of what is stored; does not own
//! transactions ([`writer`](crate::writer)) nor the tables (`keyholder-migrations`).

pub(crate) mod applications;
pub(crate) mod audit;
pub(crate) mod audit_log;
pub(crate) mod ceremonies;
pub(crate) mod expiry;
pub(crate) mod flows;
pub(crate) mod grants;
pub(crate) mod managed_keys;
pub(crate) mod operation;
pub(crate) mod people;
pub(crate) mod plugins;
pub(crate) mod present;
pub(crate) mod reseal;
pub(crate) mod saml;
pub(crate) mod saml_metadata;
pub(crate) mod schools;
pub(crate) mod sessions;

use std::sync::OnceLock;

use keyholder_core::id::TokenHash;
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    PrimaryKeyToColumn, QueryFilter, QuerySelect, Select, Statement, StatementBuilder, Value,
};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use uuid::Uuid;

use crate::error::{corrupt, stored};

pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Inserts a row; conflicts where one of its unique values is taken.
pub(crate) async fn insert<E, C>(db: &C, row: E::Model) -> Result<()>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    E::insert(row.into_active_model()).exec_without_returning(db).await.map_err(stored)?;
    Ok(())
}

/// Inserts a row, or replaces everything but its key; conflicts where another row has one of its unique values.
pub(crate) async fn put<E, C>(db: &C, row: E::Model) -> Result<()>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let keys: Vec<String> = E::PrimaryKey::iter().map(|key| column_name(&key.into_column())).collect();
    let others = E::Column::iter().filter(|column| !keys.contains(&column_name(column)));
    let replace = OnConflict::columns(E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column))
        .update_columns(others)
        .to_owned();
    E::insert(row.into_active_model()).on_conflict(replace).exec_without_returning(db).await.map_err(stored)?;
    Ok(())
}

/// Replaces every column of the row, its key aside, if `condition` still holds; tells whether it did.
pub(crate) async fn replace_if<E, C>(
    db: &C,
    row: E::Model,
    condition: impl sea_orm::sea_query::IntoCondition,
) -> Result<bool>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let mut active = row.into_active_model().reset_all();
    for key in E::PrimaryKey::iter() {
        active.not_set(key.into_column());
    }
    let done = E::update_many().set(active).filter(condition).exec(db).await.map_err(stored)?;
    Ok(done.rows_affected > 0)
}

/// One row by a condition that hardly more than one fulfils.
pub(crate) async fn find<E, C>(db: &C, condition: impl sea_orm::sea_query::IntoCondition) -> Result<Option<E::Model>>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    // Not `one`: SQLite prepares a statement with `LIMIT ?` anew each time that it is bound, which costs more than the row.
    Ok(E::find().filter(condition).all(db).await.map_err(stored)?.into_iter().next())
}

/// Selects all columns of a joined entity under names that begin with `start`. That ends in a full stop, so that no column
/// of another entity has such a name: it would silently be read in the other's place.
pub(crate) fn columns_of<S: EntityTrait, E: EntityTrait>(mut select: Select<S>, start: &str) -> Select<S> {
    for column in E::Column::iter() {
        let name = format!("{start}{}", column.as_str());
        select = select.column_as(column, name);
    }
    select
}

/// The text of a wide statement that only ever differs in its values, written once: writing it costs more than what it looks up.
pub(crate) struct Text(OnceLock<(DbBackend, String)>);

impl Text {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The statement with these values, which stand in the order of the text. `select` is what would be written.
    pub(crate) fn with<C, S>(
        &self,
        db: &C,
        values: impl IntoIterator<Item = Value>,
        select: impl Fn() -> S,
    ) -> Statement
    where
        C: ConnectionTrait,
        S: StatementBuilder,
    {
        let backend = db.get_database_backend();
        let write = || backend.build(&select()).sql;
        let (of, text) = self.0.get_or_init(|| (backend, write()));
        // A process talks to one kind of database, tests aside.
        let text = if *of == backend { text.clone() } else { write() };
        Statement::from_sql_and_values(backend, text, values)
    }
}

fn column_name(column: &impl ColumnTrait) -> String {
    sea_orm::Iden::to_string(column)
}

pub(crate) fn millis(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millis)
}

pub(crate) fn instant(at: Option<i64>) -> Option<Timestamp> {
    at.map(Timestamp::from_millis)
}

/// A structured value as JSON text.
pub(crate) fn write_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(Box::new(error)))
}

/// Reads JSON text.
pub(crate) fn read_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt { what, source: Some(Box::new(error)) })
}

/// The name of an enum's variant, as serde writes it.
pub(crate) fn write_word<T: Serialize>(value: T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(corrupt("word")),
        Err(error) => Err(StoreError::Database(Box::new(error))),
    }
}

/// Reads the name of an enum's variant.
pub(crate) fn read_word<T: DeserializeOwned>(what: &'static str, word: &str) -> Result<T> {
    let word: StrDeserializer<'_, WordError> = word.into_deserializer();
    T::deserialize(word).map_err(|error| StoreError::Corrupt { what, source: Some(Box::new(error)) })
}

/// Reads a digest.
pub(crate) fn read_digest(what: &'static str, bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| corrupt(what))
}

/// Reads the digest of a bearer value.
pub(crate) fn read_token(bytes: &[u8]) -> Result<TokenHash> {
    read_digest("token", bytes).map(TokenHash)
}

/// What a sealed value is bound to: its column and its row.
pub(crate) fn place(column: &str, id: Uuid) -> String {
    format!("{column}/{}", id.as_simple())
}

/// Seals a value for its place.
pub(crate) fn seal(sealer: &dyn Sealer, column: &str, id: Uuid, plain: &[u8]) -> Result<Vec<u8>> {
    seal_at(sealer, &place(column, id), plain)
}

/// Opens a value in its place.
pub(crate) fn open(sealer: &dyn Sealer, column: &'static str, id: Uuid, sealed: &[u8]) -> Result<Vec<u8>> {
    open_at(sealer, column, &place(column, id), sealed)
}

/// Seals a value for a place that says more than column and row.
pub(crate) fn seal_at(sealer: &dyn Sealer, place: &str, plain: &[u8]) -> Result<Vec<u8>> {
    sealer.seal(place, plain).map_err(|error| StoreError::Database(Box::new(error)))
}

/// Opens a value in such a place.
pub(crate) fn open_at(sealer: &dyn Sealer, what: &'static str, place: &str, sealed: &[u8]) -> Result<Vec<u8>> {
    sealer.open(place, sealed).map_err(|error| StoreError::Corrupt { what, source: Some(Box::new(error)) })
}
