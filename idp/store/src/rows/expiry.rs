//! Deleting what expired and is of no more use.

use keyholder_core::time::Timestamp;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Result;
use crate::entities::{ceremonies, flows, grants, mailed_links, refresh_tokens, sessions, single_use_marks};
use crate::error::stored;
use crate::sqlite::record::Database;

/// Deletes at most `limit` rows whose `expiry` lies before `now`, the oldest first.
async fn delete<E, C>(db: &C, key: E::Column, expiry: E::Column, now: Timestamp, limit: u64) -> Result<u64>
where
    E: EntityTrait,
    C: Database,
{
    let expired = Query::select()
        .column(key)
        .from(E::default())
        .and_where(expiry.lt(now.as_millis()))
        .order_by(expiry, sea_orm::Order::Asc)
        .limit(limit)
        .take();
    let done = E::delete_many().filter(key.in_subquery(expired)).exec(db).await.map_err(stored)?;
    Ok(done.rows_affected)
}

pub(crate) async fn delete_expired<C: Database>(db: &C, now: Timestamp, limit: u64) -> Result<u64> {
    let mut count = delete::<single_use_marks::Entity, C>(
        db,
        single_use_marks::Column::Digest,
        single_use_marks::Column::ExpiresAt,
        now,
        limit,
    )
    .await?;
    // Ceremonies before their flows: what goes by itself is counted.
    count +=
        delete::<ceremonies::Entity, C>(db, ceremonies::Column::Id, ceremonies::Column::ExpiresAt, now, limit).await?;
    count += delete::<flows::Entity, C>(db, flows::Column::Id, flows::Column::ExpiresAt, now, limit).await?;
    count +=
        delete::<mailed_links::Entity, C>(db, mailed_links::Column::Id, mailed_links::Column::ExpiresAt, now, limit)
            .await?;
    // Tokens before their grants, likewise.
    count += delete::<refresh_tokens::Entity, C>(
        db,
        refresh_tokens::Column::Id,
        refresh_tokens::Column::ExpiresAt,
        now,
        limit,
    )
    .await?;
    count += delete::<grants::Entity, C>(db, grants::Column::Id, grants::Column::ExpiresAt, now, limit).await?;
    count += delete::<sessions::Entity, C>(db, sessions::Column::Id, sessions::Column::ExpiresAt, now, limit).await?;
    Ok(count)
}
