//! Where the answer goes: an endpoint of the registered metadata, byte for byte (saml-core-2.0-os 3.4.1).

use super::super::{Context, Untrusted};
use crate::messages::AuthnRequest;
use crate::service_provider::AssertionConsumerService;

pub(crate) fn assertion_consumer_service<'a>(
    request: &AuthnRequest,
    context: &Context<'a>,
) -> Result<&'a AssertionConsumerService, Untrusted> {
    let metadata = &context.provider.metadata;
    let services = || metadata.assertion_consumer_services.iter();
    match (&request.assertion_consumer_service_url, request.assertion_consumer_service_index) {
        // "AssertionConsumerServiceIndex ... mutually exclusive with AssertionConsumerServiceURL and ProtocolBinding".
        (Some(_), Some(_)) => Err(Untrusted::IndexWithUrl),
        (None, Some(_)) if request.protocol_binding.is_some() => Err(Untrusted::IndexWithUrl),
        (Some(url), None) => services().find(|service| service.location == *url).ok_or(Untrusted::AcsNotRegistered),
        (None, Some(index)) => services().find(|service| service.index == index).ok_or(Untrusted::IndexNotRegistered),
        (None, None) => metadata.default_assertion_consumer_service().ok_or(Untrusted::NoAcs),
    }
}
