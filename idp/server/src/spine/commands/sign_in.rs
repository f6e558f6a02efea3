//! The first proof.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::{Proof, Role};
use keyholder_core::audit::AuditEvent;
use keyholder_core::flow::{Flow, Stage};
use keyholder_core::grant::Grant;
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::person::StoredPassword;
use keyholder_core::ports::{Command, Familiarity, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

use super::finish::{FinishFlow, permit};
use super::keep::keep;

/// A person proved who they are: session, flow, and what else follows from it.
///
/// The session's token is a fresh one, whatever the browser had before (session fixation). A session that the same person has in
/// this browser goes on under it, so that signing in again for one application signs nobody out of the others; a session of
/// somebody else ends.
pub(crate) struct SignIn {
    /// As it is if it is a new one.
    pub(crate) session: Session,
    /// The live session that the browser showed.
    pub(crate) shown: Option<Session>,
    pub(crate) flow: Flow,
    pub(crate) rehash: Option<Rehash>,
    /// What is permitted at once.
    pub(crate) end: Option<End>,
    /// For a browser that this person did not use before.
    pub(crate) warning: OutboxMessage,
    pub(crate) audit: AuditEvent,
    pub(crate) idle: Duration,
    pub(crate) now: Timestamp,
}

/// The end of the flow, made by the sign-in itself. It counts only for a session with the proofs for which it was decided.
pub(crate) struct End {
    pub(crate) decided_for: Session,
    pub(crate) finish: FinishFlow,
}

impl End {
    fn fits(&self, session: &Session) -> bool {
        let Session { proofs, elevated_until, expires_at, .. } = &self.decided_for;
        *proofs == session.proofs && *elevated_until == session.elevated_until && *expires_at == session.expires_at
    }
}

/// The detail of a sign-in with a browser that this person did not use before.
pub(crate) const NEW_BROWSER: &str = "new browser";

/// The same password under today's cost.
pub(crate) struct Rehash {
    pub(crate) former: String,
    pub(crate) password: StoredPassword,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignedIn {
    /// `session`: as it is now. `ended`: with the end that was decided. `warned`: a mail waits in the outbox.
    Now { session: Box<Session>, ended: bool, warned: bool },
    /// The flow went on elsewhere meanwhile: nothing was changed.
    FlowMoved,
}

#[async_trait]
impl Command for SignIn {
    type Output = SignedIn;

    async fn run(&self, transaction: &dyn Transaction) -> Result<SignedIn, StoreError> {
        let former = self.former(transaction).await?;
        let session = former.as_ref().map_or_else(|| self.session.clone(), |former| self.renewed(former));
        let Ok(flow) = self.flow.clone().authenticate(session.id) else { return Ok(SignedIn::FlowMoved) };
        let end = self.end.as_ref().filter(|end| end.fits(&session));
        let flow = if end.is_some() { Flow { stage: Stage::Finished, ..flow } } else { flow };
        if !keep(transaction, &flow).await? {
            return Ok(SignedIn::FlowMoved);
        }
        if former.is_none() {
            transaction.insert_session(&session).await?;
        } else if !transaction.swap_session(&session).await? {
            // It was read in this transaction: nobody else changed it since.
            return Err(StoreError::Conflict("a session".into()));
        }
        if let Some(shown) = self.shown.as_ref().filter(|shown| shown.person != self.session.person) {
            transaction.end_session(shown.id, self.now).await?;
        }
        if let Some(rehash) = &self.rehash {
            transaction.replace_password(self.session.person, &rehash.former, &rehash.password).await?;
        }
        let Session { person, browser, user_agent, .. } = &self.session;
        let mut audit = self.audit.clone();
        let warned = transaction.note_browser(*person, *browser, user_agent, self.now).await? == Familiarity::New;
        if warned {
            audit.personal.detail = Some(NEW_BROWSER.to_owned());
            transaction.insert_outbox(&self.warning).await?;
        }
        transaction.insert_audit(&audit).await?;
        if let Some(End { finish, .. }) = end {
            let grant = finish.grant.clone().map(|grant| Grant { session: session.id, ..grant });
            permit(transaction, grant.as_ref(), &finish.audit).await?;
        }
        let version = session.version + i64::from(former.is_some());
        Ok(SignedIn::Now { session: Box::new(Session { version, ..session }), ended: end.is_some(), warned })
    }
}

impl SignIn {
    /// The session as it will be, as far as can be told now: what counts of it is looked at again in the transaction.
    pub(crate) fn foreseen(&self) -> Session {
        let own = self.shown.as_ref().filter(|shown| shown.person == self.session.person);
        own.map_or_else(|| self.session.clone(), |shown| self.renewed(shown))
    }

    /// The session that this person has in this browser already. Read here and not before: two tabs may sign in at once.
    async fn former(&self, transaction: &dyn Transaction) -> Result<Option<Session>, StoreError> {
        let live = transaction.list_live_sessions(self.session.person, self.now).await?;
        let mine = live.into_iter().filter(|former| former.browser == self.session.browser);
        Ok(mine.filter(|former| former.is_live(self.now, self.idle)).max_by_key(|former| former.started_at))
    }

    fn renewed(&self, former: &Session) -> Session {
        // A factor proved before counts on only for whoever still shows that session.
        let shown = self.shown.as_ref().map(|shown| shown.id) == Some(former.id);
        let kept = former.proofs.iter().filter(|proof| shown && proof.method.role() != Role::FirstProof).cloned();
        let proofs: Vec<Proof> = kept.chain(self.session.proofs.iter().cloned()).collect();
        Session {
            id: former.id,
            version: former.version,
            started_at: former.started_at,
            elevated_until: former.elevated_until.filter(|_| shown),
            proofs,
            ..self.session.clone()
        }
    }
}
