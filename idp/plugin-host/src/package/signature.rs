//! Detached minisign signatures over manifests (<https://jedisct1.github.io/minisign/>).

use minisign_verify::{PublicKey as MinisignKey, Signature};

/// Why a signature or a key does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("this is no minisign public key")]
    NoKey,
    #[error("plugin.toml.minisig is no minisign signature")]
    NoSignature,
    #[error("the signature does not fit plugin.toml: one of them was altered")]
    Wrong,
}

/// A publisher's public key.
#[derive(Debug, Clone)]
pub struct PublicKey {
    key: MinisignKey,
    text: String,
}

impl PublicKey {
    /// Reads the key out of the text of a key file, or the key alone in base64.
    ///
    /// # Errors
    /// [`SignatureError::NoKey`].
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        // A key file has a comment line first.
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).ok_or(SignatureError::NoKey)?;
        let key = MinisignKey::from_base64(line).map_err(|_| SignatureError::NoKey)?;
        Ok(Self { key, text: line.to_owned() })
    }

    /// The key's id, 16 digits of hexadecimal, as minisign writes it.
    pub fn id(&self) -> String {
        key_id(&self.text).unwrap_or_default()
    }

    /// In base64, one line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks a signature over a manifest.
    ///
    /// # Errors
    /// [`SignatureError::NoSignature`], [`SignatureError::Wrong`].
    pub fn check(&self, manifest: &[u8], signature: &str) -> Result<(), SignatureError> {
        let signature = Signature::decode(signature).map_err(|_| SignatureError::NoSignature)?;
        // Prehashed signatures only, as minisign makes them since 0.10.
        self.key.verify(manifest, &signature, false).map_err(|_| SignatureError::Wrong)
    }
}

/// The id of the key that made a signature.
///
/// # Errors
/// [`SignatureError::NoSignature`].
pub(crate) fn signer(signature: &str) -> Result<String, SignatureError> {
    let line = signature.lines().nth(1).ok_or(SignatureError::NoSignature)?;
    key_id(line).ok_or(SignatureError::NoSignature)
}

/// Keys and signatures alike begin with two bytes of the algorithm and eight of the key's id, little-endian.
fn key_id(line: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(line.trim()).ok()?;
    let id: [u8; 8] = bytes.get(2..10)?.try_into().ok()?;
    Some(format!("{:016X}", u64::from_le_bytes(id)))
}
