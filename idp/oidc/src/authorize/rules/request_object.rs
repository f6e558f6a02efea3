//! A request object replaces the parameters beside it.

use super::super::{Context, UnverifiedRequest};
use crate::request_object::{RequestObjectError, open};

pub(crate) fn open_request_object(
    outer: &UnverifiedRequest,
    context: &Context<'_>,
) -> Result<UnverifiedRequest, RequestObjectError> {
    let request = match context.request_object {
        None => return Err(RequestObjectError::NoKeys),
        Some(Err(refusal)) => return Err(refusal.clone()),
        Some(Ok(object)) => open(object, context)?,
    };
    // OpenID Connect Core 6.1 and RFC 9101 6.3: what is said outside as well must be the same.
    if request.client_id != outer.client_id {
        return Err(RequestObjectError::ClientDiffers);
    }
    // RFC 9101 5: response_type may be left out of the query.
    if outer.response_type.is_some() && outer.response_type != request.response_type {
        return Err(RequestObjectError::ResponseTypeDiffers);
    }
    // RFC 9101 6.3: "The authorization server MUST only use the parameters in the Request Object, even if the same
    // parameter is provided in the query parameter." OpenID Connect Core 6.1 would let others be added outside, but the
    // object's `typ` makes it one of RFC 9101, whose point is that nobody between client and provider adds anything.
    // `request_uri` alone is carried over: to be refused, not to be used.
    Ok(UnverifiedRequest { request_uri: outer.request_uri.clone(), ..request })
}
