//! Private keys, and the writer of compact tokens.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::SigningAlgorithm;
use openidconnect::core::{CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey, SigningError};
use serde::Serialize;
use serde_json::json;

use super::JwsError;

/// A private key with its id, decoded once: decoding an RSA key costs more than a signature.
pub struct PrivateKey {
    kid: String,
    pair: Pair,
    public_jwk: serde_json::Value,
    verification_key: CoreJsonWebKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Makes a new key (RSA with 2048 bits, P-256 or Ed25519) and its PKCS#8 form, to be sealed and stored. The library
    /// draws from its own generator; it takes no other.
    pub fn generate(algorithm: SigningAlgorithm, kid: String) -> Result<(Self, Vec<u8>), JwsError> {
        let random = SystemRandom::new();
        let der = match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| JwsError::BadPrivateKey)?;
                pair.as_der().map_err(|_| JwsError::BadPrivateKey)?.as_ref().to_vec()
            }
            SigningAlgorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map_err(|_| JwsError::BadPrivateKey)?
                .as_ref()
                .to_vec(),
            SigningAlgorithm::EdDsa => {
                Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| JwsError::BadPrivateKey)?.as_ref().to_vec()
            }
        };
        Ok((Self::from_pkcs8(algorithm, kid, &der)?, der))
    }

    /// Reads a key in PKCS#8 form (RFC 5958).
    pub fn from_pkcs8(algorithm: SigningAlgorithm, kid: String, der: &[u8]) -> Result<Self, JwsError> {
        let id = || Some(JsonWebKeyId::new(kid.clone()));
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (pair, public_jwk, verification_key) = match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| JwsError::BadPrivateKey)?;
                let (n, e) = rsa_components(pair.public_key().as_ref()).ok_or(JwsError::BadPrivateKey)?;
                let jwk = json!({"kty": "RSA", "n": encode(n), "e": encode(e)});
                let key = CoreJsonWebKey::new_rsa(n.to_vec(), e.to_vec(), id());
                (Pair::Rsa(pair), jwk, key)
            }
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                    .map_err(|_| JwsError::BadPrivateKey)?;
                // SEC 1 2.3.3: 0x04, then both coordinates of 32 bytes.
                let point = pair.public_key().as_ref();
                let (x, y) = point.split_at_checked(33).ok_or(JwsError::BadPrivateKey)?;
                let x = x.get(1..).ok_or(JwsError::BadPrivateKey)?;
                let jwk = json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
                let key = CoreJsonWebKey::new_ec(x.to_vec(), y.to_vec(), CoreJsonCurveType::P256, id());
                (Pair::P256(pair), jwk, key)
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| JwsError::BadPrivateKey)?;
                let x = pair.public_key().as_ref();
                let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(x)});
                let key = CoreJsonWebKey::new_okp(x.to_vec(), CoreJsonCurveType::Ed25519, id());
                (Pair::Ed25519(pair), jwk, key)
            }
        };
        let mut public_jwk = public_jwk;
        if let Some(members) = public_jwk.as_object_mut() {
            members.insert("use".into(), "sig".into());
            members.insert("alg".into(), algorithm.name().into());
            members.insert("kid".into(), kid.as_str().into());
        }
        Ok(Self { kid, pair, public_jwk, verification_key })
    }

    /// The public half (RFC 7517 4), with `use`, `alg` and `kid`.
    pub fn public_jwk(&self) -> serde_json::Value {
        self.public_jwk.clone()
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What the key signs with. Never anything else (RFC 8725 3.1).
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.pair {
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::P256(_) => SigningAlgorithm::Es256,
            Pair::Ed25519(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// The public half and the algorithm in the types of `openidconnect`.
    pub(crate) fn verification_key(&self) -> (&CoreJsonWebKey, CoreJwsSigningAlgorithm) {
        let algorithm = match self.pair {
            Pair::Rsa(_) => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            Pair::P256(_) => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            Pair::Ed25519(_) => CoreJwsSigningAlgorithm::EdDsa,
        };
        (&self.verification_key, algorithm)
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, JwsError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| JwsError::BadPrivateKey)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&random, message).map_err(|_| JwsError::BadPrivateKey)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(|_| JwsError::BadPrivateKey)?.as_ref().to_vec()),
        }
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PrivateKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl PrivateSigningKey for PrivateKey {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, algorithm: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if self.verification_key().1 != *algorithm {
            return Err(SigningError::UnsupportedAlg("the key signs with another algorithm".into()));
        }
        self.sign_bytes(message).map_err(|_| SigningError::CryptoError)
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        self.verification_key.clone()
    }
}

/// Writes a compact token (RFC 7515 3.1). `typ` tells kinds of tokens apart (RFC 8725 3.11).
pub fn sign(key: &PrivateKey, typ: &str, claims: &impl Serialize) -> Result<String, JwsError> {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'a str,
        kid: &'a str,
        typ: &'a str,
    }
    let header = Header { alg: key.algorithm().name(), kid: &key.kid, typ };
    let header = serde_json::to_vec(&header).map_err(JwsError::Unserialisable)?;
    let claims = serde_json::to_vec(claims).map_err(JwsError::Unserialisable)?;
    let mut token = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 352);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign_bytes(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 A.1.1), without leading zeros.
fn rsa_components(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, []) = der_value(0x30, der)? else { return None };
    let (n, rest) = der_value(0x02, sequence)?;
    let (e, []) = der_value(0x02, rest)? else { return None };
    Some((super::public_keys::without_leading_zeros(n), super::public_keys::without_leading_zeros(e)))
}

/// The content of a DER value with that tag (X.690 8.1), and what follows it.
fn der_value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
