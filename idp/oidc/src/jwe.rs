//! Encryption for clients that ask for it (RFC 7516, RFC 7518 4 and 5, RFC 8037 3.2): signed tokens inside encrypted ones
//! (RFC 7519 5.2).
//!
//! Owns the choice of the client's key and the compact form. Does not decrypt: the provider reads no encrypted token.
//! Small on purpose, over aws-lc: the crates that do this bring `OpenSSL` or the `rsa` crate.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::cipher::{self, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
    PublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{ContentEncryption, KeyManagement, ResponseEncryption};
use keyholder_core::random::{Random, draw_bytes};
use serde_json::{Map, Value, json};

/// The most keys of a set that are looked at.
const MAX_KEYS: usize = 32;
/// As for signatures: RSA moduli from 2048 bits (RFC 7518 4.3) to 4096.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Why nothing was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    #[error("the client's key set has no key for the encryption that it asks for")]
    NoKey,
    #[error("the client's key cannot be used")]
    BadKey,
}

/// A client's key and what is done with it.
#[derive(Debug, Clone)]
pub struct Recipient {
    encryption: ResponseEncryption,
    kid: Option<String>,
    key: Key,
}

#[derive(Debug, Clone)]
enum Key {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Curve { curve: Curve, public: Vec<u8> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    X25519,
}

impl Recipient {
    /// Chooses among a client's keys: of the right kind, not for signatures, one that says `use: enc` first.
    pub fn choose(jwks: &str, encryption: ResponseEncryption) -> Result<Self, JweError> {
        let set: Value = serde_json::from_str(jwks).map_err(|_| JweError::NoKey)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(JweError::NoKey)?;
        let mut fitting: Vec<&Map<String, Value>> =
            keys.iter().take(MAX_KEYS).filter_map(Value::as_object).filter(|jwk| serves(jwk, encryption.alg)).collect();
        fitting.sort_by_key(|jwk| jwk.get("use").is_none());
        fitting
            .into_iter()
            .find_map(|jwk| {
                let kid = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
                Some(Self { encryption, kid, key: Key::from_jwk(jwk)? })
            })
            .ok_or(JweError::NoKey)
    }

    /// Encrypts a signed token (RFC 7519 5.2: `cty` is then `JWT`).
    pub fn encrypt(&self, signed: &str, random: &dyn Random) -> Result<String, JweError> {
        let ResponseEncryption { alg, enc } = self.encryption;
        let mut header = json!({ "alg": alg.name(), "enc": enc.name(), "cty": "JWT" });
        if let (Some(kid), Some(members)) = (&self.kid, header.as_object_mut()) {
            members.insert("kid".to_owned(), kid.as_str().into());
        }
        let (content_key, encrypted_key) = match &self.key {
            Key::Rsa { n, e } => {
                let content_key = draw_key(enc, random);
                let encrypted = oaep(alg, n, e, &content_key)?;
                (content_key, encrypted)
            }
            Key::Curve { curve, public } => {
                let (epk, agreed) = curve.agree(public, alg, enc)?;
                if let Some(members) = header.as_object_mut() {
                    members.insert("epk".to_owned(), epk);
                }
                if alg == KeyManagement::EcdhEs {
                    // RFC 7518 4.6: the agreed key is the content's; nothing is sent in its place.
                    (agreed, Vec::new())
                } else {
                    let content_key = draw_key(enc, random);
                    let wrapped = wrap(&agreed, &content_key)?;
                    (content_key, wrapped)
                }
            }
        };
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let sealed = seal(enc, &content_key, header.as_bytes(), signed.as_bytes(), random)?;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // RFC 7516 7.1
        Ok([header, encode(&encrypted_key), encode(&sealed.iv), encode(&sealed.ciphertext), encode(&sealed.tag)]
            .join("."))
    }
}

fn serves(jwk: &Map<String, Value>, alg: KeyManagement) -> bool {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let operations = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => {
            let encrypts = ["encrypt", "wrapKey", "deriveKey", "deriveBits"];
            operations.iter().filter_map(Value::as_str).any(|operation| encrypts.contains(&operation))
        }
        Some(_) => false,
    };
    let kind = match alg {
        KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => text("kty") == Some("RSA"),
        KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => matches!(text("kty"), Some("EC" | "OKP")),
    };
    // RFC 7517 4.2, 4.4. A key for signatures is never encrypted to.
    kind && operations
        && text("use").is_none_or(|usage| usage == "enc")
        && text("alg").is_none_or(|only| only == alg.name())
}

impl Key {
    fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let point = |curve: Curve, size: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            // RFC 7518 6.2.1.2: coordinates have the full size of the field. aws-lc checks that the point is on the curve.
            (x.len() == size && y.len() == size)
                .then(|| Self::Curve { curve, public: [&[4], x.as_slice(), y.as_slice()].concat() })
        };
        match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                let fits = RSA_MODULUS_BYTES.contains(&n.len()) && (1..=4).contains(&e.len());
                fits.then_some(Self::Rsa { n, e })
            }
            ("EC", Some("P-256")) => point(Curve::P256, 32),
            ("EC", Some("P-384")) => point(Curve::P384, 48),
            ("OKP", Some("X25519")) => {
                bytes("x").filter(|x| x.len() == 32).map(|public| Self::Curve { curve: Curve::X25519, public })
            }
            _ => None,
        }
    }
}

impl Curve {
    /// A fresh key of ours and the key that both sides derive from it (RFC 7518 4.6).
    fn agree(self, public: &[u8], alg: KeyManagement, enc: ContentEncryption) -> Result<(Value, Vec<u8>), JweError> {
        let algorithm = match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::X25519 => &X25519,
        };
        let ours = EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).map_err(|_| JweError::BadKey)?;
        let shown = ours.compute_public_key().map_err(|_| JweError::BadKey)?;
        let epk = self.jwk(shown.as_ref()).ok_or(JweError::BadKey)?;
        // RFC 7518 4.6.2: the algorithm and length are the content's where the key is used directly, else the wrapping's.
        let (name, bytes) = match alg {
            KeyManagement::EcdhEs => (enc.name(), key_bytes(enc)),
            _ => (alg.name(), 32),
        };
        let agreed = agree_ephemeral(ours, UnparsedPublicKey::new(algorithm, public), JweError::BadKey, |secret| {
            concat_kdf(secret, name, &[], &[], bytes)
        })?;
        Ok((epk, agreed))
    }

    fn jwk(self, public: &[u8]) -> Option<Value> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (name, size) = match self {
            Self::X25519 => return Some(json!({ "kty": "OKP", "crv": "X25519", "x": encode(public) })),
            Self::P256 => ("P-256", 32),
            Self::P384 => ("P-384", 48),
        };
        let (x, y) = public.strip_prefix(&[4])?.split_at_checked(size)?;
        Some(json!({ "kty": "EC", "crv": name, "x": encode(x), "y": encode(y) }))
    }
}

/// One round of the Concat KDF (NIST SP 800-56A 5.8.1 as RFC 7518 4.6.2 uses it), which gives up to 32 bytes.
fn concat_kdf(secret: &[u8], algorithm: &str, apu: &[u8], apv: &[u8], bytes: usize) -> Result<Vec<u8>, JweError> {
    let mut hash = digest::Context::new(&SHA256);
    hash.update(&1_u32.to_be_bytes());
    hash.update(secret);
    for part in [algorithm.as_bytes(), apu, apv] {
        hash.update(&u32::try_from(part.len()).map_err(|_| JweError::BadKey)?.to_be_bytes());
        hash.update(part);
    }
    hash.update(&u32::try_from(bytes * 8).map_err(|_| JweError::BadKey)?.to_be_bytes());
    hash.finish().as_ref().get(..bytes).map(<[u8]>::to_vec).ok_or(JweError::BadKey)
}

fn oaep(alg: KeyManagement, n: &[u8], e: &[u8], content_key: &[u8]) -> Result<Vec<u8>, JweError> {
    let algorithm: &'static OaepAlgorithm = match alg {
        KeyManagement::RsaOaep256 => &OAEP_SHA256_MGF1SHA256,
        // SHA-1 inside OAEP is not what makes SHA-1 weak elsewhere (RFC 8017 B.1).
        _ => &OAEP_SHA1_MGF1SHA1,
    };
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().map_err(|_| JweError::BadKey)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| JweError::BadKey)?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let length = key.encrypt(algorithm, content_key, &mut encrypted, None).map_err(|_| JweError::BadKey)?.len();
    encrypted.truncate(length);
    Ok(encrypted)
}

/// AES Key Wrap (RFC 3394).
fn wrap(key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, JweError> {
    let key = AesKek::new(&AES_256, key).map_err(|_| JweError::BadKey)?;
    let mut wrapped = vec![0; content_key.len() + 8];
    let length = key.wrap(content_key, &mut wrapped).map_err(|_| JweError::BadKey)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

fn key_bytes(enc: ContentEncryption) -> usize {
    match enc {
        ContentEncryption::A128Gcm => 16,
        ContentEncryption::A128CbcHs256 | ContentEncryption::A256Gcm => 32,
    }
}

fn draw_key(enc: ContentEncryption, random: &dyn Random) -> Vec<u8> {
    let mut key = vec![0; key_bytes(enc)];
    random.fill(&mut key);
    key
}

#[derive(Debug)]
struct Sealed {
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

fn seal(enc: ContentEncryption, key: &[u8], aad: &[u8], plain: &[u8], random: &dyn Random) -> Result<Sealed, JweError> {
    match enc {
        ContentEncryption::A128Gcm => gcm(UnboundKey::new(&AES_128_GCM, key), draw_bytes(random), aad, plain),
        ContentEncryption::A256Gcm => gcm(UnboundKey::new(&AES_256_GCM, key), draw_bytes(random), aad, plain),
        ContentEncryption::A128CbcHs256 => cbc_hmac(key, draw_bytes(random), aad, plain),
    }
}

/// RFC 7518 5.3. The key is used once, so that its nonce is too.
fn gcm(
    key: Result<UnboundKey, aws_lc_rs::error::Unspecified>,
    iv: [u8; 12],
    aad: &[u8],
    plain: &[u8],
) -> Result<Sealed, JweError> {
    let key = LessSafeKey::new(key.map_err(|_| JweError::BadKey)?);
    let mut ciphertext = plain.to_vec();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(aad), &mut ciphertext)
        .map_err(|_| JweError::BadKey)?;
    Ok(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
}

/// RFC 7518 5.2.2.1: encrypt, then authenticate.
fn cbc_hmac(key: &[u8], iv: [u8; 16], aad: &[u8], plain: &[u8]) -> Result<Sealed, JweError> {
    let (mac_key, enc_key) = key.split_at_checked(16).ok_or(JweError::BadKey)?;
    let cipher = UnboundCipherKey::new(&cipher::AES_128, enc_key)
        .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
        .map_err(|_| JweError::BadKey)?;
    let mut ciphertext = plain.to_vec();
    cipher
        .less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(FixedLength::from(iv)))
        .map_err(|_| JweError::BadKey)?;
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, mac_key));
    let aad_bits = u64::try_from(aad.len()).map_err(|_| JweError::BadKey)? * 8;
    for part in [aad, &iv, &ciphertext, &aad_bits.to_be_bytes()] {
        mac.update(part);
    }
    let tag = mac.sign().as_ref().iter().take(16).copied().collect();
    Ok(Sealed { iv: iv.to_vec(), ciphertext, tag })
}

#[cfg(test)]
mod tests;
