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
pub(crate) mod text;

use keyholder_core::id::TokenHash;
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::{Expr, InsertStatement, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, EntityTrait, Iterable, PrimaryKeyToColumn, QueryFilter, QuerySelect, QueryTrait, Select, Statement,
    Value,
};
use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use uuid::Uuid;

use self::text::Text;
use crate::entities::Stored;
use crate::error::{corrupt, stored};
use crate::sqlite::record::{Database, Record};

pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Inserts a row; conflicts where one of its unique values is taken.
pub(crate) async fn insert<E, C>(db: &C, row: E::Model) -> Result<()>
where
    E: EntityTrait<Model: Stored>,
    C: Database,
{
    let statement = E::Model::texts().insert.with(db, row.into_values(), inserting::<E>);
    db.execute_raw(statement).await.map_err(stored)?;
    Ok(())
}

/// Inserts a row, or replaces everything but its key; conflicts where another row has one of its unique values.
pub(crate) async fn put<E, C>(db: &C, row: E::Model) -> Result<()>
where
    E: EntityTrait<Model: Stored>,
    C: Database,
{
    let replace = |values: &[Value]| {
        let keys = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        let replace = OnConflict::columns(keys).update_columns(E::Column::iter().filter(is_no_key::<E>)).to_owned();
        inserting::<E>(values).on_conflict(replace).to_owned()
    };
    let statement = E::Model::texts().put.with(db, row.into_values(), replace);
    db.execute_raw(statement).await.map_err(stored)?;
    Ok(())
}

/// Inserts a row where there is none with its key; tells whether it did.
pub(crate) async fn add<E, C>(db: &C, row: E::Model) -> Result<bool>
where
    E: EntityTrait<Model: Stored>,
    C: Database,
{
    let leave = |values: &[Value]| {
        let keys = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        inserting::<E>(values).on_conflict(OnConflict::columns(keys).do_nothing().to_owned()).to_owned()
    };
    let statement = E::Model::texts().add.with(db, row.into_values(), leave);
    Ok(db.execute_raw(statement).await.map_err(stored)?.rows_affected() > 0)
}

/// Replaces every column of the row, its key aside, if it has these values still; tells whether it did. `text` is of this condition.
pub(crate) async fn replace_if<E, C, const N: usize>(
    db: &C,
    text: &Text,
    row: E::Model,
    same: [(E::Column, Value); N],
) -> Result<bool>
where
    E: EntityTrait<Model: Stored>,
    C: Database,
{
    let set = E::Column::iter().zip(row.into_values()).filter(|(column, _)| is_no_key::<E>(column));
    change::<E, C, N>(db, text, set, same, None).await
}

/// Sets columns of the rows that have these values still, and none in the column `absent`; tells whether there were such. `text` is of
/// these columns.
pub(crate) async fn change<E, C, const N: usize>(
    db: &C,
    text: &Text,
    set: impl IntoIterator<Item = (E::Column, Value)>,
    same: [(E::Column, Value); N],
    absent: Option<E::Column>,
) -> Result<bool>
where
    E: EntityTrait,
    C: Database,
{
    let (columns, mut values): (Vec<E::Column>, Vec<Value>) = set.into_iter().unzip();
    let (known, same): (Vec<E::Column>, Vec<Value>) = same.into_iter().unzip();
    values.extend(same);
    let update = |values: &[Value]| {
        let mut update = Query::update().table(E::default()).to_owned();
        let mut values = values.iter().cloned();
        update.values(columns.iter().copied().zip(values.by_ref().map(Expr::val)));
        for (column, value) in known.iter().zip(values) {
            update.and_where(ColumnTrait::eq(column, value));
        }
        update.and_where_option(absent.map(|column| ColumnTrait::is_null(&column)));
        update
    };
    let done = db.execute_raw(text.with(db, values, update)).await.map_err(stored)?;
    Ok(done.rows_affected() > 0)
}

/// One row that has these values, as hardly more than one does. `text` is of these columns.
pub(crate) async fn find<E, C, const N: usize>(
    db: &C,
    text: &Text,
    same: [(E::Column, Value); N],
) -> Result<Option<E::Model>>
where
    E: EntityTrait<Model: Stored>,
    C: Database,
{
    let (columns, values): (Vec<E::Column>, Vec<Value>) = same.into_iter().unzip();
    let select = |values: &[Value]| {
        let same = columns.iter().zip(values.iter().cloned());
        let found = same.fold(E::find(), |found, (column, value)| found.filter(ColumnTrait::eq(column, value)));
        columns_of::<E::Model, E>(found)
    };
    one(db, text.with(db, values, select)).await
}

/// The first record, where no more than one is worth reading.
pub(crate) async fn one<R: Record, C: Database>(db: &C, statement: Statement) -> Result<Option<R>> {
    // Without `LIMIT`: there are hardly more.
    Ok(db.records(statement).await.map_err(stored)?.into_iter().next())
}

/// A select that is read as whole rows.
pub(crate) trait Listing {
    type Row;

    /// All that it finds.
    async fn records<C: Database>(self, db: &C) -> Result<Vec<Self::Row>>;
}

impl<E: EntityTrait<Model: Stored>> Listing for Select<E> {
    type Row = E::Model;

    async fn records<C: Database>(self, db: &C) -> Result<Vec<E::Model>> {
        let statement = db.get_database_backend().build(&columns_of::<E::Model, E>(self));
        db.records(statement).await.map_err(stored)
    }
}

/// Selects what a record is read from.
pub(crate) fn columns_of<R: Record, E: EntityTrait>(select: Select<E>) -> SelectStatement {
    let mut query = select.select_only().into_query();
    R::select(&mut query);
    query
}

/// The values are those of a row, one for each column.
fn inserting<E: EntityTrait>(values: &[Value]) -> InsertStatement {
    let values = values.iter().cloned().map(Expr::val);
    Query::insert().into_table(E::default()).columns(E::Column::iter()).values_panic(values).to_owned()
}

fn is_no_key<E: EntityTrait>(column: &E::Column) -> bool {
    E::PrimaryKey::from_column(*column).is_none()
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
