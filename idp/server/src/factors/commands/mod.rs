//! What ceremonies write, each in one transaction.

mod accept;
mod begin;
mod decline;
mod enrol;
mod pick_up;
mod refuse;

use keyholder_core::audit::AuditEvent;
use keyholder_core::credential::Credential;
use keyholder_core::factor::Consumed;
use keyholder_core::id::CredentialId;
use keyholder_core::lockout::{Diagnosis, Failures};
use keyholder_core::ports::{SingleUse, StoreError, Transaction};
use keyholder_core::time::Timestamp;

pub(crate) use accept::{Accept, Accepting, Browser};
pub(crate) use begin::{Begin, GoOn};
pub(crate) use decline::Decline;
pub(crate) use enrol::{Enrol, EnrolOutcome, MOST_KEYS, Permission};
pub(crate) use pick_up::PickUp;
pub(crate) use refuse::{Refuse, Refusing, Then};

/// Burns what must not be used again with this key. `false`: it was burnt before.
async fn burn(
    transaction: &dyn Transaction,
    factor: &str,
    key: CredentialId,
    consumed: &Consumed,
) -> Result<bool, StoreError> {
    let mut value = Vec::with_capacity(factor.len() + 17 + consumed.token.len());
    value.extend_from_slice(factor.as_bytes());
    value.push(0);
    value.extend_from_slice(key.as_uuid().as_bytes());
    value.extend_from_slice(&consumed.token);
    transaction.use_once(SingleUse::FactorToken, &value, consumed.expires_at).await
}

/// Counts a wrong answer against these keys. Answers until when a key waits that did not before.
async fn count_failure(
    transaction: &dyn Transaction,
    keys: &[CredentialId],
    diagnosis: Diagnosis,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let known = transaction.list_failures(keys).await?;
    let mut waits = None;
    for key in keys {
        let before = known.iter().find(|known| known.credential == *key).cloned();
        let after = before.unwrap_or_else(|| Failures::none(*key, now)).after_failure(now, diagnosis);
        transaction.put_failures(&after).await?;
        waits = waits.max(after.waits_until(now));
    }
    Ok(waits)
}

/// Records a wrong answer, and that it was one too many.
async fn record_failure(
    transaction: &dyn Transaction,
    keys: &[CredentialId],
    diagnosis: Diagnosis,
    (refused, locked): (&AuditEvent, &AuditEvent),
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let waits = count_failure(transaction, keys, diagnosis, now).await?;
    transaction.insert_audit(refused).await?;
    if waits.is_some() {
        transaction.insert_audit(locked).await?;
    }
    Ok(waits)
}

/// Whether nobody changed the key since it was read. One that a school took back or gave to somebody else keeps its version.
async fn unchanged(transaction: &dyn Transaction, key: &Credential) -> Result<bool, StoreError> {
    Ok(is_unchanged(transaction.find_credential(key.id).await?.as_ref(), key))
}

fn is_unchanged(found: Option<&Credential>, key: &Credential) -> bool {
    found.is_some_and(|found| found.version == key.version && found.holder == key.holder)
}

/// What was read in this transaction was changed by somebody else all the same: all of it is undone.
fn lost(what: &str) -> StoreError {
    StoreError::Conflict(what.to_owned())
}
