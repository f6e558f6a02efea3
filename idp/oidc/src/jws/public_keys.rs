//! Sets of public keys (RFC 7517), decoded once.

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RsaParameters,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{JwsAlgorithm, JwsError, strict_json};

/// The longest key set that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The most keys of a set that are read.
const MAX_KEYS: usize = 32;
/// RSA moduli from 2048 bits (RFC 7518 3.3) to 4096, beyond which a signature costs an attacker less than us.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Public keys by which signatures are checked.
#[derive(Debug, Clone, Default)]
pub struct PublicKeys {
    keys: Vec<PublicKey>,
}

#[derive(Debug, Clone)]
struct PublicKey {
    kid: Option<String>,
    algorithm: Option<JwsAlgorithm>,
    material: Material,
}

/// Decoded key material. Its type decides which algorithms it can serve (RFC 8725 3.1).
#[derive(Debug, Clone)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(ParsedPublicKey),
    P384(ParsedPublicKey),
    Ed25519(ParsedPublicKey),
}

impl PublicKeys {
    /// Reads a JWK Set. Keys of unknown kinds or for other uses are passed over (RFC 7517 5); a private or symmetric key
    /// makes the whole set unusable, since whoever can read it could sign.
    pub fn from_jwks_json(text: &str) -> Result<Self, JwsError> {
        if text.len() > MAX_BYTES {
            return Err(JwsError::BadKeys("it is too long"));
        }
        let set = strict_json::parse_object(text.as_bytes()).ok_or(JwsError::BadKeys("it is not a JSON object"))?;
        let Some(Value::Array(jwks)) = set.get("keys") else {
            return Err(JwsError::BadKeys("it has no array `keys`"));
        };
        Self::from_jwks(jwks.iter().filter_map(Value::as_object))
    }

    /// Reads the given keys; see [`from_jwks_json`](Self::from_jwks_json).
    pub fn from_jwks<'a>(jwks: impl Iterator<Item = &'a Map<String, Value>>) -> Result<Self, JwsError> {
        let mut keys = Vec::new();
        for jwk in jwks {
            if keys.len() == MAX_KEYS {
                return Err(JwsError::BadKeys("it has too many keys"));
            }
            if ["d", "k", "p", "q"].iter().any(|member| jwk.contains_key(*member)) {
                return Err(JwsError::BadKeys("it contains a private or symmetric key"));
            }
            keys.extend(PublicKey::from_jwk(jwk));
        }
        Ok(Self { keys })
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks a signature with the keys that fit. A token that names a key is checked with that key only.
    pub(super) fn check(
        &self,
        algorithm: JwsAlgorithm,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), JwsError> {
        let fits = |key: &&PublicKey| {
            kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
                && key.algorithm.is_none_or(|only| only == algorithm)
                && key.material.serves(algorithm)
        };
        let mut candidates = self.keys.iter().filter(fits).peekable();
        candidates.peek().ok_or(JwsError::UnknownKey)?;
        let right = candidates.any(|key| key.material.verifies(algorithm, message, signature));
        if right { Ok(()) } else { Err(JwsError::WrongSignature) }
    }
}

impl PublicKey {
    fn from_jwk(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        if let Some(Value::Array(operations)) = jwk.get("key_ops")
            && !operations.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let algorithm = match text("alg") {
            Some(name) => Some(JwsAlgorithm::from_name(name)?),
            None => None,
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                let (n, e) = (without_leading_zeros(&n).to_vec(), without_leading_zeros(&e).to_vec());
                if !RSA_MODULUS_BYTES.contains(&n.len()) || e.is_empty() || e.len() > 4 {
                    return None;
                }
                Material::Rsa { n, e }
            }
            ("EC", Some("P-256")) => {
                Material::P256(parse_point(&ECDSA_P256_SHA256_FIXED, 32, &bytes("x")?, &bytes("y")?)?)
            }
            ("EC", Some("P-384")) => {
                Material::P384(parse_point(&ECDSA_P384_SHA384_FIXED, 48, &bytes("x")?, &bytes("y")?)?)
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(ParsedPublicKey::new(&ED25519, bytes("x")?).ok()?),
            _ => return None,
        };
        Some(Self { kid: text("kid").map(str::to_owned), algorithm, material })
    }
}

fn parse_point(
    algorithm: &'static signature::EcdsaVerificationAlgorithm,
    size: usize,
    x: &[u8],
    y: &[u8],
) -> Option<ParsedPublicKey> {
    // RFC 7518 6.2.1.2: coordinates have the full size of the field.
    if x.len() != size || y.len() != size {
        return None;
    }
    let mut point = vec![4];
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    ParsedPublicKey::new(algorithm, point).ok()
}

impl Material {
    fn serves(&self, algorithm: JwsAlgorithm) -> bool {
        match self {
            Self::Rsa { .. } => rsa_parameters(algorithm).is_some(),
            Self::P256(_) => algorithm == JwsAlgorithm::Es256,
            Self::P384(_) => algorithm == JwsAlgorithm::Es384,
            Self::Ed25519(_) => algorithm == JwsAlgorithm::EdDsa,
        }
    }

    fn verifies(&self, algorithm: JwsAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => rsa_parameters(algorithm).is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }),
            Self::P256(key) | Self::P384(key) | Self::Ed25519(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

fn rsa_parameters(algorithm: JwsAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        JwsAlgorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        JwsAlgorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        JwsAlgorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        JwsAlgorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        JwsAlgorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        JwsAlgorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        JwsAlgorithm::Es256 | JwsAlgorithm::Es384 | JwsAlgorithm::EdDsa => None,
    }
}

/// A big-endian number in its shortest form.
pub(super) fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}
