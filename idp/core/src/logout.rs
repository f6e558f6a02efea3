//! Who has to be told that a session ended.
//!
//! Owns which applications: those that had a grant in it, live or not. They are told through the outbox, in the transaction
//! that ends the session (design, invariant 4). Does not own the messages: those are made at delivery.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::grant::Grant;
use crate::id::{GrantId, OutboxId, SessionId};
use crate::outbox::{Delivery, OutboxMessage};
use crate::ports::{StoreError, Transaction};
use crate::time::Timestamp;

/// How long service providers wait for their notice: where a browser or another service provider asked for the end of the session, the
/// answer tells what came of it, so that they are asked at once, and the row is taken back.
const SOAP_WAIT: Duration = Duration::from_secs(10);

/// The row that tells whoever was told with this grant. A command draws no randomness: a grant's id is unique and a session ends once, so
/// it serves a second time.
pub fn notice_of(grant: GrantId) -> OutboxId {
    OutboxId::from_uuid(grant.as_uuid())
}

/// Leaves an outbox row for each application with a `backchannel_logout_uri` or a SOAP endpoint. Called by
/// [`Transaction::end_session`] and its like, so that no way of ending a session forgets it.
pub(crate) async fn leave_word<T>(transaction: &T, session: SessionId, now: Timestamp) -> Result<(), StoreError>
where
    T: Transaction + ?Sized,
{
    let mut by_saml = BTreeSet::new();
    for participant in transaction.list_participants(session).await? {
        by_saml.insert(participant.grant.as_uuid());
        if participant.reached_by_soap {
            let delivery = Delivery::SamlLogout { application: participant.application, told: participant.told };
            let (id, due_at) = (notice_of(participant.grant), now.plus(SOAP_WAIT));
            transaction.insert_outbox(&OutboxMessage { id, delivery, due_at, attempts: 0, created_at: now }).await?;
        }
    }
    let mut grants = transaction.list_grants_of_session(session).await?;
    grants.retain(|grant| !by_saml.contains(&grant.id.as_uuid()));
    for grant in told_once(grants) {
        let application = transaction.find_application(grant.application).await?;
        if application.is_none_or(|application| application.client.backchannel_logout_uri.is_none()) {
            continue;
        }
        let id = notice_of(grant.id);
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
