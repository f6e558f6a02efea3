//! **Forgot Password**: for who forgot it and for who has none yet. Whether anybody has the address is found out when the mail
//! leaves, so that the answer and the time it takes are alike.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::{Flow, Stage};
use keyholder_core::id::OutboxId;
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::Email;
use keyholder_theme::page::{EmailError, ForgotPassword, ForgotPasswordSent, PasswordSet, ProblemKind, Way};

use super::super::commands::RecordAsked;
use super::super::{familiar, resume, scenery, ticket};
use super::{moved, read_email};
use crate::app::App;
use crate::audit::{self, About};
use crate::throttle::{Attempt, Throttled, network};
use crate::web::{self, Form, Leads, PageError, draw, frame, language, peer, see_other, whence};

/// How long a password link lives.
pub const LINK_MINUTES: u32 = 60;
/// Links that one network may ask for within [`WINDOW`]: a whole school on its first morning, and some again.
const MOST_OF_A_NETWORK: u32 = 600;
const WINDOW: Duration = Duration::from_hours(1);

/// `GET /sign-in/{ticket}/forgot`
pub(in super::super) async fn page(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = load(&app, &request, &ticket).await?;
    let email = typed(&flow);
    ask(&app, &request, &flow, email, None).await
}

/// `POST /sign-in/{ticket}/forgot`
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let flow = load(&app, &request, &ticket).await?;
    match read_email(form.text("email")) {
        Err(error) => ask(&app, &request, &flow, form.text("email").to_owned(), Some(error)).await,
        Ok(email) => {
            let Ok(flow) = flow.clone().identify(email.as_str().to_owned()) else {
                return Err(moved(&app, &flow).await?);
            };
            let here = ticket::href(&app, &request, &flow).await?;
            throttle(&app, &request, &email, &here).await?;
            record(&app, &request, &flow, &email).await?;
            Ok(see_other(&format!("{here}/sent")))
        }
    }
}

/// `GET /sign-in/{ticket}/sent`
pub(in super::super) async fn sent(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = load(&app, &request, &ticket).await?;
    let back_href = ticket::href(&app, &request, &flow).await?;
    let page = ForgotPasswordSent { email: typed(&flow), back_href, minutes: LINK_MINUTES };
    let about = about(&app, &flow).await?;
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Away)
}

/// `GET /sign-in/{ticket}/password-set`: where an accepted new password leads. The sign-in itself is still to be done.
pub(in super::super) async fn password_set(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
) -> Result<HttpResponse, PageError> {
    let flow = load(&app, &request, &ticket).await?;
    let about = about(&app, &flow).await?;
    let continue_href = ticket::href(&app, &request, &flow).await?;
    let page = PasswordSet { continue_href, application: about.application.clone() };
    draw(&app, StatusCode::OK, &frame(&app, &request, about), &page, Leads::Away)
}

async fn load(app: &App, request: &HttpRequest, ticket: &str) -> Result<Flow, PageError> {
    let flow = ticket::load(app, request, ticket).await?;
    match flow.session() {
        Some(_) => Err(moved(app, &flow).await?),
        None => Ok(flow),
    }
}

async fn about(app: &App, flow: &Flow) -> Result<web::About, PageError> {
    let application = scenery::find_application(app, flow).await?;
    Ok(scenery::about(app, flow, application.as_deref()).await?)
}

async fn ask(
    app: &App,
    request: &HttpRequest,
    flow: &Flow,
    email: String,
    error: Option<EmailError>,
) -> Result<HttpResponse, PageError> {
    let here = ticket::href(app, request, flow).await?;
    let about = web::About { here: Some(format!("{here}/forgot")), ..about(app, flow).await? };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ForgotPassword { action: format!("{here}/forgot"), email, back_href: here, error };
    draw(app, status, &frame(app, request, about), &page, Leads::Away)
}

/// For one address as often as a password may be tried, so that nobody's mailbox is filled; for one network up to a number. Counted
/// for addresses that nobody has as well.
async fn throttle(app: &App, request: &HttpRequest, email: &Email, here: &str) -> Result<(), PageError> {
    let key = email.key();
    let account = app.sealer.digest("throttle-links", key.as_bytes());
    let acquaintance = familiar::acquaintance(app, request, &key);
    let attempt = Attempt { account, network: peer(request), acquaintance };
    let wait = match app.throttle.check(&attempt, app.now()) {
        Err(Throttled { retry_after, .. }) => Some(retry_after),
        Ok(()) => throttle_network(app, request).await?,
    };
    match wait {
        None => Ok(()),
        Some(wait) => {
            let way = Way::TryAgain { href: format!("{here}/forgot") };
            Err(PageError::problem(ProblemKind::Throttled).retry_after(wait).way(way))
        }
    }
}

/// Counts roughly: two that ask at the same instant may count as one.
async fn throttle_network(app: &App, request: &HttpRequest) -> Result<Option<Duration>, PageError> {
    let key = asked_by(peer(request));
    let asked = app.short_lived.find(&key).await?.and_then(|count| count.try_into().ok()).map_or(0, u32::from_be_bytes);
    if asked >= MOST_OF_A_NETWORK {
        return Ok(Some(Duration::from_mins(5)));
    }
    app.short_lived.put(&key, (asked + 1).to_be_bytes().to_vec(), WINDOW).await?;
    Ok(None)
}

/// Whoever has an IPv6 site has more addresses than could ever be counted: they count as one.
fn asked_by(peer: IpAddr) -> Vec<u8> {
    format!("links-asked:{}", network(peer)).into_bytes()
}

async fn record(app: &App, request: &HttpRequest, flow: &Flow, email: &Email) -> Result<(), PageError> {
    let now = app.now();
    let asked = scenery::asked(flow);
    let delivery = Delivery::PasswordLinkAsked {
        email: email.as_str().to_owned(),
        language: language(request, asked),
        resume: resume::seal(app, flow)?,
    };
    let id = OutboxId::draw(&*app.random, now);
    let message = OutboxMessage { id, delivery, due_at: now, attempts: 0, created_at: now };
    let whence = whence(request);
    let about = About {
        application: flow.origin.application(),
        email: Some(email.as_str()),
        whence: Some(&whence),
        ..About::default()
    };
    let audit = audit::event(app, AuditKind::PasswordLinkAsked, about);
    app.store.execute(RecordAsked { message, audit }).await?;
    app.outbox_wake.notify_one();
    Ok(())
}

fn typed(flow: &Flow) -> String {
    match &flow.stage {
        Stage::FirstProof { email } => email.clone(),
        _ => flow.ask.login_hint.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::asked_by;

    #[test]
    fn the_addresses_of_one_ipv6_site_count_as_one() {
        let key = |peer: &str| asked_by(peer.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::7"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::7"), key("2001:db8:1:3::7"));
        assert_eq!(key("::ffff:203.0.113.7"), key("203.0.113.7"));
        assert_ne!(key("203.0.113.7"), key("203.0.113.8"));
    }
}
