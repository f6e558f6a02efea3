//! Identifiers that were encrypted for us (SAML Core 2.2.4; XML Encryption 1.1).
//!
//! Owns which shapes and algorithms are read: one `NameID` under AES in Galois/counter mode, whose key travels under RSA-OAEP, in the `KeyInfo`
//! of the `EncryptedData` or beside it. Does not own whether the message counts: whoever calls has verified its signature, which covers
//! the `EncryptedID`, **before** it asks here, and nothing that comes out is signed by itself.
//!
//! *The threat*: whoever holds an `EncryptedID` that was sent to us tries to read it by sending variants of it and looking at the answers
//! (Manger's attack on RSA-OAEP, Bleichenbacher's on PKCS #1 v1.5, padding oracles on CBC). *The defence*: only a registered service provider gets an
//! answer, under its signature; RSA with PKCS #1 v1.5 and CBC are not read at all; a key that does not unwrap, a tag that is wrong and a text
//! that is no `NameID` lead to one status, that of a name which nobody has; and how often a private key is used for one message is bounded.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use zeroize::Zeroizing;

use super::EncryptionKey;
use crate::base64::decode_lenient;
use crate::gate::{Comments, Limits, read_signed};
use crate::messages::NameId;
use crate::messages::read::{at_most_one, exactly_one};
use crate::names::{
    AES128_GCM, AES256_GCM, ASSERTION, DSIG, MGF1_SHA1, MGF1_SHA256, RSA_OAEP, RSA_OAEP_MGF1P, SHA1, SHA256, XENC,
    XENC_ELEMENT, XENC11,
};
use crate::verify::KeyError;
use crate::xml::Element;

/// How many `EncryptedKey`s are looked at: one for each of a few recipients.
const MOST_ENCRYPTED_KEYS: usize = 4;
/// How often private keys are used for one message.
const MOST_TRIES: usize = 8;
/// Smallest modulus in bits.
const SMALLEST_RSA: usize = 2048;

/// What an identifier may be: an element with a few attributes.
const PLAIN: Limits =
    Limits { bytes: 8 * 1024, events: 32, depth: 2, attributes: 12, namespaces: 12, comments: Comments::Refused };

/// Why an `EncryptedID` is not read. For the log and the trace: the sender gets one status for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecryptError {
    /// Parts are missing, there twice, or too many.
    #[error("it has another shape than XML Encryption gives it")]
    Shape,
    /// RSA with PKCS #1 v1.5, CBC, a digest or a label that is not read, or something unknown.
    #[error("it is not encrypted by AES-GCM and RSA-OAEP as our metadata asks")]
    Algorithm,
    /// Encrypted for somebody else or for a key that is gone, or altered: nobody can tell which.
    #[error("no key of ours opens it, or it was altered")]
    Closed,
    /// It opened.
    #[error("what was encrypted is not one NameID")]
    Content,
}

/// A private key of ours with which others' `EncryptedID`s are opened, decoded once.
#[derive(Clone)]
pub struct DecryptionKey(Arc<OaepPrivateDecryptingKey>);

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DecryptionKey").field("bits", &self.0.key_size_bits()).finish_non_exhaustive()
    }
}

impl DecryptionKey {
    /// From a private key in PKCS #8 and the certificate in our metadata, both DER. What is encrypted by the certificate was opened once
    /// when this succeeds.
    pub fn from_pkcs8(key: &[u8], certificate: &[u8]) -> Result<Self, KeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(key).map_err(|_| KeyError::Malformed)?;
        if key.key_size_bits() < SMALLEST_RSA {
            return Err(KeyError::Size);
        }
        let key = Self(Arc::new(OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::Unsupported)?));
        let probe = b"a key for a message";
        let wrapped = EncryptionKey::from_certificate(certificate)?.wrap(probe).map_err(|_| KeyError::Unsupported)?;
        match key.unwrap(&OAEP_SHA1_MGF1SHA1, &wrapped) {
            Some(opened) if opened.as_slice() == probe => Ok(key),
            _ => Err(KeyError::Pair),
        }
    }

    /// RSA-OAEP (RFC 8017 7.1.2), whose failures the library does not tell apart.
    fn unwrap(&self, algorithm: &'static OaepAlgorithm, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if wrapped.len() != self.0.key_size_bytes() {
            return None;
        }
        let mut room = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let opened = self.0.decrypt(algorithm, wrapped, &mut room, None).ok()?;
        Some(Zeroizing::new(opened.to_vec()))
    }
}

/// Opens an `EncryptedID` with any of our keys.
///
/// The signature of the message must have been verified. Uses private keys: call it off the async workers.
pub fn decrypt_name_id(encrypted_id: &Element, keys: &[DecryptionKey]) -> Result<NameId, DecryptError> {
    let shape = |_| DecryptError::Shape;
    if !encrypted_id.is(ASSERTION, "EncryptedID") {
        return Err(DecryptError::Shape);
    }
    let data = exactly_one(encrypted_id, XENC, "EncryptedData").map_err(shape)?;
    // XML Encryption 3.1: optional, and "Content" would be a piece of an element.
    if data.attribute("Type").is_some_and(|kind| kind != XENC_ELEMENT) {
        return Err(DecryptError::Shape);
    }
    let method = exactly_one(data, XENC, "EncryptionMethod").map_err(shape)?;
    let cipher: &'static Algorithm = match method.attribute("Algorithm") {
        Some(AES256_GCM) => &AES_256_GCM,
        Some(AES128_GCM) => &AES_128_GCM,
        _ => return Err(DecryptError::Algorithm),
    };
    let inside = at_most_one(data, DSIG, "KeyInfo").map_err(shape)?;
    let inside = inside.into_iter().flat_map(|info| info.all(XENC, "EncryptedKey"));
    let encrypted_keys: Vec<&Element> = inside.chain(encrypted_id.all(XENC, "EncryptedKey")).collect();
    if encrypted_keys.is_empty() || encrypted_keys.len() > MOST_ENCRYPTED_KEYS {
        return Err(DecryptError::Shape);
    }
    let content = cipher_value(data)?;
    let mut wrapped = Vec::new();
    for key in encrypted_keys {
        if let Some(transport) = transport(key)? {
            wrapped.push((transport, cipher_value(key)?));
        }
    }
    if wrapped.is_empty() {
        return Err(DecryptError::Algorithm);
    }
    let tries = wrapped.iter().flat_map(|wrapped| keys.iter().map(move |key| (key, wrapped)));
    let plain = tries.take(MOST_TRIES).find_map(|(key, (transport, wrapped))| {
        open(cipher, key.unwrap(transport, wrapped)?.as_slice(), content.clone())
    });
    read(&plain.ok_or(DecryptError::Closed)?, encrypted_id).ok_or(DecryptError::Content)
}

/// The octets of `CipherData`; a `CipherReference` would have us fetch them.
fn cipher_value(parent: &Element) -> Result<Vec<u8>, DecryptError> {
    let value = exactly_one(parent, XENC, "CipherData").and_then(|data| exactly_one(data, XENC, "CipherValue"));
    let value = value.map_err(|_| DecryptError::Shape)?;
    decode_lenient(&value.own_text()).ok_or(DecryptError::Shape)
}

/// RSA-OAEP as it is asked for (XML Encryption 1.1, 5.5.2); `None` for what is not read.
fn transport(encrypted_key: &Element) -> Result<Option<&'static OaepAlgorithm>, DecryptError> {
    let shape = |_| DecryptError::Shape;
    let method = exactly_one(encrypted_key, XENC, "EncryptionMethod").map_err(shape)?;
    let algorithm_of = |found: Option<&Element>, default: &'static str| {
        found.map_or(default.to_owned(), |found| found.attribute("Algorithm").unwrap_or_default().to_owned())
    };
    let digest = algorithm_of(at_most_one(method, DSIG, "DigestMethod").map_err(shape)?, SHA1);
    let mask = algorithm_of(at_most_one(method, XENC11, "MGF").map_err(shape)?, MGF1_SHA1);
    if method.find(XENC, "OAEPparams").is_some_and(|label| !label.is_empty()) {
        return Ok(None);
    }
    Ok(match (method.attribute("Algorithm"), digest.as_str(), mask.as_str()) {
        (Some(RSA_OAEP_MGF1P | RSA_OAEP), SHA1, MGF1_SHA1) => Some(&OAEP_SHA1_MGF1SHA1),
        (Some(RSA_OAEP), SHA256, MGF1_SHA256) => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    })
}

/// Initialisation vector, cipher text and tag (XML Encryption 1.1, 5.2.4).
fn open(cipher: &'static Algorithm, key: &[u8], mut octets: Vec<u8>) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(cipher, key).ok()?);
    let (nonce, sealed) = octets.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    Some(key.open_in_place(nonce, Aad::empty(), sealed).ok()?.to_vec())
}

/// One `NameID` and nothing else, under the rules of every document.
///
/// XML Encryption 4.2 puts the text where the `EncryptedData` stood, with the namespaces of that place. Some software relies on it; the one
/// that an identifier needs is the one that the `EncryptedID` has itself.
fn read(plain: &[u8], encrypted_id: &Element) -> Option<NameId> {
    let name = read_signed(plain, &PLAIN).ok().or_else(|| read_in_place(plain, encrypted_id))?;
    if name.is(ASSERTION, "NameID") { NameId::read(&name).ok() } else { None }
}

fn read_in_place(plain: &[u8], encrypted_id: &Element) -> Option<Element> {
    let prefix = encrypted_id.name().prefix();
    let declaration = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
    let around = [format!("<around {declaration}=\"{ASSERTION}\">").as_bytes(), plain, b"</around>"].concat();
    let around = read_signed(&around, &Limits { depth: PLAIN.depth + 1, ..PLAIN }).ok()?;
    if around.texts().any(|text| !text.trim_ascii().is_empty()) {
        return None;
    }
    let mut inside = around.elements();
    match (inside.next(), inside.next()) {
        (Some(name), None) => Some(name.clone()),
        _ => None,
    }
}
