//! What an operator should know of service providers before people notice it: for the log, `keyholder saml list` and `keyholder doctor`.

use std::time::Duration;

use keyholder_core::application::RelyingApplication;
use keyholder_core::ports::{Queries as _, SamlQueries as _, StoreError};
use keyholder_core::saml::SamlMetadata;
use keyholder_core::time::Timestamp;
use keyholder_saml::metadata::{Use, Warning, warnings};
use keyholder_saml::service_provider::ServiceProvider;
use keyholder_store::SqlStore;

use crate::cli::london::date_of;

/// How far ahead is looked.
const AHEAD: Duration = Duration::from_hours(24 * 30);
/// Metadata that is fetched counts for days only. It is worth a word when a failure would soon be felt.
const AHEAD_OF_FETCHED: Duration = Duration::from_hours(24 * 2);

/// A service provider as it is registered.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) client_id: String,
    pub(crate) entity_id: String,
    /// `None`: it cannot be read.
    pub(crate) registered: Option<ServiceProvider>,
    /// Where its metadata is fetched.
    pub(crate) source: Option<SamlMetadata>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// How it is, and may be meant to be.
    Note,
    /// It will go wrong.
    Warning,
    /// People cannot sign in.
    Failed,
}

/// Every service provider that is registered.
pub(crate) async fn list_providers(store: &SqlStore) -> Result<Vec<Provider>, StoreError> {
    let applications = store.list_applications().await?;
    let sources = store.list_saml_metadata().await?;
    let read = |application: RelyingApplication| {
        let saml = application.saml?;
        Some(Provider {
            client_id: application.client.client_id,
            entity_id: saml.entity_id,
            registered: serde_json::from_value(saml.registration).ok(),
            source: sources.iter().find(|source| source.application == application.id).cloned(),
        })
    };
    Ok(applications.into_iter().filter_map(read).collect())
}

/// What there is to know of one, the worst last.
pub(crate) fn findings(provider: &Provider, now: Timestamp) -> Vec<(Level, String)> {
    let Some(registered) = &provider.registered else {
        return vec![(Level::Failed, "its registration cannot be read: apply its file again".to_owned())];
    };
    let ahead = if provider.source.is_some() { AHEAD_OF_FETCHED } else { AHEAD };
    let ends_soon = |at: Timestamp| at <= now.plus(ahead);
    let mut findings: Vec<_> = warnings(&registered.metadata, now, AHEAD)
        .into_iter()
        .filter(|warning| !matches!(warning, Warning::MetadataEnds { at } if !ends_soon(*at)))
        .map(|warning| worded(warning, now))
        .collect();
    if let Some(failure) = provider.source.as_ref().and_then(|source| source.failure.as_ref()) {
        let since = date_of(failure.since);
        let times = if failure.attempts == 1 { "once".to_owned() } else { format!("{} times", failure.attempts) };
        findings.push((
            Level::Warning,
            format!("its metadata could not be renewed since {since} (tried {times}): {}", failure.error),
        ));
    }
    findings.sort_by_key(|(level, _)| *level);
    findings
}

fn worded(warning: Warning, now: Timestamp) -> (Level, String) {
    let word = |used_for| match used_for {
        Use::Signing => "signing",
        Use::Encryption => "encryption",
    };
    match warning {
        Warning::MetadataEnds { at } if at <= now => {
            (Level::Failed, format!("its metadata counted until {}: nobody can sign in to it", date_of(at)))
        }
        Warning::MetadataEnds { at } => {
            (Level::Warning, format!("its metadata counts until {}; then nobody can sign in to it", date_of(at)))
        }
        Warning::CertificateEnds { used_for, at } if at <= now => (
            Level::Warning,
            format!(
                "its {} certificate ended on {}; its key is used on, and may soon be another",
                word(used_for),
                date_of(at)
            ),
        ),
        Warning::CertificateEnds { used_for, at } => (
            Level::Warning,
            format!("its {} certificate ends on {}; it probably gets another key", word(used_for), date_of(at)),
        ),
        Warning::KeyNotUsable { used_for, error } => {
            (Level::Warning, format!("its {} key cannot be used: {error}", word(used_for)))
        }
        Warning::NoSigningKey => (
            Level::Failed,
            "it says that it signs its requests, and has no key that could verify one: none of them is accepted"
                .to_owned(),
        ),
        Warning::NoLogout => (Level::Note, "it has no logout service: it is not told when people sign out".to_owned()),
    }
}
