//! The keys of SAML: made when they are first needed, kept decoded, replaced by the operator.
//!
//! One key signs messages, another the metadata that says so, a third one opens what service providers encrypt. A successor is published
//! beside the key in use before it takes its place (`keyholder saml key prepare`, then `switch`), since service providers read metadata when
//! they please. A former key that signed is published for another month; one that opens is published no more, and opens for as long. A key is
//! used only after it passed the self-test of `keyholder_saml`.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chrono::Datelike as _;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::KeyState;
use keyholder_core::ports::{Queries as _, SamlQueries as _, StoreError};
use keyholder_core::random::Random;
use keyholder_core::saml::{SamlKey, SamlKeyPurpose};
use keyholder_core::time::Timestamp;
use keyholder_saml::certificate::Certificate;
use keyholder_saml::encryption::DecryptionKey;
use keyholder_saml::self_test::{self, SelfTestError};
use keyholder_saml::signer::{NativeSigner, SignError};
use keyholder_saml::verify;
use keyholder_store::SqlStore;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use tokio::sync::Mutex;

use super::commands::{ChangeKeys, MakeKeys};
use crate::audit::{About, event_at};

/// The counter that every change of a key raises.
pub(super) const REVISION: &str = "saml-keys";
/// For how many years a certificate says that it counts. Some service providers believe it.
const YEARS: i32 = 10;
/// How long a key is published after it stopped signing: a service provider may still hold responses of it, and its readers of
/// metadata look once a day. How long one opens after it left the metadata, for the same readers.
const PUBLISHED_AFTER: Duration = Duration::from_hours(24 * 30);

/// How many keys open. Each is tried in turn, and more than two former ones within a month are a mistake.
const MOST_OPENING: usize = 4;

/// Why keys are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SamlKeyError {
    #[error("the SAML keys cannot be read or written")]
    Store(#[from] StoreError),
    #[error("a SAML key cannot be made")]
    Make(#[from] rcgen::Error),
    #[error("a SAML key cannot be decoded")]
    Decode(#[from] SignError),
    #[error("the certificate of a SAML key cannot be read")]
    Certificate(#[from] verify::KeyError),
    #[error("SAML signatures cannot be relied on: {0}")]
    SelfTest(#[from] SelfTestError),
    #[error("making a SAML key was interrupted")]
    Interrupted,
    #[error("there is no SAML key that signs")]
    Missing,
    #[error("a successor is published already; `keyholder saml key switch` puts it in use")]
    SuccessorThere,
    #[error("there is no successor; `keyholder saml key prepare` makes one")]
    NoSuccessor,
    #[error("others change the SAML keys at the same time; try again")]
    Contended,
}

/// The keys, as they were at one revision.
#[derive(Debug)]
pub struct Ring {
    pub(super) revision: i64,
    /// Signs messages.
    pub signer: Arc<NativeSigner>,
    /// Signs the metadata.
    pub(super) metadata_signer: Arc<NativeSigner>,
    /// What the metadata lists: the certificate of the key that signs, then the others.
    pub(super) published: Vec<Certificate>,
    /// What the metadata lists to encrypt to: that of the key in use first, since most take the first; then its successor's.
    pub(super) published_encryption: Vec<Certificate>,
    /// They open what was encrypted for us: that in use, its successor, former ones.
    pub decryption: Vec<DecryptionKey>,
}

impl Ring {
    /// Whether there is a key of each kind; an installation of before had none that opens.
    fn is_complete(&self) -> bool {
        !self.published_encryption.is_empty()
    }
}

/// The keys of this process.
#[derive(Debug, Default)]
pub struct SamlKeys {
    ring: ArcSwapOption<Ring>,
    making: Mutex<()>,
}

impl SamlKeys {
    /// Reads the keys if there are any.
    pub async fn open(store: &SqlStore, now: Timestamp) -> Result<Self, SamlKeyError> {
        let keys = Self::default();
        match read(store, now).await {
            Ok(ring) => keys.ring.store(Some(Arc::new(ring))),
            Err(SamlKeyError::Missing) => {}
            Err(error) => return Err(error),
        }
        Ok(keys)
    }

    /// The keys; makes them the first time. An installation without a service provider that nobody asks for metadata has none.
    pub async fn load(&self, app: &crate::app::App) -> Result<Arc<Ring>, SamlKeyError> {
        if let Some(ring) = self.complete() {
            return Ok(ring);
        }
        let _only_one = self.making.lock().await;
        if let Some(ring) = self.complete() {
            return Ok(ring);
        }
        let now = app.now();
        make_missing(&app.store, &app.random, now, &super::scope(app)).await?;
        let ring = Arc::new(read(&app.store, now).await?);
        self.ring.store(Some(ring.clone()));
        Ok(ring)
    }

    fn complete(&self) -> Option<Arc<Ring>> {
        self.ring.load_full().filter(|ring| ring.is_complete())
    }

    /// The keys of whoever has signed before: none are made.
    pub async fn ready(&self, store: &SqlStore, now: Timestamp) -> Result<Arc<Ring>, SamlKeyError> {
        match self.ring.load_full() {
            Some(ring) => Ok(ring),
            None => Ok(Arc::new(read(store, now).await?)),
        }
    }

    /// Reads the keys again if somebody changed them.
    pub async fn refresh(&self, store: &SqlStore, now: Timestamp) -> Result<(), SamlKeyError> {
        let Some(ring) = self.ring.load_full() else { return Ok(()) };
        if store.revision(REVISION).await? != ring.revision {
            self.ring.store(Some(Arc::new(read(store, now).await?)));
        }
        Ok(())
    }
}

async fn read(store: &SqlStore, now: Timestamp) -> Result<Ring, SamlKeyError> {
    // The counter first: a change in between is read again, never missed.
    let revision = store.revision(REVISION).await?;
    let keys = store.list_saml_keys().await?;
    let signer = |purpose| {
        let mut active = keys.iter().filter(|key| key.purpose == purpose && key.state == KeyState::Active);
        let key = active.next().ok_or(SamlKeyError::Missing)?;
        let signer = NativeSigner::from_pkcs8(&key.private_der, key.certificate.clone())?;
        self_test::run(&signer)?;
        Ok::<_, SamlKeyError>(Arc::new(signer))
    };
    let (messages, metadata_signer) = (signer(SamlKeyPurpose::Messages)?, signer(SamlKeyPurpose::Metadata)?);
    let published = certificates(in_force(&keys, SamlKeyPurpose::Messages, now))?;
    let opening = in_force(&keys, SamlKeyPurpose::Encryption, now);
    let current = opening.iter().copied().filter(|key| key.state != KeyState::Retired);
    // Nobody shall encrypt for a former one; without one in use, a successor alone is not to be encrypted for either.
    let published_encryption = match opening.first() {
        Some(first) if first.state == KeyState::Active => certificates(current)?,
        _ => Vec::new(),
    };
    Ok(Ring {
        revision,
        signer: messages,
        metadata_signer,
        published,
        published_encryption,
        decryption: decode(&opening)?,
    })
}

/// Of those with a purpose that are not gone: the key in use, its successor, then former ones, the youngest first. Software that reads
/// one certificate reads the first.
fn in_force(keys: &[SamlKey], purpose: SamlKeyPurpose, now: Timestamp) -> Vec<&SamlKey> {
    let is_there = |key: &&SamlKey| key.purpose == purpose && key.published_until.is_none_or(|until| now < until);
    let mut there: Vec<&SamlKey> = keys.iter().filter(is_there).collect();
    there.sort_by_key(|key| match key.state {
        KeyState::Active => (0, Reverse(key.created_at)),
        KeyState::Next => (1, Reverse(key.created_at)),
        KeyState::Retired => (2, Reverse(key.created_at)),
    });
    there
}

fn certificates<'a>(keys: impl IntoIterator<Item = &'a SamlKey>) -> Result<Vec<Certificate>, verify::KeyError> {
    keys.into_iter().map(|key| Certificate::from_der(key.certificate.clone())).collect()
}

fn decode(keys: &[&SamlKey]) -> Result<Vec<DecryptionKey>, verify::KeyError> {
    keys.iter().take(MOST_OPENING).map(|key| DecryptionKey::from_pkcs8(&key.private_der, &key.certificate)).collect()
}

/// The keys that open, for whoever has the store and no server.
pub async fn decryption(store: &SqlStore, now: Timestamp) -> Result<Vec<DecryptionKey>, SamlKeyError> {
    let keys = store.list_saml_keys().await?;
    Ok(decode(&in_force(&keys, SamlKeyPurpose::Encryption, now))?)
}

/// Makes the keys that are missing.
pub async fn make_missing(
    store: &SqlStore,
    random: &Arc<dyn Random>,
    now: Timestamp,
    host: &str,
) -> Result<(), SamlKeyError> {
    let stored = store.list_saml_keys().await?;
    let mut keys = Vec::new();
    for purpose in [SamlKeyPurpose::Messages, SamlKeyPurpose::Metadata, SamlKeyPurpose::Encryption] {
        if !stored.iter().any(|key| key.purpose == purpose && key.state == KeyState::Active) {
            keys.push(make(random, now, host, purpose, KeyState::Active).await?);
        }
    }
    if !keys.is_empty() {
        store.execute(MakeKeys { keys }).await?;
    }
    Ok(())
}

/// Publishes a successor of the key that signs messages, or of the one that opens what is encrypted.
pub async fn prepare(
    store: &SqlStore,
    random: &Arc<dyn Random>,
    now: Timestamp,
    host: &str,
    purpose: SamlKeyPurpose,
) -> Result<(), SamlKeyError> {
    let stored = store.list_saml_keys().await?;
    if stored.iter().any(|key| key.purpose == purpose && key.state == KeyState::Next) {
        return Err(SamlKeyError::SuccessorThere);
    }
    let (key, event) = make(random, now, host, purpose, KeyState::Next).await?;
    change(store, &stored, now, vec![key], Vec::new(), vec![event]).await
}

/// Puts the successor in use. Its predecessor is published, or opens, for another month.
pub async fn switch(
    store: &SqlStore,
    random: &dyn Random,
    now: Timestamp,
    purpose: SamlKeyPurpose,
) -> Result<(), SamlKeyError> {
    let stored = store.list_saml_keys().await?;
    let is_next = |key: &&SamlKey| key.purpose == purpose && key.state == KeyState::Next;
    let next = stored.iter().find(is_next).ok_or(SamlKeyError::NoSuccessor)?;
    let mut update = vec![SamlKey { state: KeyState::Active, ..next.clone() }];
    let mut audit = Vec::new();
    for key in stored.iter().filter(|key| key.purpose == purpose && key.state == KeyState::Active) {
        let published_until = Some(now.plus(PUBLISHED_AFTER));
        update.push(SamlKey { state: KeyState::Retired, published_until, ..key.clone() });
        audit.push(note(AuditKind::SigningKeyRetired, key.id, random, now));
    }
    change(store, &stored, now, Vec::new(), update, audit).await
}

async fn change(
    store: &SqlStore,
    stored: &[SamlKey],
    now: Timestamp,
    insert: Vec<SamlKey>,
    update: Vec<SamlKey>,
    audit: Vec<AuditEvent>,
) -> Result<(), SamlKeyError> {
    let decided_by = stored.iter().map(|key| (key.id, key.state)).collect();
    let gone = stored.iter().filter(|key| key.published_until.is_some_and(|until| until <= now));
    let delete = gone.map(|key| key.id).collect();
    let done = store.execute(ChangeKeys { decided_by, insert, update, delete, audit }).await?;
    if done { Ok(()) } else { Err(SamlKeyError::Contended) }
}

async fn make(
    random: &Arc<dyn Random>,
    now: Timestamp,
    host: &str,
    purpose: SamlKeyPurpose,
    state: KeyState,
) -> Result<(SamlKey, AuditEvent), SamlKeyError> {
    let name = match purpose {
        SamlKeyPurpose::Messages => host.to_owned(),
        SamlKeyPurpose::Metadata => format!("{host} metadata"),
        SamlKeyPurpose::Encryption => format!("{host} encryption"),
    };
    // On a thread of its own: it takes up to a second, in which requests go on.
    let made = tokio::task::spawn_blocking(move || generate(&name, now)).await;
    let (private_der, certificate) = made.map_err(|_| SamlKeyError::Interrupted)??;
    let id = SigningKeyId::draw(random.as_ref(), now);
    let key = SamlKey { id, purpose, state, private_der, certificate, created_at: now, published_until: None };
    let event = note(AuditKind::SigningKeyMade, id, random.as_ref(), now);
    Ok((key, event))
}

/// An RSA key of 2048 bits and its self-signed certificate: PKCS#8 and X.509, both DER.
fn generate(name: &str, now: Timestamp) -> Result<(Vec<u8>, Vec<u8>), SamlKeyError> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // A day before: nobody's clock is further behind.
    let begin = day(now.minus(Duration::from_hours(24)));
    params.not_before = date_time_ymd(begin.0, begin.1, begin.2);
    params.not_after = date_time_ymd(begin.0 + YEARS, begin.1, begin.2);
    let certificate = params.self_signed(&key)?;
    Ok((key.serialize_der(), certificate.der().to_vec()))
}

/// Year, month and day (UTC); the 29th of a month is its 28th, which every year has.
fn day(at: Timestamp) -> (i32, u8, u8) {
    let date = chrono::DateTime::from_timestamp_millis(at.as_millis()).unwrap_or_default();
    let small = |number: u32| u8::try_from(number).unwrap_or(1);
    (date.year(), small(date.month()), small(date.day().min(28)))
}

fn note(kind: AuditKind, id: SigningKeyId, random: &dyn Random, now: Timestamp) -> AuditEvent {
    let detail = format!("SAML {id}");
    event_at(random, now, kind, About { detail: Some(&detail), ..About::default() })
}
