//! What an operator should know of metadata that is in force: as data, for the log and for `doctor`.

use std::time::Duration;

use keyholder_core::time::Timestamp;

use crate::certificate::Certificate;
use crate::service_provider::{LogoutBinding, SpMetadata};
use crate::verify::KeyError;

/// The least and the most time between two looks at the source.
const LEAST: u64 = 5 * 60;
const MOST: u64 = 24 * 60 * 60;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use {
    Signing,
    Encryption,
}

/// Something that will go wrong, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warning {
    /// The metadata stops to count then, and no sign-in works any more.
    MetadataEnds { at: Timestamp },
    /// The certificate says that it ends then. Nothing stops here: a certificate is a container of a key. Its owner
    /// probably means to replace it.
    CertificateEnds { used_for: Use, at: Timestamp },
    /// The key cannot be used at all.
    KeyNotUsable { used_for: Use, error: KeyError },
    /// It says that it signs its requests, and has no key that could verify one.
    NoSigningKey,
    /// It can neither be told of a logout nor ask for one.
    NoLogout,
}

/// The warnings about metadata in force, at a time, for what happens within `ahead`.
pub fn warnings(metadata: &SpMetadata, now: Timestamp, ahead: Duration) -> Vec<Warning> {
    let soon = now.plus(ahead);
    let mut warnings = Vec::new();
    warnings.extend(metadata.valid_until.filter(|at| *at <= soon).map(|at| Warning::MetadataEnds { at }));
    let signing = metadata.signing.iter().map(|certificate| (Use::Signing, certificate));
    let encryption = metadata.encryption.iter().map(|key| (Use::Encryption, &key.certificate));
    for (used_for, certificate) in signing.chain(encryption) {
        warnings.extend(of_key(used_for, certificate, soon));
    }
    if metadata.authn_requests_signed && metadata.signing_keys().is_empty() {
        warnings.push(Warning::NoSigningKey);
    }
    if LogoutBinding::ALL.into_iter().all(|binding| metadata.single_logout_service(binding).is_none()) {
        warnings.push(Warning::NoLogout);
    }
    warnings
}

fn of_key(used_for: Use, certificate: &Certificate, soon: Timestamp) -> Option<Warning> {
    let usable = match used_for {
        Use::Signing => certificate.public_key().map(drop),
        Use::Encryption => crate::encryption::EncryptionKey::from_certificate(certificate.as_der()).map(drop),
    };
    if let Err(error) = usable {
        return Some(Warning::KeyNotUsable { used_for, error });
    }
    certificate.expires_at().filter(|at| *at <= soon).map(|at| Warning::CertificateEnds { used_for, at })
}

/// When the source is looked at again: after `cacheDuration`, and in any case when half of what was left of the
/// validity has passed, so that one failure is not the end. Between five minutes and a day.
pub fn next_refresh(metadata: &SpMetadata, fetched_at: Timestamp) -> Timestamp {
    let half = metadata.valid_until.map(|end| end.since(fetched_at).as_secs() / 2);
    let wait = [metadata.cache_seconds, half].into_iter().flatten().min().unwrap_or(MOST);
    fetched_at.plus(Duration::from_secs(wait.clamp(LEAST, MOST)))
}
