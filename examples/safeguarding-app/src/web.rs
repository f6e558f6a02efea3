//! The HTTP side: routes, cookies, headers. A handler reads the request, makes one call, answers.

use std::future::{Ready, ready};

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Data, Form, Path, Query, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use openidconnect::{PostLogoutRedirectUrl, RedirectUrl};
use serde::Deserialize;
use url::Url;

use crate::api;
use crate::assurance::Assurance;
use crate::config::Config;
use crate::incidents::{self, Needs};
use crate::mount::{Client, Mount, Way};
use crate::pages::{Pages, View};
use crate::problem::Problem;
use crate::provider::Provider;
use crate::return_page::{ReturnPage, parse_number};
use crate::saml::{self, Asked};
use crate::session::{Evidence, Session, Sessions};
use crate::{sign_in, sign_out};

/// Threat: a page of somebody else frames ours, or a name with markup in it runs. No `form-action`: Chromium applies it to every
/// hop of a redirect, and signing out leads through the provider.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLESHEET: &str = include_str!("../assets/app.css");

/// What one process serves.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) public_url: Url,
    pub(crate) provider: Provider,
    /// For the mount that signs in over SAML, if there is one.
    pub(crate) saml: Option<saml::Provider>,
    pub(crate) sessions: Sessions,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) pages: Pages,
    /// Seconds since the epoch.
    pub(crate) now: fn() -> i64,
}

impl Application {
    pub(crate) fn new(config: Config, now: fn() -> i64) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            public_url: config.public_url,
            provider: Provider::new(config.issuer, config.certificates)?,
            saml: config.saml,
            sessions: Sessions::default(),
            pages: Pages::new(config.name)?,
            mounts: config.mounts,
            now,
        })
    }

    fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Where a request arrived and who sent it.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) application: Data<Application>,
    pub(crate) mount: Data<Mount>,
    /// The session and its id.
    pub(crate) session: Option<(String, Session)>,
    /// Binds a sign-in to the browser that began it.
    pub(crate) browser: Option<String>,
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (Some(application), Some(mount)) =
            (request.app_data::<Data<Application>>(), request.app_data::<Data<Mount>>())
        else {
            return ready(Err(actix_web::error::ErrorInternalServerError("not configured")));
        };
        let value = |name: String| request.cookie(&name).map(|cookie| cookie.value().to_owned());
        let secure = application.secure();
        let session = value(mount.session_cookie(secure))
            .and_then(|id| application.sessions.find(&id, &mount.base()).map(|session| (id, session)));
        let browser = value(mount.browser_cookie(secure));
        ready(Ok(Self { application: application.clone(), mount: mount.clone(), session, browser }))
    }
}

impl Visit {
    /// The client of this mount; over SAML there is none, and no page that needs one.
    pub(crate) fn client(&self) -> Result<&Client, Problem> {
        match &self.mount.way {
            Way::OpenIdConnect(client) => Ok(client),
            Way::Saml => Err(Problem::NotFound),
        }
    }

    /// A path of this mount.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.mount.base())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{}", self.application.public_url.as_str().trim_end_matches('/'), self.path(path))
    }

    /// Built from our own configuration: an address made of the Host header goes where its sender wants.
    pub(crate) fn redirect_uri(&self) -> Result<RedirectUrl, Problem> {
        RedirectUrl::new(self.url("/callback")).map_err(|error| Problem::Answer(error.to_string()))
    }

    pub(crate) fn post_logout_redirect_uri(&self) -> Result<PostLogoutRedirectUrl, Problem> {
        PostLogoutRedirectUrl::new(self.url("/signed-out")).map_err(|error| Problem::Answer(error.to_string()))
    }

    pub(crate) fn session_cookie(&self, id: String) -> Cookie<'static> {
        self.cookie(self.mount.session_cookie(self.application.secure()), id)
    }

    pub(crate) fn browser_cookie(&self, value: String) -> Cookie<'static> {
        self.cookie(self.mount.browser_cookie(self.application.secure()), value)
    }

    /// `Lax`, not `Strict`: the provider is another site, and its answer must find the sign-in that it belongs to.
    fn cookie(&self, name: String, value: String) -> Cookie<'static> {
        Cookie::build(name, value)
            .path("/")
            .http_only(true)
            .secure(self.application.secure())
            .same_site(SameSite::Lax)
            .finish()
    }

    fn page(&self, draw: impl FnOnce(&Pages, &View<'_>) -> Result<String, handlebars::RenderError>) -> HttpResponse {
        self.page_with(StatusCode::OK, draw)
    }

    fn page_with(
        &self,
        status: StatusCode,
        draw: impl FnOnce(&Pages, &View<'_>) -> Result<String, handlebars::RenderError>,
    ) -> HttpResponse {
        let view = View {
            mount: &self.mount,
            mounts: &self.application.mounts,
            session: self.session.as_ref().map(|(_, session)| session),
            now: (self.application.now)(),
        };
        match draw(&self.application.pages, &view) {
            Ok(page) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page),
            Err(error) => {
                tracing::error!("a page cannot be drawn: {error}");
                HttpResponse::InternalServerError().finish()
            }
        }
    }

    /// Logs what happened and tells the reader what to do.
    pub(crate) fn answer(&self, outcome: Result<HttpResponse, Problem>) -> HttpResponse {
        outcome.unwrap_or_else(|problem| {
            if matches!(problem, Problem::NotFound) {
                tracing::debug!("{problem}");
            } else {
                tracing::warn!("{problem}");
            }
            let words = problem.words();
            self.page_with(words.status, |pages, view| pages.problem(view, &words))
        })
    }
}

/// `303`, so that a form's answer is fetched with GET (RFC 9110 15.4.4).
pub(crate) fn see_other(location: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, location));
    response
}

/// Headers of every answer.
pub(crate) fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)))
        .add((header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .add((header::REFERRER_POLICY, HeaderValue::from_static("same-origin")))
        .add((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// The routes of every mount; the root comes last, for it would take the others' paths.
pub(crate) fn configure(service: &mut ServiceConfig, application: &Data<Application>) {
    service.app_data(application.clone()).route("/assets/app.css", actix_web::web::get().to(stylesheet));
    let (schools, roots): (Vec<_>, Vec<_>) = application.mounts.iter().partition(|mount| mount.slug.is_some());
    for mount in schools.into_iter().chain(roots) {
        service.service(scope(mount));
    }
    // Without a client at the root there is still a page that leads to the schools.
    if application.mounts.iter().all(|mount| mount.slug.is_some()) {
        service.route("/", actix_web::web::get().to(schools_only));
    }
}

fn scope(mount: &Mount) -> actix_web::Scope {
    use actix_web::web::{get, post};
    let scope = actix_web::web::scope(&mount.base())
        .app_data(Data::new(mount.clone()))
        .route("/", get().to(home))
        .route("/sign-in", get().to(begin_sign_in))
        .route("/callback", get().to(finish_sign_in))
        .route("/sign-out", post().to(end_session))
        .route("/signed-out", get().to(signed_out))
        .route("/backchannel-logout", post().to(back_channel_logout))
        .route("/frontchannel-logout", get().to(front_channel_logout))
        .route("/incidents", get().to(list_incidents))
        .route("/incidents/{number}", get().to(show_incident))
        .route("/api/incidents/{number}", get().to(api::incident));
    let scope = if matches!(mount.way, Way::Saml) { saml::routes(scope) } else { scope };
    let scope = scope.default_service(actix_web::web::to(not_found));
    if mount.slug.is_some() { scope.route("", get().to(add_slash)) } else { scope }
}

async fn stylesheet() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(STYLESHEET)
}

async fn schools_only(application: Data<Application>) -> HttpResponse {
    let first = application.mounts.first().map(Mount::base).unwrap_or_default();
    see_other(&format!("{first}/")).finish()
}

async fn add_slash(visit: Visit) -> HttpResponse {
    see_other(&visit.path("/")).finish()
}

async fn home(visit: Visit) -> HttpResponse {
    let notice = visit.session.as_ref().is_some_and(|(id, _)| visit.application.sessions.take_notice(id));
    visit.page(|pages, view| pages.home(view, notice))
}

async fn begin_sign_in(visit: Visit, query: Option<Query<sign_in::Begin>>) -> HttpResponse {
    let begin = query.map(Query::into_inner).unwrap_or_default();
    visit.answer(sign_in::begin(&visit, &begin).await)
}

async fn finish_sign_in(visit: Visit, query: Option<Query<sign_in::Callback>>) -> HttpResponse {
    let outcome = match query {
        Some(callback) => sign_in::finish(&visit, callback.into_inner()).await,
        // A parameter twice (RFC 6749 3.1), or none of those that matter.
        None => Err(Problem::Malformed),
    };
    visit.answer(outcome)
}

#[derive(Debug, Deserialize)]
struct SignOutForm {
    form_token: String,
}

async fn end_session(visit: Visit, form: Option<Form<SignOutForm>>) -> HttpResponse {
    let outcome = match form {
        Some(form) => sign_out::begin(&visit, &form.form_token).await,
        None => Err(Problem::FormToken),
    };
    visit.answer(outcome)
}

async fn signed_out(visit: Visit) -> HttpResponse {
    visit.page(Pages::signed_out)
}

#[derive(Debug, Deserialize)]
struct BackChannelForm {
    logout_token: String,
}

/// Back-Channel Logout 1.0 (2.8): 200 or 400, never cached, nothing to read.
async fn back_channel_logout(visit: Visit, form: Option<Form<BackChannelForm>>) -> HttpResponse {
    let outcome = match form {
        Some(form) => sign_out::back_channel(&visit, &form.logout_token).await,
        None => Err(Problem::Malformed),
    };
    match outcome {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(problem) => {
            tracing::warn!("a logout token was refused: {problem}");
            HttpResponse::BadRequest().finish()
        }
    }
}

#[derive(Debug, Deserialize)]
struct FrontChannelQuery {
    iss: Option<String>,
    sid: Option<String>,
}

/// Front-Channel Logout 1.0 (2): loaded unseen by the provider's page, which alone may frame it.
async fn front_channel_logout(visit: Visit, query: Query<FrontChannelQuery>) -> HttpResponse {
    let outcome = sign_out::front_channel(&visit, query.iss.as_deref(), query.sid.as_deref());
    let status = match outcome {
        Ok(()) => StatusCode::OK,
        Err(problem) => {
            tracing::warn!("{problem}");
            StatusCode::BAD_REQUEST
        }
    };
    let provider = url::Url::parse(visit.application.provider.issuer()).map(|issuer| issuer.origin());
    let ancestors = provider.map_or_else(|_| "'none'".to_owned(), |origin| origin.ascii_serialization());
    let policy = format!("default-src 'none'; base-uri 'none'; frame-ancestors {ancestors}");
    HttpResponse::build(status).insert_header((header::CONTENT_SECURITY_POLICY, policy)).finish()
}

async fn list_incidents(visit: Visit) -> HttpResponse {
    if visit.session.is_none() {
        return sign_in_first(&visit, ReturnPage::Incidents);
    }
    visit.page(|pages, view| pages.incidents(view, incidents::list()))
}

async fn show_incident(visit: Visit, number: Path<String>) -> HttpResponse {
    let Some(incident) = parse_number(&number).and_then(incidents::find) else {
        return visit.answer(Err(Problem::NotFound));
    };
    let Some((id, session)) = &visit.session else {
        return sign_in_first(&visit, ReturnPage::Incident(incident.number));
    };
    let notice = visit.application.sessions.take_notice(id);
    if incident.needs == Needs::TwoFactors {
        match still_used_key(&visit, id, session).await {
            Ok(StillUsed::Yes) => {}
            Ok(StillUsed::No) => {
                return visit.page_with(StatusCode::FORBIDDEN, |pages, view| pages.key_needed(view, incident, notice));
            }
            Ok(StillUsed::AskByBrowser) => {
                let return_page = ReturnPage::Incident(incident.number);
                return visit.answer(saml::begin(&visit, return_page, Asked::WhetherKeyCounts));
            }
            Err(problem) => return visit.answer(Err(problem)),
        }
    }
    visit.page(|pages, view| pages.incident(view, incident))
}

/// Whether a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StillUsed {
    Yes,
    No,
    /// Only the browser can find out.
    AskByBrowser,
}

/// Whether the key of this session counts now. The sign-in says what was proved then; whether the person has stepped down since, only
/// the provider knows, so what a child said in confidence is opened after asking it.
async fn still_used_key(visit: &Visit, id: &str, session: &Session) -> Result<StillUsed, Problem> {
    let now = (visit.application.now)();
    if !session.person.assurance(now).used_key() {
        return Ok(StillUsed::No);
    }
    let access_token = match &session.evidence {
        Evidence::Tokens { access_token, .. } => access_token,
        Evidence::Assertion { .. } => {
            let opens = visit.application.sessions.open_one(id);
            return Ok(if opens { StillUsed::Yes } else { StillUsed::AskByBrowser });
        }
    };
    let stands = visit.application.provider.introspect(visit.client()?, access_token.secret()).await?;
    if stands.is_some_and(|found| Assurance::from_acr(found.acr.as_deref()).used_key()) {
        return Ok(StillUsed::Yes);
    }
    visit.application.sessions.end_elevation(id, now);
    Ok(StillUsed::No)
}

fn sign_in_first(visit: &Visit, return_page: ReturnPage) -> HttpResponse {
    see_other(&visit.path(&format!("/sign-in?return={}", return_page.path()))).finish()
}

async fn not_found(visit: Visit) -> HttpResponse {
    visit.answer(Err(Problem::NotFound))
}

#[cfg(test)]
mod tests;
