//! Keys that schools issue.

use keyholder_core::id::{CredentialId, ManagedKeyChangeId, ManagedKeyId, PersonId, SchoolId};
use keyholder_core::managed_key::{ManagedKey, ManagedKeyChange, ManagedKeyState};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::text::text;
use super::{Listing, Result, insert, read_word, replace_if, write_word};
use crate::entities::{credentials, managed_key_changes, managed_keys};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

const IN_STOCK: &str = "in-stock";
const ISSUED: &str = "issued";
const RETIRED: &str = "retired";

fn read_key(row: managed_keys::Model) -> Result<ManagedKey> {
    let state = match (row.state.as_str(), row.holder_id) {
        (IN_STOCK, None) => ManagedKeyState::InStock,
        (ISSUED, Some(holder)) => ManagedKeyState::Issued { to: PersonId::from_uuid(holder) },
        (RETIRED, None) => ManagedKeyState::Retired,
        _ => return Err(corrupt("managed key")),
    };
    Ok(ManagedKey {
        id: ManagedKeyId::from_uuid(row.id),
        school: SchoolId::from_uuid(row.school_id),
        factor: row.factor,
        serial: row.serial,
        credential: row.credential_id.map(CredentialId::from_uuid),
        state,
        version: row.version,
        imported_at: Timestamp::from_millis(row.imported_at),
        changed_at: Timestamp::from_millis(row.changed_at),
    })
}

fn write_key(key: &ManagedKey, version: i64) -> managed_keys::Model {
    let (state, holder_id) = match key.state {
        ManagedKeyState::InStock => (IN_STOCK, None),
        ManagedKeyState::Issued { to } => (ISSUED, Some(to.as_uuid())),
        ManagedKeyState::Retired => (RETIRED, None),
    };
    managed_keys::Model {
        id: key.id.as_uuid(),
        school_id: key.school.as_uuid(),
        factor: key.factor.clone(),
        serial: key.serial.clone(),
        serial_in_use: (state != RETIRED).then(|| key.serial.clone()),
        credential_id: key.credential.map(CredentialId::as_uuid),
        state: state.to_owned(),
        holder_id,
        version,
        imported_at: key.imported_at.as_millis(),
        changed_at: key.changed_at.as_millis(),
    }
}

pub(crate) async fn list_managed_keys<C: Database>(db: &C, school: SchoolId) -> Result<Vec<ManagedKey>> {
    let rows = managed_keys::Entity::find()
        .filter(managed_keys::Column::SchoolId.eq(school.as_uuid()))
        .order_by_asc(managed_keys::Column::Serial)
        .order_by_asc(managed_keys::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_key).collect()
}

pub(crate) async fn list_managed_key_changes<C: Database>(db: &C, key: ManagedKeyId) -> Result<Vec<ManagedKeyChange>> {
    let rows = managed_key_changes::Entity::find()
        .filter(managed_key_changes::Column::KeyId.eq(key.as_uuid()))
        .order_by_asc(managed_key_changes::Column::At)
        .order_by_asc(managed_key_changes::Column::Id)
        .records(db)
        .await?;
    let read = |row: managed_key_changes::Model| {
        Ok(ManagedKeyChange {
            id: ManagedKeyChangeId::from_uuid(row.id),
            key: ManagedKeyId::from_uuid(row.key_id),
            at: Timestamp::from_millis(row.at),
            kind: read_word("managed key", &row.kind)?,
            person: row.person_id.map(PersonId::from_uuid),
            note: row.note,
        })
    };
    rows.into_iter().map(read).collect()
}

pub(crate) async fn insert_managed_key<C: Database>(db: &C, key: &ManagedKey) -> Result<()> {
    insert::<managed_keys::Entity, C>(db, write_key(key, key.version)).await
}

pub(crate) async fn swap_managed_key<C: Database>(db: &C, key: &ManagedKey) -> Result<bool> {
    let same =
        [(managed_keys::Column::Id, key.id.as_uuid().into()), (managed_keys::Column::Version, key.version.into())];
    let row = write_key(key, key.version.saturating_add(1));
    replace_if::<managed_keys::Entity, C, _>(db, text!(), row, same).await
}

pub(crate) async fn insert_managed_key_change<C: Database>(db: &C, change: &ManagedKeyChange) -> Result<()> {
    let row = managed_key_changes::Model {
        id: change.id.as_uuid(),
        key_id: change.key.as_uuid(),
        at: change.at.as_millis(),
        kind: write_word(change.kind)?,
        person_id: change.person.map(PersonId::as_uuid),
        note: change.note.clone(),
    };
    insert::<managed_key_changes::Entity, C>(db, row).await
}

pub(crate) async fn hold_credential<C: Database>(db: &C, id: CredentialId, holder: Option<PersonId>) -> Result<bool> {
    let done = credentials::Entity::update_many()
        .col_expr(credentials::Column::HolderId, Expr::val(holder.map(PersonId::as_uuid)))
        .col_expr(credentials::Column::LastUsedAt, Expr::val(None::<i64>))
        .filter(credentials::Column::Id.eq(id.as_uuid()))
        .filter(credentials::Column::OwnerSchoolId.is_not_null())
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected > 0)
}
