//! Who has to be told that a session ended.
//!
//! Owns which applications: those that had a grant in it, live or not. They are told through the outbox, in the transaction
//! that ends the session (design, invariant 4). Does not own the messages: those are made at delivery.

use std::collections::BTreeSet;

use crate::grant::Grant;
use crate::id::{OutboxId, SessionId};
use crate::outbox::{Delivery, OutboxMessage};
use crate::ports::{StoreError, Transaction};
use crate::time::Timestamp;

/// Leaves an outbox row for each application with a `backchannel_logout_uri`. Called by
/// [`Transaction::end_session`] and its like, so that no way of ending a session forgets it.
pub(crate) async fn leave_word<T>(transaction: &T, session: SessionId, now: Timestamp) -> Result<(), StoreError>
where
    T: Transaction + ?Sized,
{
    for grant in told_once(transaction.list_grants_of_session(session).await?) {
        let application = transaction.find_application(grant.application).await?;
        if application.is_none_or(|application| application.client.backchannel_logout_uri.is_none()) {
            continue;
        }
        // A command draws no randomness. A grant's id is unique and a session ends once, so it serves a second time.
        let id = OutboxId::from_uuid(grant.id.as_uuid());
        let (application, subject) = (grant.application, grant.subject);
        let delivery = Delivery::BackChannelLogout { application, session, subject };
        let message = OutboxMessage { id, delivery, due_at: now, attempts: 0, created_at: now };
        transaction.insert_outbox(&message).await?;
    }
    Ok(())
}

/// One grant for each application and each subject under which it knows the person: pairwise ones differ by school.
pub fn told_once(grants: Vec<Grant>) -> Vec<Grant> {
    let mut told = BTreeSet::new();
    grants.into_iter().filter(|grant| told.insert((grant.application.as_uuid(), grant.subject.clone()))).collect()
}
