//! Signing out.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::{PersonId, SessionId};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

/// Ends one session. `false`: it had ended already.
#[derive(Debug)]
pub struct EndSession {
    pub session: SessionId,
    pub audit: AuditEvent,
    pub now: Timestamp,
}

#[async_trait]
impl Command for EndSession {
    type Output = bool;

    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        let ended = transaction.end_session(self.session, self.now).await?;
        if ended {
            transaction.insert_audit(&self.audit).await?;
        }
        Ok(ended)
    }
}

/// Ends all sessions of a person: **Sign out everywhere**.
#[derive(Debug)]
pub struct EndSessionsOf {
    pub person: PersonId,
    pub audit: AuditEvent,
    pub now: Timestamp,
}

#[async_trait]
impl Command for EndSessionsOf {
    type Output = Vec<SessionId>;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Vec<SessionId>, StoreError> {
        let ended = transaction.end_sessions_of(self.person, None, self.now).await?;
        transaction.insert_audit(&self.audit).await?;
        Ok(ended)
    }
}
