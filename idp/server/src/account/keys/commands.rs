//! What changes keys, each in one transaction that first makes sure that the session may.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::{Method, Proof};
use keyholder_core::audit::AuditEvent;
use keyholder_core::ceremony::Ceremony;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::id::{CredentialId, MailedLinkId, PersonId, SessionId, TokenHash};
use keyholder_core::link::{LinkPurpose, MailedLink};
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::person::Person;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

use crate::account::commands::{Acting, Outcome};

/// Permits a first key in a session: the link was opened there. `false`: link or session is over, or a link is not enough any more.
pub(crate) struct PermitFirstKey {
    pub(crate) session: SessionId,
    pub(crate) link: MailedLinkId,
    pub(crate) audit: AuditEvent,
    pub(crate) idle: Duration,
    pub(crate) now: Timestamp,
}

#[async_trait]
impl Command for PermitFirstKey {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let session = transaction.find_session(self.session).await?;
        let Some(session) = session.filter(|session| session.is_live(self.now, self.idle)) else { return Ok(false) };
        let person = transaction.find_person(session.person).await?;
        if person.is_none_or(|person| person.mailbox_bar(self.now).is_some()) {
            return Ok(false);
        }
        if !transaction.use_link(self.link, self.now).await? {
            return Ok(false);
        }
        permit(transaction, session, Method::FirstKey, self.now).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(true)
    }
}

async fn permit(
    transaction: &dyn Transaction,
    session: Session,
    method: Method,
    now: Timestamp,
) -> Result<(), StoreError> {
    if transaction.swap_session(&session.permit_first_key(method, now)).await? {
        Ok(())
    } else {
        Err(StoreError::Conflict("a session".into()))
    }
}

/// Uses an access pass. `Refused`: it is none of this person's, used, or too old, which is kept in the log.
pub(super) struct UsePass {
    pub(super) acting: Acting,
    pub(super) token: TokenHash,
    pub(super) audit: AuditEvent,
    pub(super) refused: AuditEvent,
}

#[async_trait]
impl Command for UsePass {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((session, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        let pass = transaction.find_link(self.token).await?;
        let fits = |pass: &MailedLink| pass.purpose == LinkPurpose::AccessPass && pass.person == Some(person.id);
        let right = match pass.filter(fits) {
            Some(pass) => transaction.use_link(pass.id, self.acting.now).await?,
            None => false,
        };
        if !right {
            transaction.insert_audit(&self.refused).await?;
            return Ok(Outcome::Refused);
        }
        permit(transaction, session, Method::AccessPass, self.acting.now).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(Outcome::Done)
    }
}

/// Links for a first key that may wait at once, each in a session of its own: no more mails than these, and no session kills the link
/// of another.
pub(super) const LINKS: u64 = 10;

/// Mails a link that permits a first key. `Refused`: too many wait, or a link is not enough.
pub(super) struct AskFirstKey {
    pub(super) acting: Acting,
    pub(super) link: MailedLink,
    pub(super) mail: OutboxMessage,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for AskFirstKey {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((_, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        if person.mailbox_bar(self.acting.now).is_some() {
            return Ok(Outcome::Refused);
        }
        transaction.put_link(&self.link).await?;
        let waiting = transaction.count_waiting_links(person.id, self.link.purpose.kind(), self.acting.now).await?;
        if waiting > LINKS {
            transaction.use_link(self.link.id, self.acting.now).await?;
            return Ok(Outcome::Refused);
        }
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        Ok(Outcome::Done)
    }
}

/// Gives a key another name. `Refused`: it is not theirs to rename, or not in this session.
pub(super) struct RenameKey {
    pub(super) acting: Acting,
    pub(super) key: CredentialId,
    pub(super) name: String,
    pub(super) audit: AuditEvent,
    pub(super) mail: OutboxMessage,
}

#[async_trait]
impl Command for RenameKey {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((session, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        if session.manages_keys_until(self.acting.now).is_none() {
            return Ok(Outcome::Refused);
        }
        let Some(key) = own(transaction, self.key, person.id).await? else { return Ok(Outcome::Refused) };
        if !transaction.swap_credential(&Credential { label: self.name.clone(), ..key }).await? {
            return Err(StoreError::Conflict("a key".into()));
        }
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        Ok(Outcome::Done)
    }
}

/// Removes a key, and what it opened: ceremonies and grants that were made with it. `Refused` as for [`RenameKey`].
pub(super) struct RemoveKey {
    pub(super) acting: Acting,
    pub(super) key: CredentialId,
    pub(super) audit: AuditEvent,
    pub(super) mail: OutboxMessage,
}

#[async_trait]
impl Command for RemoveKey {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((session, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        if session.manages_keys_until(self.acting.now).is_none() {
            return Ok(Outcome::Refused);
        }
        let Some(key) = own(transaction, self.key, person.id).await? else { return Ok(Outcome::Refused) };
        remove(transaction, &key, person.id, Some(session.id), self.acting.now).await?;
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        Ok(Outcome::Done)
    }
}

/// Takes back a key that its owner did not add: as [`RemoveKey`], and every sign-in ends. Whoever reads the mailbox alone can do that too:
/// for a while no mailed link brings the next key. `false`: it is gone already.
pub(super) struct StopKey {
    pub(super) person: PersonId,
    pub(super) key: CredentialId,
    pub(super) audit: AuditEvent,
    pub(super) mail: OutboxMessage,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for StopKey {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let Some(key) = own(transaction, self.key, self.person).await? else { return Ok(false) };
        let Some(person) = transaction.find_person(self.person).await? else { return Ok(false) };
        remove(transaction, &key, self.person, None, self.now).await?;
        transaction.update_person(&Person { key_stopped_at: Some(self.now), ..person }).await?;
        transaction.end_sessions_of(self.person, None, self.now).await?;
        transaction.kill_links(self.person).await?;
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        Ok(true)
    }
}

/// A key that the person owns: not one that a school issued.
async fn own(
    transaction: &dyn Transaction,
    key: CredentialId,
    person: PersonId,
) -> Result<Option<Credential>, StoreError> {
    let key = transaction.find_credential(key).await?;
    Ok(key.filter(|key| key.owner == CredentialOwner::Person(person)))
}

/// The key goes, and with it the proofs that it gave; the session at hand may go on changing keys, so that a lost phone can be replaced
/// in one go.
async fn remove(
    transaction: &dyn Transaction,
    key: &Credential,
    person: PersonId,
    here: Option<SessionId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !transaction.delete_credential(key.id).await? {
        return Err(StoreError::Conflict("a key".into()));
    }
    forget_proofs(transaction, key.id, person, here, now).await
}

/// What was proved with a key counts no more: grants that it opened end, and so do ceremonies that it may answer or has answered, for
/// whichever browser waits. Sessions are no longer elevated by it; in `here` it still opens the keys, and no application.
pub(crate) async fn forget_proofs(
    transaction: &dyn Transaction,
    key: CredentialId,
    person: PersonId,
    here: Option<SessionId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let used = |proofs: &[Proof]| proofs.iter().any(|proof| proof.credential == Some(key));
    for open in transaction.list_open_ceremonies(person, now).await? {
        if open.credentials.contains(&key)
            && !transaction.swap_ceremony(&Ceremony { ended_at: Some(now), ..open }).await?
        {
            return Err(StoreError::Conflict("a ceremony".into()));
        }
    }
    for grant in transaction.list_live_grants_of_person(person, now).await? {
        if used(&grant.proofs) {
            transaction.end_grant(grant.id, now).await?;
        }
    }
    for session in transaction.list_live_sessions(person, now).await? {
        if used(&session.proofs) {
            let here = Some(session.id) == here;
            if !transaction.swap_session(&session.forget_key(key, here)).await? {
                return Err(StoreError::Conflict("a session".into()));
            }
        }
    }
    Ok(())
}
