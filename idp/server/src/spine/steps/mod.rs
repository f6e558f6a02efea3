//! The steps for which a reader is needed, one module each: its page and its form.

pub(super) mod another;
pub(super) mod consent;
pub(super) mod email;
pub(super) mod factor;
pub(super) mod forgot;
pub(super) mod password;
pub(super) mod school;

use actix_web::HttpResponse;
use keyholder_core::flow::Flow;
use keyholder_core::person::{Email, InvalidEmail};
use keyholder_theme::page::{EmailError, ProblemKind};
use secrecy::{ExposeSecret, SecretString};

use super::ticket;
use crate::app::App;
use crate::cookies;
use crate::web::PageError;

/// Reads a typed address.
pub(crate) fn read_email(text: &str) -> Result<Email, EmailError> {
    Email::parse(text).map_err(|problem| match problem {
        InvalidEmail::Empty => EmailError::Empty,
        InvalidEmail::TooLong | InvalidEmail::Malformed => EmailError::Malformed,
    })
}

/// The session goes on under this token.
fn show_session(answer: &mut HttpResponse, token: &SecretString) -> Result<(), PageError> {
    let cookie = cookies::for_browser_session(cookies::SESSION, token.expose_secret().to_owned());
    answer.add_cookie(&cookie).map_err(|_| PageError::Fault("a cookie could not be set"))
}

/// The step does not fit the flow's stage: it went on in another tab, or the form is an old one.
async fn moved(app: &App, flow: &Flow) -> Result<PageError, PageError> {
    if flow.version > 0 {
        return Ok(PageError::Elsewhere(format!("/sign-in/{}", flow.id)));
    }
    ticket::problem(app, ProblemKind::FlowMoved, flow).await
}
