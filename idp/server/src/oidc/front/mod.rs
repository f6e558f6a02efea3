//! Authorization, discovery, sign-out: the endpoints to which browsers are sent, and the answers that they take back.
//!
//! Owns how requests of `keyholder_oidc` become flows, and ended flows become answers. Does not own the rules
//! (`keyholder_oidc::authorize`) or what happens in between (`crate::spine`).

mod answer;
mod authorize;
mod discovery;
mod ending;
mod grant;
mod logout;
mod subject;
mod untrusted;

use actix_web::web::{self, Data, ServiceConfig};
use keyholder_oidc::metadata::path;

pub use ending::{Success, answers_by_redirect, complete, decide, deny, refuse};
pub use subject::subject_of;
pub(crate) use subject::{Naming, naming};

/// Where the confirmation of a sign-out is posted.
const CONFIRM_LOGOUT: &str = "/oidc/logout/confirm";

/// Registers the endpoints.
pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(Data::new(discovery::Cache::default()))
        .route(path::DISCOVERY, crate::web::read().to(discovery::metadata))
        .route(path::AUTHORIZATION_SERVER, crate::web::read().to(discovery::metadata))
        .route(path::AUTHORIZE, web::get().to(authorize::get))
        .route(path::AUTHORIZE, web::post().to(authorize::post))
        .route(path::LOGOUT, web::get().to(logout::get))
        .route(path::LOGOUT, web::post().to(logout::post))
        .route(CONFIRM_LOGOUT, web::post().to(logout::confirm));
}

#[cfg(test)]
mod tests;
