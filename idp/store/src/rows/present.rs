//! How things stand at this moment, in numbers.

use std::time::Duration;

use keyholder_core::ports::StoreError;
use keyholder_core::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Result, instant};
use crate::entities::{audit_events, outbox, sessions};
use crate::error::stored;
use crate::operation::Present;
use crate::sqlite::record::Database;

pub(crate) async fn read<C: Database>(db: &C, now: Timestamp, idle: Duration) -> Result<Present> {
    let count = |counted: Result<u64, sea_orm::DbErr>| -> Result<u64, StoreError> { counted.map_err(stored) };
    let newest: Option<i64> = audit_events::Entity::find()
        .select_only()
        .column(audit_events::Column::At)
        // Identifiers begin with the time at which they were drawn.
        .order_by_desc(audit_events::Column::Id)
        .into_tuple()
        .one(db)
        .await
        .map_err(stored)?;
    let oldest_unsealed: Option<i64> = audit_events::Entity::find()
        .filter(audit_events::Column::Sequence.is_null())
        .select_only()
        .column(audit_events::Column::At)
        .order_by_asc(audit_events::Column::At)
        .into_tuple()
        .one(db)
        .await
        .map_err(stored)?;
    let unsealed = audit_events::Entity::find().filter(audit_events::Column::Sequence.is_null()).count(db).await;
    let live = sessions::Entity::find()
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now.as_millis()))
        .filter(sessions::Column::LastSeenAt.gt(now.minus(idle).as_millis()))
        .count(db)
        .await;
    Ok(Present {
        outbox_waiting: count(outbox::Entity::find().filter(outbox::Column::DueAt.is_not_null()).count(db).await)?,
        outbox_dead: count(outbox::Entity::find().filter(outbox::Column::DueAt.is_null()).count(db).await)?,
        live_sessions: count(live)?,
        unsealed_events: count(unsealed)?,
        oldest_unsealed_event: instant(oldest_unsealed),
        newest_event: instant(newest),
    })
}
