//! A new e-mail address. It counts once whoever reads it has confirmed it; until then nothing changes.
//!
//! Threat: somebody fills strangers' mailboxes with our mails, from an account of their own. The log of a person bounds the links of
//! a quarter of an hour, but its owner can push events out of the part that is looked at. Defence: the throttle counts as well.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::Reach;
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Aim, Ask, Origin};
use keyholder_core::id::MailedLinkId;
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::person::{Email, Person};
use keyholder_core::random::draw_token;
use keyholder_theme::mail::Mail;
use keyholder_theme::page::{AccountEmail, ChangeEmailError, Done};
use secrecy::ExposeSecret;

use super::commands::{AskEmail, Outcome, WithdrawEmail};
use super::{HERE, Reader, current, done, sign_in};
use crate::app::App;
use crate::digest::hash_token;
use crate::spine::{self, LINK_MINUTES};
use crate::throttle::{Acquaintance, Attempt};
use crate::web::{Form, Leads, PageError, draw, frame, peer, see_other};

/// A password proved within this time is not asked for again.
const RECENT: Duration = Duration::from_mins(15);
/// [`LinkPurpose::kind`] of these links.
pub(super) const KIND: &str = "confirm-email";

/// `GET /account/email`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    match Reader::of(&app, &request).await? {
        Ok(reader) if misses_key(&app, &reader).await? => use_key(&app, &request).await,
        Ok(reader) => show(&app, &request, &reader, String::new(), None).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// `POST /account/email`
pub(super) async fn post(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if misses_key(&app, &reader).await? {
        return use_key(&app, &request).await;
    }
    let outcome = match check(&app, &request, &reader, &form).await? {
        Ok(_) if is_throttled(&app, &request, &reader) => Outcome::Refused,
        Ok(email) => ask(&app, &request, &reader, email).await?,
        Err(error) => return show(&app, &request, &reader, form.text("email").to_owned(), Some(error)).await,
    };
    match outcome {
        Outcome::Done => {
            app.outbox_wake.notify_one();
            done::tell(Done::EmailAsked)
        }
        Outcome::SignedOut => sign_in(&app, &request).await,
        Outcome::Refused => {
            let typed = form.text("email").to_owned();
            show(&app, &request, &reader, typed, Some(ChangeEmailError::TooMany)).await
        }
    }
}

/// `POST /account/email/withdraw`
pub(super) async fn withdraw(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let audit = reader.event(&app, &request, AuditKind::EmailLinkWithdrawn, None);
    match app.store.execute(WithdrawEmail { acting: reader.acting(&app), kind: KIND, audit }).await? {
        Outcome::Done => done::tell(Done::EmailWithdrawn),
        // Confirmed or died meanwhile: the page shows which address counts.
        Outcome::Refused => Ok(see_other(HERE)),
        Outcome::SignedOut => sign_in(&app, &request).await,
    }
}

/// Nothing is hashed before the address is one, and nothing here knows whether anybody has it.
async fn check(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    form: &Form,
) -> Result<Result<Email, ChangeEmailError>, PageError> {
    let email = match spine::read_email(form.text("email")) {
        Ok(email) => email,
        Err(error) => return Ok(Err(ChangeEmailError::Email(error))),
    };
    // Their own address again is asked for by whoever has not confirmed it yet, or spells it in another way.
    if email == reader.person.email && reader.person.email_verified_at.is_some() {
        return Ok(Err(ChangeEmailError::Same));
    }
    if asks_password(app, reader) {
        let proved = current::prove(app, request, reader, form.secret("current")).await?;
        return Ok(proved.map(|_| email).map_err(ChangeEmailError::Current));
    }
    Ok(Ok(email))
}

/// Links that open much go to the address: whoever has a key uses it before the address changes. A managed key is the school's, and the
/// address the person's.
async fn misses_key(app: &App, reader: &Reader) -> Result<bool, PageError> {
    let keys = spine::keys_at_hand(app, &reader.person).await?;
    let own = keys.iter().any(|key| matches!(key.reach, Reach::Everywhere | Reach::KeyManagement));
    Ok(own && reader.session.manages_keys_until(app.now()).is_none())
}

async fn use_key(app: &App, request: &HttpRequest) -> Result<HttpResponse, PageError> {
    let ask = Ask { aim: Aim::ManageKeys, ..Ask::default() };
    spine::begin(app, request, Origin::Portal { return_to: format!("{HERE}/email") }, ask).await
}

fn asks_password(app: &App, reader: &Reader) -> bool {
    app.now().since(reader.session.authenticated_at()) > RECENT
}

/// Counts a link for its sender, however often they signed in.
fn is_throttled(app: &App, request: &HttpRequest, reader: &Reader) -> bool {
    let account = app.sealer.digest("throttle-new-address", reader.person.id.as_uuid().as_bytes());
    // Whoever is signed in never waits for what others in their network do.
    let attempt = Attempt { account, network: peer(request), acquaintance: Acquaintance::Familiar };
    app.throttle.check(&attempt, app.now()).is_err()
}

async fn ask(app: &App, request: &HttpRequest, reader: &Reader, email: Email) -> Result<Outcome, PageError> {
    let (now, token) = (app.now(), draw_token(&*app.random));
    let mail = Mail::ConfirmEmail {
        name: reader.person.display_name(),
        link: app.address(&format!("/link/{}", token.expose_secret())),
        minutes: LINK_MINUTES,
    };
    let addressee = Person { email: email.clone(), ..reader.person.clone() };
    let command = AskEmail {
        acting: reader.acting(app),
        link: MailedLink {
            id: MailedLinkId::draw(&*app.random, now),
            token: hash_token(token.expose_secret()),
            purpose: LinkPurpose::ConfirmEmail { address: email.as_str().to_owned() },
            person: Some(reader.person.id),
            created_at: now,
            expires_at: now.plus(Duration::from_mins(u64::from(LINK_MINUTES))),
            used_at: None,
        },
        mail: spine::mail_to(app, &addressee, &mail)?,
        email,
        audit: reader.event(app, request, AuditKind::EmailLinkAsked, None),
    };
    Ok(app.store.execute(command).await?)
}

async fn show(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    value: String,
    error: Option<ChangeEmailError>,
) -> Result<HttpResponse, PageError> {
    let page = AccountEmail {
        action: format!("{HERE}/email"),
        present: reader.person.email.as_str().to_owned(),
        value,
        asks_password: asks_password(app, reader),
        error,
        back_href: HERE.into(),
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = reader.about(app, request).await?;
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}

#[cfg(test)]
mod tests;
