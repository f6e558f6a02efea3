//! `Destination` (saml-core-2.0-os 3.2.1): a message that was meant for another address is discarded.

use super::super::Signature;
use super::super::{Context, Untrusted};
use crate::messages::AuthnRequest;

pub(crate) fn destination(request: &AuthnRequest, context: &Context<'_>) -> Result<(), Untrusted> {
    match (request.header.destination.as_deref(), context.signature) {
        (Some(destination), _) if destination == context.endpoint => Ok(()),
        (Some(_), _) => Err(Untrusted::Destination),
        // saml-bindings-2.0-os 3.4.5.2, 3.5.5.2: "if the message is signed, the Destination ... MUST".
        (None, Signature::Verified) => Err(Untrusted::DestinationMissing),
        (None, Signature::Absent) => Ok(()),
    }
}
