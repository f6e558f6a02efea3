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

use super::commands::KeepFlow;
use super::ticket;
use crate::app::App;
use crate::web::{PageError, see_other};

/// Reads a typed address.
pub(crate) fn read_email(text: &str) -> Result<Email, EmailError> {
    Email::parse(text).map_err(|problem| match problem {
        InvalidEmail::Empty => EmailError::Empty,
        InvalidEmail::TooLong | InvalidEmail::Malformed => EmailError::Malformed,
    })
}

/// Keeps the flow's new stage and leads back to its page, which by now is the row's.
async fn keep(app: &App, flow: Flow) -> Result<HttpResponse, PageError> {
    let id = flow.id;
    app.store.execute(KeepFlow { flow }).await?;
    // Also where another tab was first: the page shows how far the flow is.
    Ok(see_other(&format!("/sign-in/{id}")))
}

/// The step does not fit the flow's stage: it went on in another tab, or the form is an old one.
async fn moved(app: &App, flow: &Flow) -> Result<PageError, PageError> {
    if flow.version > 0 {
        return Ok(PageError::Elsewhere(format!("/sign-in/{}", flow.id)));
    }
    ticket::problem(app, ProblemKind::FlowMoved, flow).await
}
