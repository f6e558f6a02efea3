//! A password by a mailed link, the first or a new one. Ends every other sign-in, and signs nobody in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Ask, Flow};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::person::{Person, StoredPassword};
use keyholder_core::ports::Queries;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{NewPassword, NewPasswordError};

use super::commands::SetPassword;
use super::{dead, here, new_password};
use crate::app::App;
use crate::audit::{self, About};
use crate::pages::home::portal;
use crate::password::policy::Context;
use crate::spine;
use crate::web::{self, Form, Leads, PageError, draw, frame, whence};

pub(super) async fn page(app: &App, request: &HttpRequest, link: &MailedLink) -> Result<HttpResponse, PageError> {
    let person = load_person(app, request, link).await?;
    show(app, request, &person, None).await
}

pub(super) async fn post(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    form: &Form,
) -> Result<HttpResponse, PageError> {
    let person = load_person(app, request, link).await?;
    let names = names(app, &person).await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let context = Context { email: person.email.as_str(), names: &names };
    match new_password::read(app, form, &context, &here(request)).await? {
        Ok(password) => set(app, request, link, person, password).await,
        Err(error) => show(app, request, &person, Some(error)).await,
    }
}

async fn set(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    person: Person,
    password: StoredPassword,
) -> Result<HttpResponse, PageError> {
    let whence = whence(request);
    let about = About { subject: Some(person.id), whence: Some(&whence), ..About::default() };
    let circumstances = spine::circumstances(app, &whence);
    let mail = Mail::PasswordChanged { name: person.display_name(), circumstances };
    let command = SetPassword {
        link: link.id,
        person: person.id,
        password,
        audit: audit::event(app, AuditKind::PasswordChanged, about),
        mail: spine::mail_to(app, &person, &mail)?,
        now: app.now(),
    };
    if !app.store.execute(command).await? {
        return Err(dead(app, request, link).await?);
    }
    app.outbox_wake.notify_one();
    app.throttle.succeeded(&spine::attempt(app, request, &person.email.key()), app.now());
    spine::begin_at(app, request, next_flow(app, request, link, &person), "/password-set").await
}

/// Where to go on: with the sign-in from which the link was asked for, else with one of our own.
fn next_flow(app: &App, request: &HttpRequest, link: &MailedLink, person: &Person) -> Flow {
    let resumed = match &link.purpose {
        LinkPurpose::SetPassword { resume: Some(resume) } => spine::open_resume(app, request, resume),
        _ => None,
    };
    let flow = resumed.unwrap_or_else(|| spine::new_flow(app, request, portal(), Ask::default()));
    Flow { ask: Ask { login_hint: Some(person.email.as_str().to_owned()), ..flow.ask }, ..flow }
}

async fn load_person(app: &App, request: &HttpRequest, link: &MailedLink) -> Result<Person, PageError> {
    let person = match link.person {
        Some(id) => app.store.find_person(id).await?,
        None => None,
    };
    match person.filter(|person| person.disabled_at.is_none()) {
        Some(person) => Ok(person),
        None => Err(dead(app, request, link).await?),
    }
}

/// What an attacker would try first: the names of the person's schools.
pub(crate) async fn names(app: &App, person: &Person) -> Result<Vec<String>, PageError> {
    let members = app.store.list_memberships(person.id).await?;
    Ok(members.into_iter().map(|member| member.school.name).chain([person.display_name()]).collect())
}

async fn show(
    app: &App,
    request: &HttpRequest,
    person: &Person,
    error: Option<NewPasswordError>,
) -> Result<HttpResponse, PageError> {
    let page = NewPassword {
        action: here(request),
        email: person.email.as_str().to_owned(),
        first: app.store.find_password(person.id).await?.is_none(),
        minimum: app.passwords.policy().minimum(),
        error,
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = web::About { here: Some(here(request)), ..web::About::default() };
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}
