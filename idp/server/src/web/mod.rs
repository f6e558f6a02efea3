//! HTTP as every page has it: references and the access log, headers, forms, languages, sessions, error pages.
//!
//! Owns what is alike for all requests. Does not own what any of them does: `crate::pages`, `crate::spine`,
//! `crate::oidc` and `crate::saml` register their own routes here.

mod around;
mod draw;
mod error;
mod form;
mod frame;
mod headers;
mod language;
mod peer;
mod same_site;
mod session;
mod visit;

use actix_web::middleware::from_fn;
use actix_web::web::{PayloadConfig, ServiceConfig, route, scope};
use actix_web::{HttpResponse, Route, guard};
use keyholder_theme::page::ProblemKind;

pub(crate) use around::log;
pub use draw::{Leads, draw, draw_with_frames, see_other};
pub use error::{PageError, Problem};
pub use form::{Form, is_form};
pub use frame::{About, frame};
pub(crate) use language::choice;
pub use language::{Asked, language, own_path};
pub use peer::{peer, whence};
pub use same_site::{check_form_token, check_same_site, form_token};
pub use session::session;
pub(crate) use session::visitor;
pub(crate) use visit::renew_browser;
pub use visit::{browser, known_browser, reference};

/// The largest body that any endpoint reads. Forms of ours are much smaller; request objects are not.
pub const LARGEST_BODY: usize = 64 * 1024;

/// Registers every route, in one scope with what stands around all of them. Comes after services that want none of it,
/// such as `/healthz`: it answers every path.
pub fn configure(config: &mut ServiceConfig) {
    let everything = scope("")
        .app_data(PayloadConfig::new(LARGEST_BODY))
        .wrap(from_fn(around::around))
        .configure(crate::oidc::front::configure)
        .configure(crate::oidc::back::configure)
        .configure(crate::saml::configure)
        .configure(crate::spine::configure)
        .configure(crate::pages::configure)
        .configure(crate::account::configure)
        .default_service(route().to(not_found));
    config.service(everything);
}

/// A route for GET, and for HEAD, which answers the same without its body (RFC 9110 9.3.2).
pub fn read() -> Route {
    route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn not_found() -> Result<HttpResponse, PageError> {
    Err(PageError::problem(ProblemKind::NotFound).way_home())
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
