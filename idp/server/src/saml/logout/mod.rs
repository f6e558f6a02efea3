//! Single logout with the browser (saml-profiles-2.0-os 4.4): whom a session is ended for, one after the other.
//!
//! Owns the way of the browser from one service provider to the next, and back to whoever asked. Does not own who may end what
//! (`keyholder_saml::logout`). A session has ended here before the first service provider is told: whoever does not answer keeps
//! nobody signed in but at itself.

mod receive;
mod run;

use std::collections::HashMap;

use keyholder_core::id::SessionId;
use keyholder_core::ports::{SamlQueries as _, StoreError};
use keyholder_core::random::draw_token;
use keyholder_saml::logout::{Front, Outcome, Participant, plan};
use keyholder_saml::service_provider::{LogoutBinding, ServiceProvider};
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::web::PageError;

pub(super) use receive::{get, post};
pub(super) use run::next;
use run::{Run, Then};

/// Who was told of a session; to be asked for before it ends, so that what the clean-up takes is still there.
pub(crate) async fn participants(app: &App, session: SessionId) -> Result<Vec<Participant>, StoreError> {
    let told = app.store.list_participants(session).await?;
    // What cannot be read names nobody whom a message could be sent to.
    Ok(told.into_iter().filter_map(|told| serde_json::from_value(told.told).ok()).collect())
}

/// Plans to tell them with this browser after a sign-out here. Answers where the browser has to go, a path of ours; `None`: nobody can
/// be told. `go_on`: where it goes in the end, else to the page that says so.
pub(crate) async fn after_sign_out(
    app: &App,
    participants: Vec<Participant>,
    go_on: Option<String>,
) -> Result<Option<String>, PageError> {
    let run = prepare(app, &participants, None, Then::GoOn(go_on)).await?;
    if run.tell.is_empty() { Ok(None) } else { begin(app, &run).await.map(Some) }
}

/// Whom to tell, and who cannot be told with a browser.
async fn prepare(
    app: &App,
    participants: &[Participant],
    asked_by: Option<&Participant>,
    then: Then,
) -> Result<Run, PageError> {
    let mut providers: HashMap<String, ServiceProvider> = HashMap::new();
    for participant in participants {
        if let Some(registered) = app.applications.find_provider(app, &participant.provider).await? {
            let mut provider = registered.provider.clone();
            // The browser waits: it carries the messages.
            provider.metadata.single_logout_services.retain(|service| service.binding != LogoutBinding::Soap);
            providers.insert(participant.provider.clone(), provider);
        }
    }
    let plan = plan(participants, asked_by, |entity_id| providers.get(entity_id).cloned(), Front::Available);
    let outcomes = plan.unreachable.iter().map(|_| Outcome::Unreachable).collect();
    Ok(Run { tell: plan.tell, asked: None, outcomes, then })
}

/// Keeps a run under a fresh handle; the address that goes on with it.
async fn begin(app: &App, run: &Run) -> Result<String, PageError> {
    let handle = draw_token(app.random.as_ref());
    run.keep(app, handle.expose_secret()).await?;
    Ok(run::address(handle.expose_secret()))
}
