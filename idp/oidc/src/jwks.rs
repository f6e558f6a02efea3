//! The published key set (RFC 7517 5), written once for each change of keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::jws::{JwsError, PrivateKey, PublicKeys};

/// How long clients may keep the set, in seconds; far below the overlap of keys.
pub const MAX_AGE_SECONDS: u32 = 3600;

/// The set as bytes, with a strong validator (RFC 9110 8.8.3).
#[derive(Debug, Clone)]
pub struct Jwks<B = Vec<u8>> {
    pub bytes: B,
    /// In quotation marks, ready for the header.
    pub etag: String,
}

impl Jwks<Vec<u8>> {
    /// The same set in another container of bytes.
    pub fn into<B: From<Vec<u8>>>(self) -> Jwks<B> {
        Jwks { bytes: B::from(self.bytes), etag: self.etag }
    }
}

/// Writes the set, and reads it back to check with it what we signed.
pub fn publish<'a>(keys: impl Iterator<Item = &'a PrivateKey>) -> Result<(Jwks, PublicKeys), JwsError> {
    let keys: Vec<Value> = keys.map(PrivateKey::public_jwk).collect();
    let public = PublicKeys::from_jwks(keys.iter().filter_map(Value::as_object))?;
    let bytes = serde_json::to_vec(&json!({ "keys": keys })).map_err(JwsError::Unserialisable)?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.as_ref().get(..16).unwrap_or_default()));
    Ok((Jwks { bytes, etag }, public))
}
