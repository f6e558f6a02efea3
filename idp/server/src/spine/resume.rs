//! Flows that wait in a mailed link, so that a sign-in can go on after a password was set.

use std::time::Duration;

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::flow::{Flow, Stage};

use super::ticket;
use crate::app::App;
use crate::web::{PageError, browser};

const RESUME: &str = "flow-resume";
/// The most that a mailed link keeps of a flow, sealed, in bytes. A larger one starts again at its application.
const MOST: usize = 3 * 1024;
/// A flow with less time left is not gone on with: it would end under the reader's hands.
const LEAST_TIME: Duration = Duration::from_mins(3);

/// Seals a flow for a mailed link.
pub(crate) fn seal(app: &App, flow: &Flow) -> Result<Option<String>, PageError> {
    let sealed = ticket::seal(app, RESUME, flow)?;
    Ok((sealed.len() <= MOST).then(|| URL_SAFE_NO_PAD.encode(sealed)))
}

/// The flow of a mailed link, at its beginning and in this browser, which may be another one than that in which it was asked
/// for. It keeps its id, so that its origin is answered once, whichever browser comes first. `None` once it is too late.
pub(crate) fn open(app: &App, request: &HttpRequest, resume: &str) -> Option<Flow> {
    let flow: Flow = ticket::unseal(app, RESUME, &URL_SAFE_NO_PAD.decode(resume).ok()?)?;
    let in_time = app.now().plus(LEAST_TIME) < flow.expires_at;
    in_time.then(|| Flow { browser: browser(app, request), version: 0, stage: Stage::Identify, ..flow })
}
