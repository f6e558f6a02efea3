//! Request objects by value (`OpenID` Connect Core 6.1, RFC 9101): an authorization request that the client signed.
//!
//! Owns what makes a signed token a request object. Does not own whose keys it is held against. Unsigned ones, encrypted
//! ones and references are not supported.

use std::time::Duration;

use keyholder_core::time::Timestamp;

use crate::authorize::{Context, ErrorCode, ProtocolError, UnverifiedRequest};
use crate::jws::{JwsAlgorithm, JwsError, Verified};

/// `typ` of a request object (RFC 9101 10.8). Required: a token made for another purpose never is one.
pub const TYP: &str = "oauth-authz-req+jwt";
/// How an object may be signed. RFC 9101 10.1: always; RFC 8725 3.1: never with `none`, never with a symmetric algorithm.
pub const ALGORITHMS: [JwsAlgorithm; 9] = JwsAlgorithm::ALL;
/// The longest time for which an object may be good: it stands in browser histories.
const LIFETIME: Duration = Duration::from_hours(1);
/// How far the client's clock may be ahead.
const SKEW: Duration = Duration::from_secs(10);

/// Why a request object is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestObjectError {
    #[error("the client has no keys registered")]
    NoKeys,
    #[error("the client's keys are not to be had: {0}")]
    KeysUnavailable(String),
    #[error("the object is not signed by the client: {0}")]
    NotSigned(String),
    #[error("typ is not oauth-authz-req+jwt")]
    OtherKind,
    #[error("iss is not the client_id")]
    OtherIssuer,
    #[error("aud is not this provider")]
    OtherAudience,
    #[error("sub is the client, as in a client assertion")]
    ClientAssertion,
    #[error("exp is missing")]
    NoExpiry,
    #[error("the object has expired")]
    Expired,
    #[error("exp is more than an hour away")]
    LivesTooLong,
    #[error("nbf or iat is in the future")]
    NotYet,
    #[error("a parameter has a type that it cannot have")]
    WrongType,
    #[error("a request object holds another")]
    Nested,
    #[error("client_id inside and outside differ")]
    ClientDiffers,
    #[error("response_type inside and outside differ")]
    ResponseTypeDiffers,
}

impl RequestObjectError {
    /// What the application is told.
    pub fn protocol_error(&self) -> ProtocolError {
        let description = match self {
            Self::NoKeys => "no keys are registered for request objects",
            Self::KeysUnavailable(_) => "the keys of the client are not to be had",
            Self::NotSigned(_) => "the request object is not signed with a registered key",
            Self::OtherKind => "typ of the request object is not oauth-authz-req+jwt",
            Self::OtherIssuer => "iss of the request object is not the client_id",
            Self::OtherAudience => "aud of the request object is not the issuer",
            Self::ClientAssertion => "a client assertion is no request object",
            Self::NoExpiry => "exp of the request object is missing",
            Self::Expired => "the request object has expired",
            Self::LivesTooLong => "exp of the request object is too far away",
            Self::NotYet => "the request object is not yet good",
            Self::WrongType => "a parameter of the request object has a wrong type",
            Self::Nested => "a request object holds neither request nor request_uri",
            Self::ClientDiffers => "client_id inside and outside the request object differ",
            Self::ResponseTypeDiffers => "response_type inside and outside the request object differ",
        };
        ProtocolError::new(ErrorCode::InvalidRequestObject, description)
    }
}

impl From<JwsError> for RequestObjectError {
    fn from(error: JwsError) -> Self {
        Self::NotSigned(error.to_string())
    }
}

/// Checks an object that the client signed, and reads the parameters that it holds.
pub fn open(object: &Verified, context: &Context<'_>) -> Result<UnverifiedRequest, RequestObjectError> {
    check_kind(object, context)?;
    check_time(object, context.now)?;
    let request = UnverifiedRequest::from_claims(&object.claims).map_err(|_| RequestObjectError::WrongType)?;
    // RFC 9101 4: "request and request_uri parameters MUST NOT be included in Request Objects."
    if request.request.is_some() || request.request_uri.is_some() {
        return Err(RequestObjectError::Nested);
    }
    Ok(request)
}

fn check_kind(object: &Verified, context: &Context<'_>) -> Result<(), RequestObjectError> {
    let client_id = context.application.client.client_id.as_str();
    if !object.header.is_typ(TYP) {
        return Err(RequestObjectError::OtherKind);
    }
    // RFC 9101 4: iss is the client_id, aud the issuer.
    if object.text("iss") != Some(client_id) {
        return Err(RequestObjectError::OtherIssuer);
    }
    if !object.audiences().contains(&context.issuer) {
        return Err(RequestObjectError::OtherAudience);
    }
    // RFC 9101 10.8: "one way is to disallow sub with the client ID", which makes a token a client assertion.
    if object.text("sub") == Some(client_id) {
        return Err(RequestObjectError::ClientAssertion);
    }
    Ok(())
}

fn check_time(object: &Verified, now: Timestamp) -> Result<(), RequestObjectError> {
    let at = |claim: &str| object.seconds(claim).map(Timestamp::from_seconds);
    let expiry = at("exp").ok_or(RequestObjectError::NoExpiry)?;
    if expiry <= now {
        return Err(RequestObjectError::Expired);
    }
    if expiry > now.plus(LIFETIME) {
        return Err(RequestObjectError::LivesTooLong);
    }
    if [at("nbf"), at("iat")].into_iter().flatten().any(|begins| begins > now.plus(SKEW)) {
        return Err(RequestObjectError::NotYet);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
