//! The signer of the running server: its key is decoded once.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use super::{SignError, Signer};
use crate::algorithm::SignatureAlgorithm;
use crate::verify::PublicKey;

/// Smallest RSA modulus in bytes.
const SMALLEST_RSA: usize = 256;

/// Signs with RSA-SHA256, or ECDSA-SHA256 over P-256, in aws-lc.
pub struct NativeSigner {
    key: Key,
    certificate: Vec<u8>,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl std::fmt::Debug for NativeSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NativeSigner").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

impl NativeSigner {
    /// From a private key in PKCS #8 and its certificate, both DER.
    pub fn from_pkcs8(key: &[u8], certificate: Vec<u8>) -> Result<Self, SignError> {
        let (key, public) = if let Ok(key) = RsaKeyPair::from_pkcs8(key) {
            if key.public_modulus_len() < SMALLEST_RSA {
                return Err(SignError::Key);
            }
            let public = key.public_key().as_ref().to_vec();
            (Key::Rsa(Box::new(key)), public)
        } else {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key).map_err(|_| SignError::Key)?;
            let public = key.public_key().as_ref().to_vec();
            (Key::Ecdsa(Box::new(key)), public)
        };
        let certified = PublicKey::from_certificate(&certificate).map_err(|_| SignError::Certificate)?;
        if certified.bits() != public {
            return Err(SignError::Certificate);
        }
        Ok(Self { key, certificate })
    }
}

impl Signer for NativeSigner {
    fn algorithm(&self) -> SignatureAlgorithm {
        match self.key {
            Key::Rsa(_) => SignatureAlgorithm::RsaSha256,
            Key::Ecdsa(_) => SignatureAlgorithm::EcdsaSha256,
        }
    }

    fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, SignError> {
        // PKCS #1 v1.5 takes no randomness (RFC 8017 8.2); blinding and the nonce of ECDSA are the library's own business.
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, octets, &mut signature).map_err(|_| SignError::Signing)?;
                Ok(signature)
            }
            Key::Ecdsa(key) => Ok(key.sign(&random, octets).map_err(|_| SignError::Signing)?.as_ref().to_vec()),
        }
    }

    fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}
