//! Another name for a key.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::credential::Credential;
use keyholder_core::ports::Queries;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{KeyDone, KeyNameError, RenameKey as RenamePage};

use super::commands::RenameKey;
use super::{HERE, find_own, tell};
use crate::account::Reader;
use crate::account::commands::Outcome;
use crate::app::App;
use crate::spine;
use crate::web::{Form, Leads, PageError, draw, frame, see_other, whence};

/// The most characters of a name.
const MOST: usize = 60;

/// `GET /account/security-keys/{key}/rename`
pub(super) async fn page(app: Data<App>, request: HttpRequest, key: Path<String>) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    match find_own(&app, &reader, &key).await? {
        Some(key) => show(&app, &request, &reader, &key, key.label.clone(), None).await,
        None => Ok(see_other(HERE)),
    }
}

/// `POST /account/security-keys/{key}/rename`
pub(super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    key: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Some(key) = find_own(&app, &reader, &key).await? else { return Ok(see_other(HERE)) };
    let others = app.store.list_credentials(reader.person.id).await?;
    let name = form.text("name").trim().to_owned();
    if let Err(error) = check_name(&name, others.iter().filter(|other| other.id != key.id)) {
        return show(&app, &request, &reader, &key, name, Some(error)).await;
    }
    let detail = format!("{} → {name}", key.label);
    let audit = reader.event(&app, &request, AuditKind::KeyRenamed, Some(&detail));
    let mail = Mail::KeyRenamed {
        name: reader.person.display_name(),
        former: key.label.clone(),
        key: name.clone(),
        circumstances: spine::circumstances(&app, &whence(&request)),
    };
    let mail = spine::mail_to(&app, &reader.person, &mail)?;
    match app.store.execute(RenameKey { acting: reader.acting(&app), key: key.id, name, audit, mail }).await? {
        Outcome::Done => {
            app.outbox_wake.notify_one();
            tell(KeyDone::Renamed)
        }
        // Not in this session, or not any more: the tab says what is missing.
        Outcome::Refused => Ok(see_other(HERE)),
        Outcome::SignedOut => crate::account::sign_in(&app, &request).await,
    }
}

/// Names tell a person's keys apart, on pages and in mails.
pub(super) fn check_name<'a>(name: &str, mut others: impl Iterator<Item = &'a Credential>) -> Result<(), KeyNameError> {
    let foreign = |letter: char| {
        letter.is_control()
            || matches!(letter, '<' | '>')
            // Marks that turn the direction of writing, or show nothing (Unicode 23.2).
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    if name.is_empty() {
        return Err(KeyNameError::Empty);
    }
    if name.chars().count() > MOST {
        return Err(KeyNameError::TooLong);
    }
    if name.contains(foreign) {
        return Err(KeyNameError::Unprintable);
    }
    let alike = |other: &Credential| other.label.to_lowercase() == name.to_lowercase();
    if others.any(alike) { Err(KeyNameError::Taken) } else { Ok(()) }
}

async fn show(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    key: &Credential,
    value: String,
    error: Option<KeyNameError>,
) -> Result<HttpResponse, PageError> {
    let page = RenamePage { action: format!("{HERE}/{}/rename", key.id), value, error, back_href: HERE.into() };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = reader.about(app, request).await?;
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}
