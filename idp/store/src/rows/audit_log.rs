//! The audit log as it stands, for whoever verifies, exports or truncates it: damaged rows are shown, not refused.

use keyholder_core::id::{PersonId, SchoolId};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::audit::{chain_of, read_event};
use super::{Listing, Result};
use crate::entities::audit_events;
use crate::error::stored;
use crate::operation::{AuditRow, Values};
use crate::sqlite::record::Database;

fn read_row(row: &audit_events::Model) -> AuditRow {
    let values = match (&row.salt, &row.personal, read_event(row)) {
        (Some(_), Some(_), Ok(event)) => Values::Present(Box::new(event)),
        (None, None, Ok(event)) if row.subject_id.is_none() => Values::Removed(Box::new(event)),
        _ => Values::Damaged,
    };
    AuditRow {
        id: row.id,
        sequence: row.sequence,
        commitment: row.commitment.clone(),
        chain: row.chain.clone(),
        at: Timestamp::from_millis(row.at),
        // The look-up column repeats a value that is committed to; it must not say anything else.
        values: match values {
            Values::Present(event) if event.personal.subject.map(PersonId::as_uuid) != row.subject_id => {
                Values::Damaged
            }
            values => values,
        },
    }
}

/// The schools that have a chain, whether they still exist or not; `None`: the installation's own.
pub(crate) async fn list_chains<C: Database>(db: &C) -> Result<Vec<Option<SchoolId>>> {
    let chains: Vec<Uuid> = audit_events::Entity::find()
        .select_only()
        .column(audit_events::Column::ChainOf)
        .distinct()
        .order_by_asc(audit_events::Column::ChainOf)
        .into_tuple()
        .all(db)
        .await
        .map_err(stored)?;
    Ok(chains.into_iter().map(|id| (!id.is_nil()).then(|| SchoolId::from_uuid(id))).collect())
}

/// The sealed rows of a chain after a sequence number, in order.
pub(crate) async fn list_sealed<C: Database>(
    db: &C,
    school: Option<SchoolId>,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<AuditRow>> {
    let mut rows = audit_events::Entity::find()
        .filter(audit_events::Column::ChainOf.eq(chain_of(school)))
        .filter(audit_events::Column::Sequence.is_not_null());
    if let Some(after) = after {
        rows = rows.filter(audit_events::Column::Sequence.gt(after));
    }
    let rows = rows.order_by_asc(audit_events::Column::Sequence).limit(limit).records(db).await?;
    Ok(rows.iter().map(read_row).collect())
}

pub(crate) async fn last_sequence<C: Database>(db: &C, school: Option<SchoolId>) -> Result<Option<i64>> {
    audit_events::Entity::find()
        .filter(audit_events::Column::ChainOf.eq(chain_of(school)))
        .filter(audit_events::Column::Sequence.is_not_null())
        .select_only()
        .column(audit_events::Column::Sequence)
        .order_by_desc(audit_events::Column::Sequence)
        .into_tuple()
        .one(db)
        .await
        .map_err(stored)
}

/// The rows of a chain that nothing seals yet, oldest first.
pub(crate) async fn list_unsealed<C: Database>(db: &C, school: Option<SchoolId>) -> Result<Vec<AuditRow>> {
    let rows = audit_events::Entity::find()
        .filter(audit_events::Column::ChainOf.eq(chain_of(school)))
        .filter(audit_events::Column::Sequence.is_null())
        .order_by_asc(audit_events::Column::At)
        .order_by_asc(audit_events::Column::Id)
        .records(db)
        .await?;
    Ok(rows.iter().map(read_row).collect())
}

/// Removes salt and values from the beginning of a chain up to the first sealed event at `before` or later, so that what is
/// removed is always a beginning. At most `limit` rows; answers how many.
pub(crate) async fn truncate<C: Database>(
    db: &C,
    school: Option<SchoolId>,
    before: Timestamp,
    limit: u64,
) -> Result<u64> {
    let of_chain = || {
        audit_events::Entity::find()
            .filter(audit_events::Column::ChainOf.eq(chain_of(school)))
            .filter(audit_events::Column::Sequence.is_not_null())
            .select_only()
    };
    let first_kept: Option<i64> = of_chain()
        .column(audit_events::Column::Sequence)
        .filter(audit_events::Column::At.gte(before.as_millis()))
        .order_by_asc(audit_events::Column::Sequence)
        .into_tuple()
        .one(db)
        .await
        .map_err(stored)?;
    let mut old = of_chain().column(audit_events::Column::Id).filter(audit_events::Column::Salt.is_not_null());
    if let Some(first_kept) = first_kept {
        old = old.filter(audit_events::Column::Sequence.lt(first_kept));
    }
    let ids: Vec<Uuid> =
        old.order_by_asc(audit_events::Column::Sequence).limit(limit).into_tuple().all(db).await.map_err(stored)?;
    let done = audit_events::Entity::update_many()
        .col_expr(audit_events::Column::Salt, Expr::val(None::<Vec<u8>>))
        .col_expr(audit_events::Column::Personal, Expr::val(None::<String>))
        .col_expr(audit_events::Column::SubjectId, Expr::val(None::<Uuid>))
        .filter(audit_events::Column::Id.is_in(ids))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected)
}
