//! Metadata of service providers: fetched again when it is due, and what will go wrong with it told once a day.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::ports::{Command, SamlQueries as _, StoreError, Transaction};

use crate::app::App;
use crate::saml::entity_id;
use crate::saml::source::{Level, Older, Outcome, Surroundings, findings, list_providers, refresh};

/// The lease under which one node fetches.
const LEASE: &str = "saml-metadata";
/// Longer than fetching takes. Should two nodes fetch after all, they keep the same.
const LEASE_TIME: Duration = Duration::from_mins(10);
/// The lease of who told of what will go wrong. Nobody gives it back: that is what makes it once a day.
const TOLD: &str = "saml-metadata-told";
const TOLD_TIME: Duration = Duration::from_hours(24);

/// Fetches what is due, if no other node does. Writes nothing where nothing is.
pub(super) async fn refresh_due(app: &App, node: &str) -> Result<Vec<Outcome>, StoreError> {
    let now = app.now();
    let rows = app.store.list_saml_metadata().await?;
    let due: Vec<_> = rows.iter().filter(|row| row.next_refresh <= now).map(|row| row.source.address.clone()).collect();
    if due.is_empty() || !take(app, LEASE, node, LEASE_TIME).await? {
        return Ok(Vec::new());
    }
    // A document is fetched once for all who name it.
    let rows = rows.into_iter().filter(|row| due.contains(&row.source.address)).collect();
    let own = entity_id(&app.config);
    let around = Surroundings { store: &app.store, fetcher: &app.fetcher, random: app.random.as_ref(), own: &own, now };
    refresh(&around, rows, Older::Refused).await
}

/// Tells the log what will go wrong, once a day in the whole installation. Answers how much there was to tell.
pub(super) async fn tell(app: &App, node: &str) -> Result<usize, StoreError> {
    let now = app.now();
    let mut told = Vec::new();
    for provider in list_providers(&app.store).await? {
        let worth = findings(&provider, now).into_iter().filter(|(level, _)| *level > Level::Note);
        told.extend(worth.map(|(level, problem)| (provider.client_id.clone(), level, problem)));
    }
    // No holder takes it twice, this node included.
    let holder = format!("{node}-{}", now.as_millis());
    if told.is_empty() || !take(app, TOLD, &holder, TOLD_TIME).await? {
        return Ok(0);
    }
    for (client_id, level, problem) in &told {
        if *level == Level::Failed {
            tracing::error!(client_id, problem, "nobody can sign in to a service provider");
        } else {
            tracing::warn!(client_id, problem, "something will go wrong with a service provider");
        }
    }
    Ok(told.len())
}

async fn take(app: &App, lease: &'static str, holder: &str, time: Duration) -> Result<bool, StoreError> {
    app.store.execute(Take { lease, holder: holder.to_owned(), now: app.now(), until: app.now().plus(time) }).await
}

#[derive(Debug)]
struct Take {
    lease: &'static str,
    holder: String,
    now: keyholder_core::time::Timestamp,
    until: keyholder_core::time::Timestamp,
}

#[async_trait]
impl Command for Take {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.take_lease(self.lease, &self.holder, self.now, self.until).await
    }
}

#[cfg(test)]
mod tests;
