//! The spine: every sign-in, whoever asks for it, is one Flow and one dispatcher.
//!
//! Owns the way from the beginning of a flow to its end: tickets, pages of the steps, sessions. Does not decide what comes next
//! (`keyholder_core::flow::dispatcher`) and does not answer applications (`crate::oidc::front`, `crate::saml`). A step returns an outcome
//! and leads to no other step: [`onward`] asks the dispatcher once, and answers whoever asked or leads to the flow's own page.

mod advance;
mod begin;
pub mod commands;
mod familiar;
mod keys;
mod onward;
pub(crate) mod record;
mod resume;
mod scenery;
mod show;
mod steps;
mod ticket;
mod ways;

use actix_web::web::{self as routes, ServiceConfig};
use keyholder_core::application::RelyingApplication;
use keyholder_core::flow::Flow;
use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::Person;
use keyholder_core::session::Session;
use keyholder_core::verdict::Permit;

use crate::web::read;

pub use begin::begin;
pub(crate) use begin::{begin_at, new_flow};
pub(crate) use keys::at_hand as keys_at_hand;
pub(crate) use onward::{Foreseen, Prospect, foresee};
pub(crate) use resume::open as open_resume;
pub(crate) use scenery::{about, about_in};
pub use steps::forgot::LINK_MINUTES;
pub(crate) use steps::password::{attempt, busy, circumstances, mail_to};
pub(crate) use steps::read_email;
pub use ticket::href;
pub use ways::{as_another, start_again};

/// A flow at its end: everything from which the origin is answered.
#[derive(Debug)]
pub struct Ending<'a> {
    pub flow: Flow,
    pub session: &'a Session,
    pub person: &'a Person,
    pub application: &'a RelyingApplication,
    pub member: &'a MembershipInFull,
    pub permit: &'a Permit,
}

/// Registers the pages of a flow. A form that is read again (reload, back) leads to the flow's page.
///
/// In one scope, so that a ticket, which may be long, is looked at once and not for each page.
pub(crate) fn configure(config: &mut ServiceConfig) {
    let page = routes::resource::<&str>;
    config.service(
        routes::scope("/sign-in/{ticket}")
            .service(page("").route(read().to(show::page)))
            .service(page("/email").route(read().to(steps::email::page)).route(routes::post().to(steps::email::post)))
            .service(page("/password").route(read().to(show::back)).route(routes::post().to(steps::password::post)))
            .service(
                page("/forgot").route(read().to(steps::forgot::page)).route(routes::post().to(steps::forgot::post)),
            )
            .service(page("/sent").route(read().to(steps::forgot::sent)))
            .service(page("/password-set").route(read().to(steps::forgot::password_set)))
            .service(
                page("/school").route(read().to(steps::school::page)).route(routes::post().to(steps::school::post)),
            )
            .service(page("/consent").route(read().to(show::back)).route(routes::post().to(steps::consent::post)))
            .service(page("/factor").route(read().to(show::back)).route(routes::post().to(steps::factor::post)))
            .service(
                page("/factor/continue").route(read().to(show::back)).route(routes::post().to(steps::factor::go_on)),
            )
            .service(page("/factor/{factor}").route(read().to(steps::factor::page)))
            .service(page("/leave").route(read().to(show::leave)))
            .service(page("/another").route(read().to(steps::another::page))),
    );
}

#[cfg(test)]
mod tests;
