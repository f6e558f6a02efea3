//! Metadata that a file wants from elsewhere, fetched before anything is written.
//!
//! What is registered already from the same source is not fetched again: that is the work of the schedule, and of
//! `keyholder saml refresh`. So a file can be applied again while a federation is not to be reached.

use std::collections::HashMap;

use keyholder_core::id::ApplicationId;
use keyholder_core::ports::{Queries as _, SamlQueries as _};
use keyholder_core::random::Random;
use keyholder_core::saml::{MetadataSource, SamlMetadata};
use keyholder_core::time::Timestamp;
use keyholder_store::SqlStore;

use super::document::Located;
use super::saml::{WantedMetadata, stored_metadata};
use super::wanted::{Wanted, find_twice};
use crate::cli::error::CliError;
use crate::config::OutboundConfig;
use crate::config::faults::Fault;
use crate::outbound::Fetcher;
use crate::saml::source::{fetch_first, next_look};
use crate::workers::describe;

/// With what metadata is fetched.
pub(super) struct Fetching<'a> {
    pub(super) outbound: &'a OutboundConfig,
    pub(super) random: &'a dyn Random,
    pub(super) saml_entity_id: &'a str,
    pub(super) now: Timestamp,
}

/// Fetches what is wanted and not there. Mistakes are in the order of the file.
pub(super) async fn fetch_metadata(
    wanted: &mut Wanted,
    store: &SqlStore,
    fetching: &Fetching<'_>,
) -> Result<Vec<Fault>, CliError> {
    if wanted.applications.iter().all(|wanted| wanted.saml.as_ref().is_none_or(|saml| saml.source().is_none())) {
        return Ok(Vec::new());
    }
    let fetcher = Fetcher::new(fetching.outbound).map_err(|error| CliError::Refused(describe(&error)))?;
    let sources: HashMap<ApplicationId, SamlMetadata> =
        store.list_saml_metadata().await?.into_iter().map(|row| (row.application, row)).collect();
    let mut faults = Vec::new();
    for application in &mut wanted.applications {
        let Some(saml) = &mut application.saml else { continue };
        let WantedMetadata::Elsewhere(source) = &saml.metadata else { continue };
        let before = store.find_application_by_client_id(&application.client_id.value).await?;
        let is_there = before.as_ref().is_some_and(|before| {
            let same = sources.get(&before.id).is_some_and(|row| row.source == source.value);
            same && stored_metadata(before).is_some()
        });
        if is_there {
            saml.metadata = WantedMetadata::Kept(source.clone());
            continue;
        }
        match fetch(&fetcher, source, fetching).await {
            Ok(fetched) => saml.metadata = fetched,
            Err(fault) => faults.push(fault),
        }
    }
    let providers = wanted.applications.iter().filter_map(|application| application.saml.as_ref());
    let fetched: Vec<_> = providers.filter_map(super::saml::WantedSaml::entity_id).collect();
    faults.extend(find_twice(fetched.iter().map(|entity_id| (entity_id.value.clone(), entity_id))));
    faults.sort_by(|a, b| a.origin.cmp(&b.origin));
    Ok(faults)
}

async fn fetch(
    fetcher: &Fetcher,
    source: &Located<MetadataSource>,
    fetching: &Fetching<'_>,
) -> Result<WantedMetadata, Fault> {
    match fetch_first(fetcher, &source.value, fetching.saml_entity_id, fetching.now).await {
        Ok(metadata) => {
            let row = SamlMetadata {
                // Known when it is written.
                application: ApplicationId::from_uuid(uuid::Uuid::nil()),
                source: source.value.clone(),
                fetched_at: fetching.now,
                next_refresh: next_look(&metadata, fetching.now, fetching.random),
                failure: None,
            };
            Ok(WantedMetadata::Fetched { metadata: source.with(Box::new(metadata)), row })
        }
        Err(error) => {
            let problem = describe(&error);
            Err(source.fault(format!("{} gives no metadata that can be used: {problem}", source.value.address)))
        }
    }
}
