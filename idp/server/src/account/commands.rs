//! What a person changes of their own account, each in one transaction that first makes sure that they are still signed in.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::{Proof, Role};
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::{SessionId, TokenHash};
use keyholder_core::link::MailedLink;
use keyholder_core::locale::Language;
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::person::{Email, Person, StoredPassword};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

/// Links to new addresses within [`LINK_PERIOD`].
pub(super) const LINKS: usize = 3;
pub(super) const LINK_PERIOD: Duration = Duration::from_mins(15);
/// How far back in the person's log the links are looked for.
const LOG_DEPTH: u64 = 200;

/// In whose name a command runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acting {
    pub(super) session: SessionId,
    pub(super) idle: Duration,
    pub(super) now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// The sign-in ended meanwhile: nothing was changed.
    SignedOut,
    /// Not possible, or not any more: nothing was changed.
    Refused,
}

impl Acting {
    /// The session and its person, if both still count. Read in the transaction: it may have ended while the request ran.
    pub(super) async fn find(&self, transaction: &dyn Transaction) -> Result<Option<(Session, Person)>, StoreError> {
        let session = transaction.find_session(self.session).await?;
        let Some(session) = session.filter(|session| session.is_live(self.now, self.idle)) else { return Ok(None) };
        let person = transaction.find_person(session.person).await?;
        Ok(person.filter(|person| person.disabled_at.is_none()).map(|person| (session, person)))
    }
}

/// Changes the name.
pub(super) struct ChangeName {
    pub(super) acting: Acting,
    pub(super) given_name: String,
    pub(super) family_name: String,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for ChangeName {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((_, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        let (given_name, family_name) = (self.given_name.clone(), self.family_name.clone());
        transaction.update_person(&Person { given_name, family_name, ..person }).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(Outcome::Done)
    }
}

/// Changes the language.
pub(super) struct ChangeLanguage {
    pub(super) acting: Acting,
    pub(super) language: Option<Language>,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for ChangeLanguage {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((_, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        transaction.update_person(&Person { language: self.language, ..person }).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(Outcome::Done)
    }
}

/// Asks for a new address to be confirmed. `Refused`: too many lately.
pub(super) struct AskEmail {
    pub(super) acting: Acting,
    pub(super) email: Email,
    pub(super) link: MailedLink,
    pub(super) mail: OutboxMessage,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for AskEmail {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((_, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        // Counted in the log, so that it holds on all nodes and after a restart; an address that is taken counts as any other.
        let since = self.acting.now.minus(LINK_PERIOD);
        let events = transaction.list_audit_of_person(person.id, LOG_DEPTH).await?;
        let asked = events.iter().filter(|event| event.kind == AuditKind::EmailLinkAsked && event.at > since);
        if asked.count() >= LINKS {
            return Ok(Outcome::Refused);
        }
        transaction.put_link(&self.link).await?;
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        let owner = transaction.find_person_by_email(&self.email.key()).await?;
        if owner.is_some_and(|owner| owner.id != person.id) {
            // Written and taken back, so that both answers cost the same.
            transaction.delete_outbox(self.mail.id).await?;
        }
        Ok(Outcome::Done)
    }
}

/// Withdraws a change of address that waits for its confirmation.
pub(super) struct WithdrawEmail {
    pub(super) acting: Acting,
    pub(super) kind: &'static str,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for WithdrawEmail {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((_, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        let now = self.acting.now;
        let Some(link) = transaction.find_waiting_link(person.id, self.kind, now).await? else {
            return Ok(Outcome::Refused);
        };
        if !transaction.use_link(link.id, now).await? {
            return Ok(Outcome::Refused);
        }
        transaction.insert_audit(&self.audit).await?;
        Ok(Outcome::Done)
    }
}

/// Changes the password: every other sign-in ends, links die, and the session goes on under a new token. `Refused`: the
/// password was changed meanwhile.
pub(super) struct ChangePassword {
    pub(super) acting: Acting,
    pub(super) former_hash: String,
    pub(super) password: StoredPassword,
    pub(super) token: TokenHash,
    pub(super) audit: AuditEvent,
    pub(super) mail: OutboxMessage,
}

#[async_trait]
impl Command for ChangePassword {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((session, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        if !transaction.replace_password(person.id, &self.former_hash, &self.password).await? {
            return Ok(Outcome::Refused);
        }
        let now = self.acting.now;
        let kept = session.proofs.iter().filter(|proof| proof.method.role() != Role::FirstProof).cloned();
        let proofs = kept.chain([Proof::of_password(now)]).collect();
        let renewed = Session { token: self.token, proofs, last_seen_at: now, ..session };
        if !transaction.swap_session(&renewed).await? {
            return Err(StoreError::Conflict("a session".into()));
        }
        transaction.end_sessions_of(person.id, Some(renewed.id), now).await?;
        transaction.kill_links(person.id).await?;
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(&self.mail).await?;
        Ok(Outcome::Done)
    }
}

/// Ends another sign-in of the same person. `Refused`: it is somebody else's, this one, or over.
pub(super) struct EndSignIn {
    pub(super) acting: Acting,
    pub(super) other: SessionId,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for EndSignIn {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((session, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        let other = transaction.find_session(self.other).await?;
        let mine = other.is_some_and(|other| other.person == person.id && other.id != session.id);
        if !mine {
            return Ok(Outcome::Refused);
        }
        let now = self.acting.now;
        // Those that outlive a sign-in end as well: whoever ends one here has lost that device.
        for grant in transaction.list_live_grants(self.other, now).await? {
            transaction.end_grant(grant.id, now).await?;
        }
        if !transaction.end_session(self.other, now).await? {
            return Ok(Outcome::Refused);
        }
        transaction.insert_audit(&self.audit).await?;
        Ok(Outcome::Done)
    }
}

/// Forgets a browser. `Refused`: unknown, the one in use, or the last one.
pub(super) struct ForgetBrowser {
    pub(super) acting: Acting,
    pub(super) browser: TokenHash,
    pub(super) audit: AuditEvent,
}

#[async_trait]
impl Command for ForgetBrowser {
    type Output = Outcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Outcome, StoreError> {
        let Some((session, person)) = self.acting.find(transaction).await? else { return Ok(Outcome::SignedOut) };
        // Nobody is warned of a first browser: one has to stay, or a strange one could make itself the first.
        let last = transaction.list_known_browsers(person.id).await?.len() <= 1;
        let in_use = session.browser == self.browser;
        if last || in_use || !transaction.forget_browser(person.id, self.browser).await? {
            return Ok(Outcome::Refused);
        }
        transaction.insert_audit(&self.audit).await?;
        Ok(Outcome::Done)
    }
}
