//! Rows, read by place.
//!
//! Owns how a value becomes a field, and the order of columns: what names the columns of a statement reads its rows too, so that both are
//! in one order. sea-orm's own way to read a row goes by name, through a map of names and values that is built for each row. A value of
//! another kind than its field is an error, never an absent one.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

use super::connection::refused;

/// Where statements go: a reader, or the transaction.
pub(crate) trait Database: ConnectionTrait {
    /// Every row of an answer.
    fn records<R: Record>(&self, statement: Statement) -> impl Future<Output = Result<Vec<R>, DbErr>> + Send;
}

/// What a column may hold.
pub(crate) trait Field: Sized {
    /// `None` where the value is of another kind.
    fn read(value: ValueRef<'_>) -> Option<Self>;
}

impl Field for i64 {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        if let ValueRef::Integer(number) = value { Some(number) } else { None }
    }
}

impl Field for i32 {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl Field for bool {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl Field for Uuid {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        if let ValueRef::Blob(octets) = value { Self::from_slice(octets).ok() } else { None }
    }
}

impl Field for Vec<u8> {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        if let ValueRef::Blob(octets) = value { Some(octets.to_vec()) } else { None }
    }
}

impl Field for String {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        if let ValueRef::Text(octets) = value { std::str::from_utf8(octets).ok().map(str::to_owned) } else { None }
    }
}

impl<F: Field> Field for Option<F> {
    fn read(value: ValueRef<'_>) -> Option<Self> {
        if let ValueRef::Null = value { Some(None) } else { F::read(value).map(Some) }
    }
}

/// A row as far as it was read.
pub(crate) struct Reading<'a> {
    row: &'a Row<'a>,
    at: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn of(row: &'a Row<'a>) -> Self {
        Self { row, at: 0 }
    }

    /// The next column; `name` is for the error.
    pub(crate) fn next<F: Field>(&mut self, name: &str) -> Result<F, DbErr> {
        let value = self.row.get_ref(self.at).map_err(refused)?;
        let field = F::read(value)
            .ok_or_else(|| DbErr::Type(format!("the column {name} holds {} of another kind", value.data_type())))?;
        self.at += 1;
        Ok(field)
    }
}

/// One row, or a part of one.
pub(crate) trait Record: Sized + Send {
    /// How many columns it has.
    const WIDTH: usize;

    /// Adds these columns.
    fn select(query: &mut SelectStatement);

    /// Reads them.
    fn read(row: &mut Reading<'_>) -> Result<Self, DbErr>;
}

/// What a left join may not find. The first column of each of our tables belongs to its key: it is absent where there is no row.
impl<R: Record> Record for Option<R> {
    const WIDTH: usize = R::WIDTH;

    fn select(query: &mut SelectStatement) {
        R::select(query);
    }

    fn read(row: &mut Reading<'_>) -> Result<Self, DbErr> {
        if row.row.get_ref(row.at).map_err(refused)? == ValueRef::Null {
            row.at += R::WIDTH;
            return Ok(None);
        }
        R::read(row).map(Some)
    }
}

/// An expression, which stands behind all columns: whoever asks for it adds it.
impl Record for bool {
    const WIDTH: usize = 1;

    fn select(_: &mut SelectStatement) {}

    fn read(row: &mut Reading<'_>) -> Result<Self, DbErr> {
        row.next("of an expression")
    }
}

macro_rules! joined {
    ($($part:ident)*) => {
        impl<$($part: Record),*> Record for ($($part,)*) {
            const WIDTH: usize = 0 $(+ $part::WIDTH)*;

            fn select(query: &mut SelectStatement) {
                $($part::select(query);)*
            }

            fn read(row: &mut Reading<'_>) -> Result<Self, DbErr> {
                // In the order in which they are written.
                Ok(($($part::read(row)?,)*))
            }
        }
    };
}

joined! { A B }
joined! { A B C }
joined! { A B C D }
joined! { A B C D E }

#[cfg(test)]
mod tests;
