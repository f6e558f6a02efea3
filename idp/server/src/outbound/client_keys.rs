//! The public keys of clients: inline, or fetched and kept.
//!
//! Keys are kept for an hour. An unknown key leads to one more look, at most every thirty seconds for each client, so that a
//! stream of forged tokens does not become a stream of requests. When the client's server is down, known keys go on for a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyholder_core::application::{JwksSource, RelyingApplication, ResponseEncryption};
use keyholder_core::id::ApplicationId;
use keyholder_core::time::Timestamp;
use keyholder_oidc::jwe::Recipient;
use keyholder_oidc::jws::{self, JwsAlgorithm, JwsError, PublicKeys, Verified};
use url::Url;

use super::{FetchError, Fetcher};

const FRESH: Duration = Duration::from_hours(1);
const USABLE: Duration = Duration::from_hours(24);
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(30);
/// The longest key set that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Kept key sets; one entry for each registered client that has an address.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<HashMap<ApplicationId, Arc<tokio::sync::Mutex<Entry>>>>);

#[derive(Debug, Default)]
struct Entry {
    known: Option<Known>,
    tried_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
struct Known {
    uri: Url,
    keys: Arc<ClientKeys>,
    fetched_at: Timestamp,
}

/// A client's key set: as it reads, and decoded for signatures.
#[derive(Debug)]
struct ClientKeys {
    text: String,
    signing: PublicKeys,
}

impl ClientKeys {
    fn parse(text: String) -> Result<Self, FetchError> {
        let signing = PublicKeys::from_jwks_json(&text).map_err(FetchError::BadKeys)?;
        Ok(Self { text, signing })
    }
}

/// How new keys have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Kept,
    /// A token named a key that is not known.
    Newer,
}

/// Why a client's token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ClientTokenError {
    #[error("the client's keys are not to be had")]
    Keys(#[from] FetchError),
    #[error("the client's token is not accepted")]
    Token(#[from] JwsError),
}

impl Fetcher {
    /// Checks the signature of a token by the client's keys, looking once more where its key is unknown.
    pub async fn verify_by_client(
        &self,
        application: &RelyingApplication,
        token: &str,
        algorithms: &[JwsAlgorithm],
        now: Timestamp,
    ) -> Result<Verified, ClientTokenError> {
        let keys = self.keys_of(application, Need::Kept, now).await?;
        match jws::verify(token, &keys.signing, algorithms) {
            Err(JwsError::UnknownKey) => {
                let keys = self.keys_of(application, Need::Newer, now).await?;
                Ok(jws::verify(token, &keys.signing, algorithms)?)
            }
            result => Ok(result?),
        }
    }

    /// The key to which answers for this client are encrypted.
    pub async fn recipient(
        &self,
        application: &RelyingApplication,
        encryption: ResponseEncryption,
        now: Timestamp,
    ) -> Result<Recipient, FetchError> {
        let keys = self.keys_of(application, Need::Kept, now).await?;
        Recipient::choose(&keys.text, encryption).map_err(FetchError::NotEncryptable)
    }

    async fn keys_of(
        &self,
        application: &RelyingApplication,
        need: Need,
        now: Timestamp,
    ) -> Result<Arc<ClientKeys>, FetchError> {
        match application.client.keys().ok_or(FetchError::NoKeys)? {
            JwksSource::Inline(text) => ClientKeys::parse(text.clone()).map(Arc::new),
            JwksSource::Uri(uri) => self.fetched_keys(application.id, uri, need, now).await,
        }
    }

    async fn fetched_keys(
        &self,
        id: ApplicationId,
        uri: &Url,
        need: Need,
        now: Timestamp,
    ) -> Result<Arc<ClientKeys>, FetchError> {
        let entry = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone();
        // Whoever comes second waits for the first one's answer.
        let mut entry = entry.lock().await;
        let known = entry.known.clone().filter(|known| known.uri == *uri && now.since(known.fetched_at) < USABLE);
        let fresh = known.as_ref().filter(|known| need == Need::Kept && now.since(known.fetched_at) < FRESH);
        if let Some(known) = fresh {
            return Ok(known.keys.clone());
        }
        let rested = entry.tried_at.is_none_or(|tried| now.since(tried) >= BETWEEN_ATTEMPTS);
        // A changed address is a changed registration, not an attack.
        let moved = entry.known.as_ref().is_some_and(|known| known.uri != *uri);
        if rested || moved {
            entry.tried_at = Some(now);
            match self.fetch_keys(uri).await {
                Ok(keys) => {
                    let keys = Arc::new(keys);
                    entry.known = Some(Known { uri: uri.clone(), keys: keys.clone(), fetched_at: now });
                    return Ok(keys);
                }
                Err(error) if known.is_none() => return Err(error),
                Err(error) => tracing::warn!(%uri, %error, "a client's keys could not be renewed"),
            }
        }
        known.map(|known| known.keys).ok_or(FetchError::TooSoon)
    }

    async fn fetch_keys(&self, uri: &Url) -> Result<ClientKeys, FetchError> {
        let body = self.get(uri, MAX_BYTES).await?;
        let text = std::str::from_utf8(&body).map_err(|_| FetchError::BadKeys(JwsError::Malformed))?;
        ClientKeys::parse(text.to_owned())
    }
}
