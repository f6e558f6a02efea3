//! `client_id` names the application whose registration the request is held against.

use super::super::{Context, Untrusted, UnverifiedRequest};

pub(crate) fn client(request: &UnverifiedRequest, context: &Context<'_>) -> Result<(), Untrusted> {
    // RFC 6749 4.1.1: client_id is required, in the query also where there is a request object (RFC 9101 5).
    let known = request.client_id()? == context.application.client.client_id;
    if known { Ok(()) } else { Err(Untrusted::ClientUnknown) }
}
