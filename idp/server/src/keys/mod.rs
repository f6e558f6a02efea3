//! The signing keys in use: read from the store, kept decoded, replaced by a schedule.
//!
//! Owns which key signs and which keys are published. Does not own signatures (`keyholder_oidc::jws`). Readers see one
//! snapshot at a time; a change by another process arrives through the counter that it raised.

mod commands;
pub mod schedule;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use arc_swap::ArcSwap;
use keyholder_core::application::SigningAlgorithm;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::{KeyState, SigningKey};
use keyholder_core::ports::{Queries, StoreError};
use keyholder_core::random::{Random, draw_uuid};
use keyholder_core::time::{Clock, Timestamp};
use keyholder_oidc::jwks::{self, Jwks};
use keyholder_oidc::jws::{JwsError, PrivateKey, PublicKeys};
use keyholder_store::SqlStore;

use crate::audit::{About, event_at};
use commands::{ChangeKeys, NAME, Prepared, TakeLease};
use schedule::{Change, KeyTimes, Schedule, Urgency};

/// How long one process follows the schedule before another may.
const LEASE: Duration = Duration::from_mins(2);
/// How often a change is decided anew when others are faster.
const ATTEMPTS: usize = 5;

/// The keys.
#[derive(Debug)]
pub struct KeyRing {
    snapshot: ArcSwap<Snapshot>,
    schedule: Schedule,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// Who this process is when it takes the lease.
    holder: String,
}

#[derive(Debug)]
struct Snapshot {
    revision: i64,
    times: Vec<KeyTimes>,
    keys: Vec<Arc<PrivateKey>>,
    jwks: Jwks<Bytes>,
    public: Arc<PublicKeys>,
}

/// Why keys are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the signing keys cannot be read or written")]
    Store(#[from] StoreError),
    #[error("a signing key cannot be made or decoded")]
    Key(#[from] JwsError),
    #[error("there is no key for {0}")]
    Missing(&'static str),
    #[error("making a signing key was interrupted")]
    Interrupted,
    #[error("others change the signing keys all the time")]
    Contended,
}

impl KeyRing {
    /// Reads the keys and makes those that are missing.
    pub async fn open(
        store: &SqlStore,
        schedule: Schedule,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, KeyError> {
        let now = clock.now();
        change(store, random.as_ref(), now, |keys| schedule::due(keys, &schedule, now)).await?;
        let snapshot = ArcSwap::from_pointee(Snapshot::read(store, &[], now).await?);
        let holder = draw_uuid(random.as_ref(), now).to_string();
        Ok(Self { snapshot, schedule, clock, random, holder })
    }

    /// The key that signs now with this algorithm.
    pub fn signer(&self, algorithm: SigningAlgorithm) -> Result<Arc<PrivateKey>, KeyError> {
        let snapshot = self.snapshot.load();
        let chosen = schedule::signing_key(&snapshot.times, algorithm, self.clock.now());
        let missing = || KeyError::Missing(algorithm.name());
        let kid = chosen.ok_or_else(missing)?.id.to_string();
        snapshot.keys.iter().find(|key| key.kid() == kid).cloned().ok_or_else(missing)
    }

    /// Since when the key signs that signs now with this algorithm.
    pub fn signs_since(&self, algorithm: SigningAlgorithm) -> Option<Timestamp> {
        let snapshot = self.snapshot.load();
        schedule::signing_key(&snapshot.times, algorithm, self.clock.now()).map(|key| key.active_from)
    }

    /// The published set, serialised.
    pub fn jwks(&self) -> Jwks<Bytes> {
        self.snapshot.load().jwks.clone()
    }

    /// The published keys, to check what we signed.
    pub fn public(&self) -> Arc<PublicKeys> {
        self.snapshot.load().public.clone()
    }

    /// Reads the keys again if somebody changed them. Costs one small read: called every half second or so.
    pub async fn refresh(&self, store: &SqlStore) -> Result<(), KeyError> {
        let current = self.snapshot.load_full();
        if store.revision(NAME).await? != current.revision {
            self.snapshot.store(Arc::new(Snapshot::read(store, &current.keys, self.clock.now()).await?));
        }
        Ok(())
    }

    /// Follows the schedule, in one process at a time. Called every minute or so.
    pub async fn tend(&self, store: &SqlStore) -> Result<(), KeyError> {
        let now = self.clock.now();
        if schedule::due(&self.snapshot.load().times, &self.schedule, now).is_empty() {
            return Ok(());
        }
        let lease = TakeLease { holder: self.holder.clone(), now, until: now.plus(LEASE) };
        if store.execute(lease).await? {
            change(store, self.random.as_ref(), now, |keys| schedule::due(keys, &self.schedule, now)).await?;
        }
        self.refresh(store).await
    }

    /// Replaces all keys before their time. Works beside a running server, which notices by itself.
    pub async fn rotate(
        store: &SqlStore,
        schedule: &Schedule,
        urgency: Urgency,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        change(store, random, now, |keys| schedule::on_demand(keys, schedule, urgency, now)).await
    }
}

impl Snapshot {
    /// Reads the store; decodes only what was not `known`.
    async fn read(store: &SqlStore, known: &[Arc<PrivateKey>], now: Timestamp) -> Result<Self, KeyError> {
        // The counter first: a change in between is read again, never missed.
        let revision = store.revision(NAME).await?;
        let mut rows = store.list_signing_keys().await?;
        rows.retain(|row| KeyTimes::from(row).is_published(now));
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            let kid = row.id.to_string();
            match known.iter().find(|key| key.kid() == kid) {
                Some(key) => keys.push(key.clone()),
                None => keys.push(Arc::new(PrivateKey::from_pkcs8(row.algorithm, kid, &row.private_der)?)),
            }
        }
        let (jwks, public) = jwks::publish(keys.iter().map(AsRef::as_ref))?;
        Ok(Self {
            revision,
            times: rows.iter().map(KeyTimes::from).collect(),
            keys,
            jwks: jwks.into(),
            public: Arc::new(public),
        })
    }
}

/// Decides changes and makes them, again where somebody else was faster.
async fn change(
    store: &SqlStore,
    random: &dyn Random,
    now: Timestamp,
    decide: impl Fn(&[KeyTimes]) -> Vec<Change>,
) -> Result<(), KeyError> {
    for _ in 0..ATTEMPTS {
        let rows = store.list_signing_keys().await?;
        let changes = decide(&rows.iter().map(KeyTimes::from).collect::<Vec<_>>());
        if changes.is_empty() {
            return Ok(());
        }
        let decided_by = rows.iter().map(|row| (row.id, row.state)).collect();
        let (changes, audit) = prepare(&rows, &changes, random, now).await?;
        if store.execute(ChangeKeys { decided_by, changes, audit }).await? {
            return Ok(());
        }
    }
    Err(KeyError::Contended)
}

async fn prepare(
    rows: &[SigningKey],
    changes: &[Change],
    random: &dyn Random,
    now: Timestamp,
) -> Result<(Vec<Prepared>, Vec<AuditEvent>), KeyError> {
    let (mut prepared, mut audit) = (Vec::new(), Vec::new());
    let row = |id: SigningKeyId| rows.iter().find(|row| row.id == id).cloned();
    for change in changes {
        match *change {
            Change::Make { algorithm, state, active_from } => {
                let id = SigningKeyId::draw(random, now);
                let private_der = generate(algorithm, id).await?;
                let key = SigningKey {
                    id,
                    algorithm,
                    state,
                    private_der,
                    created_at: now,
                    active_from,
                    published_until: None,
                };
                audit.push(note(AuditKind::SigningKeyMade, &key, random, now));
                prepared.push(Prepared::Insert(key));
            }
            Change::Activate(id) => {
                prepared.extend(row(id).map(|key| Prepared::Update(SigningKey { state: KeyState::Active, ..key })));
            }
            Change::Retire { id, published_until } => {
                if let Some(key) = row(id) {
                    audit.push(note(AuditKind::SigningKeyRetired, &key, random, now));
                    let published_until = Some(published_until);
                    prepared.push(Prepared::Update(SigningKey { state: KeyState::Retired, published_until, ..key }));
                }
            }
            Change::Delete(id) => prepared.push(Prepared::Delete(id)),
        }
    }
    Ok((prepared, audit))
}

/// Makes a key on a thread of its own: for RSA it takes up to a second, in which requests go on.
async fn generate(algorithm: SigningAlgorithm, id: SigningKeyId) -> Result<Vec<u8>, KeyError> {
    let made = tokio::task::spawn_blocking(move || PrivateKey::generate(algorithm, id.to_string())).await;
    Ok(made.map_err(|_| KeyError::Interrupted)??.1)
}

fn note(kind: AuditKind, key: &SigningKey, random: &dyn Random, now: Timestamp) -> AuditEvent {
    let detail = format!("{} {}", key.algorithm.name(), key.id);
    event_at(random, now, kind, About { detail: Some(&detail), ..About::default() })
}

#[cfg(test)]
mod tests;
