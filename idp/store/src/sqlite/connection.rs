//! Statements of sea-orm on a connection that is held, not borrowed from a pool: a pool of sqlx sends a ping through the
//! worker thread after each use, which doubles the cost of a point read.

use std::sync::Arc;

use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Sqlite};
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;

/// Values are bound, never part of the text: the text is sea-orm's own.
fn query(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    let values = statement.values.unwrap_or_else(|| sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn refused(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

pub(crate) async fn execute(connection: &mut SqliteConnection, statement: Statement) -> Result<ExecResult, DbErr> {
    query(statement).execute(connection).await.map(ExecResult::from).map_err(refused)
}

pub(crate) async fn execute_unprepared(connection: &mut SqliteConnection, sql: &str) -> Result<ExecResult, DbErr> {
    let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    statement.execute(connection).await.map(ExecResult::from).map_err(refused)
}

/// A statement of transaction control, kept prepared.
pub(crate) async fn control(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), DbErr> {
    sqlx::query(sql).execute(connection).await.map(drop).map_err(refused)
}

pub(crate) async fn query_one(
    connection: &mut SqliteConnection,
    statement: Statement,
) -> Result<Option<QueryResult>, DbErr> {
    Ok(query(statement).fetch_optional(connection).await.map_err(refused)?.map(QueryResult::from))
}

pub(crate) async fn query_all(
    connection: &mut SqliteConnection,
    statement: Statement,
) -> Result<Vec<QueryResult>, DbErr> {
    let rows = query(statement).fetch_all(connection).await.map_err(refused)?;
    Ok(rows.into_iter().map(QueryResult::from).collect())
}
