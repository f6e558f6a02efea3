//! Public keys of service providers.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};
use x509_parser::public_key::PublicKey as Parsed;

use crate::algorithm::SignatureAlgorithm;

/// Smallest RSA modulus in bits.
const SMALLEST_RSA: usize = 2048;
const LARGEST_RSA: usize = 8192;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyError {
    #[error("not a certificate or public key in DER")]
    Malformed,
    #[error("neither RSA nor ECDSA over P-256, P-384 or P-521")]
    Unsupported,
    #[error("an RSA key of less than 2048 bits, or more than 8192")]
    Size,
    /// A pair of ours.
    #[error("the private key and the certificate do not belong together")]
    Pair,
}

/// A key with which a service provider signs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    kind: Kind,
    /// `subjectPublicKey` of the key's `SubjectPublicKeyInfo`.
    bits: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
}

impl PublicKey {
    /// Of a certificate in DER. Its dates, names and issuer mean nothing in SAML metadata (Metadata Interoperability Profile 2.6.1).
    pub fn from_certificate(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| KeyError::Malformed)?;
        if !rest.is_empty() {
            return Err(KeyError::Malformed);
        }
        Self::from_info(certificate.public_key())
    }

    /// Of a `SubjectPublicKeyInfo` in DER (RFC 5280 4.1).
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| KeyError::Malformed)?;
        if rest.is_empty() { Self::from_info(&info) } else { Err(KeyError::Malformed) }
    }

    fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, KeyError> {
        let kind = match info.parsed().map_err(|_| KeyError::Malformed)? {
            Parsed::RSA(key) => {
                let mut modulus = key.modulus.iter().skip_while(|byte| **byte == 0).peekable();
                let unused = modulus.peek().map_or(0, |first| first.leading_zeros() as usize);
                if !(SMALLEST_RSA..=LARGEST_RSA).contains(&(modulus.count() * 8 - unused)) {
                    return Err(KeyError::Size);
                }
                Kind::Rsa
            }
            Parsed::EC(_) => {
                let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
                match curve.map(|curve| curve.to_id_string()).as_deref() {
                    Some("1.2.840.10045.3.1.7") => Kind::P256,
                    Some("1.3.132.0.34") => Kind::P384,
                    Some("1.3.132.0.35") => Kind::P521,
                    _ => return Err(KeyError::Unsupported),
                }
            }
            _ => return Err(KeyError::Unsupported),
        };
        Ok(Self { kind, bits: info.subject_public_key.data.to_vec() })
    }

    /// Whether it can also encrypt.
    pub(crate) fn is_rsa(&self) -> bool {
        self.kind == Kind::Rsa
    }

    /// The key's bits, as the certificate has them.
    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    pub(crate) fn verifies(&self, algorithm: SignatureAlgorithm, octets: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, algorithm) {
            (Kind::Rsa, SignatureAlgorithm::RsaSha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Kind::Rsa, SignatureAlgorithm::RsaSha384) => &RSA_PKCS1_2048_8192_SHA384,
            (Kind::Rsa, SignatureAlgorithm::RsaSha512) => &RSA_PKCS1_2048_8192_SHA512,
            // RFC 9231 2.3.6: the two integers side by side.
            (Kind::P256, SignatureAlgorithm::EcdsaSha256) => &ECDSA_P256_SHA256_FIXED,
            (Kind::P384, SignatureAlgorithm::EcdsaSha384) => &ECDSA_P384_SHA384_FIXED,
            (Kind::P521, SignatureAlgorithm::EcdsaSha512) => &ECDSA_P521_SHA512_FIXED,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.bits).verify(octets, signature).is_ok()
    }

    /// ECDSA alone, its value in DER.
    pub(crate) fn verifies_der(&self, algorithm: SignatureAlgorithm, octets: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match (self.kind, algorithm) {
            (Kind::P256, SignatureAlgorithm::EcdsaSha256) => &ECDSA_P256_SHA256_ASN1,
            (Kind::P384, SignatureAlgorithm::EcdsaSha384) => &ECDSA_P384_SHA384_ASN1,
            (Kind::P521, SignatureAlgorithm::EcdsaSha512) => &ECDSA_P521_SHA512_ASN1,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.bits).verify(octets, signature).is_ok()
    }
}
