//! The few kinds of columns and constraints that the schema is made of.

use sea_orm_migration::prelude::*;

/// A table with a uuid `id` as its primary key.
pub(crate) fn table_with_id(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).col(ColumnDef::new("id").uuid().not_null().primary_key()).to_owned()
}

/// A reference that must point somewhere.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}

/// A reference that may be absent.
pub(crate) fn id_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().to_owned()
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn instant(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

/// An instant that may be absent.
pub(crate) fn instant_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().to_owned()
}

/// A SHA-256 digest.
pub(crate) fn digest(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).binary_len(32).not_null().to_owned()
}

/// Bytes of any length.
pub(crate) fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().to_owned()
}

/// A plain index.
pub(crate) fn index(table: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

/// An index that holds no two equal rows; absent values are all different.
pub(crate) fn unique(table: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, name, columns).unique().to_owned()
}

/// A foreign key to another table's `id`. What is referred to stays as long as something refers to it.
pub(crate) fn refers(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from_col(column).to(table, "id").on_delete(ForeignKeyAction::Restrict).to_owned()
}

/// A foreign key to the row that this one is a part of: it goes when that one goes.
pub(crate) fn part_of(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from_col(column).to(table, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}
