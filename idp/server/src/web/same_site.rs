//! Whether a form comes from a page of ours, in this browser (cross-site request forgery).
//!
//! Two defences. Forms outside a flow carry a token, a keyed digest of the cookies that the reader holds; forms of a flow stand
//! at an address that only the flow's own browser knows. And the browser itself says where a form comes from.

use actix_web::HttpRequest;
use actix_web::http::header::ORIGIN;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_theme::page::ProblemKind;

use super::{PageError, browser, known_browser};
use crate::app::App;
use crate::cookies;
use crate::digest::hash_token;

/// The token for forms of this reader.
pub fn form_token(app: &App, request: &HttpRequest) -> String {
    token_of(app, request, browser(app, request).0)
}

/// Checks that a form outside a flow carries its reader's token.
pub fn check_form_token(app: &App, request: &HttpRequest, given: &str) -> Result<(), PageError> {
    let browser = known_browser(request).ok_or_else(|| PageError::problem(ProblemKind::CookiesRefused))?;
    let expected = token_of(app, request, browser.0);
    // Digests are compared, so that the time taken says nothing about the token.
    if hash_token(given) == hash_token(&expected) { Ok(()) } else { Err(foreign()) }
}

fn token_of(app: &App, request: &HttpRequest, browser: [u8; 32]) -> String {
    let session = cookies::find(request, cookies::SESSION).map(|value| hash_token(&value).0).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(app.sealer.digest("form-token", &[browser, session].concat()))
}

/// Checks what the browser says about where the form was posted from: `Sec-Fetch-Site` (Fetch Metadata 2.4), else `Origin`
/// (RFC 6454 7). A client that says neither is not a browser, and has no cookies that another site could use.
pub fn check_same_site(app: &App, request: &HttpRequest) -> Result<(), PageError> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let ours = match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == app.config.issuer.origin().ascii_serialization(),
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(foreign()) }
}

fn foreign() -> PageError {
    PageError::problem(ProblemKind::ForeignForm).way_home()
}
