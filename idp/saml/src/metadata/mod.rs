//! Metadata (saml-metadata-2.0-os, with its errata): ours, written and signed; that of service providers, read.
//!
//! Owns the documents, which signature over them counts ([`Trust`]), and what of them is kept
//! ([`SpMetadata`](crate::service_provider::SpMetadata)). Does not own where they come from: files, addresses and their
//! schedule are the server's, as is keeping the last good copy.

mod aggregate;
mod duration;
mod endpoint;
mod entity;
mod error;
mod idp;
mod trust;
mod warning;

use std::io::{BufRead, BufReader, Cursor, Read};

pub use aggregate::{Aggregate, read_aggregate};
pub use error::MetadataError;
pub use idp::{Contact, ContactKind, Display, IdpMetadata, Localised, Logo, LogoutEndpoint, Organization, SsoEndpoint};
pub use trust::{Trust, Validity};
pub use warning::{Use, Warning, next_refresh, warnings};

use crate::gate::{GateError, Limits, parse_document};
use crate::names::METADATA;
use crate::service_provider::SpMetadata;
use crate::verify::verify_enveloped;

/// The media type of metadata (saml-metadata-2.0-os, appendix A).
pub const MEDIA_TYPE: &str = "application/samlmetadata+xml";

/// Where a metadata query server has an entity (Metadata Query Protocol, draft-young-md-query 3.1.1).
pub fn query_address(base: &str, entity_id: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(entity_id.as_bytes()).collect();
    format!("{}/entities/{}", base.trim_end_matches('/'), encoded.replace('+', "%20"))
}

/// Reads the metadata of one service provider: a file, or the answer of an address or a query server. Its root is the
/// entity, or a federation's aggregate in which `expected` is looked up; without `expected`, its only service provider.
pub fn read_entity(document: &[u8], expected: Option<&str>, trust: &Trust<'_>) -> Result<SpMetadata, MetadataError> {
    match parse_document(document, METADATA, "EntityDescriptor", &Limits::METADATA) {
        Ok(gated) => {
            // What is read is what was signed, where a signature counts at all.
            let verified;
            let root = if trust.pinned.is_empty() {
                gated.unverified()
            } else {
                verified = verify_enveloped(&gated, trust.pinned)?;
                verified.root()
            };
            let metadata = entity::read(root)?;
            trust.check_entity(&metadata, expected)?;
            trust.check_validity(metadata.valid_until)?;
            Ok(metadata)
        }
        Err(GateError::Root) => from_aggregate(document, expected, trust),
        Err(error) => Err(error.into()),
    }
}

/// Reads those service providers of a document from elsewhere that are wanted, in their order: it is the metadata of one
/// entity, or a federation's aggregate, which is read as it comes, in memory that does not grow with it.
pub fn read_entities(
    document: impl Read,
    wanted: &[String],
    trust: &Trust<'_>,
) -> Result<Vec<Result<SpMetadata, MetadataError>>, MetadataError> {
    let mut document = BufReader::new(document);
    let mut start = Vec::new();
    let longest = Limits::METADATA.bytes as u64;
    (&mut document).take(longest + 1).read_to_end(&mut start).map_err(|error| MetadataError::Io(error.kind()))?;
    if start.len() as u64 <= longest {
        match parse_document(&start, METADATA, "EntityDescriptor", &Limits::METADATA) {
            Ok(_) => return Ok(wanted.iter().map(|entity_id| read_entity(&start, Some(entity_id), trust)).collect()),
            // An aggregate of small entities has more events than one entity may have.
            Err(GateError::Root | GateError::TooManyEvents) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let is_wanted = |entity_id: &str| wanted.iter().any(|wanted| wanted == entity_id);
    let found = read_aggregate(BufReader::new(Cursor::new(start).chain(document)), is_wanted, trust)?.entities;
    let of = |entity_id: &String| {
        let mut named = found.iter().filter(|(found, _)| found == entity_id);
        match (named.next(), named.next()) {
            (Some((_, result)), None) => result.clone(),
            (None, _) => Err(MetadataError::EntityId),
            (Some(_), Some(_)) => Err(MetadataError::Several),
        }
    };
    Ok(wanted.iter().map(of).collect())
}

fn from_aggregate(
    document: impl BufRead,
    expected: Option<&str>,
    trust: &Trust<'_>,
) -> Result<SpMetadata, MetadataError> {
    let wanted = |entity_id: &str| expected.is_none_or(|expected| expected == entity_id);
    let mut found = read_aggregate(document, wanted, trust)?.entities.into_iter();
    match (found.next(), found.next()) {
        (Some((_, result)), None) => result,
        (None, _) if expected.is_some() => Err(MetadataError::EntityId),
        (None, _) => Err(MetadataError::NoServiceProvider),
        (Some(_), Some(_)) => Err(MetadataError::Several),
    }
}

#[cfg(test)]
mod tests;
