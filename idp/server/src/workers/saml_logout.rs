//! Tells service providers by SOAP that a session ended (saml-profiles-2.0-os 4.4).
//!
//! Owns one try. Which are told is decided where the session ends (`keyholder_core::logout`); when the next try is, by the outbox.

use keyholder_core::id::ApplicationId;
use keyholder_core::ports::Queries as _;
use keyholder_saml::logout::{Outcome as Told, Participant};
use keyholder_saml::service_provider::ServiceProvider;
use serde_json::Value as Json;

use super::describe;
use super::outbox::{Outcome, Post};
use crate::saml::logout::{Means, tell as ask};

pub(super) async fn tell(post: &Post<'_>, id: ApplicationId, told: &Json) -> Outcome {
    let application = match post.store.find_application(id).await {
        Ok(application) => application,
        Err(error) => return Outcome::Later(describe(&error)),
    };
    let provider = application.and_then(|application| application.saml);
    let provider = provider.and_then(|saml| serde_json::from_value::<ServiceProvider>(saml.registration).ok());
    let participant = serde_json::from_value::<Participant>(told.clone()).ok();
    // Removed, or another one meanwhile.
    let (Some(provider), Some(participant)) = (provider, participant) else {
        return Outcome::Never("the service provider is registered so no more".into());
    };
    let now = post.clock.now();
    let ring = match post.saml.ready(post.store, now).await {
        Ok(ring) => ring,
        Err(error) => return Outcome::Later(describe(&error)),
    };
    let means = Means { signer: ring.signer.as_ref(), fetcher: post.fetcher, random: post.random, now };
    let name = &provider.metadata.entity_id;
    match ask(means, &provider, &participant).await {
        Ok(Told::SignedOut) => Outcome::Delivered,
        // It was told. Another time would not go better: most often the session ended there before.
        Ok(Told::Failed | Told::Unreachable) => {
            tracing::info!(entity_id = name.as_str(), "a service provider did not sign somebody out");
            Outcome::Delivered
        }
        Err(error) if error.is_temporary() => Outcome::Later(format!("{name}: {}", describe(&error))),
        Err(error) => Outcome::Never(format!("{name}: {}", describe(&error))),
    }
}
