//! Relying applications, the schools that they serve, and what people agreed to.

use std::collections::HashMap;

use keyholder_core::application::{OfferedTo, RelyingApplication};
use keyholder_core::id::{ApplicationId, PersonId, SchoolId, TrustId};
use keyholder_core::ports::StoreError;
use keyholder_core::saml::ServiceProvider;
use keyholder_core::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::text::text;
use super::{Listing, Result, find, insert, put, read_json, read_word, write_json, write_word};
use crate::entities::{application_schools, applications, consents};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

fn read_application(row: applications::Model, schools: Vec<SchoolId>) -> Result<RelyingApplication> {
    let launch_url = row
        .launch_url
        .map(|address| address.parse())
        .transpose()
        .map_err(|error| StoreError::Corrupt { what: "launch address", source: Some(Box::new(error)) })?;
    Ok(RelyingApplication {
        id: ApplicationId::from_uuid(row.id),
        name: row.name,
        offered_to: match row.trust_id {
            Some(trust) => OfferedTo::Trust(TrustId::from_uuid(trust)),
            None => OfferedTo::Schools(schools),
        },
        consent: read_word("consent rule", &row.consent)?,
        launch_url,
        client: read_json("client", &row.client)?,
        saml: read_saml(row.entity_id, row.saml.as_deref())?,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}

fn read_saml(entity_id: Option<String>, registration: Option<&str>) -> Result<Option<ServiceProvider>> {
    match (entity_id, registration) {
        (Some(entity_id), Some(text)) => {
            Ok(Some(ServiceProvider { entity_id, registration: read_json("service provider", text)? }))
        }
        (None, None) => Ok(None),
        _ => Err(corrupt("service provider")),
    }
}

pub(crate) async fn list_applications<C: Database>(db: &C) -> Result<Vec<RelyingApplication>> {
    let rows = applications::Entity::find()
        .order_by_asc(applications::Column::CreatedAt)
        .order_by_asc(applications::Column::Id)
        .records(db)
        .await?;
    let links =
        application_schools::Entity::find().order_by_asc(application_schools::Column::Position).records(db).await?;
    let mut schools: HashMap<Uuid, Vec<SchoolId>> = HashMap::new();
    for link in links {
        schools.entry(link.application_id).or_default().push(SchoolId::from_uuid(link.school_id));
    }
    rows.into_iter()
        .map(|row| {
            let schools = schools.remove(&row.id).unwrap_or_default();
            read_application(row, schools)
        })
        .collect()
}

async fn with_schools<C: Database>(db: &C, row: Option<applications::Model>) -> Result<Option<RelyingApplication>> {
    let Some(row) = row else { return Ok(None) };
    let links = application_schools::Entity::find()
        .filter(application_schools::Column::ApplicationId.eq(row.id))
        .order_by_asc(application_schools::Column::Position)
        .records(db)
        .await?;
    let schools = links.into_iter().map(|link| SchoolId::from_uuid(link.school_id)).collect();
    read_application(row, schools).map(Some)
}

pub(crate) async fn find_application<C: Database>(db: &C, id: ApplicationId) -> Result<Option<RelyingApplication>> {
    let row =
        find::<applications::Entity, C, _>(db, text!(), [(applications::Column::Id, id.as_uuid().into())]).await?;
    with_schools(db, row).await
}

pub(crate) async fn find_application_by_client_id<C: Database>(
    db: &C,
    client_id: &str,
) -> Result<Option<RelyingApplication>> {
    let row =
        find::<applications::Entity, C, _>(db, text!(), [(applications::Column::ClientId, client_id.into())]).await?;
    with_schools(db, row).await
}

pub(crate) async fn put_application<C: Database>(db: &C, application: &RelyingApplication) -> Result<()> {
    let id = application.id.as_uuid();
    let (trust_id, schools) = match &application.offered_to {
        OfferedTo::Trust(trust) => (Some(trust.as_uuid()), [].as_slice()),
        OfferedTo::Schools(schools) => (None, schools.as_slice()),
    };
    let row = applications::Model {
        id,
        client_id: application.client.client_id.clone(),
        name: application.name.clone(),
        trust_id,
        consent: write_word(application.consent)?,
        launch_url: application.launch_url.as_ref().map(ToString::to_string),
        client: write_json(&application.client)?,
        entity_id: application.saml.as_ref().map(|saml| saml.entity_id.clone()),
        saml: application.saml.as_ref().map(|saml| write_json(&saml.registration)).transpose()?,
        created_at: application.created_at.as_millis(),
        updated_at: application.updated_at.as_millis(),
    };
    put::<applications::Entity, C>(db, row).await?;
    application_schools::Entity::delete_many()
        .filter(application_schools::Column::ApplicationId.eq(id))
        .exec(db)
        .await
        .map_err(stored)?;
    for (position, school) in (0_i32..).zip(schools) {
        let row = application_schools::Model { application_id: id, school_id: school.as_uuid(), position };
        insert::<application_schools::Entity, C>(db, row).await?;
    }
    Ok(())
}

pub(crate) async fn delete_application<C: Database>(db: &C, id: ApplicationId) -> Result<bool> {
    let done = applications::Entity::delete_many()
        .filter(applications::Column::Id.eq(id.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn find_consent<C: Database>(
    db: &C,
    person: PersonId,
    application: ApplicationId,
    school: SchoolId,
) -> Result<Option<Vec<String>>> {
    let given = [
        (consents::Column::PersonId, person.as_uuid().into()),
        (consents::Column::ApplicationId, application.as_uuid().into()),
        (consents::Column::SchoolId, school.as_uuid().into()),
    ];
    let row = find::<consents::Entity, C, _>(db, text!(), given).await?;
    row.map(|row| read_json("consent", &row.scopes)).transpose()
}

pub(crate) async fn put_consent<C: Database>(
    db: &C,
    person: PersonId,
    application: ApplicationId,
    school: SchoolId,
    scopes: &[String],
    now: Timestamp,
) -> Result<()> {
    let row = consents::Model {
        person_id: person.as_uuid(),
        application_id: application.as_uuid(),
        school_id: school.as_uuid(),
        scopes: write_json(scopes)?,
        given_at: now.as_millis(),
    };
    put::<consents::Entity, C>(db, row).await
}
