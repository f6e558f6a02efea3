//! Requests of applications that cannot be trusted: told as a page, explained in the log.

use actix_web::HttpRequest;
use keyholder_oidc::authorize::Untrusted;
use keyholder_theme::page::ProblemKind;

use crate::web::{PageError, is_form};

/// The page, whatever the reason (RFC 6749 4.1.2.1: "MUST NOT automatically redirect").
pub(super) fn untrusted(reason: &Untrusted, client_id: Option<&str>) -> PageError {
    tracing::warn!(client_id = client_id.map(readable), %reason, "a request of an application is refused");
    PageError::problem(match reason {
        Untrusted::TooLong => ProblemKind::TooLarge,
        _ => ProblemKind::BadApplicationRequest,
    })
    .way_home()
}

/// Checks that a body is a form.
pub(super) fn check_form(request: &HttpRequest) -> Result<(), PageError> {
    if is_form(request) { Ok(()) } else { Err(untrusted(&Untrusted::Unreadable, None)) }
}

/// What anybody may have written, cut for a log line.
fn readable(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}
