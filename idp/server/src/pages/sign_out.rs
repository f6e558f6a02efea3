//! Signing out of Keyholder, here or everywhere. What an application asks for is in `crate::oidc::front`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::PersonId;
use keyholder_theme::page::SignOut;

use crate::app::App;
use crate::audit;
use crate::cookies;
use crate::logout::{Farewell, front_channel, signed_out};
use crate::saml;
use crate::spine::commands::{EndSession, EndSessionsOf};
use crate::web::{self, About, Form, Leads, PageError, check_form_token, draw, frame, see_other, whence};

/// `GET /sign-out`: asks. A link on another site may lead here, so it changes nothing.
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let Some((_, person)) = web::session(&app, &request).await? else { return Ok(see_other("/signed-out")) };
    let page = SignOut { action: "/sign-out".into(), application: None, fields: Vec::new(), cancel_href: "/".into() };
    let about = About::default().person(&person, None);
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Home)
}

/// `POST /sign-out`
pub(super) async fn post(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    if let Some((session, person)) = web::session(&app, &request).await? {
        let audit = event(&app, &request, AuditKind::SignedOut, person.id);
        let frames = front_channel(&app, session.id).await?;
        let told = saml::logout::participants(&app, session.id).await?;
        let command = EndSession { session: session.id, audit, now: app.now() };
        app.store.execute(command).await?;
        app.outbox_wake.notify_one();
        let go_on = saml::logout::after_sign_out(&app, session.browser, told, None).await?;
        if go_on.is_some() || !frames.is_empty() {
            return farewell(&app, &request, &Farewell { frames, go_on, ..Farewell::default() });
        }
    }
    gone("/signed-out")
}

/// `POST /sign-out/everywhere`
pub(super) async fn everywhere(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    let Some((session, person)) = web::session(&app, &request).await? else { return gone("/signed-out") };
    let frames = front_channel(&app, session.id).await?;
    let told = saml::logout::participants(&app, session.id).await?;
    let audit = event(&app, &request, AuditKind::SignedOutEverywhere, person.id);
    let command = EndSessionsOf { person: person.id, audit, now: app.now() };
    app.store.execute(command).await?;
    app.outbox_wake.notify_one();
    let go_on =
        saml::logout::after_sign_out(&app, session.browser, told, Some("/signed-out/everywhere".to_owned())).await?;
    if go_on.is_some() || !frames.is_empty() {
        return farewell(&app, &request, &Farewell { everywhere: true, frames, go_on });
    }
    gone("/signed-out/everywhere")
}

/// `GET /signed-out`
pub(super) async fn gone_here(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, false)
}

/// `GET /signed-out/everywhere`
pub(super) async fn gone_everywhere(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, true)
}

fn show(app: &App, request: &HttpRequest, everywhere: bool) -> Result<HttpResponse, PageError> {
    signed_out(app, request, About::default(), &Farewell { everywhere, ..Farewell::default() })
}

/// The page at once: a redirect would leave the applications unloaded, and `form-action` lets none go on to a service provider.
fn farewell(app: &App, request: &HttpRequest, farewell: &Farewell) -> Result<HttpResponse, PageError> {
    without_session(signed_out(app, request, About::default(), farewell)?)
}

fn gone(href: &str) -> Result<HttpResponse, PageError> {
    without_session(see_other(href))
}

/// Takes the session's cookie back.
fn without_session(mut answer: HttpResponse) -> Result<HttpResponse, PageError> {
    let removed = answer.add_cookie(&cookies::removal(cookies::SESSION));
    removed.map_err(|_| PageError::Fault("a cookie could not be removed"))?;
    Ok(answer)
}

fn event(app: &App, request: &HttpRequest, kind: AuditKind, subject: PersonId) -> AuditEvent {
    let whence = whence(request);
    audit::event(app, kind, audit::About { subject: Some(subject), whence: Some(&whence), ..audit::About::default() })
}
