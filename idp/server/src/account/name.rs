//! The name, as pages, mails and applications show it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_theme::page::{AccountName, Done, NameError};

use super::commands::{ChangeName, Outcome};
use super::{HERE, Reader, done, sign_in};
use crate::app::App;
use crate::web::{Form, Leads, PageError, draw, frame};

/// The most characters of each part.
const MOST: usize = 100;
/// What no name has, but addresses and markup do: names go into mails to addresses that nobody has confirmed yet.
const FOREIGN: &[char] = &['<', '>', '@', '/', '\\', ':', '"', '{', '}', '[', ']', '|', '=', '#', '%', '&'];

/// `GET /account/name`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    match Reader::of(&app, &request).await? {
        Err(elsewhere) => Ok(elsewhere),
        Ok(reader) => {
            let (given, family) = (reader.person.given_name.clone(), reader.person.family_name.clone());
            show(&app, &request, &reader, given, family, None).await
        }
    }
}

/// `POST /account/name`
pub(super) async fn post(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let [given_name, family_name] = ["given_name", "family_name"].map(|field| form.text(field).trim().to_owned());
    if let Err(error) = check_name(&given_name, &family_name) {
        return show(&app, &request, &reader, given_name, family_name, Some(error)).await;
    }
    let audit = reader.event(&app, &request, AuditKind::PersonChanged, Some("name"));
    let command = ChangeName { acting: reader.acting(&app), given_name, family_name, audit };
    match app.store.execute(command).await? {
        Outcome::SignedOut => sign_in(&app, &request).await,
        Outcome::Done | Outcome::Refused => done::tell(Done::Name),
    }
}

/// One of both is enough: some people have one name.
fn check_name(given: &str, family: &str) -> Result<(), NameError> {
    let parts = [given, family];
    if parts.iter().all(|part| part.is_empty()) {
        return Err(NameError::Empty);
    }
    if parts.iter().any(|part| part.chars().count() > MOST) {
        return Err(NameError::TooLong);
    }
    // Marks that turn the direction of writing, or show nothing (Unicode 23.2): one name could pass for another.
    let invisible =
        |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    let foreign = |c: char| c.is_control() || FOREIGN.contains(&c) || invisible(c);
    if parts.iter().any(|part| part.contains(foreign)) { Err(NameError::Unprintable) } else { Ok(()) }
}

async fn show(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    given_name: String,
    family_name: String,
    error: Option<NameError>,
) -> Result<HttpResponse, PageError> {
    let page = AccountName { action: format!("{HERE}/name"), given_name, family_name, error, back_href: HERE.into() };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = reader.about(app, request).await?;
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}
