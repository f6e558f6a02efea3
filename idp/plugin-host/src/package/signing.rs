//! A publisher's own key, and the signature that it makes.

use std::io::Cursor;

use minisign::{KeyPair, PublicKey as MinisignKey, SecretKey, SecretKeyBox};

/// Why a publisher's key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("this is no minisign secret key, or the password is wrong")]
    NoKey,
    #[error("the key cannot be made: {0}")]
    Generate(String),
    #[error("the signature cannot be made: {0}")]
    Sign(String),
}

/// The two files of a new key, as minisign has them.
pub struct NewKey {
    pub secret: String,
    pub public: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewKey").finish_non_exhaustive()
    }
}

/// Makes a key; with a password, its file is encrypted (minisign's scrypt: a gibibyte of memory, some seconds).
///
/// # Errors
/// No randomness, or no memory.
pub fn generate_key(password: Option<String>) -> Result<NewKey, SigningError> {
    let failed = |error: minisign::PError| SigningError::Generate(error.to_string());
    let pair = match password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password)),
        None => KeyPair::generate_unencrypted_keypair(),
    };
    let pair = pair.map_err(failed)?;
    let secret = pair.sk.to_box(Some("secret key of a publisher of Keyholder plugins")).map_err(failed)?;
    let public = pair.pk.to_box().map_err(failed)?;
    Ok(NewKey { secret: secret.into_string(), public: public.into_string() })
}

/// Signs a manifest with the key of a file's text; answers the signature file's text.
///
/// # Errors
/// A key that cannot be read.
pub fn sign(manifest: &[u8], secret: &str, password: Option<String>, comment: &str) -> Result<String, SigningError> {
    let key_box = || SecretKeyBox::from_string(secret).map_err(|_| SigningError::NoKey);
    let key: SecretKey = match password {
        Some(password) => key_box()?.into_secret_key(Some(password)),
        None => key_box()?.into_unencrypted_secret_key(),
    }
    .map_err(|_| SigningError::NoKey)?;
    let public = MinisignKey::from_secret_key(&key).map_err(|_| SigningError::NoKey)?;
    let signature = minisign::sign(Some(&public), &key, Cursor::new(manifest), Some(comment), None);
    signature.map(|signature| signature.to_string()).map_err(|error| SigningError::Sign(error.to_string()))
}
