//! Signature checks for plugins (`keyholder:host/crypto`).
//!
//! Owns the reading of keys: `SubjectPublicKeyInfo` (RFC 5280 4.1) and `COSE_Key` (RFC 9052 7, RFC 9053 7, RFC 8230 4). The arithmetic
//! is that of aws-lc. A key whose kind does not fit the algorithm is unsupported, never verified.

use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    VerificationAlgorithm,
};
use ciborium::Value;

use super::factor_world::keyholder::host::crypto::{CryptoError, PublicKey, SigAlg};

/// Of key, message and signature each.
const LARGEST: usize = 64 << 10;

/// Labels and values of `COSE_Key` (RFC 9052 table 4; RFC 9053 tables 17 to 20; RFC 8230 table 4).
const KTY: i64 = 1;
const ALG: i64 = 3;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const KTY_OKP: i64 = 1;
const KTY_EC2: i64 = 2;
const KTY_RSA: i64 = 3;
const CRV_P256: i64 = 1;
const CRV_P384: i64 = 2;
const CRV_ED25519: i64 = 6;
/// RSA: modulus and exponent.
const N: i64 = -1;
const E: i64 = -2;

pub(super) fn verify(alg: &SigAlg, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
    let (PublicKey::Spki(bytes) | PublicKey::Cose(bytes)) = key;
    if [bytes.as_slice(), message, signature].iter().any(|part| part.len() > LARGEST) {
        return Err(CryptoError::TooLarge);
    }
    let algorithm: &'static dyn VerificationAlgorithm = match alg {
        SigAlg::Es256 => &ECDSA_P256_SHA256_ASN1,
        SigAlg::Es384 => &ECDSA_P384_SHA384_ASN1,
        SigAlg::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        SigAlg::Ed25519 => &ED25519,
        SigAlg::Other(_) => return Err(CryptoError::Unsupported),
    };
    match key {
        PublicKey::Spki(spki) => {
            check_spki(alg, spki)?;
            verified(algorithm, spki, message, signature)
        }
        PublicKey::Cose(cose) => match read_cose(alg, cose)? {
            Cose::Point(point) => verified(algorithm, &point, message, signature),
            Cose::Rsa { n, e } => {
                let key = RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
                Ok(key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok())
            }
        },
    }
}

fn verified(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    // Parsed first, so that a key that cannot be read is not told as a wrong signature.
    let key = signature::ParsedPublicKey::new(algorithm, key).map_err(|_| CryptoError::Malformed)?;
    Ok(key.verify_sig(message, signature).is_ok())
}

/// That the bytes are SPKI of the algorithm's kind: aws-lc reads raw points too, which the contract does not name.
fn check_spki(alg: &SigAlg, spki: &[u8]) -> Result<(), CryptoError> {
    // The algorithm identifiers (RFC 5480 2.1.1, RFC 8017 A.1, RFC 8410 3), which stand within the first bytes.
    const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
    const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    const EDWARDS: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
    let wanted = match alg {
        SigAlg::Es256 => P256,
        SigAlg::Es384 => P384,
        SigAlg::Rs256 => RSA,
        SigAlg::Ed25519 => EDWARDS,
        SigAlg::Other(_) => return Err(CryptoError::Unsupported),
    };
    if spki.first() != Some(&0x30) {
        return Err(CryptoError::Malformed);
    }
    let head = spki.get(..spki.len().min(32)).unwrap_or_default();
    if head.windows(wanted.len()).any(|part| part == wanted) { Ok(()) } else { Err(CryptoError::Unsupported) }
}

enum Cose {
    Point(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

fn read_cose(alg: &SigAlg, bytes: &[u8]) -> Result<Cose, CryptoError> {
    let mut rest = bytes;
    // A map of numbers and strings is two levels deep.
    let value: Value =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, 4).map_err(|_| CryptoError::Malformed)?;
    let Value::Map(map) = value else { return Err(CryptoError::Malformed) };
    if !rest.is_empty() {
        return Err(CryptoError::Malformed);
    }
    let find = |label: i64| map.iter().find(|(key, _)| key.as_integer() == Some(label.into())).map(|(_, value)| value);
    let number = |label: i64| find(label).and_then(Value::as_integer).and_then(|number| i64::try_from(number).ok());
    let string = |label: i64| find(label).and_then(Value::as_bytes).ok_or(CryptoError::Malformed);
    let kind = number(KTY).ok_or(CryptoError::Malformed)?;
    // RFC 9053 2, RFC 8812 2; -19 and -9 are the fully specified ones of RFC 9864.
    let (wanted, curve, size, algorithms): (i64, i64, usize, &[i64]) = match alg {
        SigAlg::Es256 => (KTY_EC2, CRV_P256, 32, &[-7, -9]),
        SigAlg::Es384 => (KTY_EC2, CRV_P384, 48, &[-35, -51]),
        SigAlg::Rs256 => (KTY_RSA, 0, 0, &[-257]),
        SigAlg::Ed25519 => (KTY_OKP, CRV_ED25519, 32, &[-8, -19]),
        SigAlg::Other(_) => return Err(CryptoError::Unsupported),
    };
    // A key that names its algorithm is for that one alone (RFC 9052 7.1).
    if kind != wanted || number(ALG).is_some_and(|named| !algorithms.contains(&named)) {
        return Err(CryptoError::Unsupported);
    }
    if kind == KTY_RSA {
        return Ok(Cose::Rsa { n: string(N)?.clone(), e: string(E)?.clone() });
    }
    if number(CRV) != Some(curve) {
        return Err(CryptoError::Unsupported);
    }
    let x = string(X)?;
    if x.len() != size {
        return Err(CryptoError::Malformed);
    }
    if kind == KTY_OKP {
        return Ok(Cose::Point(x.clone()));
    }
    let y = string(Y)?;
    if y.len() != size {
        return Err(CryptoError::Malformed);
    }
    Ok(Cose::Point([&[0x04], x.as_slice(), y.as_slice()].concat()))
}

#[cfg(test)]
mod tests;
