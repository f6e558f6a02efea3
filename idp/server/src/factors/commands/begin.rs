//! A ceremony begins, or goes on.

use async_trait::async_trait;
use keyholder_core::ceremony::Ceremony;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

/// Ceremonies that one session leaves open. Those of other sessions are none of its business: whoever has the password alone must not end
/// what the owner is about to answer.
const MOST_OPEN: usize = 10;

/// Stores a new ceremony; the one in whose place it comes ends, and so do the oldest of its session where there are [`MOST_OPEN`].
pub(crate) struct Begin {
    pub(crate) ceremony: Ceremony,
    pub(crate) instead_of: Option<Ceremony>,
    pub(crate) now: Timestamp,
}

#[async_trait]
impl Command for Begin {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        if let Some(former) = &self.instead_of {
            let ended = Ceremony { ended_at: Some(self.now), ..former.clone() };
            // Lost: it ended by itself, or somebody answered it meanwhile, which counts.
            transaction.swap_ceremony(&ended).await?;
        }
        let open = transaction.list_open_ceremonies(self.ceremony.person, self.now).await?;
        let unanswered = |open: &Ceremony| open.session == self.ceremony.session && open.contents.ending.is_none();
        for old in open.into_iter().filter(unanswered).skip(MOST_OPEN - 1) {
            transaction.swap_ceremony(&Ceremony { ended_at: Some(self.now), ..old }).await?;
        }
        transaction.insert_ceremony(&self.ceremony).await
    }
}

/// Stores the next step. `false`: somebody else's came first.
pub(crate) struct GoOn {
    pub(crate) ceremony: Ceremony,
}

#[async_trait]
impl Command for GoOn {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.swap_ceremony(&self.ceremony).await
    }
}
