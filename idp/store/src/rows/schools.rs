//! Trusts, schools, groups, pupil scopes.

use keyholder_core::id::{PupilScopeId, SchoolId, TrustId, UserGroupId};
use keyholder_core::membership::{PupilScope, UserGroup};
use keyholder_core::school::{School, Trust};
use keyholder_core::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::text::text;
use super::{Listing, Result, find, put, read_json, read_word, write_json, write_word};
use crate::entities::{pupil_scopes, schools, trusts, user_groups};
use crate::error::corrupt;
use crate::sqlite::record::Database;

pub(crate) fn read_trust(row: trusts::Model) -> Trust {
    Trust {
        id: TrustId::from_uuid(row.id),
        slug: row.slug,
        name: row.name,
        one_subject_across_schools: row.one_subject_across_schools,
        created_at: Timestamp::from_millis(row.created_at),
    }
}

pub(crate) fn read_school(row: schools::Model) -> Result<School> {
    Ok(School {
        id: SchoolId::from_uuid(row.id),
        trust: row.trust_id.map(TrustId::from_uuid),
        slug: row.slug,
        name: row.name,
        urn: row.urn,
        ukprn: row.ukprn,
        branding: read_json("branding", &row.branding)?,
        created_at: Timestamp::from_millis(row.created_at),
    })
}

pub(crate) fn read_group(row: user_groups::Model) -> Result<UserGroup> {
    Ok(UserGroup {
        id: UserGroupId::from_uuid(row.id),
        school: SchoolId::from_uuid(row.school_id),
        slug: row.slug,
        name: row.name,
        full: read_json("group", &row.full_set)?,
        restricted: read_json("group", &row.restricted_set)?,
        needs: read_word("assurance", &row.needs)?,
        elevation_minutes: u16::try_from(row.elevation_minutes).map_err(|_| corrupt("group"))?,
        first_key: read_word("first key rule", &row.first_key)?,
        created_at: Timestamp::from_millis(row.created_at),
    })
}

pub(crate) fn read_pupil_scope(row: pupil_scopes::Model) -> Result<PupilScope> {
    Ok(PupilScope {
        id: PupilScopeId::from_uuid(row.id),
        school: SchoolId::from_uuid(row.school_id),
        kind: read_word("pupil scope", &row.kind)?,
        name: row.name,
    })
}

pub(crate) async fn list_trusts<C: Database>(db: &C) -> Result<Vec<Trust>> {
    let rows = trusts::Entity::find()
        .order_by_asc(trusts::Column::CreatedAt)
        .order_by_asc(trusts::Column::Id)
        .records(db)
        .await?;
    Ok(rows.into_iter().map(read_trust).collect())
}

pub(crate) async fn find_trust<C: Database>(db: &C, id: TrustId) -> Result<Option<Trust>> {
    Ok(find::<trusts::Entity, C, _>(db, text!(), [(trusts::Column::Id, id.as_uuid().into())]).await?.map(read_trust))
}

pub(crate) async fn find_trust_by_slug<C: Database>(db: &C, slug: &str) -> Result<Option<Trust>> {
    Ok(find::<trusts::Entity, C, _>(db, text!(), [(trusts::Column::Slug, slug.into())]).await?.map(read_trust))
}

pub(crate) async fn list_schools<C: Database>(db: &C) -> Result<Vec<School>> {
    let rows = schools::Entity::find()
        .order_by_asc(schools::Column::CreatedAt)
        .order_by_asc(schools::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_school).collect()
}

pub(crate) async fn find_school<C: Database>(db: &C, id: SchoolId) -> Result<Option<School>> {
    find::<schools::Entity, C, _>(db, text!(), [(schools::Column::Id, id.as_uuid().into())])
        .await?
        .map(read_school)
        .transpose()
}

pub(crate) async fn find_school_by_slug<C: Database>(db: &C, slug: &str) -> Result<Option<School>> {
    find::<schools::Entity, C, _>(db, text!(), [(schools::Column::Slug, slug.into())])
        .await?
        .map(read_school)
        .transpose()
}

pub(crate) async fn list_groups<C: Database>(db: &C, school: SchoolId) -> Result<Vec<UserGroup>> {
    let rows = user_groups::Entity::find()
        .filter(user_groups::Column::SchoolId.eq(school.as_uuid()))
        .order_by_asc(user_groups::Column::CreatedAt)
        .order_by_asc(user_groups::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_group).collect()
}

pub(crate) async fn find_group<C: Database>(db: &C, id: UserGroupId) -> Result<Option<UserGroup>> {
    find::<user_groups::Entity, C, _>(db, text!(), [(user_groups::Column::Id, id.as_uuid().into())])
        .await?
        .map(read_group)
        .transpose()
}

pub(crate) async fn list_pupil_scopes<C: Database>(db: &C, school: SchoolId) -> Result<Vec<PupilScope>> {
    // Identifiers begin with the time at which they were drawn.
    let rows = pupil_scopes::Entity::find()
        .filter(pupil_scopes::Column::SchoolId.eq(school.as_uuid()))
        .order_by_asc(pupil_scopes::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_pupil_scope).collect()
}

pub(crate) async fn put_trust<C: Database>(db: &C, trust: &Trust) -> Result<()> {
    let row = trusts::Model {
        id: trust.id.as_uuid(),
        slug: trust.slug.clone(),
        name: trust.name.clone(),
        one_subject_across_schools: trust.one_subject_across_schools,
        created_at: trust.created_at.as_millis(),
    };
    put::<trusts::Entity, C>(db, row).await
}

pub(crate) async fn put_school<C: Database>(db: &C, school: &School) -> Result<()> {
    let row = schools::Model {
        id: school.id.as_uuid(),
        trust_id: school.trust.map(TrustId::as_uuid),
        slug: school.slug.clone(),
        name: school.name.clone(),
        urn: school.urn.clone(),
        ukprn: school.ukprn.clone(),
        branding: write_json(&school.branding)?,
        created_at: school.created_at.as_millis(),
    };
    put::<schools::Entity, C>(db, row).await
}

pub(crate) async fn put_group<C: Database>(db: &C, group: &UserGroup) -> Result<()> {
    let row = user_groups::Model {
        id: group.id.as_uuid(),
        school_id: group.school.as_uuid(),
        slug: group.slug.clone(),
        name: group.name.clone(),
        full_set: write_json(&group.full)?,
        restricted_set: write_json(&group.restricted)?,
        needs: write_word(group.needs)?,
        elevation_minutes: i32::from(group.elevation_minutes),
        first_key: write_word(group.first_key)?,
        created_at: group.created_at.as_millis(),
    };
    put::<user_groups::Entity, C>(db, row).await
}

pub(crate) async fn put_pupil_scope<C: Database>(db: &C, scope: &PupilScope) -> Result<()> {
    let row = pupil_scopes::Model {
        id: scope.id.as_uuid(),
        school_id: scope.school.as_uuid(),
        kind: write_word(scope.kind)?,
        name: scope.name.clone(),
    };
    put::<pupil_scopes::Entity, C>(db, row).await
}
