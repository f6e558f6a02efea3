//! What stands in for the host's functions.

use std::cell::{Cell, RefCell};

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;

use crate::host::{CryptoError, Level, PublicKey, SigAlg};

/// A line that the plugin wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub level: Level,
    pub event: String,
    pub fields: Vec<(String, String)>,
}

thread_local! {
    static DRAWN: Cell<u64> = const { Cell::new(0) };
    static SCRIPT: RefCell<Option<(Vec<u8>, usize)>> = const { RefCell::new(None) };
    static LOG: RefCell<Vec<LogLine>> = const { RefCell::new(Vec::new()) };
}

/// What was logged on this thread since the last call.
pub fn take_log() -> Vec<LogLine> {
    LOG.take()
}

pub(crate) fn log(level: Level, event: &str, fields: Vec<(String, String)>) {
    LOG.with_borrow_mut(|lines| lines.push(LogLine { level, event: event.into(), fields }));
}

/// `SplitMix64`: distinct bytes in a fixed order. The limit is the host's.
pub(crate) fn random_bytes(len: u32) -> Vec<u8> {
    assert!(len <= 1_024, "the host lends 1,024 bytes at most; this call would trap");
    (0..len).map(|_| next_byte()).collect()
}

/// From here on random bytes are these, from the start again when they end; without any, 00 01 02 ... ff.
#[cfg(feature = "factor")]
pub(crate) fn begin_random(bytes: Vec<u8>) {
    let bytes = if bytes.is_empty() { (0..=u8::MAX).collect() } else { bytes };
    SCRIPT.set(Some((bytes, 0)));
}

fn next_byte() -> u8 {
    let scripted = SCRIPT.with_borrow_mut(|script| {
        let (bytes, at) = script.as_mut()?;
        let byte = bytes.get(*at).copied();
        *at = (*at + 1) % bytes.len().max(1);
        byte
    });
    scripted.unwrap_or_else(next_of_the_sequence)
}

fn next_of_the_sequence() -> u8 {
    let drawn = DRAWN.get() + 1;
    DRAWN.set(drawn);
    let mut mixed = drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)).to_be_bytes()[0]
}

/// ES256 over a `SubjectPublicKeyInfo`; the host knows more.
pub(crate) fn verify_signature(
    algorithm: &SigAlg,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    let (SigAlg::Es256, PublicKey::Spki(spki)) = (algorithm, key) else { return Err(CryptoError::Unsupported) };
    if [spki.as_slice(), message, signature].iter().any(|part| part.len() > 64 * 1_024) {
        return Err(CryptoError::TooLarge);
    }
    let key = VerifyingKey::from_public_key_der(spki).map_err(|_| CryptoError::Malformed)?;
    let Ok(signature) = Signature::from_der(signature) else { return Ok(false) };
    Ok(key.verify(message, &signature).is_ok())
}
