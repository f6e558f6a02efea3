//! A wrong answer, and what is kept of it.

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::ceremony::Ceremony;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{Consumed, CredentialUpdate};
use keyholder_core::id::CredentialId;
use keyholder_core::lockout::Diagnosis;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

use super::{burn, record_failure, unchanged};

/// Refuses an answer. What it burns and changes is kept although nobody gets in (design, invariant 3), and it is counted whoever else's
/// answer came first.
pub(crate) struct Refuse {
    /// As read.
    pub(crate) ceremony: Ceremony,
    /// The keys that were handed in.
    pub(crate) keys: Vec<Credential>,
    pub(crate) updates: Vec<(CredentialId, CredentialUpdate)>,
    pub(crate) consume: Vec<(CredentialId, Consumed)>,
    pub(crate) then: Then,
    /// Whether it was a guess.
    pub(crate) counts: bool,
    pub(crate) diagnosis: Diagnosis,
    /// Whether an update that lost its swap is given up.
    pub(crate) last_try: bool,
    pub(crate) audit: AuditEvent,
    pub(crate) locked: AuditEvent,
    pub(crate) now: Timestamp,
}

/// What becomes of the ceremony.
pub(crate) enum Then {
    End,
    /// It goes on like this.
    GoOn(Box<Ceremony>),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusing {
    Kept {
        /// The key waits from now on.
        waits: Option<Timestamp>,
        /// Whether the ceremony became what was wanted.
        moved: bool,
        /// Whether the search for a clock was still allowed: of answers sent at once one is told.
        told: bool,
    },
    /// A key was changed meanwhile. Nothing was changed.
    Lost,
}

#[async_trait]
impl Command for Refuse {
    type Output = Refusing;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Refusing, StoreError> {
        let mut updates = Vec::with_capacity(self.updates.len());
        for (id, update) in &self.updates {
            let Some(key) = self.keys.iter().find(|key| key.id == *id) else { continue };
            if unchanged(transaction, key).await? {
                updates.push((key, update));
            } else if !self.last_try {
                return Ok(Refusing::Lost);
            }
        }
        for (key, consumed) in &self.consume {
            burn(transaction, &self.ceremony.factor, *key, consumed).await?;
        }
        for (key, CredentialUpdate { format, data, facts }) in updates {
            let facts = facts.clone().unwrap_or_else(|| key.facts.clone());
            let changed = Credential { format: *format, secret: data.clone(), facts, ..key.clone() };
            transaction.swap_credential(&changed).await?;
        }
        let (waits, told) = self.count(transaction).await?;
        let next = match &self.then {
            Then::End => Ceremony { ended_at: Some(self.now), ..self.ceremony.clone() },
            Then::GoOn(next) => (**next).clone(),
        };
        let moved = transaction.swap_ceremony(&next).await?;
        Ok(Refusing::Kept { waits, moved, told })
    }
}

impl Refuse {
    async fn count(&self, transaction: &dyn Transaction) -> Result<(Option<Timestamp>, bool), StoreError> {
        let ids: Vec<CredentialId> = self.keys.iter().map(|key| key.id).collect();
        let known = transaction.list_failures(&ids).await?;
        let told = known.iter().all(|known| known.may_diagnose(self.now));
        if !self.counts {
            transaction.insert_audit(&self.audit).await?;
            return Ok((None, told));
        }
        // Those that wait already since the answer was given are not made to wait longer: it could not have been accepted.
        let free: Vec<CredentialId> =
            ids.into_iter().filter(|id| super::super::offers::waits(&known, *id, self.now).is_none()).collect();
        if free.is_empty() {
            return Ok((known.iter().filter_map(|known| known.waits_until(self.now)).min(), false));
        }
        let events = (&self.audit, &self.locked);
        let waits = record_failure(transaction, &free, self.diagnosis, events, self.now).await?;
        Ok((waits, told))
    }
}
