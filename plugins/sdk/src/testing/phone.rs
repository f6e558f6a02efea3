//! A device with a key of its own.

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;

use crate::factor::DeviceKey;

/// A phone that signs with a P-256 key, as a browser's `WebCrypto` does.
#[derive(Debug)]
pub struct Phone {
    key: SigningKey,
}

impl Phone {
    /// Phones of different seeds have different keys.
    ///
    /// # Panics
    ///
    /// For seed 0, which is no key.
    pub fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]);
        Self { key: key.unwrap_or_else(|_| unreachable!("a small number is a private key, unless it is 0")) }
    }

    /// Its public key, as it is stored with a credential.
    ///
    /// # Panics
    ///
    /// Never: each key of the curve can be written.
    pub fn device_key(&self) -> DeviceKey {
        let spki = self.key.verifying_key().to_public_key_der();
        DeviceKey {
            spki: spki.map_or_else(|_| unreachable!("a public key can be written"), |der| der.as_bytes().to_vec()),
        }
    }

    /// ECDSA with SHA-256; `r` and `s` of 32 bytes each, one after the other (IEEE P1363), as `WebCrypto` gives them.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.key.sign(message);
        signature.to_bytes().to_vec()
    }
}
