//! The browser learns that a device answered.

use async_trait::async_trait;
use keyholder_core::ceremony::{Ceremony, Ending};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

use super::{Browser, lost};

/// The proof that waits in a ceremony goes into the session, under a fresh token. `false`: it was picked up already, or the
/// session is over.
pub(crate) struct PickUp {
    /// As read.
    pub(crate) ceremony: Ceremony,
    pub(crate) browser: Browser,
    pub(crate) now: Timestamp,
}

#[async_trait]
impl Command for PickUp {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let Some(Ending::Accepted(proof)) = &self.ceremony.contents.ending else { return Ok(false) };
        let found = transaction.find_session(self.browser.session.id).await?;
        let live = |session: &Session| session.token == self.browser.session.token && session.ended_at.is_none();
        let Some(session) = found.filter(live) else { return Ok(false) };
        if !transaction.swap_ceremony(&Ceremony { ended_at: Some(self.now), ..self.ceremony.clone() }).await? {
            return Ok(false);
        }
        let raised = Session { token: self.browser.token, ..session.elevate((**proof).clone(), self.browser.until) };
        if transaction.swap_session(&raised).await? { Ok(true) } else { Err(lost("a session")) }
    }
}
