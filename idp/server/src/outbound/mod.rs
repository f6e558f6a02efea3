//! Requests that the server makes to registered addresses, guarded against inward ones (design, invariant 14).
//!
//! Owns the HTTP client and the client keys that it fetched. Does not own what is sent: callers do.

mod body;
mod client_keys;
pub mod guard;

use std::sync::Arc;
use std::time::Duration;

use keyholder_oidc::jwe::JweError;
use keyholder_oidc::jws::JwsError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, StatusCode};
use url::{Url, form_urlencoded};

pub use body::Body;
pub use client_keys::ClientTokenError;
use guard::{Guard, Refused};

use crate::config::OutboundConfig;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(5);
/// How many times longer a document may take that is read as it comes: a federation's has a hundred megabytes.
const LONG: u32 = 24;

/// The one client for registered addresses.
#[derive(Debug)]
pub struct Fetcher {
    client: reqwest::Client,
    /// For a document that is read as it comes.
    long_timeout: Duration,
    guard: Guard,
    kept: client_keys::Kept,
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    #[error("outbound.test_bed.ca_file cannot be read")]
    CaFile(#[source] std::io::Error),
    #[error("outbound.test_bed.ca_file holds no PEM certificates")]
    CaCertificates(#[source] reqwest::Error),
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Why a request had no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the address is refused: {0}")]
    Refused(#[from] Refused),
    #[error("the address did not answer")]
    Unreachable(#[source] reqwest::Error),
    #[error("the address answered {0}")]
    Status(StatusCode),
    #[error("the answer is too long")]
    TooLong,
    #[error("the keys cannot be used")]
    BadKeys(#[source] JwsError),
    #[error("nothing can be encrypted to the keys")]
    NotEncryptable(#[source] JweError),
    #[error("no keys are registered")]
    NoKeys,
    #[error("the last attempt failed a moment ago")]
    TooSoon,
    /// A defect of whoever reads a document.
    #[error("reading the answer was interrupted")]
    Interrupted,
}

impl Fetcher {
    /// Makes the client.
    pub fn new(config: &OutboundConfig) -> Result<Self, FetcherError> {
        Self::with_timeout(config, TIMEOUT)
    }

    pub(crate) fn with_timeout(config: &OutboundConfig, timeout: Duration) -> Result<Self, FetcherError> {
        let guard = Guard::new(config);
        let mut builder = reqwest::Client::builder()
            // A redirect would be a second address that nobody registered.
            .redirect(reqwest::redirect::Policy::none())
            // A proxy of the environment would resolve names itself, past the guard.
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver(guard.clone())))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .referer(false)
            .user_agent("Keyholder");
        if let Some(file) = &config.test_bed.ca_file {
            let pem = std::fs::read(file).map_err(FetcherError::CaFile)?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(FetcherError::CaCertificates)?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(FetcherError::Client)?;
        Ok(Self { client, long_timeout: timeout.saturating_mul(LONG), guard, kept: client_keys::Kept::default() })
    }

    /// Posts a form and answers the status; the answer's body is not read.
    pub async fn post(&self, url: &Url, fields: &[(&str, &str)]) -> Result<StatusCode, FetchError> {
        self.guard.check_url(url)?;
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(request.body(form).send().await.map_err(unreachable)?.status())
    }

    /// Posts a document and reads the one that answers, of at most `limit` bytes.
    pub async fn post_document(
        &self,
        url: &Url,
        headers: &[(&'static str, &'static str)],
        body: String,
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        self.guard.check_url(url)?;
        let request = self.client.post(url.clone()).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        read_whole(request.send().await.map_err(unreachable)?, limit).await
    }

    /// Hands a document of at most `limit` bytes to a reader as it comes, on a thread of its own: the memory that this takes does not
    /// grow with the document. What the reader says counts only if the document came whole, or the reader had enough before.
    pub async fn read<T: Send + 'static>(
        &self,
        url: &Url,
        limit: u64,
        read: impl FnOnce(Body) -> T + Send + 'static,
    ) -> Result<T, FetchError> {
        self.guard.check_url(url)?;
        let request = self.client.get(url.clone()).timeout(self.long_timeout);
        let mut answer = request.send().await.map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let (sender, body) = body::channel();
        let reader = tokio::task::spawn_blocking(move || read(body));
        let mut left = limit;
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            left = left.checked_sub(chunk.len() as u64).ok_or(FetchError::TooLong)?;
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
        drop(sender);
        reader.await.map_err(|_| FetchError::Interrupted)
    }

    /// Reads a document of at most `limit` bytes.
    pub async fn get(&self, url: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
        self.guard.check_url(url)?;
        read_whole(self.client.get(url.clone()).send().await.map_err(unreachable)?, limit).await
    }
}

async fn read_whole(mut answer: reqwest::Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Tells a refusal of the resolver from a failure of the network.
fn unreachable(error: reqwest::Error) -> FetchError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(&error);
    while let Some(inner) = source {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return FetchError::Refused(*refused);
        }
        source = inner.source();
    }
    FetchError::Unreachable(error)
}

/// Resolves names and lets only checked addresses through: the connection is made to exactly these.
#[derive(Debug)]
struct GuardedResolver(Guard);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One inward address among others is enough to refuse them all: a name that mixes them is up to something.
            for address in &addresses {
                guard.check_address(address.ip())?;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
pub(crate) mod test_publisher;
#[cfg(test)]
pub(crate) mod test_receiver;
#[cfg(test)]
mod tests;
