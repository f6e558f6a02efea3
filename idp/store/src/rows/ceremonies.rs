//! Ceremonies with factor plugins, and what is counted against keys.

use aws_lc_rs::digest;
use keyholder_core::ceremony::{Ceremony, CeremonyInFull};
use keyholder_core::credential::CredentialInFull;
use keyholder_core::id::{CeremonyId, CredentialId, FlowId, PersonId, SessionId};
use keyholder_core::lockout::Failures;
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::{Expr, IntoCondition, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value,
};

use super::people::{credentials_of, read_credential};
use super::sessions::read_session;
use super::text::text;
use super::{
    Listing, Result, change, columns_of, find, insert, instant, millis, one, open_at, put, read_json, read_word,
    seal_at, write_json, write_word,
};
use crate::entities::{ceremonies, credential_failures, credentials, sessions};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

/// What the contents of a ceremony are sealed for: this ceremony of this session, flow, person, factor and purpose (design,
/// invariant 6). In another row they do not open.
pub(crate) fn contents_place(row: &ceremonies::Model) -> String {
    format!(
        "ceremonies.contents/{}/{}/{}/{}/{}/{}",
        row.id.as_simple(),
        row.session_id.as_simple(),
        row.flow_id.unwrap_or_default().as_simple(),
        row.person_id.as_simple(),
        row.factor,
        row.purpose,
    )
}

fn read_ceremony(sealer: &dyn Sealer, row: ceremonies::Model) -> Result<Ceremony> {
    let contents = open_at(sealer, "ceremony", &contents_place(&row), &row.contents)?;
    let contents: keyholder_core::ceremony::Contents = serde_json::from_slice(&contents)
        .map_err(|error| StoreError::Corrupt { what: "ceremony", source: Some(Box::new(error)) })?;
    Ok(Ceremony {
        id: CeremonyId::from_uuid(row.id),
        version: row.version,
        session: SessionId::from_uuid(row.session_id),
        flow: row.flow_id.map(FlowId::from_uuid),
        person: PersonId::from_uuid(row.person_id),
        factor: row.factor,
        purpose: read_word("ceremony", &row.purpose)?,
        credentials: read_json("ceremony", &row.credentials)?,
        reply_tag: row.reply_tag.and_then(|_| contents.step.reply_tag.clone()),
        contents,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        ended_at: instant(row.ended_at),
    })
}

fn write_ceremony(sealer: &dyn Sealer, ceremony: &Ceremony, version: i64) -> Result<ceremonies::Model> {
    let contents = serde_json::to_vec(&ceremony.contents).map_err(|error| StoreError::Database(Box::new(error)))?;
    let open = ceremony.ended_at.is_none();
    let row = ceremonies::Model {
        id: ceremony.id.as_uuid(),
        version,
        session_id: ceremony.session.as_uuid(),
        flow_id: ceremony.flow.map(FlowId::as_uuid),
        person_id: ceremony.person.as_uuid(),
        factor: ceremony.factor.clone(),
        purpose: write_word(ceremony.purpose)?,
        credentials: write_json(&ceremony.credentials)?,
        contents: Vec::new(),
        // Whoever shows the tag may enrol a device: at rest it is a digest.
        reply_tag: ceremony.reply_tag.as_deref().filter(|_| open).map(hash),
        created_at: ceremony.created_at.as_millis(),
        expires_at: ceremony.expires_at.as_millis(),
        ended_at: millis(ceremony.ended_at),
    };
    let contents = seal_at(sealer, &contents_place(&row), &contents)?;
    Ok(ceremonies::Model { contents, ..row })
}

fn hash(tag: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, tag).as_ref().to_vec()
}

fn is_open(now: Timestamp) -> Condition {
    ceremonies::Column::EndedAt.is_null().and(ceremonies::Column::ExpiresAt.gt(now.as_millis())).into_condition()
}

async fn list<C: Database>(db: &C, sealer: &dyn Sealer, which: Condition) -> Result<Vec<Ceremony>> {
    let rows = ceremonies::Entity::find()
        .filter(which)
        .order_by_desc(ceremonies::Column::CreatedAt)
        .order_by_desc(ceremonies::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(|row| read_ceremony(sealer, row)).collect()
}

pub(crate) async fn find_ceremony<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    id: CeremonyId,
) -> Result<Option<Ceremony>> {
    let row = find::<ceremonies::Entity, C, _>(db, text!(), [(ceremonies::Column::Id, id.as_uuid().into())]).await?;
    row.map(|row| read_ceremony(sealer, row)).transpose()
}

pub(crate) async fn find_ceremony_in_full<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    id: CeremonyId,
    key: CredentialId,
) -> Result<Option<CeremonyInFull>> {
    let select = |_: &[Value]| in_full(id, key);
    let values = vec![key.as_uuid().into(), id.as_uuid().into()];
    let found: Option<InFull> = one(db, text!().with(db, values, select)).await?;
    let Some((ceremony, session, key, failures)) = found else { return Ok(None) };
    Ok(Some(CeremonyInFull {
        ceremony: read_ceremony(sealer, ceremony)?,
        session: session.map(read_session).transpose()?,
        key: key.map(|key| read_credential(sealer, key)).transpose()?,
        failures: failures.as_ref().map(read_failures).transpose()?,
    }))
}

type InFull =
    (ceremonies::Model, Option<sessions::Model>, Option<credentials::Model>, Option<credential_failures::Model>);

fn in_full(id: CeremonyId, key: CredentialId) -> SelectStatement {
    use ceremonies::Column::{Id, SessionId};
    let session = ceremonies::Entity::belongs_to(sessions::Entity).from(SessionId).to(sessions::Column::Id).into();
    let mut select = ceremonies::Entity::find().join(JoinType::LeftJoin, session).filter(Id.eq(id.as_uuid()));
    // By the id that was asked for: a ceremony may have several keys.
    let the_key = credentials::Column::Id.eq(key.as_uuid());
    QueryTrait::query(&mut select)
        .left_join(credentials::Entity, the_key)
        .left_join(credential_failures::Entity, of_its_key());
    columns_of::<InFull, _>(select)
}

pub(crate) async fn find_open_ceremony<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    session: SessionId,
    flow: Option<FlowId>,
    factor: &str,
    now: Timestamp,
) -> Result<Option<Ceremony>> {
    let of_flow = match flow {
        Some(flow) => ceremonies::Column::FlowId.eq(flow.as_uuid()),
        None => ceremonies::Column::FlowId.is_null(),
    };
    let which = is_open(now)
        .add(ceremonies::Column::SessionId.eq(session.as_uuid()))
        .add(of_flow)
        .add(ceremonies::Column::Factor.eq(factor));
    Ok(list(db, sealer, which).await?.into_iter().next())
}

pub(crate) async fn find_ceremony_by_reply_tag<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    tag: &[u8],
    now: Timestamp,
) -> Result<Option<Ceremony>> {
    let which = is_open(now).add(ceremonies::Column::ReplyTag.eq(hash(tag)));
    Ok(list(db, sealer, which).await?.into_iter().next())
}

pub(crate) async fn list_open_ceremonies<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<Ceremony>> {
    list(db, sealer, is_open(now).add(ceremonies::Column::PersonId.eq(person.as_uuid()))).await
}

pub(crate) async fn list_ceremonies_of_flow<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    flow: FlowId,
) -> Result<Vec<Ceremony>> {
    list(db, sealer, ceremonies::Column::FlowId.eq(flow.as_uuid()).into_condition()).await
}

pub(crate) async fn insert_ceremony<C: Database>(db: &C, sealer: &dyn Sealer, ceremony: &Ceremony) -> Result<()> {
    insert::<ceremonies::Entity, C>(db, write_ceremony(sealer, ceremony, ceremony.version)?).await
}

pub(crate) async fn swap_ceremony<C: Database>(db: &C, sealer: &dyn Sealer, ceremony: &Ceremony) -> Result<bool> {
    let row = write_ceremony(sealer, ceremony, ceremony.version.saturating_add(1))?;
    // What a ceremony is bound to never changes, and one that ended stays ended.
    let set = [
        (ceremonies::Column::Version, row.version.into()),
        (ceremonies::Column::Credentials, row.credentials.into()),
        (ceremonies::Column::Contents, row.contents.into()),
        (ceremonies::Column::ReplyTag, row.reply_tag.into()),
        (ceremonies::Column::ExpiresAt, row.expires_at.into()),
        (ceremonies::Column::EndedAt, row.ended_at.into()),
    ];
    let same = [(ceremonies::Column::Id, row.id.into()), (ceremonies::Column::Version, ceremony.version.into())];
    change::<ceremonies::Entity, C, _>(db, text!(), set, same, Some(ceremonies::Column::EndedAt)).await
}

pub(crate) async fn end_ceremonies<C: Database>(db: &C, which: impl IntoCondition, now: Timestamp) -> Result<()> {
    ceremonies::Entity::update_many()
        .col_expr(ceremonies::Column::EndedAt, Expr::val(now.as_millis()))
        .col_expr(ceremonies::Column::ReplyTag, Expr::val(None::<Vec<u8>>))
        .col_expr(ceremonies::Column::Version, Expr::col(ceremonies::Column::Version).add(1))
        .filter(ceremonies::Column::EndedAt.is_null())
        .filter(which.into_condition())
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(())
}

pub(crate) async fn end_ceremonies_of<C: Database>(db: &C, person: PersonId, now: Timestamp) -> Result<()> {
    end_ceremonies(db, ceremonies::Column::PersonId.eq(person.as_uuid()), now).await
}

pub(crate) async fn list_failures<C: Database>(db: &C, of: &[CredentialId]) -> Result<Vec<Failures>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let ids = of.iter().map(|id| id.as_uuid());
    let rows = credential_failures::Entity::find()
        .filter(credential_failures::Column::CredentialId.is_in(ids))
        .order_by_asc(credential_failures::Column::CredentialId)
        .records(db)
        .await?;
    rows.iter().map(read_failures).collect()
}

pub(crate) async fn list_credentials_in_full<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    holder: PersonId,
) -> Result<Vec<CredentialInFull>> {
    type Key = (credentials::Model, Option<credential_failures::Model>);
    let select = |_: &[Value]| {
        let mut select = credentials_of(holder);
        QueryTrait::query(&mut select).left_join(credential_failures::Entity, of_its_key());
        columns_of::<Key, _>(select)
    };
    let holder = Value::from(holder.as_uuid());
    let rows: Vec<Key> = db.records(text!().with(db, vec![holder.clone(), holder], select)).await.map_err(stored)?;
    let read = |(key, failures): Key| {
        let failures = failures.as_ref().map(read_failures).transpose()?;
        Ok(CredentialInFull { credential: read_credential(sealer, key)?, failures })
    };
    rows.into_iter().map(read).collect()
}

/// Joins what is counted against a key to it.
fn of_its_key() -> Expr {
    Expr::col((credential_failures::Entity, credential_failures::Column::CredentialId))
        .equals((credentials::Entity, credentials::Column::Id))
}

fn read_failures(row: &credential_failures::Model) -> Result<Failures> {
    let count = |number: i32| u32::try_from(number).map_err(|_| corrupt("count of failures"));
    Ok(Failures {
        credential: CredentialId::from_uuid(row.credential_id),
        failures: count(row.failures)?,
        window_started_at: Timestamp::from_millis(row.window_started_at),
        locks: count(row.locks)?,
        locked_until: instant(row.locked_until),
        diagnoses: count(row.diagnoses)?,
        diagnosed_at: instant(row.diagnosed_at),
        diagnoses_since: Timestamp::from_millis(row.diagnoses_since),
    })
}

pub(crate) async fn put_failures<C: Database>(db: &C, failures: &Failures) -> Result<()> {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let row = credential_failures::Model {
        credential_id: failures.credential.as_uuid(),
        failures: count(failures.failures),
        window_started_at: failures.window_started_at.as_millis(),
        locks: count(failures.locks),
        locked_until: millis(failures.locked_until),
        diagnoses: count(failures.diagnoses),
        diagnosed_at: millis(failures.diagnosed_at),
        diagnoses_since: failures.diagnoses_since.as_millis(),
    };
    put::<credential_failures::Entity, C>(db, row).await
}
