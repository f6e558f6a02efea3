//! Outbox, leases, signing keys, revisions.

use keyholder_core::id::{OutboxId, SigningKeyId};
use keyholder_core::key::SigningKey;
use keyholder_core::outbox::{Lane, OutboxMessage};
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::text::text;
use super::{Listing, Result, find, insert, instant, millis, open, read_word, seal, write_word};
use crate::entities::{leases, outbox, revisions, signing_keys};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

/// Where the content of a message is sealed for.
pub(crate) const DELIVERY: &str = "outbox.delivery";
/// Where a private key is sealed for.
pub(crate) const PRIVATE_KEY: &str = "signing_keys.private_key";

fn read_message(sealer: &dyn Sealer, row: &outbox::Model, due_at: i64, attempts: i32) -> Result<OutboxMessage> {
    let delivery = open(sealer, DELIVERY, row.id, &row.delivery)?;
    Ok(OutboxMessage {
        id: OutboxId::from_uuid(row.id),
        delivery: serde_json::from_slice(&delivery)
            .map_err(|error| StoreError::Corrupt { what: "outbox message", source: Some(Box::new(error)) })?,
        due_at: Timestamp::from_millis(due_at),
        attempts: u32::try_from(attempts).map_err(|_| corrupt("outbox message"))?,
        created_at: Timestamp::from_millis(row.created_at),
    })
}

pub(crate) async fn insert_outbox<C: Database>(db: &C, sealer: &dyn Sealer, message: &OutboxMessage) -> Result<()> {
    let id = message.id.as_uuid();
    let delivery = serde_json::to_vec(&message.delivery).map_err(|error| StoreError::Database(Box::new(error)))?;
    let row = outbox::Model {
        id,
        delivery: seal(sealer, DELIVERY, id, &delivery)?,
        due_at: Some(message.due_at.as_millis()),
        attempts: i32::try_from(message.attempts).unwrap_or(i32::MAX),
        created_at: message.created_at.as_millis(),
        claimed_by: None,
        claimed_until: None,
        last_error: None,
        lane: message.delivery.lane().name().to_owned(),
    };
    insert::<outbox::Entity, C>(db, row).await
}

pub(crate) async fn claim_outbox<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    lane: Lane,
    worker: &str,
    now: Timestamp,
    until: Timestamp,
    limit: u64,
) -> Result<Vec<OutboxMessage>> {
    let free = || outbox::Column::ClaimedUntil.is_null().or(outbox::Column::ClaimedUntil.lte(now.as_millis()));
    let due = outbox::Entity::find()
        .filter(outbox::Column::Lane.eq(lane.name()))
        .filter(outbox::Column::DueAt.lte(now.as_millis()))
        .filter(free())
        .order_by_asc(outbox::Column::DueAt)
        .order_by_asc(outbox::Column::Id)
        .limit(limit)
        .records(db)
        .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        let attempts = row.attempts.saturating_add(1);
        // The condition stands again, so that of two workers on two nodes one gets it.
        let done = outbox::Entity::update_many()
            .col_expr(outbox::Column::ClaimedBy, Expr::val(worker))
            .col_expr(outbox::Column::ClaimedUntil, Expr::val(until.as_millis()))
            .col_expr(outbox::Column::Attempts, Expr::val(attempts))
            .filter(outbox::Column::Id.eq(row.id))
            .filter(free())
            .exec(db)
            .await
            .map_err(stored)?;
        if done.rows_affected == 0 {
            continue;
        }
        match read_message(sealer, &row, row.due_at.unwrap_or_default(), attempts) {
            Ok(message) => claimed.push(message),
            // One that cannot be read must not hold up the others for ever.
            Err(error) => {
                tracing::error!(message = %row.id.as_simple(), %error, "an outbox message cannot be read; it is kept as dead");
                retry_outbox(db, OutboxId::from_uuid(row.id), None, "cannot be read").await?;
            }
        }
    }
    Ok(claimed)
}

pub(crate) async fn delete_outbox<C: Database>(db: &C, id: OutboxId) -> Result<()> {
    outbox::Entity::delete_many().filter(outbox::Column::Id.eq(id.as_uuid())).exec(db).await.map_err(stored)?;
    Ok(())
}

pub(crate) async fn retry_outbox<C: Database>(
    db: &C,
    id: OutboxId,
    due_at: Option<Timestamp>,
    error: &str,
) -> Result<()> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::DueAt, Expr::val(millis(due_at)))
        .col_expr(outbox::Column::ClaimedBy, Expr::val(None::<String>))
        .col_expr(outbox::Column::ClaimedUntil, Expr::val(None::<i64>))
        .col_expr(outbox::Column::LastError, Expr::val(error))
        .filter(outbox::Column::Id.eq(id.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(())
}

pub(crate) async fn count_waiting_outbox<C: Database>(db: &C) -> Result<u64> {
    outbox::Entity::find().filter(outbox::Column::DueAt.is_not_null()).count(db).await.map_err(stored)
}

pub(crate) async fn take_lease<C: Database>(
    db: &C,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let row = leases::Model { name: name.to_owned(), holder: holder.to_owned(), expires_at: until.as_millis() };
    let free_or_ours = Expr::col((leases::Entity, leases::Column::ExpiresAt)).lte(now.as_millis()).or(Expr::col((
        leases::Entity,
        leases::Column::Holder,
    ))
    .eq(holder));
    let take = OnConflict::column(leases::Column::Name)
        .update_columns([leases::Column::Holder, leases::Column::ExpiresAt])
        .action_and_where(free_or_ours)
        .to_owned();
    let taken = leases::Entity::insert(row.into_active_model())
        .on_conflict(take)
        .exec_without_returning(db)
        .await
        .map_err(stored)?;
    Ok(taken > 0)
}

pub(crate) async fn list_signing_keys<C: Database>(db: &C, sealer: &dyn Sealer) -> Result<Vec<SigningKey>> {
    let rows = signing_keys::Entity::find()
        .order_by_asc(signing_keys::Column::CreatedAt)
        .order_by_asc(signing_keys::Column::Id)
        .records(db)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SigningKey {
                id: SigningKeyId::from_uuid(row.id),
                algorithm: read_word("signing key", &row.algorithm)?,
                state: read_word("signing key", &row.state)?,
                private_der: open(sealer, PRIVATE_KEY, row.id, &row.private_key)?,
                created_at: Timestamp::from_millis(row.created_at),
                active_from: Timestamp::from_millis(row.active_from),
                published_until: instant(row.published_until),
            })
        })
        .collect()
}

pub(crate) async fn insert_signing_key<C: Database>(db: &C, sealer: &dyn Sealer, key: &SigningKey) -> Result<()> {
    let id = key.id.as_uuid();
    let row = signing_keys::Model {
        id,
        algorithm: write_word(key.algorithm)?,
        state: write_word(key.state)?,
        private_key: seal(sealer, PRIVATE_KEY, id, &key.private_der)?,
        created_at: key.created_at.as_millis(),
        active_from: key.active_from.as_millis(),
        published_until: millis(key.published_until),
    };
    insert::<signing_keys::Entity, C>(db, row).await
}

pub(crate) async fn update_signing_key<C: Database>(db: &C, key: &SigningKey) -> Result<()> {
    let done = signing_keys::Entity::update_many()
        .col_expr(signing_keys::Column::State, Expr::val(write_word(key.state)?))
        .col_expr(signing_keys::Column::ActiveFrom, Expr::val(key.active_from.as_millis()))
        .col_expr(signing_keys::Column::PublishedUntil, Expr::val(millis(key.published_until)))
        .filter(signing_keys::Column::Id.eq(key.id.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    if done.rows_affected > 0 { Ok(()) } else { Err(StoreError::Conflict("no such signing key".to_owned())) }
}

pub(crate) async fn delete_signing_key<C: Database>(db: &C, id: SigningKeyId) -> Result<()> {
    signing_keys::Entity::delete_many()
        .filter(signing_keys::Column::Id.eq(id.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(())
}

pub(crate) async fn revision<C: Database>(db: &C, name: &str) -> Result<i64> {
    let row = find::<revisions::Entity, C, _>(db, text!(), [(revisions::Column::Name, name.into())]).await?;
    Ok(row.map_or(0, |row| row.value))
}

pub(crate) async fn raise_revision<C: Database>(db: &C, name: &str) -> Result<()> {
    let row = revisions::Model { name: name.to_owned(), value: 1 };
    let raise = OnConflict::column(revisions::Column::Name)
        .value(revisions::Column::Value, Expr::col((revisions::Entity, revisions::Column::Value)).add(1))
        .to_owned();
    revisions::Entity::insert(row.into_active_model())
        .on_conflict(raise)
        .exec_without_returning(db)
        .await
        .map_err(stored)?;
    Ok(())
}
