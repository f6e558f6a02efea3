//! Mailed links. Opening one changes nothing, since mail scanners open every link; only the accepted form uses it.

mod commands;
mod confirm_email;
mod first_key;
pub mod first_run;
mod new_password;
mod set_password;

pub(crate) use new_password::check as check_new_password;
pub(crate) use set_password::names as names_of;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::ports::Queries;
use keyholder_theme::page::{ProblemKind, Way};
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::digest::hash_token;
use crate::spine;
use crate::web::{Form, PageError, check_form_token};

/// `GET /link/{token}`
pub(super) async fn page(app: Data<App>, request: HttpRequest, token: Path<String>) -> Result<HttpResponse, PageError> {
    let link = load(&app, &request, &token).await?;
    match &link.purpose {
        LinkPurpose::SetPassword { .. } => set_password::page(&app, &request, &link).await,
        LinkPurpose::ConfirmEmail { address } => confirm_email::page(&app, &request, &link, address).await,
        LinkPurpose::FirstKey { session } => first_key::page(&app, &request, &link, *session).await,
        // Typed on the page Security keys, and no address.
        LinkPurpose::AccessPass => Err(dead(&app, &request, &link).await?),
        LinkPurpose::FirstRun => first_run::page(&app, &request),
    }
}

/// `POST /link/{token}`
pub(super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    check_form_token(&app, &request, form.text("form_token"))?;
    let link = load(&app, &request, &token).await?;
    match &link.purpose {
        LinkPurpose::SetPassword { .. } => set_password::post(&app, &request, &link, &form).await,
        LinkPurpose::ConfirmEmail { address } => confirm_email::post(&app, &request, &link, address).await,
        LinkPurpose::FirstKey { session } => first_key::post(&app, &request, &link, *session).await,
        LinkPurpose::AccessPass => Err(dead(&app, &request, &link).await?),
        LinkPurpose::FirstRun => first_run::post(&app, &request, &link, &form).await,
    }
}

/// Begins the token of an address that [`sealed_here`] made; no token that was mailed does.
const SEALED: char = '~';
const RETURN: &str = "link-return";

/// The address of this form for a flow that comes back to it. A flow becomes a row, and rows hold no link that opens (design,
/// invariant 12): sealed, it opens nothing for whoever reads the database.
fn sealed_here(app: &App, request: &HttpRequest) -> Result<String, PageError> {
    let Some(token) = request.match_info().get("token") else { return Err(PageError::Fault("a link has no token")) };
    if token.starts_with(SEALED) {
        return Ok(here(request));
    }
    let sealed = app.sealer.seal(RETURN, token.as_bytes());
    let sealed = sealed.map_err(|_| PageError::Fault("a link could not be sealed"))?;
    Ok(format!("/link/{SEALED}{}", URL_SAFE_NO_PAD.encode(sealed)))
}

/// The token that was mailed.
fn unsealed(app: &App, token: &str) -> Option<SecretString> {
    let Some(sealed) = token.strip_prefix(SEALED) else { return Some(SecretString::from(token)) };
    let opened = app.sealer.open(RETURN, &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
    String::from_utf8(opened).ok().map(SecretString::from)
}

/// A link that may still be used.
async fn load(app: &App, request: &HttpRequest, token: &str) -> Result<MailedLink, PageError> {
    let found = match unsealed(app, token) {
        Some(token) => app.store.find_link(hash_token(token.expose_secret())).await?,
        None => None,
    };
    match found {
        Some(link) if link.used_at.is_none() && app.now() < link.expires_at => Ok(link),
        Some(link) => Err(dead(app, request, &link).await?),
        None => Err(PageError::problem(ProblemKind::LinkDead).way(new_link()).way_home()),
    }
}

/// Used, replaced or too old: with the way to a new one, for the sign-in that it belongs to.
async fn dead(app: &App, request: &HttpRequest, link: &MailedLink) -> Result<PageError, PageError> {
    let problem = PageError::problem(ProblemKind::LinkDead);
    let LinkPurpose::SetPassword { resume } = &link.purpose else { return Ok(problem.way_home()) };
    let flow = resume.as_deref().and_then(|resume| spine::open_resume(app, request, resume));
    Ok(match flow {
        Some(flow) => {
            let href = format!("{}/forgot", spine::href(app, request, &flow).await?);
            problem.way(Way::NewLink { href }).way_home()
        }
        None => problem.way(new_link()).way_home(),
    })
}

fn new_link() -> Way {
    Way::NewLink { href: "/forgot-password".into() }
}

/// The address of this form, which is that of the page.
fn here(request: &HttpRequest) -> String {
    request.path().to_owned()
}
