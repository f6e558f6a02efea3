//! Audit events and their chains.

use keyholder_core::audit::{AuditEvent, ChainLink, PersonalFields};
use keyholder_core::id::{ApplicationId, AuditId, PersonId, SchoolId};
use keyholder_core::ports::StoreError;
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::text::text;
use super::{Listing, Result, find, insert, read_digest, read_json, read_word, write_json, write_word};
use crate::entities::audit_events;
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

/// The chain of a school, or the installation's own.
pub(super) fn chain_of(school: Option<SchoolId>) -> Uuid {
    school.map_or(Uuid::nil(), SchoolId::as_uuid)
}

pub(super) fn read_event(row: &audit_events::Model) -> Result<AuditEvent> {
    // After truncation neither salt nor personal fields are there.
    let salt = match row.salt.as_deref() {
        Some(salt) => salt.try_into().map_err(|_| corrupt("audit event"))?,
        None => [0; 16],
    };
    let personal = match row.personal.as_deref() {
        Some(personal) => read_json("audit event", personal)?,
        None => PersonalFields::default(),
    };
    Ok(AuditEvent {
        id: AuditId::from_uuid(row.id),
        at: Timestamp::from_millis(row.at),
        kind: read_word("audit event", &row.kind)?,
        school: (!row.chain_of.is_nil()).then(|| SchoolId::from_uuid(row.chain_of)),
        application: row.application_id.map(ApplicationId::from_uuid),
        salt,
        personal,
    })
}

fn read_link(row: &audit_events::Model) -> Result<Option<ChainLink>> {
    match (row.sequence, row.commitment.as_deref(), row.chain.as_deref()) {
        (Some(sequence), Some(commitment), Some(chain)) => Ok(Some(ChainLink {
            sequence,
            commitment: read_digest("audit chain", commitment)?,
            chain: read_digest("audit chain", chain)?,
        })),
        (None, None, None) => Ok(None),
        _ => Err(corrupt("audit chain")),
    }
}

pub(crate) async fn list_audit_of_person<C: Database>(db: &C, person: PersonId, limit: u64) -> Result<Vec<AuditEvent>> {
    let rows = audit_events::Entity::find()
        .filter(audit_events::Column::SubjectId.eq(person.as_uuid()))
        .order_by_desc(audit_events::Column::At)
        .order_by_desc(audit_events::Column::Id)
        .limit(limit)
        .records(db)
        .await?;
    rows.iter().map(read_event).collect()
}

pub(crate) async fn list_older_audit_of_person<C: Database>(
    db: &C,
    person: PersonId,
    (at, id): (Timestamp, AuditId),
    limit: u64,
) -> Result<Vec<AuditEvent>> {
    let earlier = audit_events::Column::At.lt(at.as_millis());
    let same_instant = audit_events::Column::At.eq(at.as_millis()).and(audit_events::Column::Id.lt(id.as_uuid()));
    let rows = audit_events::Entity::find()
        .filter(audit_events::Column::SubjectId.eq(person.as_uuid()))
        .filter(earlier.or(same_instant))
        .order_by_desc(audit_events::Column::At)
        .order_by_desc(audit_events::Column::Id)
        .limit(limit)
        .records(db)
        .await?;
    rows.iter().map(read_event).collect()
}

pub(crate) async fn list_audit_chain<C: Database>(
    db: &C,
    school: Option<SchoolId>,
    from: i64,
    limit: u64,
) -> Result<Vec<(AuditEvent, ChainLink)>> {
    let rows = audit_events::Entity::find()
        .filter(audit_events::Column::ChainOf.eq(chain_of(school)))
        .filter(audit_events::Column::Sequence.gte(from))
        .order_by_asc(audit_events::Column::Sequence)
        .limit(limit)
        .records(db)
        .await?;
    rows.iter().map(|row| Ok((read_event(row)?, read_link(row)?.ok_or_else(|| corrupt("audit chain"))?))).collect()
}

pub(crate) async fn list_unsealed_audit<C: Database>(db: &C, limit: u64) -> Result<Vec<AuditEvent>> {
    let rows = audit_events::Entity::find()
        .filter(audit_events::Column::Sequence.is_null())
        .order_by_asc(audit_events::Column::At)
        .order_by_asc(audit_events::Column::Id)
        .limit(limit)
        .records(db)
        .await?;
    rows.iter().map(read_event).collect()
}

pub(crate) async fn insert_audit<C: Database>(db: &C, event: &AuditEvent) -> Result<()> {
    let row = audit_events::Model {
        id: event.id.as_uuid(),
        at: event.at.as_millis(),
        kind: write_word(event.kind)?,
        chain_of: chain_of(event.school),
        application_id: event.application.map(ApplicationId::as_uuid),
        subject_id: event.personal.subject.map(PersonId::as_uuid),
        salt: Some(event.salt.to_vec()),
        personal: Some(write_json(&event.personal)?),
        sequence: None,
        commitment: None,
        chain: None,
    };
    insert::<audit_events::Entity, C>(db, row).await
}

pub(crate) async fn last_audit_link<C: Database>(db: &C, school: Option<SchoolId>) -> Result<Option<ChainLink>> {
    let row = audit_events::Entity::find()
        .filter(audit_events::Column::ChainOf.eq(chain_of(school)))
        .filter(audit_events::Column::Sequence.is_not_null())
        .order_by_desc(audit_events::Column::Sequence)
        .limit(1)
        .records(db)
        .await?;
    match row.first() {
        Some(row) => read_link(row),
        None => Ok(None),
    }
}

pub(crate) async fn seal_audit<C: Database>(db: &C, id: AuditId, link: &ChainLink) -> Result<()> {
    let done = audit_events::Entity::update_many()
        .col_expr(audit_events::Column::Sequence, Expr::val(link.sequence))
        .col_expr(audit_events::Column::Commitment, Expr::val(link.commitment.to_vec()))
        .col_expr(audit_events::Column::Chain, Expr::val(link.chain.to_vec()))
        .filter(audit_events::Column::Id.eq(id.as_uuid()))
        .filter(audit_events::Column::Sequence.is_null())
        .exec(db)
        .await
        .map_err(stored)?;
    if done.rows_affected > 0 {
        return Ok(());
    }
    // A link never changes once it stands.
    let known =
        find::<audit_events::Entity, C, _>(db, text!(), [(audit_events::Column::Id, id.as_uuid().into())]).await?;
    let why = if known.is_some() { "the event is sealed already" } else { "no such event" };
    Err(StoreError::Conflict(why.to_owned()))
}
