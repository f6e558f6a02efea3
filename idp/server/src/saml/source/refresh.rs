//! Looking at sources again.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt as _;
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::ApplicationId;
use keyholder_core::ports::{Queries as _, StoreError};
use keyholder_core::random::{Random, draw_bytes};
use keyholder_core::saml::{MetadataFailure, MetadataSource, SamlMetadata};
use keyholder_core::time::Timestamp;
use keyholder_saml::metadata::{MetadataError, next_refresh};
use keyholder_saml::service_provider::{ServiceProvider, SpMetadata};
use keyholder_store::SqlStore;

use super::fetch::{SourceError, fetch};
use super::keep::{Keep, Kept};
use crate::audit::{About, event_at};
use crate::outbound::Fetcher;
use crate::workers::describe;

/// Documents that are fetched at the same time.
const AT_ONCE: usize = 4;
/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_mins(5);
/// No failure is waited out longer.
const LONGEST_WAIT: Duration = Duration::from_hours(6);

/// With what sources are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) store: &'a SqlStore,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) random: &'a dyn Random,
    /// Our own entity id.
    pub(crate) own: &'a str,
    pub(crate) now: Timestamp,
}

/// What to do with a signed document that counts for less long than the copy in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Older {
    /// Each publication counts for longer than the one before: this one is replayed, to bring back a key that was withdrawn.
    Refused,
    /// An operator asked the publisher.
    Accepted,
}

/// How a look went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) client_id: String,
    pub(crate) entity_id: String,
    pub(crate) result: Result<Renewed, String>,
}

/// What a look that went well brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// The service provider says something else than before.
    Changed,
    Unchanged,
    /// Registered anew, or removed, while the document came: nothing was kept.
    Gone,
}

/// Looks at sources now. A document that several name is fetched once.
pub(crate) async fn refresh(
    around: &Surroundings<'_>,
    rows: Vec<SamlMetadata>,
    older: Older,
) -> Result<Vec<Outcome>, StoreError> {
    let applications = around.store.list_applications().await?;
    let applications: HashMap<ApplicationId, RelyingApplication> =
        applications.into_iter().map(|application| (application.id, application)).collect();
    let mut documents: HashMap<(String, Vec<String>), Vec<Look>> = HashMap::new();
    for row in rows {
        let Some(look) = applications.get(&row.application).and_then(|application| Look::of(row, application)) else {
            continue;
        };
        let MetadataSource { address, certificates, .. } = &look.row.source;
        documents.entry((address.to_string(), certificates.clone())).or_default().push(look);
    }
    let looks = documents.into_values().map(|looks| look_at(around, looks));
    let looked: Vec<_> = futures::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    let mut outcomes = Vec::new();
    for (look, result) in looked.into_iter().flatten() {
        outcomes.push(keep(around, look, result, older).await?);
    }
    Ok(outcomes)
}

/// One service provider whose metadata is looked for.
struct Look {
    row: SamlMetadata,
    client_id: String,
    before: ServiceProvider,
}

impl Look {
    fn of(row: SamlMetadata, application: &RelyingApplication) -> Option<Self> {
        let registration = application.saml.as_ref()?.registration.clone();
        // One that cannot be read is told of where applications are cached.
        let before = serde_json::from_value(registration).ok()?;
        Some(Self { row, client_id: application.client.client_id.clone(), before })
    }

    fn entity_id(&self) -> &str {
        &self.before.metadata.entity_id
    }
}

type Looked = (Look, Result<SpMetadata, String>);

/// Fetches one document for all who name it.
async fn look_at(around: &Surroundings<'_>, looks: Vec<Look>) -> Vec<Looked> {
    let Some(source) = looks.first().map(|look| look.row.source.clone()) else { return Vec::new() };
    // Always the entity that is registered, whatever the document has beside or instead of it.
    let wanted = looks.iter().map(|look| look.entity_id().to_owned()).collect();
    match fetch(around.fetcher, &source, wanted, around.own, around.now).await {
        Ok(found) => {
            let none = std::iter::repeat_with(|| Err(SourceError::from(MetadataError::EntityId)));
            let found = found.into_iter().chain(none);
            looks.into_iter().zip(found).map(|(look, found)| (look, found.map_err(|error| describe(&error)))).collect()
        }
        Err(error) => {
            let error = describe(&error);
            looks.into_iter().map(|look| (look, Err(error.clone()))).collect()
        }
    }
}

async fn keep(
    around: &Surroundings<'_>,
    look: Look,
    result: Result<SpMetadata, String>,
    older: Older,
) -> Result<Outcome, StoreError> {
    let pinned = !look.row.source.certificates.is_empty();
    let result = result.and_then(|found| {
        let is_older = pinned && found.valid_until < look.before.metadata.valid_until;
        if is_older && older == Older::Refused { Err(SourceError::Older.to_string()) } else { Ok(found) }
    });
    let row = match &result {
        Ok(found) => SamlMetadata {
            fetched_at: around.now,
            next_refresh: next_look(found, around.now, around.random),
            failure: None,
            ..look.row.clone()
        },
        Err(error) => failed(&look.row, error, around),
    };
    let about = About {
        application: Some(look.row.application),
        detail: Some("its metadata was fetched again, and says something else"),
        ..About::default()
    };
    let event = event_at(around.random, around.now, AuditKind::ApplicationChanged, about);
    let kept = around.store.execute(Keep { row, found: result.as_ref().ok().cloned(), event, now: around.now }).await?;
    let result = result.map(|_| match kept {
        Kept::Changed => Renewed::Changed,
        Kept::Unchanged => Renewed::Unchanged,
        Kept::Gone => Renewed::Gone,
    });
    tell(&look, &result);
    Ok(Outcome { entity_id: look.entity_id().to_owned(), client_id: look.client_id, result })
}

/// The first failure of a row of them, and how it ends; what goes on failing is told once a day.
fn tell(look: &Look, result: &Result<Renewed, String>) {
    let (client_id, entity_id) = (look.client_id.as_str(), look.entity_id());
    match result {
        Ok(Renewed::Changed) => {
            tracing::info!(
                client_id,
                entity_id,
                "the metadata of a service provider says something else; it counts from now on"
            );
        }
        Ok(_) if look.row.failure.is_some() => {
            tracing::info!(client_id, entity_id, "the metadata of a service provider is renewed again");
        }
        Err(error) if look.row.failure.is_none() => tracing::warn!(
            client_id,
            entity_id,
            error,
            "the metadata of a service provider could not be renewed; the copy before it stays in force"
        ),
        Ok(_) | Err(_) => {}
    }
}

fn failed(row: &SamlMetadata, error: &str, around: &Surroundings<'_>) -> SamlMetadata {
    let before = row.failure.as_ref();
    let attempts = before.map_or(0, |failure| failure.attempts).saturating_add(1);
    let wait = FIRST_WAIT.saturating_mul(1 << (attempts - 1).min(16)).min(LONGEST_WAIT);
    let failure = MetadataFailure {
        since: before.map_or(around.now, |failure| failure.since),
        attempts,
        error: error.chars().take(500).collect(),
    };
    SamlMetadata {
        next_refresh: around.now.plus(shortened(wait, around.random)),
        failure: Some(failure),
        ..row.clone()
    }
}

/// When a source is looked at again after a look that went well.
pub(crate) fn next_look(found: &SpMetadata, now: Timestamp, random: &dyn Random) -> Timestamp {
    now.plus(shortened(next_refresh(found, now).since(now), random))
}

/// Up to a tenth earlier, so that installations, and applications of one, do not all ask at once.
fn shortened(wait: Duration, random: &dyn Random) -> Duration {
    let [draw] = draw_bytes::<1>(random);
    wait.saturating_sub(wait / 2560 * u32::from(draw))
}
