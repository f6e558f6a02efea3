//! `NameIDPolicy` (saml-core-2.0-os 3.4.1.1): a kind of identifier that this application gets, or
//! `InvalidNameIDPolicy`.

use super::super::{Context, Refusal};
use crate::messages::{AuthnRequest, NameIdFormat};

pub(crate) fn name_id_policy(request: &AuthnRequest, context: &Context<'_>) -> Result<NameIdFormat, Refusal> {
    let configured = context.provider.settings.name_id;
    let Some(policy) = &request.name_id_policy else { return Ok(configured) };
    // An identifier for a group of service providers (an affiliation) is not made: everybody has their own.
    if policy.sp_name_qualifier.as_ref().is_some_and(|group| *group != context.provider.metadata.entity_id) {
        return Err(Refusal::SpNameQualifier);
    }
    let Some(uri) = &policy.format else { return Ok(configured) };
    match NameIdFormat::from_uri(uri) {
        // "unspecified ... left to individual implementations" (8.3.1): no wish.
        Some(NameIdFormat::Unspecified) => Ok(configured),
        // A transient identifier tells nothing, so any application may have it instead of what it is configured for.
        Some(NameIdFormat::Transient) => Ok(NameIdFormat::Transient),
        Some(format) if format == configured => Ok(format),
        _ => Err(Refusal::NameIdFormat),
    }
}
