//! What a request may be at most, before anything of it is looked at.
//!
//! actix-http itself ends heads beyond 128 KiB or 96 fields, and heads that take longer than [`HEAD_TIME`]; bodies are
//! bounded where they are read (`crate::web`).

use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

/// How long a client may take to send the head of a request.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection is kept for the next request.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long TLS may take to begin.
pub(super) const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// How long a whole request may take: the slowest honest one waits for its password to be hashed, or for a body from afar.
const REQUEST_TIME: Duration = Duration::from_mins(1);
/// Addresses carry whole authorization requests, request objects among them.
const LONGEST_TARGET: usize = 16 * 1024;
/// All header fields together.
const LARGEST_HEADERS: usize = 32 * 1024;

/// Refuses what is too large, and ends what takes too long.
pub(super) async fn limit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if let Some(status) = too_large(&request) {
        return Ok(refuse(request, status));
    }
    match tokio::time::timeout(REQUEST_TIME, next.call(request)).await {
        Ok(response) => Ok(response?.map_into_left_body()),
        // RFC 9110 15.5.9. An error, since the router holds that nobody else has the request.
        Err(_) => Err(InternalError::from_response("too slow", HttpResponse::new(StatusCode::REQUEST_TIMEOUT)).into()),
    }
}

fn too_large(request: &ServiceRequest) -> Option<StatusCode> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > LONGEST_TARGET {
        return Some(StatusCode::URI_TOO_LONG);
    }
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    (fields.sum::<usize>() > LARGEST_HEADERS).then_some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
}

fn refuse<B>(request: ServiceRequest, status: StatusCode) -> ServiceResponse<EitherBody<B>> {
    let mut response = HttpResponse::build(status);
    // The rest of the request may still be on its way.
    response.force_close();
    request.into_response(response.finish()).map_into_right_body()
}
