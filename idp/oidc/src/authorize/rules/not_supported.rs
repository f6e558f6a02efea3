//! Parameters that would change the meaning of the whole request and are not supported: saying so beats ignoring them.

use super::super::{Context, ErrorCode, ProtocolError, UnverifiedRequest};

/// `OpenID` Connect Core 6.2: request objects by reference. Nothing is fetched.
pub(crate) fn request_uri(request: &UnverifiedRequest, _: &Context<'_>) -> Result<(), ProtocolError> {
    if request.request_uri.is_some() { Err(ErrorCode::RequestUriNotSupported.into()) } else { Ok(()) }
}

/// `OpenID` Connect Core 7.2.1: registration by the request itself.
pub(crate) fn registration(request: &UnverifiedRequest, _: &Context<'_>) -> Result<(), ProtocolError> {
    if request.registration.is_some() { Err(ErrorCode::RegistrationNotSupported.into()) } else { Ok(()) }
}
