//! `Issuer`, `ID` and `Version` (saml-core-2.0-os 3.2.1).

use super::super::{Context, Refusal, Untrusted};
use crate::gate::is_name;
use crate::messages::AuthnRequest;

/// The rules applied are those of the service provider that says that it asks.
pub(crate) fn issuer(request: &AuthnRequest, context: &Context<'_>) -> Result<(), Untrusted> {
    if request.header.issuer == context.provider.metadata.entity_id { Ok(()) } else { Err(Untrusted::Issuer) }
}

/// Metadata that has ended says nothing any more (saml-metadata-2.0-os 2.3.2).
pub(crate) fn metadata_is_valid(_: &AuthnRequest, context: &Context<'_>) -> Result<(), Untrusted> {
    match context.provider.metadata.valid_until {
        Some(end) if context.now >= end => Err(Untrusted::MetadataExpired),
        _ => Ok(()),
    }
}

/// The id comes back in `InResponseTo`.
pub(crate) fn id(request: &AuthnRequest, _: &Context<'_>) -> Result<(), Untrusted> {
    if is_name(&request.header.id) { Ok(()) } else { Err(Untrusted::Id) }
}

/// saml-core-2.0-os 4.1.3.1: another version is answered, with a status of its own.
pub(crate) fn version(request: &AuthnRequest, _: &Context<'_>) -> Result<(), Refusal> {
    if request.header.version == "2.0" { Ok(()) } else { Err(Refusal::Version) }
}
