//! Keys, tokens, userinfo, introspection, revocation: the endpoints that applications call without a person in between.
//!
//! Owns how requests reach `keyholder_oidc`, what it needs from the rows, and which changes come of it. Does not own the
//! rules. Answers are JSON or tokens, never pages.

mod client;
mod commands;
mod cors;
mod error;
mod facts;
mod input;
mod introspect;
mod jwks;
mod revoke;
mod token;
mod userinfo;

use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, get, head, post, resource};
use keyholder_oidc::metadata::path;

/// Registers the endpoints.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource(path::JWKS).route(get().to(jwks::jwks)).route(head().to(jwks::jwks)))
        .service(resource(path::TOKEN).wrap(from_fn(cors::registered)).route(post().to(token::token)))
        .service(
            resource(path::USERINFO)
                .wrap(from_fn(cors::registered))
                .route(get().to(userinfo::get))
                .route(post().to(userinfo::post)),
        )
        .service(resource(path::REVOKE).wrap(from_fn(cors::registered)).route(post().to(revoke::revoke)))
        .service(resource(path::INTROSPECT).route(post().to(introspect::introspect)));
}

#[cfg(test)]
pub(crate) mod tests;
