//! The tab **Account**.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::ports::Queries;
use keyholder_core::session::{KnownBrowser, Session};
use keyholder_theme::page::{self, Account, SignInPlace, WaitingEmail};

use super::{HERE, Reader, done, email, places};
use crate::app::App;
use crate::audit::browser;
use crate::cookies;
use crate::web::{Leads, PageError, draw, frame};

/// `GET /account`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let page = load(&app, &request, &reader).await?;
    let about = reader.about(&app, &request).await?;
    let mut answer = draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Home)?;
    if cookies::find(&request, cookies::DONE).is_some() {
        done::forget(&mut answer)?;
    }
    Ok(answer)
}

async fn load(app: &App, request: &HttpRequest, reader: &Reader) -> Result<Account, PageError> {
    let Reader { session, person } = reader;
    let now = app.now();
    let mut sessions = app.store.list_live_sessions(person.id, now).await?;
    sessions.retain(|other| other.is_live(now, app.config.session.idle()));
    // The one in use first, then the last used.
    sessions.sort_by_key(|other| (other.id != session.id, std::cmp::Reverse(other.last_seen_at)));
    let mut browsers = app.store.list_known_browsers(person.id).await?;
    browsers.sort_by_key(|known| known.browser != session.browser);
    Ok(Account {
        done: done::told(request),
        name: person.display_name(),
        email: person.email.as_str().to_owned(),
        email_verified: person.email_verified_at.is_some(),
        waiting: app.store.find_waiting_link(person.id, email::KIND, now).await?.and_then(waiting),
        language: person.language,
        sign_ins: sessions.iter().map(|other| sign_in(other, session)).collect(),
        browsers: browsers.iter().map(|known| known_browser(app, known, session)).collect(),
        end_action: format!("{HERE}/sign-ins/end"),
        everywhere_action: "/sign-out/everywhere".into(),
        forget_action: format!("{HERE}/browsers/forget"),
    })
}

fn waiting(link: MailedLink) -> Option<WaitingEmail> {
    let LinkPurpose::ConfirmEmail { address } = link.purpose else { return None };
    let withdraw_action = format!("{HERE}/email/withdraw");
    Some(WaitingEmail { email: address, until: link.expires_at.as_millis(), withdraw_action })
}

fn sign_in(other: &Session, here: &Session) -> SignInPlace {
    SignInPlace {
        id: other.id.to_string(),
        browser: named(&other.user_agent),
        address: other.address.clone(),
        started_at: other.started_at.as_millis(),
        last_seen_at: other.last_seen_at.as_millis(),
        here: other.id == here.id,
    }
}

fn known_browser(app: &App, known: &KnownBrowser, here: &Session) -> page::KnownBrowser {
    page::KnownBrowser {
        id: places::handle(app, known.browser),
        browser: named(&known.user_agent),
        first_seen_at: known.first_seen_at.as_millis(),
        last_seen_at: known.last_seen_at.as_millis(),
        here: known.browser == here.browser,
    }
}

/// What a user agent calls itself, in parts that the theme puts into words.
pub(super) fn named(user_agent: &str) -> Option<page::Browser> {
    let (name, system) = browser::parts(user_agent)?;
    let system = system.and_then(|system| match system {
        "Windows" => Some("windows"),
        "an iPhone" => Some("iphone"),
        "an iPad" => Some("ipad"),
        "Android" => Some("android"),
        "a Chromebook" => Some("chromebook"),
        "a Mac" => Some("mac"),
        "Linux" => Some("linux"),
        _ => None,
    });
    Some(page::Browser { name: name.to_owned(), system })
}
