//! A right answer counts.

use async_trait::async_trait;
use keyholder_core::assurance::Proof;
use keyholder_core::audit::AuditEvent;
use keyholder_core::ceremony::{Ceremony, CeremonyInFull, Contents, Ending};
use keyholder_core::credential::Credential;
use keyholder_core::factor::{Consumed, CredentialUpdate};
use keyholder_core::id::TokenHash;
use keyholder_core::lockout::Diagnosis;
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

use super::{burn, is_unchanged, lost, record_failure};
use crate::spine::commands::FinishFlow;

/// Accepts an answer: the ceremony ends, the key's data is swapped, what was used is burnt, and the proof stands in the session, which
/// goes on under a fresh token. All of it or nothing, but what a replay costs is kept.
pub(crate) struct Accept {
    /// As read, and checked.
    pub(crate) ceremony: Ceremony,
    pub(crate) key: Credential,
    pub(crate) update: Option<CredentialUpdate>,
    pub(crate) consume: Vec<Consumed>,
    pub(crate) proof: Proof,
    /// `None`: a device answered, and the browser picks the proof up.
    pub(crate) browser: Option<Browser>,
    pub(crate) audit: AuditEvent,
    /// In the place of `audit` where the answer was used before, and where that was one wrong answer too many.
    pub(crate) replayed: AuditEvent,
    pub(crate) locked: AuditEvent,
    pub(crate) mails: Vec<OutboxMessage>,
    /// What is permitted at once to the session with the proof, decided for that which the browser shows.
    pub(crate) end: Option<FinishFlow>,
    pub(crate) now: Timestamp,
}

/// The session of the browser that answers.
pub(crate) struct Browser {
    /// As shown.
    pub(crate) session: Session,
    /// Its new token.
    pub(crate) token: TokenHash,
    /// Until when it is elevated.
    pub(crate) until: Timestamp,
}

impl Browser {
    fn version(&self) -> i64 {
        self.session.version
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Accepting {
    /// With the session of the browser that answers, as it is now. `ended`: with the end that was decided.
    Done { session: Option<Box<Session>>, ended: bool },
    /// Ceremony or key went on meanwhile. Nothing was changed.
    Lost,
    /// The key waits since the answer was given: guesses sent at once count one by one. Nothing was changed.
    Waits(Timestamp),
    /// It was used before. The ceremony is over, and it counts as a wrong answer.
    Replayed,
    /// The session ended meanwhile. Nothing was changed.
    SignedOut,
}

#[async_trait]
impl Command for Accept {
    type Output = Accepting;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Accepting, StoreError> {
        let Some(found) = transaction.find_ceremony_in_full(self.ceremony.id, self.key.id).await? else {
            return Ok(Accepting::Lost);
        };
        let CeremonyInFull { ceremony: open, session, key, failures } = found;
        if let Some(until) = failures.as_ref().and_then(|failures| failures.waits_until(self.now)) {
            return Ok(Accepting::Waits(until));
        }
        let open = open.version == self.ceremony.version && open.is_open(self.now);
        if !open || !is_unchanged(key.as_ref(), &self.key) {
            return Ok(Accepting::Lost);
        }
        let session = match &self.browser {
            Some(browser) => match self.raised(session, browser) {
                Some(session) => Some(session),
                None => return Ok(Accepting::SignedOut),
            },
            None => None,
        };
        let as_decided = session.as_ref().map(|session| session.version) == self.browser.as_ref().map(Browser::version);
        for consumed in &self.consume {
            if !burn(transaction, &self.ceremony.factor, self.key.id, consumed).await? {
                return self.replay(transaction).await;
            }
        }
        if !transaction.swap_ceremony(&self.ended()).await? || !transaction.swap_credential(&self.used()).await? {
            return Err(lost("a ceremony"));
        }
        if let Some(session) = &session
            && !transaction.swap_session(session).await?
        {
            return Err(lost("a session"));
        }
        if let Some(failures) = failures.filter(|failures| !failures.is_clear()) {
            transaction.put_failures(&failures.after_success()).await?;
        }
        transaction.insert_audit(&self.audit).await?;
        for mail in &self.mails {
            transaction.insert_outbox(mail).await?;
        }
        // Lost where the flow went on elsewhere: the proof counts all the same.
        let ended = match &self.end {
            Some(end) if as_decided => end.run(transaction).await?,
            _ => false,
        };
        let as_kept = |session: Session| Session { version: session.version.saturating_add(1), ..session };
        Ok(Accepting::Done { session: session.map(as_kept).map(Box::new), ended })
    }
}

impl Accept {
    /// The session with the proof, if it still is the one that was shown.
    fn raised(&self, found: Option<Session>, browser: &Browser) -> Option<Session> {
        let live = |session: &Session| {
            session.id == browser.session.id
                && session.token == browser.session.token
                && session.ended_at.is_none()
                && self.now < session.expires_at
        };
        let raised = found.filter(live).map(|session| session.elevate(self.proof.clone(), browser.until));
        raised.map(|session| Session { token: browser.token, ..session })
    }

    async fn replay(&self, transaction: &dyn Transaction) -> Result<Accepting, StoreError> {
        let over = Ceremony { ended_at: Some(self.now), ..self.ceremony.clone() };
        transaction.swap_ceremony(&over).await?;
        let events = (&self.replayed, &self.locked);
        record_failure(transaction, &[self.key.id], Diagnosis::NotMade, events, self.now).await?;
        Ok(Accepting::Replayed)
    }

    /// The ceremony is over; one that a device answered waits for its browser.
    fn ended(&self) -> Ceremony {
        if self.browser.is_some() {
            return Ceremony { ended_at: Some(self.now), ..self.ceremony.clone() };
        }
        let ending = Some(Ending::Accepted(Box::new(self.proof.clone())));
        let contents = Contents { ending, ..self.ceremony.contents.clone() };
        Ceremony { contents, ..self.ceremony.clone() }
    }

    fn used(&self) -> Credential {
        let used = Credential { last_used_at: Some(self.now), ..self.key.clone() };
        match self.update.clone() {
            None => used,
            Some(CredentialUpdate { format, data, facts }) => {
                let facts = facts.unwrap_or_else(|| used.facts.clone());
                Credential { format, secret: data, facts, ..used }
            }
        }
    }
}
