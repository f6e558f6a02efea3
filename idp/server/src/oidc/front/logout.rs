//! The end session endpoint (`OpenID` Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::AuditKind;
use keyholder_core::person::Person;
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use keyholder_oidc::end_session::{self, UnverifiedLogout};
use keyholder_oidc::form;
use keyholder_oidc::metadata::path;
use keyholder_theme::page::{Field, SignOut};
use url::Url;

use super::CONFIRM_LOGOUT;
use super::untrusted::{check_form, untrusted};
use crate::app::App;
use crate::audit;
use crate::cookies;
use crate::logout::{Farewell, front_channel, signed_out};
use crate::saml;
use crate::spine::commands::EndSession;
use crate::web::{
    self, About, Asked, Leads, PageError, check_form_token, check_same_site, draw, frame, see_other, whence,
};

/// A checked logout request.
struct Logout {
    unverified: UnverifiedLogout,
    application: Option<Arc<RelyingApplication>>,
    checked: end_session::EndSession,
}

/// `GET /oidc/logout`: signs out at once if the application shows an ID token of this very session, else asks.
pub(super) async fn get(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let unverified = end_session::parse(request.query_string().as_bytes());
    let logout = check(&app, unverified.map_err(|reason| untrusted(&reason, None))?).await?;
    let is_hinted =
        |id| logout.checked.hinted_session.as_ref().is_some_and(|hinted| hinted.is(id, app.sealer.as_ref()));
    match web::session(&app, &request).await? {
        None => leave(&app, &request, &logout, Ended::default()),
        Some((session, _)) if is_hinted(session.id) => {
            let ended = end(&app, &request, &session, &logout).await?;
            leave(&app, &request, &logout, ended)
        }
        Some((_, person)) => ask(&app, &request, &person, &logout),
    }
}

/// `POST /oidc/logout`: goes on by GET, for the reason given at the authorization endpoint.
pub(super) async fn post(request: HttpRequest, body: Bytes) -> Result<HttpResponse, PageError> {
    check_form(&request)?;
    let unverified = end_session::parse(&body).map_err(|reason| untrusted(&reason, None))?;
    Ok(see_other(&format!("{}?{}", path::LOGOUT, unverified.to_query())))
}

/// The answer to our own question. Goes on by GET as one who is signed out, so that reading the page again posts nothing;
/// unless applications are to be told by this browser, for which there has to be a page, now.
pub(super) async fn confirm(app: Data<App>, request: HttpRequest, body: Bytes) -> Result<HttpResponse, PageError> {
    check_form(&request)?;
    check_same_site(&app, &request)?;
    let form = form::parse(&body).map_err(|error| untrusted(&error.into(), None))?;
    check_form_token(&app, &request, form.one("form_token").unwrap_or_default())?;
    let logout = check(&app, end_session::of_form(form)).await?;
    if let Some((session, _)) = web::session(&app, &request).await? {
        let ended = end(&app, &request, &session, &logout).await?;
        if ended.tells() {
            return leave(&app, &request, &logout, ended);
        }
    }
    without_session(see_other(&format!("{}?{}", path::LOGOUT, logout.unverified.to_query())))
}

async fn check(app: &App, unverified: UnverifiedLogout) -> Result<Logout, PageError> {
    let hinted = unverified.read_hint(app.config.issuer(), &app.keys.public());
    let application = match hinted.client_id() {
        Some(client_id) => app.applications.find(app, client_id).await?,
        None => None,
    };
    let checked = hinted.check(application.as_deref());
    for doubt in &checked.doubts {
        let client_id = application.as_ref().map(|application| application.client.client_id.as_str());
        tracing::info!(client_id, %doubt, "a part of a logout request is not used");
    }
    Ok(Logout { unverified: hinted.into_unverified(), application, checked })
}

impl Logout {
    fn about(&self) -> About {
        // Nothing remembers when the application asked: a choice that the person ever made by the switch goes first.
        let asked = self.checked.language.map(|language| Asked { language, at: Timestamp::from_seconds(0) });
        let application = self.application.as_ref().map(|application| application.name.clone());
        About { asked, application, ..About::default() }
    }
}

/// Asks the person: a link on any site may lead here (RP-Initiated Logout 6).
fn ask(app: &App, request: &HttpRequest, person: &Person, logout: &Logout) -> Result<HttpResponse, PageError> {
    let field = |(name, value): (&str, &str)| Field { name: name.to_owned(), value: value.to_owned() };
    let page = SignOut {
        action: CONFIRM_LOGOUT.to_owned(),
        application: logout.application.as_ref().map(|application| application.name.clone()),
        fields: logout.unverified.fields().map(field).collect(),
        cancel_href: "/".to_owned(),
    };
    let frame = frame(app, request, logout.about().person(person, None));
    draw(app, StatusCode::OK, &frame, &page, Leads::Away)
}

/// What this browser has to do, so that applications learn that a session ended.
#[derive(Default)]
struct Ended {
    /// To be loaded.
    frames: Vec<Url>,
    /// A path of ours that leads to the service providers of SAML, and from there to where the application wants the browser.
    next: Option<String>,
}

impl Ended {
    fn tells(&self) -> bool {
        self.next.is_some() || !self.frames.is_empty()
    }
}

/// Ends the session.
async fn end(app: &App, request: &HttpRequest, session: &Session, logout: &Logout) -> Result<Ended, PageError> {
    let frames = front_channel(app, session.id).await?;
    let told = saml::logout::participants(app, session.id).await?;
    let about = audit::About {
        application: logout.application.as_ref().map(|application| application.id),
        subject: Some(session.person),
        whence: Some(&whence(request)),
        ..audit::About::default()
    };
    let audit = audit::event(app, AuditKind::SignedOut, about);
    app.store.execute(EndSession { session: session.id, audit, now: app.now() }).await?;
    app.outbox_wake.notify_one();
    let next = saml::logout::after_sign_out(app, session.browser, told, logout.checked.return_to.clone()).await?;
    Ok(Ended { frames, next })
}

/// Nobody is signed in any more: on to the application, or to a page that says so.
fn leave(app: &App, request: &HttpRequest, logout: &Logout, ended: Ended) -> Result<HttpResponse, PageError> {
    let Ended { frames, next } = ended;
    match next.or_else(|| logout.checked.return_to.clone()) {
        Some(address) if frames.is_empty() => without_session(see_other(&address)),
        go_on => {
            let farewell = Farewell { frames, go_on, ..Farewell::default() };
            without_session(signed_out(app, request, logout.about(), &farewell)?)
        }
    }
}

/// Takes the session's cookie back.
fn without_session(mut response: HttpResponse) -> Result<HttpResponse, PageError> {
    let removed = response.add_cookie(&cookies::removal(cookies::SESSION));
    removed.map_err(|_| PageError::Fault("a cookie could not be removed"))?;
    Ok(response)
}
