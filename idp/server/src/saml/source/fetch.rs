//! One look at a source.

use keyholder_core::saml::MetadataSource;
use keyholder_core::time::Timestamp;
use keyholder_saml::certificate::Certificate;
use keyholder_saml::metadata::{MetadataError, Trust, read_entities, read_entity};
use keyholder_saml::service_provider::SpMetadata;
use keyholder_saml::verify::{KeyError, PublicKey};

use crate::outbound::{FetchError, Fetcher};

/// The longest document of one entity, in bytes.
const ENTITY: usize = 1024 * 1024;
/// The longest aggregate, in bytes. The largest federations have about 100 MB.
const AGGREGATE: u64 = 256 * 1024 * 1024;

/// Why a source gave nothing. The copy in force stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error("a certificate that was pinned cannot be used: {0}")]
    Certificate(#[from] KeyError),
    /// Somebody replays what was signed before.
    #[error(
        "it is older than the copy in force: its validUntil is earlier; \
         `keyholder saml refresh --accept-older` takes it, if the publisher says that it is the right one"
    )]
    Older,
}

/// Whether an entity id is one of ours: the installation's, or one of those that applications have of their own. All of them begin
/// as the address of our metadata does.
pub(crate) fn is_ours(own: &str, entity_id: &str) -> bool {
    entity_id == own || own.strip_suffix("metadata").is_some_and(|ours| entity_id.starts_with(ours))
}

/// The document for the first time: of the entity that the source names, or of the only one that it has.
pub(crate) async fn fetch_first(
    fetcher: &Fetcher,
    source: &MetadataSource,
    own: &str,
    now: Timestamp,
) -> Result<SpMetadata, SourceError> {
    if let Some(entity_id) = &source.entity_id {
        let mut found = fetch(fetcher, source, vec![entity_id.clone()], own, now).await?;
        return found.pop().unwrap_or(Err(MetadataError::EntityId.into()));
    }
    let pinned = keys(source)?;
    let document = fetcher.get(&source.address, ENTITY).await?;
    let ours = [own.to_owned()];
    Ok(checked(own, read_entity(&document, None, &trust(&pinned, &ours, now)))?)
}

/// Those service providers of a document that are wanted, in their order.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    source: &MetadataSource,
    wanted: Vec<String>,
    own: &str,
    now: Timestamp,
) -> Result<Vec<Result<SpMetadata, SourceError>>, SourceError> {
    let pinned = keys(source)?;
    let ours = [own.to_owned()];
    let read = move |body| read_entities(body, &wanted, &trust(&pinned, &ours, now));
    let found = fetcher.read(&source.address, AGGREGATE, read).await??;
    Ok(found.into_iter().map(|found| Ok(checked(own, found)?)).collect())
}

/// Where no key is pinned, TLS alone vouches for a document; either way it says until when it counts.
fn trust<'a>(pinned: &'a [PublicKey], ours: &'a [String], now: Timestamp) -> Trust<'a> {
    if pinned.is_empty() { Trust::fetched(ours, now) } else { Trust::pinned(pinned, ours, now) }
}

fn keys(source: &MetadataSource) -> Result<Vec<PublicKey>, KeyError> {
    source.certificates.iter().map(|text| Certificate::from_text(text)?.public_key()).collect()
}

fn checked(own: &str, found: Result<SpMetadata, MetadataError>) -> Result<SpMetadata, MetadataError> {
    let metadata = found?;
    if is_ours(own, &metadata.entity_id) { Err(MetadataError::OwnEntityId) } else { Ok(metadata) }
}
