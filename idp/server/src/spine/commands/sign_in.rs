//! The first proof.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::{Proof, Role};
use keyholder_core::audit::AuditEvent;
use keyholder_core::flow::Flow;
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::person::StoredPassword;
use keyholder_core::ports::{Command, Familiarity, StoreError, Transaction};
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;

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
    /// For a browser that this person did not use before.
    pub(crate) warning: OutboxMessage,
    pub(crate) audit: AuditEvent,
    pub(crate) idle: Duration,
    pub(crate) now: Timestamp,
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
    /// `session`: as it is now. `warned`: a mail waits in the outbox.
    Now { session: Box<Session>, warned: bool },
    /// The flow went on elsewhere meanwhile: nothing was changed.
    FlowMoved,
}

#[async_trait]
impl Command for SignIn {
    type Output = SignedIn;

    async fn run(&self, transaction: &dyn Transaction) -> Result<SignedIn, StoreError> {
        let former = self.former(transaction).await?;
        let id = former.as_ref().map_or(self.session.id, |former| former.id);
        let Ok(flow) = self.flow.clone().authenticate(id) else { return Ok(SignedIn::FlowMoved) };
        if !keep(transaction, &flow).await? {
            return Ok(SignedIn::FlowMoved);
        }
        let session = if let Some(former) = &former {
            let renewed = self.renewed(former);
            // Read in this transaction: nobody else changed it since.
            if !transaction.swap_session(&renewed).await? {
                return Err(StoreError::Conflict("a session".into()));
            }
            Session { version: renewed.version.saturating_add(1), ..renewed }
        } else {
            transaction.insert_session(&self.session).await?;
            self.session.clone()
        };
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
        Ok(SignedIn::Now { session: Box::new(session), warned })
    }
}

impl SignIn {
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
