//! People, passwords, memberships, credentials.

use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::DeviceKey;
use keyholder_core::id::{CredentialId, MembershipId, PersonId, PupilScopeId, SchoolId, UserGroupId};
use keyholder_core::membership::{Membership, MembershipInFull};
use keyholder_core::person::{Email, Person, StoredPassword};
use keyholder_core::ports::{PersonFilter, Sealer, StoreError};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, Select, Value};
use uuid::Uuid;

use super::schools::{read_group, read_pupil_scope, read_school};
use super::text::text;
use super::{
    Listing, Result, change, columns_of, find, insert, instant, millis, one, open_at, put, read_json, read_word,
    replace_if, seal_at, write_json, write_word,
};
use crate::entities::{
    credentials, membership_pupil_scopes, memberships, passwords, people, pupil_scopes, schools, user_groups,
};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

/// What the secret of a credential is sealed for: this key of this owner and factor at this version. In another row, or in its
/// own after a later change, it does not open.
pub(crate) fn secret_place(row: &credentials::Model) -> String {
    let (kind, owner) = match (row.owner_person_id, row.owner_school_id) {
        (Some(person), _) => ("person", person),
        (None, school) => ("school", school.unwrap_or(Uuid::nil())),
    };
    let (id, owner) = (row.id.as_simple(), owner.as_simple());
    format!("credentials.secret/{id}/{kind}/{owner}/{}/{}", row.factor, row.version)
}

pub(crate) fn read_person(row: people::Model) -> Result<Person> {
    Ok(Person {
        id: PersonId::from_uuid(row.id),
        subject: row.subject,
        email: Email::parse(&row.email)
            .map_err(|error| StoreError::Corrupt { what: "e-mail address", source: Some(Box::new(error)) })?,
        email_verified_at: instant(row.email_verified_at),
        given_name: row.given_name,
        family_name: row.family_name,
        language: row.language.map(|tag| read_word("language", &tag)).transpose()?,
        disabled_at: instant(row.disabled_at),
        created_at: Timestamp::from_millis(row.created_at),
        email_changed_at: instant(row.email_changed_at),
        key_stopped_at: instant(row.key_stopped_at),
    })
}

fn write_person(person: &Person) -> Result<people::Model> {
    Ok(people::Model {
        id: person.id.as_uuid(),
        subject: person.subject.clone(),
        email: person.email.as_str().to_owned(),
        email_key: person.email.key(),
        email_verified_at: millis(person.email_verified_at),
        given_name: person.given_name.clone(),
        family_name: person.family_name.clone(),
        language: person.language.map(write_word).transpose()?,
        disabled_at: millis(person.disabled_at),
        created_at: person.created_at.as_millis(),
        email_changed_at: millis(person.email_changed_at),
        key_stopped_at: millis(person.key_stopped_at),
    })
}

fn read_password(row: passwords::Model) -> StoredPassword {
    StoredPassword { hash: row.hash, changed_at: Timestamp::from_millis(row.changed_at) }
}

fn read_membership(row: &memberships::Model, pupil_scopes: Vec<PupilScopeId>) -> Membership {
    Membership {
        id: MembershipId::from_uuid(row.id),
        person: PersonId::from_uuid(row.person_id),
        school: SchoolId::from_uuid(row.school_id),
        group: UserGroupId::from_uuid(row.group_id),
        pupil_scopes,
        starts_at: instant(row.starts_at),
        ends_at: instant(row.ends_at),
        admin_key_holder: row.admin_key_holder,
        created_at: Timestamp::from_millis(row.created_at),
    }
}

pub(crate) fn read_credential(sealer: &dyn Sealer, row: credentials::Model) -> Result<Credential> {
    let owner = match (row.owner_person_id, row.owner_school_id) {
        (Some(person), None) => CredentialOwner::Person(PersonId::from_uuid(person)),
        (None, Some(school)) => CredentialOwner::School(SchoolId::from_uuid(school)),
        _ => return Err(corrupt("owner of a credential")),
    };
    let secret = open_at(sealer, "credential", &secret_place(&row), &row.secret)?;
    Ok(Credential {
        id: CredentialId::from_uuid(row.id),
        owner,
        holder: row.holder_id.map(PersonId::from_uuid),
        factor: row.factor,
        lookup: row.lookup,
        label: row.label,
        format: u32::try_from(row.format).map_err(|_| corrupt("credential"))?,
        secret,
        device: row.device.map(|spki| DeviceKey { spki }),
        evidence: read_json("credential", &row.evidence)?,
        facts: read_json("credential", &row.facts)?,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        last_used_at: instant(row.last_used_at),
    })
}

fn write_credential(sealer: &dyn Sealer, credential: &Credential, version: i64) -> Result<credentials::Model> {
    let (owner_person_id, owner_school_id) = match credential.owner {
        CredentialOwner::Person(person) => (Some(person.as_uuid()), None),
        CredentialOwner::School(school) => (None, Some(school.as_uuid())),
    };
    let row = credentials::Model {
        id: credential.id.as_uuid(),
        owner_person_id,
        owner_school_id,
        holder_id: credential.holder.map(PersonId::as_uuid),
        factor: credential.factor.clone(),
        lookup: credential.lookup.clone(),
        label: credential.label.clone(),
        format: i64::from(credential.format),
        secret: Vec::new(),
        version,
        created_at: credential.created_at.as_millis(),
        last_used_at: millis(credential.last_used_at),
        device: credential.device.as_ref().map(|device| device.spki.clone()),
        evidence: write_json(&credential.evidence)?,
        facts: write_json(&credential.facts)?,
    };
    let secret = seal_at(sealer, &secret_place(&row), &credential.secret)?;
    Ok(credentials::Model { secret, ..row })
}

pub(crate) async fn list_people<C: Database>(db: &C, filter: PersonFilter) -> Result<Vec<Person>> {
    let mut select = people::Entity::find();
    if let PersonFilter::OfSchool(school) = filter {
        let members = Query::select()
            .column(memberships::Column::PersonId)
            .from(memberships::Entity)
            .and_where(memberships::Column::SchoolId.eq(school.as_uuid()))
            .take();
        select = select.filter(people::Column::Id.in_subquery(members));
    }
    let rows = select.order_by_asc(people::Column::CreatedAt).order_by_asc(people::Column::Id).records(db).await?;
    rows.into_iter().map(read_person).collect()
}

pub(crate) async fn list_admin_key_holders<C: Database>(
    db: &C,
    school: SchoolId,
    now: Timestamp,
) -> Result<Vec<Person>> {
    let now = now.as_millis();
    let holders = Query::select()
        .column(memberships::Column::PersonId)
        .from(memberships::Entity)
        .and_where(memberships::Column::SchoolId.eq(school.as_uuid()))
        .and_where(memberships::Column::AdminKeyHolder.eq(true))
        .and_where(memberships::Column::StartsAt.is_null().or(memberships::Column::StartsAt.lte(now)))
        .and_where(memberships::Column::EndsAt.is_null().or(memberships::Column::EndsAt.gt(now)))
        .take();
    let rows = people::Entity::find()
        .filter(people::Column::Id.in_subquery(holders))
        .filter(people::Column::DisabledAt.is_null())
        .order_by_asc(people::Column::FamilyName)
        .order_by_asc(people::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_person).collect()
}

pub(crate) async fn find_person<C: Database>(db: &C, id: PersonId) -> Result<Option<Person>> {
    find::<people::Entity, C, _>(db, text!(), [(people::Column::Id, id.as_uuid().into())])
        .await?
        .map(read_person)
        .transpose()
}

pub(crate) async fn find_person_by_email<C: Database>(db: &C, key: &str) -> Result<Option<Person>> {
    find::<people::Entity, C, _>(db, text!(), [(people::Column::EmailKey, key.into())])
        .await?
        .map(read_person)
        .transpose()
}

pub(crate) async fn insert_person<C: Database>(db: &C, person: &Person) -> Result<()> {
    insert::<people::Entity, C>(db, write_person(person)?).await
}

pub(crate) async fn update_person<C: Database>(db: &C, person: &Person) -> Result<()> {
    let same = [(people::Column::Id, person.id.as_uuid().into())];
    let found = replace_if::<people::Entity, C, _>(db, text!(), write_person(person)?, same).await?;
    if found { Ok(()) } else { Err(StoreError::Conflict("no such person".to_owned())) }
}

pub(crate) async fn find_password<C: Database>(db: &C, person: PersonId) -> Result<Option<StoredPassword>> {
    let row =
        find::<passwords::Entity, C, _>(db, text!(), [(passwords::Column::PersonId, person.as_uuid().into())]).await?;
    Ok(row.map(read_password))
}

pub(crate) async fn find_account<C: Database>(db: &C, key: &str) -> Result<Option<(Person, Option<StoredPassword>)>> {
    type Account = (people::Model, Option<passwords::Model>);
    let select = |_: &[Value]| {
        use people::Column::{EmailKey, Id};
        let password = people::Entity::belongs_to(passwords::Entity).from(Id).to(passwords::Column::PersonId).into();
        let select = people::Entity::find().join(JoinType::LeftJoin, password).filter(EmailKey.eq(key));
        columns_of::<Account, _>(select)
    };
    let account: Option<Account> = one(db, text!().with(db, vec![key.into()], select)).await?;
    account.map(|(person, password)| Ok((read_person(person)?, password.map(read_password)))).transpose()
}

pub(crate) async fn put_password<C: Database>(db: &C, person: PersonId, password: &StoredPassword) -> Result<()> {
    let row = passwords::Model {
        person_id: person.as_uuid(),
        hash: password.hash.clone(),
        changed_at: password.changed_at.as_millis(),
    };
    put::<passwords::Entity, C>(db, row).await
}

pub(crate) async fn replace_password<C: Database>(
    db: &C,
    person: PersonId,
    former_hash: &str,
    password: &StoredPassword,
) -> Result<bool> {
    let row = passwords::Model {
        person_id: person.as_uuid(),
        hash: password.hash.clone(),
        changed_at: password.changed_at.as_millis(),
    };
    let same = [(passwords::Column::PersonId, person.as_uuid().into()), (passwords::Column::Hash, former_hash.into())];
    replace_if::<passwords::Entity, C, _>(db, text!(), row, same).await
}

pub(crate) async fn find_membership<C: Database>(db: &C, id: MembershipId) -> Result<Option<Membership>> {
    let Some(row) =
        find::<memberships::Entity, C, _>(db, text!(), [(memberships::Column::Id, id.as_uuid().into())]).await?
    else {
        return Ok(None);
    };
    let links = membership_pupil_scopes::Entity::find()
        .filter(membership_pupil_scopes::Column::MembershipId.eq(row.id))
        .order_by_asc(membership_pupil_scopes::Column::Position)
        .records(db)
        .await?;
    let scopes = links.into_iter().map(|link| PupilScopeId::from_uuid(link.pupil_scope_id)).collect();
    Ok(Some(read_membership(&row, scopes)))
}

/// A membership with what [`join_members`] joins to it: one of its pupil scopes, if it has any, and where that stands among them.
pub(crate) type MemberRow = (
    memberships::Model,
    schools::Model,
    user_groups::Model,
    Option<membership_pupil_scopes::Model>,
    Option<pupil_scopes::Model>,
);

/// Joins to memberships what they refer to: a row for each pupil scope, or one where there is none. `join` is how the memberships
/// themselves are joined: a left join where there may be none.
pub(crate) fn join_members<S: EntityTrait>(select: Select<S>, join: JoinType) -> Select<S> {
    use memberships::Column::{GroupId, Id, SchoolId};
    let school = memberships::Entity::belongs_to(schools::Entity).from(SchoolId).to(schools::Column::Id).into();
    let group = memberships::Entity::belongs_to(user_groups::Entity).from(GroupId).to(user_groups::Column::Id).into();
    let link = memberships::Entity::belongs_to(membership_pupil_scopes::Entity)
        .from(Id)
        .to(membership_pupil_scopes::Column::MembershipId)
        .into();
    let scope = membership_pupil_scopes::Entity::belongs_to(pupil_scopes::Entity)
        .from(membership_pupil_scopes::Column::PupilScopeId)
        .to(pupil_scopes::Column::Id)
        .into();
    select.join(join, school).join(join, group).join(JoinType::LeftJoin, link).join(JoinType::LeftJoin, scope)
}

/// The memberships of rows of [`join_members`], oldest first, each with its pupil scopes in their order. Ordered here: SQLite would
/// write each row with all its columns into a sorter and read it again, for a handful of rows.
pub(crate) fn read_members(rows: impl IntoIterator<Item = MemberRow>) -> Result<Vec<MembershipInFull>> {
    let mut rows: Vec<MemberRow> = rows.into_iter().collect();
    rows.sort_by_key(|(member, _, _, link, _)| (member.created_at, member.id, link.as_ref().map(|link| link.position)));
    let mut found: Vec<MembershipInFull> = Vec::new();
    for (membership, school, group, _, scope) in rows {
        if found.last().is_none_or(|last| last.membership.id.as_uuid() != membership.id) {
            found.push(MembershipInFull {
                membership: read_membership(&membership, Vec::new()),
                school: read_school(school)?,
                group: read_group(group)?,
                pupil_scopes: Vec::new(),
            });
        }
        if let (Some(last), Some(scope)) = (found.last_mut(), scope) {
            let scope = read_pupil_scope(scope)?;
            last.membership.pupil_scopes.push(scope.id);
            last.pupil_scopes.push(scope);
        }
    }
    Ok(found)
}

pub(crate) async fn list_memberships<C: Database>(db: &C, person: PersonId) -> Result<Vec<MembershipInFull>> {
    let select = |_: &[Value]| {
        let select = memberships::Entity::find().filter(memberships::Column::PersonId.eq(person.as_uuid()));
        columns_of::<MemberRow, _>(join_members(select, JoinType::InnerJoin))
    };
    let rows: Vec<MemberRow> =
        db.records(text!().with(db, vec![person.as_uuid().into()], select)).await.map_err(stored)?;
    read_members(rows)
}

pub(crate) async fn put_membership<C: Database>(db: &C, membership: &Membership) -> Result<()> {
    let id = membership.id.as_uuid();
    let row = memberships::Model {
        id,
        person_id: membership.person.as_uuid(),
        school_id: membership.school.as_uuid(),
        group_id: membership.group.as_uuid(),
        starts_at: millis(membership.starts_at),
        ends_at: millis(membership.ends_at),
        admin_key_holder: membership.admin_key_holder,
        created_at: membership.created_at.as_millis(),
    };
    put::<memberships::Entity, C>(db, row).await?;
    membership_pupil_scopes::Entity::delete_many()
        .filter(membership_pupil_scopes::Column::MembershipId.eq(id))
        .exec(db)
        .await
        .map_err(stored)?;
    for (position, scope) in (0_i32..).zip(&membership.pupil_scopes) {
        let row = membership_pupil_scopes::Model { membership_id: id, pupil_scope_id: scope.as_uuid(), position };
        insert::<membership_pupil_scopes::Entity, C>(db, row).await?;
    }
    Ok(())
}

pub(crate) async fn list_credentials<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    holder: PersonId,
) -> Result<Vec<Credential>> {
    let rows = credentials_of(holder).records(db).await?;
    rows.into_iter().map(|row| read_credential(sealer, row)).collect()
}

/// Those that a person owns and those that they hold.
pub(crate) fn credentials_of(holder: PersonId) -> Select<credentials::Entity> {
    let holder = holder.as_uuid();
    credentials::Entity::find()
        .filter(credentials::Column::OwnerPersonId.eq(holder).or(credentials::Column::HolderId.eq(holder)))
        .order_by_asc(credentials::Column::CreatedAt)
        .order_by_asc(credentials::Column::Id)
}

pub(crate) async fn find_credential<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    id: CredentialId,
) -> Result<Option<Credential>> {
    let row = find::<credentials::Entity, C, _>(db, text!(), [(credentials::Column::Id, id.as_uuid().into())]).await?;
    row.map(|row| read_credential(sealer, row)).transpose()
}

pub(crate) async fn find_credential_by_lookup<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    factor: &str,
    lookup: &[u8],
) -> Result<Option<Credential>> {
    let named = [(credentials::Column::Factor, factor.into()), (credentials::Column::Lookup, lookup.to_vec().into())];
    let row = find::<credentials::Entity, C, _>(db, text!(), named).await?;
    row.map(|row| read_credential(sealer, row)).transpose()
}

pub(crate) async fn insert_credential<C: Database>(db: &C, sealer: &dyn Sealer, credential: &Credential) -> Result<()> {
    insert::<credentials::Entity, C>(db, write_credential(sealer, credential, credential.version)?).await
}

pub(crate) async fn swap_credential<C: Database>(db: &C, sealer: &dyn Sealer, credential: &Credential) -> Result<bool> {
    let row = write_credential(sealer, credential, credential.version.saturating_add(1))?;
    let set = [
        (credentials::Column::HolderId, row.holder_id.into()),
        (credentials::Column::Format, row.format.into()),
        (credentials::Column::Secret, row.secret.into()),
        (credentials::Column::Label, row.label.into()),
        (credentials::Column::Facts, row.facts.into()),
        (credentials::Column::LastUsedAt, row.last_used_at.into()),
        (credentials::Column::Version, row.version.into()),
    ];
    let same = [(credentials::Column::Id, row.id.into()), (credentials::Column::Version, credential.version.into())];
    change::<credentials::Entity, C, _>(db, text!(), set, same, None).await
}

pub(crate) async fn delete_credential<C: Database>(db: &C, id: CredentialId) -> Result<bool> {
    let done = credentials::Entity::delete_many()
        .filter(credentials::Column::Id.eq(id.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected > 0)
}
