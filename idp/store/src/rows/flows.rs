//! Flows, single-use marks, mailed links.

use aws_lc_rs::digest;
use keyholder_core::flow::Flow;
use keyholder_core::id::{FlowId, MailedLinkId, PersonId, TokenHash};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::ports::SingleUse;
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::{Expr, Query, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter};

use super::text::text;
use super::{
    Listing, Result, add, find, insert, instant, millis, read_json, read_token, replace_if, write_json, write_word,
};
use crate::entities::{flows, mailed_links, single_use_marks};
use crate::error::stored;
use crate::sqlite::record::Database;

fn write_flow(flow: &Flow, version: i64) -> Result<flows::Model> {
    Ok(flows::Model {
        id: flow.id.as_uuid(),
        version,
        browser: flow.browser.0.to_vec(),
        origin: write_json(&flow.origin)?,
        ask: write_json(&flow.ask)?,
        stage: write_json(&flow.stage)?,
        began_at: flow.began_at.as_millis(),
        expires_at: flow.expires_at.as_millis(),
    })
}

pub(crate) async fn find_flow<C: Database>(db: &C, id: FlowId) -> Result<Option<Flow>> {
    let Some(row) = find::<flows::Entity, C, _>(db, text!(), [(flows::Column::Id, id.as_uuid().into())]).await? else {
        return Ok(None);
    };
    Ok(Some(Flow {
        id: FlowId::from_uuid(row.id),
        version: row.version,
        browser: read_token(&row.browser)?,
        origin: read_json("flow", &row.origin)?,
        ask: read_json("flow", &row.ask)?,
        began_at: Timestamp::from_millis(row.began_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        stage: read_json("flow", &row.stage)?,
    }))
}

pub(crate) async fn insert_flow<C: Database>(db: &C, flow: &Flow) -> Result<()> {
    insert::<flows::Entity, C>(db, write_flow(flow, flow.version)?).await
}

pub(crate) async fn add_flow<C: Database>(db: &C, flow: &Flow) -> Result<bool> {
    add::<flows::Entity, C>(db, write_flow(flow, flow.version)?).await
}

pub(crate) async fn swap_flow<C: Database>(db: &C, flow: &Flow) -> Result<bool> {
    let row = write_flow(flow, flow.version.saturating_add(1))?;
    let same = [(flows::Column::Id, row.id.into()), (flows::Column::Version, flow.version.into())];
    replace_if::<flows::Entity, C, _>(db, text!(), row, same).await
}

/// The key of a mark.
pub(crate) fn mark_of(kind: SingleUse, value: &[u8]) -> Result<Vec<u8>> {
    Ok(mark(&write_word(kind)?, value))
}

/// Whether a mark is set, to be asked within another statement.
pub(crate) fn is_marked(digest: Vec<u8>) -> SimpleExpr {
    let found = Query::select()
        .column(single_use_marks::Column::Digest)
        .from(single_use_marks::Entity)
        .and_where(single_use_marks::Column::Digest.eq(digest))
        .take();
    Expr::exists(found)
}

/// The key of a mark: values are of any length, keys are not.
fn mark(kind: &str, value: &[u8]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(kind.as_bytes());
    context.update(&[0]);
    context.update(value);
    context.finish().as_ref().to_vec()
}

pub(crate) async fn is_used<C: Database>(db: &C, kind: SingleUse, value: &[u8]) -> Result<bool> {
    let digest = mark(&write_word(kind)?, value);
    let row = find::<single_use_marks::Entity, C, _>(db, text!(), [(single_use_marks::Column::Digest, digest.into())])
        .await?;
    Ok(row.is_some())
}

pub(crate) async fn use_once<C: Database>(
    db: &C,
    kind: SingleUse,
    value: &[u8],
    expires_at: Timestamp,
) -> Result<bool> {
    let kind = write_word(kind)?;
    let row = single_use_marks::Model { digest: mark(&kind, value), kind, expires_at: expires_at.as_millis() };
    add::<single_use_marks::Entity, C>(db, row).await
}

pub(crate) async fn find_link<C: Database>(db: &C, token: TokenHash) -> Result<Option<MailedLink>> {
    let row = find::<mailed_links::Entity, C, _>(db, text!(), [(mailed_links::Column::Token, token.0.to_vec().into())])
        .await?;
    row.as_ref().map(read_link).transpose()
}

pub(crate) async fn find_waiting_link<C: Database>(
    db: &C,
    person: PersonId,
    kind: &str,
    now: Timestamp,
) -> Result<Option<MailedLink>> {
    let waiting = mailed_links::Column::PersonId
        .eq(person.as_uuid())
        .and(mailed_links::Column::Kind.eq(kind))
        .and(mailed_links::Column::UsedAt.is_null())
        .and(mailed_links::Column::ExpiresAt.gt(now.as_millis()));
    mailed_links::Entity::find().filter(waiting).records(db).await?.first().map(read_link).transpose()
}

pub(crate) async fn count_waiting_links<C: Database>(
    db: &C,
    person: PersonId,
    kind: &str,
    now: Timestamp,
) -> Result<u64> {
    mailed_links::Entity::find()
        .filter(mailed_links::Column::PersonId.eq(person.as_uuid()))
        .filter(mailed_links::Column::Kind.eq(kind))
        .filter(mailed_links::Column::UsedAt.is_null())
        .filter(mailed_links::Column::ExpiresAt.gt(now.as_millis()))
        .count(db)
        .await
        .map_err(stored)
}

fn read_link(row: &mailed_links::Model) -> Result<MailedLink> {
    Ok(MailedLink {
        id: MailedLinkId::from_uuid(row.id),
        token: read_token(&row.token)?,
        purpose: read_json("mailed link", &row.purpose)?,
        person: row.person_id.map(PersonId::from_uuid),
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        used_at: instant(row.used_at),
    })
}

pub(crate) async fn put_link<C: Database>(db: &C, link: &MailedLink) -> Result<()> {
    let same_person = match link.person {
        Some(person) => mailed_links::Column::PersonId.eq(person.as_uuid()),
        None => mailed_links::Column::PersonId.is_null(),
    };
    let mut former = mailed_links::Entity::update_many()
        .col_expr(mailed_links::Column::UsedAt, Expr::val(link.created_at.as_millis()))
        .filter(same_person)
        .filter(mailed_links::Column::Kind.eq(link.purpose.kind()))
        .filter(mailed_links::Column::UsedAt.is_null());
    if let LinkPurpose::FirstKey { .. } = link.purpose {
        // Of the same session: the purpose says nothing else.
        former = former.filter(mailed_links::Column::Purpose.eq(write_json(&link.purpose)?));
    }
    former.exec(db).await.map_err(stored)?;
    let row = mailed_links::Model {
        id: link.id.as_uuid(),
        token: link.token.0.to_vec(),
        kind: link.purpose.kind().to_owned(),
        purpose: write_json(&link.purpose)?,
        person_id: link.person.map(PersonId::as_uuid),
        created_at: link.created_at.as_millis(),
        expires_at: link.expires_at.as_millis(),
        used_at: millis(link.used_at),
    };
    insert::<mailed_links::Entity, C>(db, row).await
}

pub(crate) async fn use_link<C: Database>(db: &C, id: MailedLinkId, now: Timestamp) -> Result<bool> {
    let done = mailed_links::Entity::update_many()
        .col_expr(mailed_links::Column::UsedAt, Expr::val(now.as_millis()))
        .filter(mailed_links::Column::Id.eq(id.as_uuid()))
        .filter(mailed_links::Column::UsedAt.is_null())
        .filter(mailed_links::Column::ExpiresAt.gt(now.as_millis()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn kill_links<C: Database>(db: &C, person: PersonId) -> Result<()> {
    // Their creation stands in for the instant: what counts is that they are used.
    mailed_links::Entity::update_many()
        .col_expr(mailed_links::Column::UsedAt, Expr::col(mailed_links::Column::CreatedAt))
        .filter(mailed_links::Column::PersonId.eq(person.as_uuid()))
        .filter(mailed_links::Column::UsedAt.is_null())
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(())
}
