//! SAML 2.0: keys, persistent identifiers, who was told of a session.

use keyholder_core::id::{ApplicationId, GrantId, SchoolId, SessionId, SigningKeyId};
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::saml::{NameIdOwner, SamlKey, SamlParticipant};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::text::text;
use super::{Listing, Result, find, insert, instant, millis, open, read_json, read_word, seal, write_json, write_word};
use crate::entities::{saml_keys, saml_name_ids, saml_participants};
use crate::error::stored;
use crate::sqlite::record::Database;

/// The column for which private keys are sealed.
pub(crate) const PRIVATE_KEY: &str = "saml_keys.private_key";

pub(crate) async fn list_keys<C: Database>(db: &C, sealer: &dyn Sealer) -> Result<Vec<SamlKey>> {
    let rows = saml_keys::Entity::find()
        .order_by_asc(saml_keys::Column::CreatedAt)
        .order_by_asc(saml_keys::Column::Id)
        .records(db)
        .await?;
    let read = |row: saml_keys::Model| {
        Ok(SamlKey {
            id: SigningKeyId::from_uuid(row.id),
            purpose: read_word("SAML key", &row.purpose)?,
            state: read_word("SAML key", &row.state)?,
            private_der: open(sealer, PRIVATE_KEY, row.id, &row.private_key)?,
            certificate: row.certificate,
            created_at: Timestamp::from_millis(row.created_at),
            published_until: instant(row.published_until),
        })
    };
    rows.into_iter().map(read).collect()
}

pub(crate) async fn insert_key<C: Database>(db: &C, sealer: &dyn Sealer, key: &SamlKey) -> Result<()> {
    let id = key.id.as_uuid();
    let row = saml_keys::Model {
        id,
        purpose: write_word(key.purpose)?,
        state: write_word(key.state)?,
        private_key: seal(sealer, PRIVATE_KEY, id, &key.private_der)?,
        certificate: key.certificate.clone(),
        created_at: key.created_at.as_millis(),
        published_until: millis(key.published_until),
    };
    insert::<saml_keys::Entity, C>(db, row).await
}

pub(crate) async fn update_key<C: Database>(db: &C, key: &SamlKey) -> Result<()> {
    let done = saml_keys::Entity::update_many()
        .col_expr(saml_keys::Column::State, Expr::val(write_word(key.state)?))
        .col_expr(saml_keys::Column::PublishedUntil, Expr::val(millis(key.published_until)))
        .filter(saml_keys::Column::Id.eq(key.id.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    if done.rows_affected > 0 { Ok(()) } else { Err(StoreError::Conflict("no such SAML key".to_owned())) }
}

pub(crate) async fn delete_key<C: Database>(db: &C, id: SigningKeyId) -> Result<()> {
    saml_keys::Entity::delete_many().filter(saml_keys::Column::Id.eq(id.as_uuid())).exec(db).await.map_err(stored)?;
    Ok(())
}

/// The part of the key that says where an identifier holds.
fn place(owner: NameIdOwner) -> Uuid {
    owner.school.map(SchoolId::as_uuid).unwrap_or_default()
}

pub(crate) async fn find_name_id<C: Database>(db: &C, owner: NameIdOwner) -> Result<Option<String>> {
    let given = [
        (saml_name_ids::Column::ApplicationId, owner.application.as_uuid().into()),
        (saml_name_ids::Column::PersonId, owner.person.as_uuid().into()),
        (saml_name_ids::Column::School, place(owner).into()),
    ];
    Ok(find::<saml_name_ids::Entity, C, _>(db, text!(), given).await?.map(|row| row.value))
}

pub(crate) async fn insert_name_id<C: Database>(db: &C, owner: NameIdOwner, value: &str, now: Timestamp) -> Result<()> {
    let row = saml_name_ids::Model {
        application_id: owner.application.as_uuid(),
        person_id: owner.person.as_uuid(),
        school: place(owner),
        value: value.to_owned(),
        created_at: now.as_millis(),
    };
    insert::<saml_name_ids::Entity, C>(db, row).await
}

fn read_participant(row: saml_participants::Model) -> Result<SamlParticipant> {
    Ok(SamlParticipant {
        grant: GrantId::from_uuid(row.grant_id),
        session: SessionId::from_uuid(row.session_id),
        application: ApplicationId::from_uuid(row.application_id),
        name_id: row.name_id,
        session_index: row.session_index,
        reached_by_soap: row.reached_by_soap,
        told: read_json("SAML participant", &row.told)?,
    })
}

pub(crate) async fn list_participants<C: Database>(db: &C, session: SessionId) -> Result<Vec<SamlParticipant>> {
    // Grants have version 7 identifiers: their order is that of time.
    let rows = saml_participants::Entity::find()
        .filter(saml_participants::Column::SessionId.eq(session.as_uuid()))
        .order_by_asc(saml_participants::Column::GrantId)
        .records(db)
        .await?;
    rows.into_iter().map(read_participant).collect()
}

pub(crate) async fn list_participants_named<C: Database>(
    db: &C,
    application: ApplicationId,
    name_id: &str,
) -> Result<Vec<SamlParticipant>> {
    let rows = saml_participants::Entity::find()
        .filter(saml_participants::Column::ApplicationId.eq(application.as_uuid()))
        .filter(saml_participants::Column::NameId.eq(name_id))
        .order_by_asc(saml_participants::Column::GrantId)
        .records(db)
        .await?;
    rows.into_iter().map(read_participant).collect()
}

pub(crate) async fn insert_participant<C: Database>(db: &C, participant: &SamlParticipant) -> Result<()> {
    let row = saml_participants::Model {
        grant_id: participant.grant.as_uuid(),
        session_id: participant.session.as_uuid(),
        application_id: participant.application.as_uuid(),
        name_id: participant.name_id.clone(),
        session_index: participant.session_index.clone(),
        reached_by_soap: participant.reached_by_soap,
        told: write_json(&participant.told)?,
    };
    insert::<saml_participants::Entity, C>(db, row).await
}
