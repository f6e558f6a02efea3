//! The tab **Security keys**: what keys a person has, and what they may do with them.
//!
//! Owns the rules who may add, rename and remove. Does not own the ceremonies (`crate::factors`) nor the step-up that opens the page
//! (`crate::spine`).
//!
//! # Threats, and what stands against them
//!
//! *Whoever guessed a password adds a key of their own.* A first key takes a link mailed to the verified address, opened in the session
//! that asked, or an access pass; a further one takes a session that used a key. The owner gets a mail with a way to stop it.
//!
//! *An unattended browser.* Keys are changed as long as the elevation lasts, no longer.
//!
//! *A key that works at once for whoever added it.* Enrolling raises no session: the key counts from the next sign-in.

mod add;
mod commands;
mod first;
mod remove;
mod rename;
mod show;
mod told;

use actix_web::web::{Data, Path, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::flow::{Aim, Ask, Origin};
use keyholder_core::ports::Queries;

use super::Reader;
use crate::app::App;
use crate::spine;
use crate::web::{PageError, read, see_other};

pub(crate) use commands::{PermitFirstKey, forget_proofs};
pub(crate) use first::read_pass;
pub(crate) use remove::{added as mail_of_added_key, replaced as mail_of_replaced_key};
pub(crate) use show::{admins_of, left};
pub(crate) use told::tell;

/// Where the tab is.
pub(crate) const HERE: &str = "/account/security-keys";

/// Registers the pages.
pub(super) fn configure(config: &mut ServiceConfig) {
    let page = |path: &str| resource(format!("{HERE}{path}"));
    config
        .service(page("").route(read().to(show::page)))
        .service(page("/first").route(read().to(back)).route(post().to(first::ask)))
        .service(page("/pass").route(read().to(back)).route(post().to(first::pass)))
        .service(page("/add/{factor}").route(read().to(back)).route(post().to(add::begin)))
        .service(page("/adding/{ceremony}").route(read().to(add::page)).route(post().to(add::answer)))
        .service(page("/use/{factor}").route(read().to(use_key)))
        .service(page("/{key}/rename").route(read().to(rename::page)).route(post().to(rename::post)))
        .service(page("/{key}/remove").route(read().to(remove::page)).route(post().to(remove::post)))
        .service(resource("/stop-key/{link}").route(read().to(remove::stop_page)).route(post().to(remove::stop)));
}

async fn back() -> HttpResponse {
    see_other(HERE)
}

/// `GET /account/security-keys/use/{factor}`: a step-up with this kind of key, which comes back to the tab.
async fn use_key(app: Data<App>, request: HttpRequest, factor: Path<String>) -> Result<HttpResponse, PageError> {
    let Some(factor) = app.factors.find(&factor) else { return Ok(see_other(HERE)) };
    let ask = Ask { aim: Aim::ManageKeys, ..Ask::default() };
    let flow = spine::new_flow(&app, &request, Origin::Portal { return_to: HERE.into() }, ask);
    spine::begin_at(&app, &request, flow, &format!("/factor/{}", factor.id)).await
}

/// A key that the reader owns. Somebody else's, or one that a school issued, is not found.
async fn find_own(app: &App, reader: &Reader, key: &str) -> Result<Option<Credential>, PageError> {
    let Ok(id) = key.parse() else { return Ok(None) };
    let key = app.store.find_credential(id).await?;
    Ok(key.filter(|key| key.owner == CredentialOwner::Person(reader.person.id)))
}

#[cfg(test)]
mod tests;
