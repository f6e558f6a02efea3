//! What a look at a source changes in rows.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::saml::SamlMetadata;
use keyholder_core::time::Timestamp;
use keyholder_saml::service_provider::{ServiceProvider, SpMetadata};

use crate::applications::REVISION;

/// Keeps how a look went and, where it went well, what was found.
pub(super) struct Keep {
    pub(super) row: SamlMetadata,
    pub(super) found: Option<SpMetadata>,
    pub(super) event: AuditEvent,
    pub(super) now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// What the service provider says of itself is in force, and differs.
    Changed,
    Unchanged,
    /// It was registered anew in the meantime, or is gone: nothing was changed.
    Gone,
}

#[async_trait]
impl Command for Keep {
    type Output = Kept;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Kept, StoreError> {
        let id = self.row.application;
        let (row, application) = (transaction.find_saml_metadata(id).await?, transaction.find_application(id).await?);
        let (Some(row), Some(mut application)) = (row, application) else { return Ok(Kept::Gone) };
        if row.source != self.row.source {
            return Ok(Kept::Gone);
        }
        let Some(found) = &self.found else {
            transaction.put_saml_metadata(&self.row).await?;
            return Ok(Kept::Unchanged);
        };
        let Some(saml) = application.saml.as_mut().filter(|saml| saml.entity_id == found.entity_id) else {
            return Ok(Kept::Gone);
        };
        let mut provider: ServiceProvider = serde_json::from_value(saml.registration.clone())
            .map_err(|error| StoreError::Corrupt { what: "service provider", source: Some(Box::new(error)) })?;
        transaction.put_saml_metadata(&self.row).await?;
        if provider.metadata == *found {
            return Ok(Kept::Unchanged);
        }
        let says_more = says_more(&provider.metadata, found);
        provider.metadata = found.clone();
        saml.registration = serde_json::to_value(&provider).map_err(|error| StoreError::Database(Box::new(error)))?;
        application.updated_at = self.now;
        transaction.put_application(&application).await?;
        // Running servers keep applications in memory until this rises.
        transaction.raise_revision(REVISION).await?;
        if says_more {
            transaction.insert_audit(&self.event).await?;
        }
        Ok(if says_more { Kept::Changed } else { Kept::Unchanged })
    }
}

/// Whether more differs than for how long it counts.
fn says_more(before: &SpMetadata, after: &SpMetadata) -> bool {
    let timeless = |metadata: &SpMetadata| SpMetadata { valid_until: None, cache_seconds: None, ..metadata.clone() };
    timeless(before) != timeless(after)
}
