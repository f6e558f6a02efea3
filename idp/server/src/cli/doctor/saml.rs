//! What service providers need an operator for.

use keyholder_core::time::Timestamp;
use keyholder_store::SqlStore;

use super::{Report, sentence};
use crate::saml::source::{Level, findings, list_providers};

pub(super) async fn service_providers(report: &mut Report, store: &SqlStore, now: Timestamp) {
    const SUBJECT: &str = "saml";
    let providers = match list_providers(store).await {
        Ok(providers) => providers,
        Err(error) => return report.failed(SUBJECT, sentence(&error)),
    };
    for provider in &providers {
        for (level, finding) in findings(provider, now) {
            let text = format!("{}: {finding}", provider.client_id);
            match level {
                Level::Note => {}
                Level::Warning => report.warning(SUBJECT, text),
                Level::Failed => report.failed(SUBJECT, text),
            }
        }
    }
    let fetched = providers.iter().filter(|provider| provider.source.is_some()).count();
    report.ok(SUBJECT, format!("{} service providers, the metadata of {fetched} is fetched", providers.len()));
}
