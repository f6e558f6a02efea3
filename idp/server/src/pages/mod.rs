//! Keyholder's own pages: My applications, mailed links, signing out, languages, branding, assets, information.
//!
//! Owns these pages and what their forms change. Does not own the pages of a sign-in (`crate::spine`).

mod assets;
mod branding;
mod elevation;
mod home;
mod information;
mod language;
mod links;
mod sign_out;

use actix_web::web::{ServiceConfig, post, resource};

use crate::web::read;

pub(crate) use elevation::state as elevation;
pub(crate) use home::{active, school_of};
pub use links::first_run;
pub(crate) use links::{check_new_password, names_of};

/// Registers the pages.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(read().to(home::page)))
        .service(resource("/change-school").route(read().to(home::change_school)))
        .service(resource("/elevate").route(read().to(elevation::begin)))
        .service(resource("/step-down").route(read().to(elevation::back)).route(post().to(elevation::step_down)))
        .service(resource("/forgot-password").route(read().to(home::forgot_password)))
        .service(resource("/s/{slug}").route(read().to(branding::sign_in)))
        .service(resource("/s/{slug}/brand.css").route(read().to(branding::stylesheet)))
        .service(resource("/language/{tag}").route(read().to(language::choose)))
        .service(resource("/sign-out").route(read().to(sign_out::page)).route(post().to(sign_out::post)))
        .service(
            resource("/sign-out/everywhere").route(read().to(sign_out::page)).route(post().to(sign_out::everywhere)),
        )
        .service(resource("/signed-out").route(read().to(sign_out::gone_here)))
        .service(resource("/signed-out/everywhere").route(read().to(sign_out::gone_everywhere)))
        .service(resource("/link/{token}").route(read().to(links::page)).route(post().to(links::post)))
        .service(resource("/assets/{name}").route(read().to(assets::asset)))
        .service(resource("/favicon.ico").route(read().to(assets::icon)))
        .service(resource("/help").route(read().to(information::help)))
        .service(resource("/privacy").route(read().to(information::privacy)))
        .service(resource("/accessibility").route(read().to(information::accessibility)));
}

#[cfg(test)]
mod tests;
