//! A new e-mail address, confirmed by the person who reads it.
//!
//! Threat: an address with a typing error belongs to a stranger, who presses the button, then asks for a password link, and has the
//! account. Defence: the link alone confirms nothing; whoever presses the button is signed in as the person whose address it becomes.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Ask, Origin};
use keyholder_core::link::MailedLink;
use keyholder_core::person::{Email, Person};
use keyholder_core::ports::StoreError;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{ConfirmEmail as ConfirmEmailPage, EmailConfirmed};

use super::commands::ConfirmEmail;
use super::{dead, here, sealed_here};
use crate::app::App;
use crate::audit::{self, About};
use crate::spine;
use crate::web::{self, Leads, PageError, draw, frame, whence};

pub(super) async fn page(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    address: &str,
) -> Result<HttpResponse, PageError> {
    let Some(person) = reader(app, request, link).await? else { return sign_in(app, request).await };
    let page = ConfirmEmailPage { action: here(request), email: address.to_owned() };
    draw(app, StatusCode::OK, &frame(app, request, web::About::default().person(&person, None)), &page, Leads::Home)
}

/// The person of the link, where they are signed in here.
async fn reader(app: &App, request: &HttpRequest, link: &MailedLink) -> Result<Option<Person>, PageError> {
    let visitor = web::session(app, request).await?;
    Ok(visitor.map(|(_, person)| person).filter(|person| link.person == Some(person.id)))
}

/// A sign-in that comes back to the link. Whoever is signed in as somebody else is asked who they are; the address of the account is
/// not told, since a stranger may be reading.
async fn sign_in(app: &App, request: &HttpRequest) -> Result<HttpResponse, PageError> {
    // Later than any proof that there is, even one of this very instant.
    let proof_not_before = Some(app.now().plus(Duration::from_millis(1)));
    let ask = Ask { proof_not_before, ..Ask::default() };
    spine::begin(app, request, Origin::Portal { return_to: sealed_here(app, request)? }, ask).await
}

pub(super) async fn post(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    address: &str,
) -> Result<HttpResponse, PageError> {
    let Some(person) = reader(app, request, link).await? else { return sign_in(app, request).await };
    let Ok(email) = Email::parse(address) else { return Err(dead(app, request, link).await?) };
    let whence = whence(request);
    let about = About { subject: Some(person.id), whence: Some(&whence), ..About::default() };
    let circumstances = spine::circumstances(app, &whence);
    let mail = Mail::EmailChanged { name: person.display_name(), new_address: address.to_owned(), circumstances };
    let changed = person.email.key() != email.key();
    let kind = if changed { AuditKind::EmailChanged } else { AuditKind::EmailConfirmed };
    let command = ConfirmEmail {
        link: link.id,
        person: person.id,
        email,
        audit: audit::event(app, kind, about),
        mail: if changed { Some(spine::mail_to(app, &person, &mail)?) } else { None },
        now: app.now(),
    };
    match app.store.execute(command).await {
        Ok(true) => app.outbox_wake.notify_one(),
        // Somebody else took the address since: the link leads nowhere any more.
        Ok(false) | Err(StoreError::Conflict(_)) => return Err(dead(app, request, link).await?),
        Err(error) => return Err(error.into()),
    }
    let page = EmailConfirmed { email: address.to_owned(), continue_href: "/".into() };
    let about = web::About { here: Some("/".into()), ..web::About::default().person(&person, None) };
    draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Home)
}
