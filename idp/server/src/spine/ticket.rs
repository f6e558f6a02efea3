//! Tickets: how an address names a flow.
//!
//! Before the first proof the flow itself, sealed, so that a visitor who signs in nowhere costs no state. A flow that is too
//! large for an address waits in the short-lived store under a sealed handle. After the first proof, the id of its row.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::ceremony::Ending;
use keyholder_core::flow::{Flow, LIFETIME, Origin, Stage};
use keyholder_core::id::FlowId;
use keyholder_core::ports::Queries;
use keyholder_theme::page::{ProblemKind, Way};
use serde::{Deserialize, Serialize};

use super::{scenery, ways};
use crate::app::App;
use crate::web::{PageError, known_browser, peer};

/// The most that a browser carries, sealed, in bytes.
const MOST_CARRIED: usize = 3 * 1024;
/// The most that waits for one flow.
const MOST_WAITING: usize = 64 * 1024;
const CARRIED: &str = "flow-ticket";
const HANDLE: &str = "flow-handle";

/// Where a large flow waits: one of 256 places of its network, the oldest of which makes room. So a network cannot fill the
/// store, however many flows it begins.
#[derive(Serialize, Deserialize)]
struct Handle {
    place: Vec<u8>,
    flow: FlowId,
}

/// The address of a flow's page, a path of ours. The flow must be bound to the browser that will read it.
pub async fn href(app: &App, request: &HttpRequest, flow: &Flow) -> Result<String, PageError> {
    Ok(format!("/sign-in/{}", write(app, request, flow).await?))
}

async fn write(app: &App, request: &HttpRequest, flow: &Flow) -> Result<String, PageError> {
    if flow.version > 0 {
        return Ok(flow.id.to_string());
    }
    let sealed = seal(app, CARRIED, flow)?;
    if sealed.len() <= MOST_CARRIED {
        return Ok(format!("c{}", URL_SAFE_NO_PAD.encode(sealed)));
    }
    if sealed.len() > MOST_WAITING {
        return Err(PageError::problem(ProblemKind::TooLarge));
    }
    let handle = Handle { place: place(peer(request)), flow: flow.id };
    app.short_lived.put(&handle.place, sealed, LIFETIME).await?;
    Ok(format!("h{}", URL_SAFE_NO_PAD.encode(seal(app, HANDLE, &handle)?)))
}

fn place(network: IpAddr) -> Vec<u8> {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    let network = match network {
        IpAddr::V4(address) => address.octets().to_vec(),
        // What one site can choose freely counts as one network.
        IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
    };
    [b"flow:".to_vec(), network, vec![NEXT.fetch_add(1, Ordering::Relaxed)]].concat()
}

pub(super) fn seal<T: Serialize>(app: &App, purpose: &str, value: &T) -> Result<Vec<u8>, PageError> {
    let plain = serde_json::to_vec(value).map_err(|_| PageError::Fault("a flow could not be written"))?;
    app.sealer.seal(purpose, &plain).map_err(|_| PageError::Fault("a flow could not be sealed"))
}

pub(super) fn unseal<T: for<'de> Deserialize<'de>>(app: &App, purpose: &str, sealed: &[u8]) -> Option<T> {
    app.sealer.open(purpose, sealed).ok().and_then(|plain| serde_json::from_slice(&plain).ok())
}

/// Loads an open flow of this browser; whatever else the ticket names is a page with the ways forward.
pub(super) async fn load(app: &App, request: &HttpRequest, ticket: &str) -> Result<Flow, PageError> {
    let flow = read_own(app, request, ticket).await?;
    look_on(app, flow).await
}

/// The same for a step that keeps nothing and leads to a page of the flow: there it is looked whether the flow went on elsewhere.
pub(super) async fn load_to_lead_on(app: &App, request: &HttpRequest, ticket: &str) -> Result<Flow, PageError> {
    let flow = read_own(app, request, ticket).await?;
    if flow.version == 0 && flow.is_open(app.now()) {
        return Ok(flow);
    }
    look_on(app, flow).await
}

async fn read_own(app: &App, request: &HttpRequest, ticket: &str) -> Result<Flow, PageError> {
    let flow = read(app, ticket).await?;
    match known_browser(request) {
        None => Err(problem(app, ProblemKind::CookiesRefused, &flow).await?),
        Some(browser) if browser != flow.browser => Err(problem(app, ProblemKind::OtherBrowser, &flow).await?),
        Some(_) => Ok(flow),
    }
}

async fn look_on(app: &App, flow: Flow) -> Result<Flow, PageError> {
    let about = |kind| problem(app, kind, &flow);
    if flow.version == 0 && app.store.find_flow(flow.id).await?.is_some() {
        // Back button, second tab: the flow went on from here, and that is where to look.
        return Err(PageError::Elsewhere(format!("/sign-in/{}", flow.id)));
    }
    match (&flow.stage, &flow.origin) {
        // The browser that waits learns that a device denied it.
        (Stage::Finished, _) if was_denied(app, &flow).await? => Err(denied(app, &flow).await?),
        (Stage::Finished, Origin::Portal { return_to }) => Err(PageError::Elsewhere(return_to.clone())),
        (Stage::Finished, Origin::Oidc { .. } | Origin::Saml { .. }) => Err(about(ProblemKind::FlowFinished).await?),
        _ if !flow.is_open(app.now()) => Err(about(ProblemKind::FlowExpired).await?),
        _ => Ok(flow),
    }
}

async fn read(app: &App, ticket: &str) -> Result<Flow, PageError> {
    let unknown = || PageError::problem(ProblemKind::NotFound).way_home();
    let gone = || PageError::problem(ProblemKind::FlowExpired).way_home();
    if let Ok(id) = ticket.parse::<FlowId>() {
        return app.store.find_flow(id).await?.ok_or_else(gone);
    }
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    if let Some(sealed) = ticket.strip_prefix('c').and_then(bytes) {
        return unseal(app, CARRIED, &sealed).ok_or_else(unknown);
    }
    let handle = ticket.strip_prefix('h').and_then(bytes).and_then(|sealed| unseal::<Handle>(app, HANDLE, &sealed));
    let handle = handle.ok_or_else(unknown)?;
    let waiting = app.short_lived.find(&handle.place).await?.and_then(|sealed| unseal::<Flow>(app, CARRIED, &sealed));
    waiting.filter(|flow| flow.id == handle.flow).ok_or_else(gone)
}

async fn was_denied(app: &App, flow: &Flow) -> Result<bool, PageError> {
    let ceremonies = app.store.list_ceremonies_of_flow(flow.id).await?;
    Ok(ceremonies.iter().any(|ceremony| ceremony.contents.ending == Some(Ending::Declined)))
}

/// The person said that it was not they.
pub(super) async fn denied(app: &App, flow: &Flow) -> Result<PageError, PageError> {
    let denied = problem(app, ProblemKind::SignInDenied, flow).await?;
    Ok(denied.way(Way::AskSchool))
}

/// A problem page about a flow, with the way to start again where it was asked for.
pub(super) async fn problem(app: &App, kind: ProblemKind, flow: &Flow) -> Result<PageError, PageError> {
    let application = scenery::find_application(app, flow).await?;
    let about = scenery::about(app, flow, application.as_deref()).await?;
    Ok(PageError::problem(kind).about(about).ways(ways::start_again(flow, application.as_deref())))
}

#[cfg(test)]
pub(crate) async fn read_for_test(app: &App, ticket: &str) -> Flow {
    read(app, ticket).await.unwrap()
}
