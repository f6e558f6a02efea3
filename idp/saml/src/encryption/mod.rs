//! Assertions that only one service provider can read, and identifiers that only we can (SAML Core 2.3.4, 2.2.4; XML Encryption 1.1).
//!
//! Owns the shape of `EncryptedAssertion` and the algorithms: AES in Galois/counter mode under RSA-OAEP with SHA-1 and MGF1, as saml2int
//! mandates (SDP-ALG01), since every service provider reads it. RSA with PKCS #1 v1.5 padding does not exist here. Does not own the order:
//! the assertion is signed, then encrypted, then the response is signed, so that nobody can put another assertion into it.

mod content;
mod decrypt;
mod key;

pub use content::ContentAlgorithm;
pub use decrypt::{DecryptError, DecryptionKey, decrypt_name_id};
pub use key::EncryptionKey;

use keyholder_core::random::Random;

use crate::names::{ASSERTION, DSIG, RSA_OAEP_MGF1P, SHA1, XENC, XENC_ELEMENT};
use crate::xml::{Element, Value};

/// Why nothing was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EncryptError {
    /// What was given is not an assertion.
    #[error("not an assertion")]
    Shape,
    /// The library refused.
    #[error("encryption failed")]
    Encryption,
}

fn ds(local: &'static str) -> Element {
    Element::new("ds", DSIG, local)
}

fn xenc(local: &'static str) -> Element {
    Element::new("xenc", XENC, local)
}

fn cipher_data(octets: &[u8]) -> Element {
    xenc("CipherData").child(xenc("CipherValue").text(Value::base64(octets)))
}

/// Encrypts an assertion, signed or not, under a fresh content key.
///
/// The encrypted key stands inside the `KeyInfo` of the `EncryptedData`: there every service provider finds it; one beside it, which the
/// schema allows too, is not found by all.
pub fn encrypt_assertion(
    assertion: &Element,
    key: &EncryptionKey,
    algorithm: ContentAlgorithm,
    random: &dyn Random,
) -> Result<Element, EncryptError> {
    if !assertion.is(ASSERTION, "Assertion") {
        return Err(EncryptError::Shape);
    }
    let content_key = algorithm.draw_key(random);
    // Exclusive C14N of an apex declares every namespace that it uses, so the plain text stands alone (XML Encryption 4.1).
    let content = algorithm.encrypt(assertion.canonical().into_bytes(), &content_key, random)?;
    let digest = ds("DigestMethod").with("Algorithm", SHA1);
    let certificate = ds("X509Certificate").text(Value::base64(key.certificate()));
    let encrypted_key = xenc("EncryptedKey")
        .child(xenc("EncryptionMethod").with("Algorithm", RSA_OAEP_MGF1P).child(digest))
        .child(ds("KeyInfo").child(ds("X509Data").child(certificate)))
        .child(cipher_data(&key.wrap(&content_key)?));
    let encrypted = xenc("EncryptedData")
        .with("Type", XENC_ELEMENT)
        .child(xenc("EncryptionMethod").with("Algorithm", algorithm.uri()))
        .child(ds("KeyInfo").child(encrypted_key))
        .child(cipher_data(&content));
    Ok(Element::new("saml", ASSERTION, "EncryptedAssertion").child(encrypted))
}

#[cfg(test)]
mod decrypt_tests;
#[cfg(test)]
mod tests;
