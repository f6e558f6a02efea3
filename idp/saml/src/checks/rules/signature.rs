//! Whether the request had to be signed (saml-profiles-2.0-os 4.1.4.1; `AuthnRequestsSigned`, saml-metadata-2.0-os
//! 2.4.4).

use super::super::Signature;
use super::super::{Context, Untrusted};
use crate::messages::AuthnRequest;

/// A signature that is there has been verified ([`crate::inbound`] refuses a wrong one); here only its absence is
/// judged.
pub(crate) fn signature(_: &AuthnRequest, context: &Context<'_>) -> Result<(), Untrusted> {
    match context.signature {
        Signature::Absent if context.provider.needs_signed_requests() => Err(Untrusted::Unsigned),
        Signature::Absent | Signature::Verified => Ok(()),
    }
}
