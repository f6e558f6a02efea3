//! Single logout (saml-profiles-2.0-os 4.4): whom a session is ended for, behind the browser's back or with it, one after the other.
//!
//! Owns the way of the browser from one service provider to the next, and back to whoever asked. Does not own who may end what
//! (`keyholder_saml::logout`). A session has ended here before the first service provider is told: whoever does not answer keeps
//! nobody signed in but at itself. What one of them is told leaves with the person's own browser, or with nobody: whoever asks, or is asked
//! before it, does not read it on the way.

mod receive;
mod run;
mod soap;

use std::collections::HashMap;
use std::sync::Arc;

use keyholder_core::id::{GrantId, SessionId, TokenHash};
use keyholder_core::ports::{SamlQueries as _, StoreError};
use keyholder_core::random::draw_token;
use keyholder_core::saml::SamlParticipant;
use keyholder_saml::logout::{Front, Outcome, Participant, Telling, plan};
use keyholder_saml::service_provider::LogoutBinding;
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::applications::Registered;
use crate::web::PageError;
use crate::workers::describe;

pub(super) use receive::{get, post};
pub(super) use run::next;
use run::{Run, Then};
use soap::TakeBack;
pub(crate) use soap::{Means, tell};

/// Who was told of a session, and by which grant.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    grant: GrantId,
    participant: Participant,
    /// The session ended some time ago: the outbox has the notices that need no browser. Service providers that answer a request with a request
    /// would otherwise have us ask without end.
    ended_before: bool,
}

impl Told {
    /// What cannot be read names nobody whom a message could be sent to.
    fn read(kept: SamlParticipant) -> Option<Self> {
        let participant = serde_json::from_value(kept.told).ok()?;
        Some(Self { grant: kept.grant, participant, ended_before: false })
    }
}

/// Who was told of a session; to be asked for before it ends, so that what the clean-up takes is still there.
pub(crate) async fn participants(app: &App, session: SessionId) -> Result<Vec<Told>, StoreError> {
    Ok(app.store.list_participants(session).await?.into_iter().filter_map(Told::read).collect())
}

/// Tells them after a sign-out here: behind the browser's back now, the others with this browser. Answers where the browser has to go, a
/// path of ours; `None`: it has to tell nobody. `browser`: that of the session. `go_on`: where it goes in the end, else to the page that says so.
pub(crate) async fn after_sign_out(
    app: &App,
    browser: TokenHash,
    told: Vec<Told>,
    go_on: Option<String>,
) -> Result<Option<String>, PageError> {
    let run = Run { browsers: vec![browser], ..prepare(app, &told, Front::Available, Then::GoOn(go_on)).await? };
    if run.tell.is_empty() { Ok(None) } else { begin(app, &run).await.map(Some) }
}

/// Tells those that can be told behind the browser's back; who is left for the browser, and what came of the others.
async fn prepare(app: &App, told: &[Told], front: Front, then: Then) -> Result<Run, PageError> {
    let mut providers: HashMap<String, Arc<Registered>> = HashMap::new();
    for Told { participant, .. } in told {
        if let Some(registered) = app.applications.find_provider(app, &participant.provider).await? {
            providers.insert(participant.provider.clone(), registered);
        }
    }
    let participants: Vec<Participant> = told.iter().map(|told| told.participant.clone()).collect();
    let find = |entity_id: &str| providers.get(entity_id).map(|registered| registered.provider.clone());
    let plan = plan(&participants, None, find, front);
    let (by_soap, tell): (Vec<_>, Vec<_>) =
        plan.tell.into_iter().partition(|telling| telling.binding == LogoutBinding::Soap);
    let before =
        |telling: &Telling| told.iter().any(|told| told.ended_before && told.participant == telling.participant);
    let (before, by_soap): (Vec<_>, Vec<_>) = by_soap.into_iter().partition(before);
    let mut outcomes: Vec<Outcome> = plan.unreachable.iter().map(|_| Outcome::Unreachable).collect();
    outcomes.extend(before.iter().map(|_| Outcome::Failed));
    outcomes.extend(tell_now(app, told, &by_soap, &providers).await?);
    Ok(Run { browsers: Vec::new(), frames: Vec::new(), tell, asked: None, outcomes, then, in_a_row: 0 })
}

/// Tells them all at once. Whoever gave no answer is told again through the outbox.
async fn tell_now(
    app: &App,
    told: &[Told],
    by_soap: &[Telling],
    providers: &HashMap<String, Arc<Registered>>,
) -> Result<Vec<Outcome>, PageError> {
    if by_soap.is_empty() {
        return Ok(Vec::new());
    }
    let ring = app.saml.load(app).await.map_err(|error| super::ending::unusable(&error))?;
    let means = soap::Means {
        signer: ring.signer.as_ref(),
        fetcher: &app.fetcher,
        random: app.random.as_ref(),
        now: app.now(),
    };
    let asked = by_soap.iter().filter_map(|telling| {
        let registered = providers.get(&telling.participant.provider)?;
        Some(async move { (telling, soap::tell(means, &registered.provider, &telling.participant).await) })
    });
    let mut outcomes = Vec::new();
    let mut answered = Vec::new();
    for (telling, outcome) in futures::future::join_all(asked).await {
        match outcome {
            Ok(outcome) => {
                outcomes.push(outcome);
                let named = told.iter().filter(|told| told.participant == telling.participant);
                answered.extend(named.map(|told| told.grant));
            }
            Err(error) => {
                let entity_id = super::readable(&telling.participant.provider);
                tracing::info!(entity_id, error = describe(&error), "a service provider did not answer a logout");
                outcomes.push(Outcome::Failed);
            }
        }
    }
    app.store.execute(TakeBack(answered)).await?;
    Ok(outcomes)
}

/// Keeps a run under a fresh handle; the address that goes on with it.
async fn begin(app: &App, run: &Run) -> Result<String, PageError> {
    let handle = draw_token(app.random.as_ref());
    run.keep(app, handle.expose_secret()).await?;
    Ok(run::address(handle.expose_secret()))
}
