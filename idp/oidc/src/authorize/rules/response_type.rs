//! `response_type` is `code`, and the client registered for it.

use keyholder_core::application::{GrantType, ResponseType};

use super::super::{Context, ErrorCode, ProtocolError, UnverifiedRequest};

pub(crate) fn response_type(request: &UnverifiedRequest, _: &Context<'_>) -> Result<(), ProtocolError> {
    match request.response_type.as_deref() {
        Some("code") => Ok(()),
        None => Err(ProtocolError::invalid("response_type is missing")),
        // RFC 9700 2.1.2: no response type that puts a token into an address.
        Some(_) => Err(ErrorCode::UnsupportedResponseType.into()),
    }
}

pub(crate) fn client_may_use_it(_: &UnverifiedRequest, context: &Context<'_>) -> Result<(), ProtocolError> {
    let client = &context.application.client;
    let registered = client.response_types.contains(&ResponseType::Code)
        && client.grant_types.contains(&GrantType::AuthorizationCode);
    if registered { Ok(()) } else { Err(ErrorCode::UnauthorizedClient.into()) }
}
