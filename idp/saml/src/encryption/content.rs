//! The ciphers of what is encrypted.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use keyholder_core::random::{Random, draw_bytes};
use zeroize::Zeroizing;

use super::EncryptError;
use crate::names::{AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM};

/// How the assertion itself is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ContentAlgorithm {
    #[default]
    Aes256Gcm,
    Aes128Gcm,
    /// For service providers that cannot read the others, by explicit setting alone: without authentication, whoever can ask a service
    /// provider often enough whether a text decrypts can read it (XML Encryption 1.1, 6.1.1). The caller logs its use.
    LegacyAes256Cbc,
    /// Like [`ContentAlgorithm::LegacyAes256Cbc`].
    LegacyAes128Cbc,
}

impl ContentAlgorithm {
    /// Its identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes256Gcm => AES256_GCM,
            Self::Aes128Gcm => AES128_GCM,
            Self::LegacyAes256Cbc => AES256_CBC,
            Self::LegacyAes128Cbc => AES128_CBC,
        }
    }

    /// Whether the cipher text is authenticated.
    pub const fn is_authenticated(self) -> bool {
        matches!(self, Self::Aes256Gcm | Self::Aes128Gcm)
    }

    /// Of an `EncryptionMethod` in metadata; `None` for what is not offered. Whether a legacy one may be used is a setting, not a wish.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let all = [Self::Aes256Gcm, Self::Aes128Gcm, Self::LegacyAes256Cbc, Self::LegacyAes128Cbc];
        all.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    pub(super) fn draw_key(self, random: &dyn Random) -> Zeroizing<Vec<u8>> {
        let length = match self {
            Self::Aes256Gcm | Self::LegacyAes256Cbc => 32,
            Self::Aes128Gcm | Self::LegacyAes128Cbc => 16,
        };
        let mut key = Zeroizing::new(vec![0; length]);
        random.fill(&mut key);
        key
    }

    /// The octets of `CipherValue`: initialisation vector, cipher text, and tag where there is one (XML Encryption 1.1, 5.2).
    pub(super) fn encrypt(self, plain: Vec<u8>, key: &[u8], random: &dyn Random) -> Result<Vec<u8>, EncryptError> {
        self.try_encrypt(plain, key, random).map_err(|_| EncryptError::Encryption)
    }

    fn try_encrypt(
        self,
        mut octets: Vec<u8>,
        key: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let gcm = |algorithm| UnboundKey::new(algorithm, key).map(LessSafeKey::new);
        let cbc = |algorithm| UnboundCipherKey::new(algorithm, key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
        match self {
            Self::Aes256Gcm | Self::Aes128Gcm => {
                let key = gcm(if self == Self::Aes256Gcm { &AES_256_GCM } else { &AES_128_GCM })?;
                // The key is fresh, so any nonce is used once with it.
                let nonce = draw_bytes::<12>(random);
                key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut octets)?;
                Ok([nonce.as_slice(), &octets].concat())
            }
            Self::LegacyAes256Cbc | Self::LegacyAes128Cbc => {
                let key = cbc(if self == Self::LegacyAes256Cbc { &AES_256 } else { &AES_128 })?;
                let vector = draw_bytes::<16>(random);
                let context = EncryptionContext::Iv128(FixedLength::from(vector));
                key.less_safe_encrypt(&mut octets, context)?;
                Ok([vector.as_slice(), &octets].concat())
            }
        }
    }
}
