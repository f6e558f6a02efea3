//! The page on which a sign-out ends, and the applications that it signs the browser out of (`OpenID` Connect Front-Channel
//! Logout 1.0). Back-channel logout needs no page: its outbox rows are made where the session ends.
//!
//! Works without scripts. Where a browser shall go on to an application, the page asks for that by `Refresh`, whose seconds
//! browsers count from the moment at which the page *and its frames* are loaded (HTML 8.4.4, "shared declarative refresh steps"): a redirect
//! would leave no page to load frames in, and a script would have to do the same by hand. If a frame hangs, **Continue** is there.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::id::SessionId;
use keyholder_core::logout::told_once;
use keyholder_core::ports::{Queries as _, StoreError};
use keyholder_oidc::sid::Sid;
use keyholder_theme::page::SignedOut;
use url::Url;

use crate::app::App;
use crate::web::{About, Leads, PageError, draw_with_frames, frame};

const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// The addresses that sign this browser out of the applications used in a session. To be asked for before it ends, so that
/// what the clean-up takes is still there.
pub async fn front_channel(app: &App, session: SessionId) -> Result<Vec<Url>, StoreError> {
    let mut addresses = Vec::new();
    for grant in told_once(app.store.list_grants_of_session(session).await?) {
        let application = app.applications.find_by_id(app, grant.application).await?;
        if let Some(registered) = application.as_ref().and_then(|app| app.client.frontchannel_logout_uri.as_ref()) {
            let sid = Sid::of_grant(app.sealer.as_ref(), &grant);
            addresses.push(keyholder_oidc::logout::front_channel(registered, app.config.issuer(), &sid));
        }
    }
    Ok(addresses)
}

/// How a sign-out ends.
#[derive(Debug, Default)]
pub struct Farewell {
    pub everywhere: bool,
    pub frames: Vec<Url>,
    /// Where an application wants the browser to go on.
    pub go_on: Option<String>,
}

/// "You are signed out."
pub fn signed_out(
    app: &App,
    request: &HttpRequest,
    about: About,
    farewell: &Farewell,
) -> Result<HttpResponse, PageError> {
    let page = SignedOut {
        sign_in_href: "/".to_owned(),
        everywhere: farewell.everywhere,
        frames: farewell.frames.iter().map(Url::to_string).collect(),
        continue_href: farewell.go_on.clone(),
    };
    let frame = frame(app, request, about);
    let mut answer = draw_with_frames(app, StatusCode::OK, &frame, &page, Leads::Home, &farewell.frames)?;
    if let Some(address) = &farewell.go_on {
        let value = HeaderValue::from_str(&format!("0; url={address}"));
        let value = value.map_err(|_| PageError::Fault("a registered address does not fit into a header"))?;
        answer.headers_mut().insert(REFRESH, value);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests;
