//! What stands around every request: its reference, the access log, the headers, and the page for whatever went wrong.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use keyholder_theme::page::{Problem as ProblemPage, ProblemKind};
use tracing::Instrument;

use super::frame::frame_of_problem;
use super::visit::Visit;
use super::{About, Leads, PageError, draw, headers};
use crate::app::App;
use crate::cookies;

/// How long to wait where nobody said how long.
const A_MOMENT: Duration = Duration::from_secs(5);

pub(super) async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let visit = Visit::begin(&*app.random);
    request.extensions_mut().insert(Rc::clone(&visit));
    let (began, counted_from) = (app.now(), Instant::now());
    let span = tracing::info_span!("request", reference = %visit.reference);
    let answer = if has_control(request.path()) {
        request.error_response(PageError::problem(ProblemKind::NotFound).way_home())
    } else {
        next.call(request).instrument(span.clone()).await?.map_into_boxed_body()
    };
    let answer = span.in_scope(|| finish(&app, &visit, answer));
    let request = answer.request();
    // The pattern, never the address: paths and queries hold tickets, links and codes.
    tracing::info!(
        target: "keyholder::access",
        reference = %visit.reference,
        method = %request.method(),
        route = request.match_pattern().as_deref().unwrap_or("-"),
        status = answer.status().as_u16(),
        millis = u64::try_from(app.now().since(began).as_millis()).unwrap_or(u64::MAX),
    );
    app.metrics.answered(&answer, counted_from.elapsed());
    Ok(answer)
}

fn finish(app: &App, visit: &Visit, answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let (request, mut response) = answer.into_parts();
    if let Some(page) = page_instead(app, &request, &response) {
        response = page;
    }
    let cookie = visit.browser_cookie(&request).map(|value| cookies::for_a_year(cookies::BROWSER, value));
    if let Some(Err(error)) = cookie.map(|cookie| response.add_cookie(&cookie)) {
        tracing::error!(%error, "a cookie could not be set");
    }
    headers::complete(response.headers_mut(), &visit.reference, app.config.issuer.scheme() == "https");
    ServiceResponse::new(request, response)
}

/// Whether a control character stands in a path, percent-encoded (RFC 3986 2.1): no path of ours has any, and handlers get them decoded.
fn has_control(path: &str) -> bool {
    path.as_bytes().windows(3).any(|window| match window {
        [b'%', b'0' | b'1', low] => low.is_ascii_hexdigit(),
        [b'%', b'7', low] => low.eq_ignore_ascii_case(&b'f'),
        _ => false,
    })
}

/// The page for an answer that is none.
fn page_instead(app: &App, request: &HttpRequest, response: &HttpResponse) -> Option<HttpResponse> {
    if let Some(error) = response.error().and_then(|error| error.as_error::<PageError>()) {
        log(error);
        return (!matches!(error, PageError::Elsewhere(_)))
            .then(|| problem_page(app, request, error, error.status_code()));
    }
    // Answers of the framework: no such method, an unreadable path. Programs keep the bare status.
    let bare = response.error().is_some() || !response.headers().contains_key(CONTENT_TYPE);
    let kind = kind_of(response.status())?;
    (bare && wants_page(request))
        .then(|| problem_page(app, request, &PageError::problem(kind).way_home(), response.status()))
}

fn problem_page(app: &App, request: &HttpRequest, error: &PageError, status: StatusCode) -> HttpResponse {
    let (ways, about, wait) = match error {
        PageError::Problem(problem) => (problem.ways.clone(), problem.about.clone(), problem.retry_after),
        _ => (Vec::new(), About::default(), None),
    };
    let kind = error.kind();
    let page = ProblemPage { kind, reference: super::reference(app, request), ways };
    let frame = frame_of_problem(app, request, about);
    let mut answer = draw(app, status, &frame, &page, Leads::Home).unwrap_or_else(|error| {
        log(&error);
        HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(status.to_string())
    });
    let wait = wait.or_else(|| matches!(kind, ProblemKind::Busy).then_some(A_MOMENT));
    if let Some(wait) = wait {
        answer.headers_mut().insert(RETRY_AFTER, wait.as_secs().max(1).into());
    }
    answer
}

fn kind_of(status: StatusCode) -> Option<ProblemKind> {
    match status {
        StatusCode::NOT_FOUND => Some(ProblemKind::NotFound),
        StatusCode::PAYLOAD_TOO_LARGE => Some(ProblemKind::TooLarge),
        _ if status.is_client_error() => Some(ProblemKind::BadRequest),
        _ if status.is_server_error() => Some(ProblemKind::Fault),
        _ => None,
    }
}

fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// Faults once, with everything behind them; what a person did is not the operator's to mend.
pub(crate) fn log(error: &PageError) {
    match error {
        PageError::Problem(problem) => tracing::debug!(kind = ?problem.kind, "answered with a problem page"),
        PageError::Elsewhere(_) => {}
        _ => tracing::error!(error = error as &dyn std::error::Error, "a request failed"),
    }
}
