//! What follows an accepted form: the answer to whoever asked, where nothing else is to be asked, else the flow's page.
//!
//! The one place that asks the dispatcher after a step. Does not know what the step was: it is told the flow and who is signed in by
//! now, since the cookies of the request tell of the time before. An answer that has to be posted on is given at the flow's page: it can
//! be read again there, and come back to, without sending a form twice.

use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::{Flow, Origin};
use keyholder_core::session::SessionInFull;

use super::advance::{Scene, Step, advance_as};
use super::commands::KeepFlow;
use super::show;
use crate::app::App;
use crate::oidc::front;
use crate::web::{PageError, log, see_other};

/// Goes on with a flow whose step is kept.
pub(super) async fn onward(app: &App, request: &HttpRequest, flow: Flow, visitor: SessionInFull) -> HttpResponse {
    let here = address_of(&flow);
    at_once(app, request, flow, visitor).await.unwrap_or_else(|| see_other(&here))
}

/// Goes on with a flow whose step is not kept yet. Where the end follows, nothing but the end is: it is decided by the step.
pub(super) async fn keep_onward(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    visitor: Option<SessionInFull>,
) -> Result<HttpResponse, PageError> {
    let here = address_of(&flow);
    if let Some(visitor) = visitor
        && let Some(answer) = at_once(app, request, flow.clone(), visitor).await
    {
        return Ok(answer);
    }
    app.store.execute(KeepFlow { flow }).await?;
    // Also where another tab was first: the page shows how far the flow is.
    Ok(see_other(&here))
}

/// The page of a flow that is a row.
fn address_of(flow: &Flow) -> String {
    format!("/sign-in/{}", flow.id)
}

/// The answer to whoever asked. `None` where a page comes first, be it one that tells why there is no answer: the flow's page shows it.
async fn at_once(app: &App, request: &HttpRequest, flow: Flow, visitor: SessionInFull) -> Option<HttpResponse> {
    if !is_answered_by_redirect(&flow) {
        return None;
    }
    match Box::pin(end(app, request, flow, visitor)).await {
        Ok(answer) => answer,
        Err(error) => {
            // What was done before stands, so the reader is told of it by the cookies of this answer.
            log(&error);
            None
        }
    }
}

async fn end(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    visitor: SessionInFull,
) -> Result<Option<HttpResponse>, PageError> {
    let here = address_of(&flow);
    let scene = advance_as(app, request, here, flow, Some(visitor)).await?;
    if !needs_nobody(&scene) {
        return Ok(None);
    }
    show::end(app, request, scene).await.map(Some)
}

fn is_answered_by_redirect(flow: &Flow) -> bool {
    match &flow.origin {
        Origin::Portal { .. } => true,
        Origin::Oidc { .. } => front::answers_by_redirect(flow),
        Origin::Saml { .. } => false,
    }
}

/// Whether the next step is the end, of which no reader is told by a page of ours.
fn needs_nobody(Scene { step, flow, .. }: &Scene) -> bool {
    match step {
        Step::Complete { .. } => true,
        Step::Refuse(refusal) => flow.origin.application().is_some() && !show::is_for_the_reader(*refusal, flow),
        Step::Email | Step::FirstProof { .. } | Step::School { .. } | Step::Factor { .. } | Step::Consent { .. } => {
            false
        }
    }
}
