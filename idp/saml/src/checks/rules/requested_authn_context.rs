//! `RequestedAuthnContext` (saml-core-2.0-os 3.3.2.2.1): a class that can be reached, or `NoAuthnContext`.

use super::super::context::RequestedContext;
use super::super::{Context, Refusal};
use crate::messages::AuthnRequest;
use crate::service_provider::Requested;

pub(crate) fn requested_authn_context(
    request: &AuthnRequest,
    context: &Context<'_>,
) -> Result<Option<RequestedContext>, Refusal> {
    match &request.requested_authn_context {
        Some(requested) if context.provider.settings.contexts.requested == Requested::Honoured => {
            RequestedContext::of(requested).map(Some).ok_or(Refusal::AuthnContext)
        }
        _ => Ok(None),
    }
}
