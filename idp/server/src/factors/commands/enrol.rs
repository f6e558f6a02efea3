//! A key is added.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::Method;
use keyholder_core::audit::AuditEvent;
use keyholder_core::ceremony::{Ceremony, Contents, Ending};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::Consumed;
use keyholder_core::id::CredentialId;
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_theme::page::KeyRight;

use super::{burn, lost};
use crate::account::keys::forget_proofs;

/// By what right a key is added (design, invariant 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// The session used a key, or a recovery code.
    Elevated,
    /// It is the first key, and a mailed link was used in this session; or an access pass, which is also enough beside keys that cannot
    /// be used because their kind is not installed.
    FirstKey(Method),
    /// It is the first key, and the person's groups ask for nothing more.
    FirstKeyOpen,
}

impl Permission {
    /// As the log tells it.
    pub(crate) fn right(self) -> KeyRight {
        match self {
            Self::Elevated => KeyRight::Elevated,
            Self::FirstKey(Method::AccessPass) => KeyRight::Pass,
            Self::FirstKey(_) => KeyRight::Link,
            Self::FirstKeyOpen => KeyRight::Open,
        }
    }
}

/// The most keys of their own that a person has. Each answer may have to be checked against all of one kind.
pub(crate) const MOST_KEYS: usize = 20;

/// Adds a key. The running session is not raised: the key counts from the next sign-in.
pub(crate) struct Enrol {
    /// As read.
    pub(crate) ceremony: Ceremony,
    pub(crate) key: Credential,
    /// Burnt at once: what was shown to prove the key must not sign in with it.
    pub(crate) consume: Vec<Consumed>,
    pub(crate) permission: Permission,
    /// Where a person has one of its kind at most: it comes in the place of theirs.
    pub(crate) only_one: bool,
    /// The factors whose keys can be used now.
    pub(crate) installed: Vec<String>,
    pub(crate) audit: AuditEvent,
    pub(crate) mail: OutboxMessage,
    /// In the place of `mail` where a former key went.
    pub(crate) replaced: OutboxMessage,
    pub(crate) idle: Duration,
    pub(crate) now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnrolOutcome {
    Done,
    /// The ceremony went on or ended meanwhile. Nothing was changed.
    Lost,
    /// This very key is registered already, for whomever. Nothing was changed.
    Known,
    /// The session may not add it any more. Nothing was changed.
    NotPermitted,
    /// They have [`MOST_KEYS`]. Nothing was changed.
    Full,
}

#[async_trait]
impl Command for Enrol {
    type Output = EnrolOutcome;

    async fn run(&self, transaction: &dyn Transaction) -> Result<EnrolOutcome, StoreError> {
        let session = transaction.find_session(self.ceremony.session).await?;
        let Some(session) = session.filter(|session| session.is_live(self.now, self.idle)) else {
            return Ok(EnrolOutcome::NotPermitted);
        };
        let held = transaction.list_credentials(self.ceremony.person).await?;
        let mine = |key: &&Credential| key.owner == CredentialOwner::Person(self.ceremony.person);
        let first = held.iter().find(mine).is_none();
        let none_usable = !held.iter().filter(mine).any(|key| self.installed.contains(&key.factor));
        let permitted = match self.permission {
            Permission::Elevated => session.manages_keys_until(self.now).is_some(),
            Permission::FirstKey(method) => {
                let enough = if method == Method::AccessPass { none_usable } else { first };
                enough && session.enrols_first_key(self.now) == Some(method)
            }
            Permission::FirstKeyOpen => first,
        };
        if !permitted {
            return Ok(EnrolOutcome::NotPermitted);
        }
        let open = transaction.find_ceremony(self.ceremony.id).await?;
        if !open.is_some_and(|open| open.version == self.ceremony.version && open.is_open(self.now)) {
            return Ok(EnrolOutcome::Lost);
        }
        if let Some(lookup) = &self.key.lookup
            && transaction.find_credential_by_lookup(&self.key.factor, lookup).await?.is_some()
        {
            return Ok(EnrolOutcome::Known);
        }
        let former = held.iter().filter(mine).filter(|former| self.only_one && former.factor == self.key.factor);
        let former: Vec<CredentialId> = former.map(|former| former.id).collect();
        if held.iter().filter(mine).count() - former.len() >= MOST_KEYS {
            return Ok(EnrolOutcome::Full);
        }
        for former in &former {
            transaction.delete_credential(*former).await?;
            forget_proofs(transaction, *former, session.person, Some(session.id), self.now).await?;
        }
        transaction.insert_credential(&self.key).await?;
        for consumed in &self.consume {
            burn(transaction, &self.key.factor, self.key.id, consumed).await?;
        }
        let contents = Contents { ending: Some(Ending::Enrolled(self.key.id)), ..self.ceremony.contents.clone() };
        let over = Ceremony { contents, ended_at: Some(self.now), ..self.ceremony.clone() };
        if !transaction.swap_ceremony(&over).await? {
            return Err(lost("a ceremony"));
        }
        transaction.insert_audit(&self.audit).await?;
        transaction.insert_outbox(if former.is_empty() { &self.mail } else { &self.replaced }).await?;
        Ok(EnrolOutcome::Done)
    }
}
