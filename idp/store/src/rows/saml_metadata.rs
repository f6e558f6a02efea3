//! Where metadata of service providers is fetched, and how the looks at it went.

use keyholder_core::id::ApplicationId;
use keyholder_core::saml::{MetadataFailure, SamlMetadata};
use keyholder_core::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::text::text;
use super::{Listing, Result, find, put, read_json, write_json};
use crate::entities::saml_metadata;
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

fn read(row: saml_metadata::Model) -> Result<SamlMetadata> {
    let failure = match (row.failing_since, row.last_error) {
        (Some(since), Some(error)) => {
            let attempts = u32::try_from(row.failed_attempts).map_err(|_| corrupt("source of metadata"))?;
            Some(MetadataFailure { since: Timestamp::from_millis(since), attempts, error })
        }
        (None, None) => None,
        _ => return Err(corrupt("source of metadata")),
    };
    Ok(SamlMetadata {
        application: ApplicationId::from_uuid(row.application_id),
        source: read_json("source of metadata", &row.source)?,
        fetched_at: Timestamp::from_millis(row.fetched_at),
        next_refresh: Timestamp::from_millis(row.next_refresh),
        failure,
    })
}

pub(crate) async fn list<C: Database>(db: &C) -> Result<Vec<SamlMetadata>> {
    let rows = saml_metadata::Entity::find().order_by_asc(saml_metadata::Column::ApplicationId).records(db).await?;
    rows.into_iter().map(read).collect()
}

pub(crate) async fn find_of<C: Database>(db: &C, application: ApplicationId) -> Result<Option<SamlMetadata>> {
    let given = [(saml_metadata::Column::ApplicationId, application.as_uuid().into())];
    find::<saml_metadata::Entity, C, _>(db, text!(), given).await?.map(read).transpose()
}

pub(crate) async fn put_of<C: Database>(db: &C, metadata: &SamlMetadata) -> Result<()> {
    let failure = metadata.failure.as_ref();
    let row = saml_metadata::Model {
        application_id: metadata.application.as_uuid(),
        source: write_json(&metadata.source)?,
        fetched_at: metadata.fetched_at.as_millis(),
        next_refresh: metadata.next_refresh.as_millis(),
        failed_attempts: failure.map_or(0, |failure| i32::try_from(failure.attempts).unwrap_or(i32::MAX)),
        failing_since: failure.map(|failure| failure.since.as_millis()),
        last_error: failure.map(|failure| failure.error.clone()),
    };
    put::<saml_metadata::Entity, C>(db, row).await
}

pub(crate) async fn delete_of<C: Database>(db: &C, application: ApplicationId) -> Result<()> {
    saml_metadata::Entity::delete_many()
        .filter(saml_metadata::Column::ApplicationId.eq(application.as_uuid()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(())
}
