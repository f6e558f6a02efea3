//! The beginning of a flow.

use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::flow::{Ask, Flow, LIFETIME, Origin, Stage};
use keyholder_core::id::FlowId;

use super::ticket;
use crate::app::App;
use crate::web::{PageError, browser, see_other};

/// Begins a flow in this browser and leads to its page.
pub async fn begin(app: &App, request: &HttpRequest, origin: Origin, ask: Ask) -> Result<HttpResponse, PageError> {
    begin_at(app, request, new_flow(app, request, origin, ask), "").await
}

/// Leads to a page of a flow that has just begun.
pub(crate) async fn begin_at(
    app: &App,
    request: &HttpRequest,
    flow: Flow,
    page: &str,
) -> Result<HttpResponse, PageError> {
    let href = ticket::href(app, request, &flow).await?;
    Ok(see_other(&format!("{href}{page}")))
}

/// A flow that begins now, in this browser. Nothing is stored.
pub(crate) fn new_flow(app: &App, request: &HttpRequest, origin: Origin, ask: Ask) -> Flow {
    let now = app.now();
    Flow {
        id: FlowId::draw(&*app.random, now),
        version: 0,
        browser: browser(app, request),
        origin,
        ask,
        began_at: now,
        expires_at: now.plus(LIFETIME),
        stage: Stage::Identify,
    }
}
