//! SAML 2.0 as HTTP: sign-in, logout, metadata, and the answers that browsers take to service providers.
//!
//! Owns how requests of `keyholder_saml` become flows, and ended flows become responses; its signing keys. Does not own the rules
//! (`keyholder_saml::checks`), the words of a response (`keyholder_saml::respond`), or what happens in between (`crate::spine`).

mod answer;
mod commands;
mod encrypted;
mod ending;
mod entity;
pub mod keys;
pub(crate) mod logout;
mod metadata;
mod person;
mod sender;
pub(crate) mod source;
mod sso;
mod start;

use actix_web::web::{self, ServiceConfig};
use keyholder_theme::page::ProblemKind;

use crate::app::App;
use crate::config::Config;
use crate::web::{PageError, read};

pub use ending::{complete, deny, host_of, refuse};
pub(crate) use entity::Entity;
pub use metadata::MetadataCache;
pub(crate) use person::{knows_as, persistent};
pub(crate) use start::name_of as starts_as;

/// Paths of the endpoints. The entity id is the address of the metadata (saml-metadata-2.0-os 4.1).
pub mod path {
    pub const METADATA: &str = "/saml/metadata";
    /// What the addresses of the installation's entity begin with, and those of the others: two folders, since a school's slug may be an
    /// application's client id.
    pub(crate) const FOLDER: &str = "/saml";
    pub(crate) const OF_SCHOOLS: &str = "/saml/e";
    pub(crate) const OF_APPLICATIONS: &str = "/saml/a";
    pub const SSO: &str = "/saml/sso";
    pub(crate) const CONTINUE: &str = "/saml/sso/continue";
    pub(crate) const START: &str = "/saml/start";
    pub const SLO: &str = "/saml/slo";
    pub(crate) const SLO_NEXT: &str = "/saml/slo/next";
}

/// Registers the endpoints.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route(path::METADATA, read().to(metadata::get))
        .route(path::SSO, web::get().to(sso::get))
        .route(path::SSO, web::post().to(sso::post))
        .route(path::CONTINUE, web::get().to(sso::go_on))
        .route(path::START, web::post().to(start::post))
        .route(path::SLO, web::get().to(logout::get))
        .route(path::SLO, web::post().to(logout::post))
        .route(path::SLO_NEXT, web::get().to(logout::next));
    for of in [format!("{}/{{school}}", path::OF_SCHOOLS), format!("{}/{{application}}", path::OF_APPLICATIONS)] {
        config
            .route(&of, read().to(metadata::get))
            .route(&format!("{of}/sso"), web::get().to(sso::get))
            .route(&format!("{of}/sso"), web::post().to(sso::post))
            .route(&format!("{of}/slo"), web::get().to(logout::get))
            .route(&format!("{of}/slo"), web::post().to(logout::post));
    }
}

/// Our entity id.
pub fn entity_id(config: &Config) -> String {
    format!("{}{}", config.issuer(), path::METADATA)
}

/// With what scoped identifiers and attributes end: the host of the issuer.
fn scope(app: &App) -> String {
    app.config.issuer.host_str().unwrap_or_default().to_owned()
}

/// The page for a request that nobody may be told about; the reason is for the log.
fn untrusted(reason: &dyn std::fmt::Display, entity_id: Option<&str>) -> PageError {
    let reason = readable(&reason.to_string());
    tracing::warn!(entity_id = entity_id.map(readable), reason, "a SAML message is refused");
    PageError::problem(ProblemKind::BadApplicationRequest).way_home()
}

/// What anybody may have written, cut for a log line.
fn readable(text: &str) -> String {
    let shown = |character: char| match character {
        // They mislead nobody, and a log line that needs it escapes them once more.
        '\'' | '"' => vec![character],
        other => other.escape_debug().collect(),
    };
    text.chars().take(200).flat_map(shown).collect()
}

#[cfg(test)]
mod tests;
