//! Messages that name somebody by an `EncryptedID`: where the keys come from, and on which thread they are used.
//!
//! Does not own what is read and when (`keyholder_saml::encryption`): a message's signature is verified first, over there.

use std::sync::Arc;

use keyholder_saml::checks::{Arrival, names_encrypted};
use keyholder_saml::inbound::Inbound;
use keyholder_saml::service_provider::ServiceProvider;

use crate::app::App;
use crate::applications::Registered;
use crate::web::PageError;

/// Checks a message by `check`, with our keys and off the async workers where there is something to open.
pub(super) async fn check<T: Send + 'static>(
    app: &App,
    message: &Inbound,
    registered: &Arc<Registered>,
    arrival: &Arrival<'_>,
    check: fn(&Inbound, &ServiceProvider, &Arrival<'_>) -> T,
) -> Result<T, PageError> {
    if !names_encrypted(message) {
        return Ok(check(message, &registered.provider, arrival));
    }
    let ring = app.saml.load(app).await.map_err(|error| super::ending::unusable(&error))?;
    let (message, registered) = (message.clone(), registered.clone());
    let (issuer, endpoint) = (arrival.issuer.to_owned(), arrival.endpoint.to_owned());
    let (relay_state, now) = (arrival.relay_state.map(str::to_owned), arrival.now);
    let checked = tokio::task::spawn_blocking(move || {
        let decryption = &ring.decryption;
        let relay_state = relay_state.as_deref();
        let arrival = Arrival { issuer: &issuer, endpoint: &endpoint, relay_state, decryption, now };
        check(&message, &registered.provider, &arrival)
    });
    checked.await.map_err(|_| PageError::Fault("opening an EncryptedID was interrupted"))
}
