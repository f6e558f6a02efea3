//! The key under which a content key travels.

use std::sync::Arc;

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::EncryptError;
use crate::verify::{KeyError, PublicKey};

/// A service provider's RSA key, decoded once.
#[derive(Clone)]
pub struct EncryptionKey {
    key: Arc<OaepPublicEncryptingKey>,
    certificate: Vec<u8>,
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EncryptionKey").field("bits", &self.key.key_size_bits()).finish_non_exhaustive()
    }
}

impl EncryptionKey {
    /// Of a certificate in DER, whose dates, names and issuer mean nothing (Metadata Interoperability Profile 2.6.1).
    pub fn from_certificate(der: &[u8]) -> Result<Self, KeyError> {
        if !PublicKey::from_certificate(der)?.is_rsa() {
            return Err(KeyError::Unsupported);
        }
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| KeyError::Malformed)?;
        let key = PublicEncryptingKey::from_der(certificate.public_key().raw).map_err(|_| KeyError::Malformed)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Unsupported)?;
        Ok(Self { key: Arc::new(key), certificate: der.to_vec() })
    }

    /// The certificate in DER: a service provider with two keys sees which to use.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// RSA-OAEP (RFC 8017 7.1.1) with SHA-1, on whose collisions nothing rests here. The library draws its seed.
    pub(super) fn wrap(&self, content_key: &[u8]) -> Result<Vec<u8>, EncryptError> {
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let length = self
            .key
            .encrypt(&OAEP_SHA1_MGF1SHA1, content_key, &mut wrapped, None)
            .map_err(|_| EncryptError::Encryption)?
            .len();
        wrapped.truncate(length);
        Ok(wrapped)
    }
}
