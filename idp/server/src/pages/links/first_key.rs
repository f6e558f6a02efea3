//! The permission to add a first key, confirmed by whoever reads the mail.
//!
//! Threat: somebody who guessed a password asks for the link and waits until its owner opens it. Defence: the link counts in the
//! session that asked for it and nowhere else, and the mail says what to do if it was somebody else. Threat: somebody reads the mail but
//! knows no password. Defence: the same session had to give it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::id::SessionId;
use keyholder_core::link::MailedLink;
use keyholder_theme::page::{FirstKeyLink, KeyDone, KeyRight, ProblemKind, Way};

use super::{dead, here};
use crate::account::keys::{PermitFirstKey, tell};
use crate::app::App;
use crate::audit;
use crate::pages::school_of;
use crate::web::{self, Leads, PageError, draw, frame, whence};

const KEYS: &str = "/account/security-keys";

pub(super) async fn page(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    session: SessionId,
) -> Result<HttpResponse, PageError> {
    let person = match web::session(app, request).await? {
        Some((live, person)) if live.id == session && link.person == Some(person.id) => person,
        _ => return Err(elsewhere()),
    };
    let page = FirstKeyLink { action: here(request) };
    let about = web::About { school: school_of(app, request, person.id).await?, ..web::About::default() };
    draw(app, StatusCode::OK, &frame(app, request, about.person(&person, None)), &page, Leads::Home)
}

pub(super) async fn post(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    session: SessionId,
) -> Result<HttpResponse, PageError> {
    let person = match web::session(app, request).await? {
        Some((live, person)) if live.id == session && link.person == Some(person.id) => person,
        _ => return Err(elsewhere()),
    };
    let whence = whence(request);
    let about = audit::About {
        subject: Some(person.id),
        detail: Some(KeyRight::Link.word()),
        whence: Some(&whence),
        ..audit::About::default()
    };
    let command = PermitFirstKey {
        session,
        link: link.id,
        audit: audit::event(app, AuditKind::FirstKeyPermitted, about),
        idle: app.config.session.idle(),
        now: app.now(),
    };
    if app.store.execute(command).await? { tell(KeyDone::Permitted) } else { Err(dead(app, request, link).await?) }
}

/// Opened in another browser, or after signing out: a new link has to be asked for where the key is to be added.
fn elsewhere() -> PageError {
    PageError::problem(ProblemKind::LinkElsewhere).way(Way::NewLink { href: KEYS.into() }).way_home()
}
