//! Removing a key: by its owner on the page, or by the mailed link that says that it was not them who added it.
//!
//! The mailed link holds no row: it is sealed and names one key, so that a second key, added at once by the same stranger, cannot replace
//! the link that takes the first one back. Using it twice changes nothing more.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::audit::AuditKind;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::FactorKind;
use keyholder_core::id::{CredentialId, PersonId};
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries;
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{KeyDone, ProblemKind, RemoveKey as RemovePage, StopKey as StopPage, Way};
use serde::{Deserialize, Serialize};

use super::commands::{RemoveKey, StopKey};
use super::{HERE, find_own, tell};
use crate::account::Reader;
use crate::account::commands::Outcome;
use crate::app::App;
use crate::audit;
use crate::pages::school_of;
use crate::spine;
use crate::web::{self, Form, Leads, PageError, check_form_token, draw, frame, see_other, whence};

const STOP: &str = "stop-key";
/// How long the mailed link works. Not longer: whoever reads the mailbox alone could take the key off with it. What that is worth to them
/// is bounded by what a first key takes afterwards ([`super::first`]).
const STOP_LIFETIME: Duration = Duration::from_hours(24);

/// `GET /account/security-keys/{key}/remove`
pub(super) async fn page(app: Data<App>, request: HttpRequest, key: Path<String>) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Some(key) = find_own(&app, &reader, &key).await? else { return Ok(see_other(HERE)) };
    let others = app.store.list_credentials(reader.person.id).await?;
    let page = RemovePage {
        action: format!("{HERE}/{}/remove", key.id),
        name: key.label.clone(),
        last: !others.iter().any(|other| other.id != key.id && signs_in(&app, other)),
        back_href: HERE.into(),
    };
    let about = reader.about(&app, &request).await?;
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Home)
}

/// Whether one signs in with it: a recovery code opens keys alone.
fn signs_in(app: &App, key: &Credential) -> bool {
    app.factors.find(&key.factor).is_some_and(|factor| factor.kind != FactorKind::RecoveryCode)
}

/// `POST /account/security-keys/{key}/remove`
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
    let command = RemoveKey {
        acting: reader.acting(&app),
        key: key.id,
        audit: reader.event(&app, &request, AuditKind::KeyRemoved, Some(&key.label)),
        mail: removed(&app, &request, &reader.person, &key)?,
    };
    match app.store.execute(command).await? {
        Outcome::Done => {
            app.outbox_wake.notify_one();
            tell(KeyDone::Removed)
        }
        Outcome::Refused => Ok(see_other(HERE)),
        Outcome::SignedOut => crate::account::sign_in(&app, &request).await,
    }
}

fn removed(app: &App, request: &HttpRequest, person: &Person, key: &Credential) -> Result<OutboxMessage, PageError> {
    let circumstances = spine::circumstances(app, &whence(request));
    let mail = Mail::KeyRemoved { name: person.display_name(), key: key.label.clone(), circumstances };
    spine::mail_to(app, person, &mail)
}

/// What a mailed link takes back.
#[derive(Debug, Serialize, Deserialize)]
struct Stop {
    person: PersonId,
    key: CredentialId,
    until: Timestamp,
}

/// The address that takes a key back, as a path.
pub(super) fn stop_link(app: &App, person: PersonId, key: CredentialId) -> Result<String, PageError> {
    let stop = Stop { person, key, until: app.now().plus(STOP_LIFETIME) };
    let plain = serde_json::to_vec(&stop).map_err(|_| PageError::Fault("a link could not be written"))?;
    let sealed = app.sealer.seal(STOP, &plain).map_err(|_| PageError::Fault("a link could not be sealed"))?;
    Ok(format!("/stop-key/{}", URL_SAFE_NO_PAD.encode(sealed)))
}

/// The mail that a key was added, with the link that takes it back.
pub(crate) fn added(
    app: &App,
    request: &HttpRequest,
    person: &Person,
    key: &Credential,
) -> Result<OutboxMessage, PageError> {
    let mail = Mail::KeyAdded {
        name: person.display_name(),
        key: key.label.clone(),
        link: app.address(&stop_link(app, person.id, key.id)?),
        circumstances: spine::circumstances(app, &whence(request)),
    };
    spine::mail_to(app, person, &mail)
}

/// The mail that a key took the place of another, which opens nothing any more; with the same link.
pub(crate) fn replaced(
    app: &App,
    request: &HttpRequest,
    person: &Person,
    key: &Credential,
) -> Result<OutboxMessage, PageError> {
    let mail = Mail::KeyReplaced {
        name: person.display_name(),
        key: key.label.clone(),
        link: app.address(&stop_link(app, person.id, key.id)?),
        circumstances: spine::circumstances(app, &whence(request)),
    };
    spine::mail_to(app, person, &mail)
}

/// The key that the link names, as long as it is there.
async fn load(app: &App, link: &str) -> Result<(Person, Credential), PageError> {
    let dead = || PageError::problem(ProblemKind::LinkDead).way_home();
    let sealed = URL_SAFE_NO_PAD.decode(link).map_err(|_| dead())?;
    let plain = app.sealer.open(STOP, &sealed).map_err(|_| dead())?;
    let stop: Stop = serde_json::from_slice(&plain).map_err(|_| dead())?;
    let key = app.store.find_credential(stop.key).await?;
    let key = key.filter(|key| app.now() < stop.until && key.owner == CredentialOwner::Person(stop.person));
    let person = app.store.find_person(stop.person).await?;
    person.zip(key).ok_or_else(dead)
}

/// `GET /stop-key/{link}`: asks. A mail scanner that opens it changes nothing.
pub(crate) async fn stop_page(
    app: Data<App>,
    request: HttpRequest,
    link: Path<String>,
) -> Result<HttpResponse, PageError> {
    let (person, key) = load(&app, &link).await?;
    let page = StopPage { action: request.path().to_owned(), name: key.label };
    let about = web::About { school: school_of(&app, &request, person.id).await?, ..web::About::default() };
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Home)
}

/// `POST /stop-key/{link}`
pub(crate) async fn stop(
    app: Data<App>,
    request: HttpRequest,
    link: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    let (person, key) = load(&app, &link).await?;
    let whence = whence(&request);
    let about = audit::About {
        subject: Some(person.id),
        detail: Some(&key.label),
        whence: Some(&whence),
        ..audit::About::default()
    };
    let command = StopKey {
        person: person.id,
        key: key.id,
        audit: audit::event(&app, AuditKind::KeyRemoved, about),
        mail: removed(&app, &request, &person, &key)?,
        now: app.now(),
    };
    if app.store.execute(command).await? {
        app.outbox_wake.notify_one();
        // The next thing to do: a new password.
        return Ok(see_other("/forgot-password"));
    }
    Err(PageError::problem(ProblemKind::LinkDead).way(Way::NewLink { href: "/forgot-password".into() }).way_home())
}
