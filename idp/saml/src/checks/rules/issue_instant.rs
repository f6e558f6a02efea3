//! `IssueInstant`: a request counts for some minutes, and clocks differ by a little (saml-core-2.0-os 3.2.1).

use std::time::Duration;

use keyholder_core::time::Timestamp;

use super::super::{Context, REQUEST_LIFETIME, Untrusted};
use crate::messages::AuthnRequest;

fn skew(context: &Context<'_>) -> Duration {
    Duration::from_secs(context.provider.settings.clock_skew_seconds.into())
}

pub(crate) fn issue_instant(request: &AuthnRequest, context: &Context<'_>) -> Result<(), Untrusted> {
    if request.header.issue_instant > context.now.plus(skew(context)) {
        return Err(Untrusted::Future);
    }
    if context.now >= expires_at(request, context) { Err(Untrusted::Stale) } else { Ok(()) }
}

/// When the request stops to count, hence how long it has to be remembered.
pub(crate) fn expires_at(request: &AuthnRequest, context: &Context<'_>) -> Timestamp {
    request.header.issue_instant.plus(REQUEST_LIFETIME).plus(skew(context))
}
