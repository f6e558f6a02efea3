//! Signing out of Keyholder, here or everywhere. What an application asks for is in `crate::oidc::front`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::PersonId;
use keyholder_theme::page::{SignOut, SignedOut};

use crate::app::App;
use crate::audit;
use crate::cookies;
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
        let command = EndSession { session: session.id, audit, now: app.now() };
        app.store.execute(command).await?;
    }
    gone("/signed-out")
}

/// `POST /sign-out/everywhere`
pub(super) async fn everywhere(app: Data<App>, request: HttpRequest, form: Form) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    let Some((_, person)) = web::session(&app, &request).await? else { return gone("/signed-out") };
    let audit = event(&app, &request, AuditKind::SignedOutEverywhere, person.id);
    let command = EndSessionsOf { person: person.id, audit, now: app.now() };
    app.store.execute(command).await?;
    gone("/signed-out/everywhere")
}

/// `GET /signed-out`
pub(super) async fn signed_out(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, false)
}

/// `GET /signed-out/everywhere`
pub(super) async fn signed_out_everywhere(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    show(&app, &request, true)
}

fn show(app: &App, request: &HttpRequest, everywhere: bool) -> Result<HttpResponse, PageError> {
    let page = SignedOut { sign_in_href: "/".into(), everywhere };
    draw(app, StatusCode::OK, &frame(app, request, About::default()), &page, Leads::Home)
}

/// Takes the session's cookie back.
fn gone(href: &str) -> Result<HttpResponse, PageError> {
    let mut answer = see_other(href);
    let removed = answer.add_cookie(&cookies::removal(cookies::SESSION));
    removed.map_err(|_| PageError::Fault("a cookie could not be removed"))?;
    Ok(answer)
}

fn event(app: &App, request: &HttpRequest, kind: AuditKind, subject: PersonId) -> AuditEvent {
    let whence = whence(request);
    audit::event(app, kind, audit::About { subject: Some(subject), whence: Some(&whence), ..audit::About::default() })
}
