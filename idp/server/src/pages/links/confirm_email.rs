//! A new e-mail address, confirmed by whoever reads it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::link::MailedLink;
use keyholder_core::person::Email;
use keyholder_core::ports::{Queries, StoreError};
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{ConfirmEmail as ConfirmEmailPage, EmailConfirmed};

use super::commands::ConfirmEmail;
use super::{dead, here};
use crate::app::App;
use crate::audit::{self, About};
use crate::spine;
use crate::web::{self, Leads, PageError, draw, frame, whence};

pub(super) fn page(app: &App, request: &HttpRequest, address: &str) -> Result<HttpResponse, PageError> {
    let page = ConfirmEmailPage { action: here(request), email: address.to_owned() };
    draw(app, StatusCode::OK, &frame(app, request, web::About::default()), &page, Leads::Home)
}

pub(super) async fn post(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    address: &str,
) -> Result<HttpResponse, PageError> {
    let person = match link.person {
        Some(id) => app.store.find_person(id).await?,
        None => None,
    };
    let (Some(person), Ok(email)) = (person, Email::parse(address)) else {
        return Err(dead(app, request, link).await?);
    };
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
    let about = web::About { here: Some("/".into()), ..web::About::default() };
    draw(app, StatusCode::OK, &frame(app, request, about), &page, Leads::Home)
}
