//! Which key of a service provider an assertion is encrypted for, and with which cipher.

use super::RespondError;
use crate::encryption::{ContentAlgorithm, EncryptionKey};
use crate::service_provider::{Encrypt, ServiceProvider};

/// The first key that can be used; `None` where nothing is encrypted.
pub(super) fn choose(provider: &ServiceProvider) -> Result<Option<(EncryptionKey, ContentAlgorithm)>, RespondError> {
    let wanted = provider.settings.encrypt;
    if wanted == Encrypt::Never {
        return Ok(None);
    }
    let usable = provider.metadata.encryption.iter().find_map(|key| {
        let algorithm = algorithm(&key.methods, wanted)?;
        Some((EncryptionKey::from_certificate(key.certificate.as_der()).ok()?, algorithm))
    });
    match (usable, wanted) {
        (None, Encrypt::Always | Encrypt::LegacyCbc) => Err(RespondError::NoEncryptionKey),
        (usable, _) => Ok(usable),
    }
}

/// The first method of the metadata that is offered; AES-256 where it names none (saml-metadata-2.0-os 2.4.1.1:
/// optional).
fn algorithm(methods: &[String], wanted: Encrypt) -> Option<ContentAlgorithm> {
    let legacy = wanted == Encrypt::LegacyCbc;
    let default = if legacy { ContentAlgorithm::LegacyAes256Cbc } else { ContentAlgorithm::Aes256Gcm };
    let mut contents = methods.iter().filter(|method| !is_key_transport(method)).peekable();
    if contents.peek().is_none() {
        return Some(default);
    }
    contents
        .filter_map(|method| ContentAlgorithm::from_uri(method))
        .find(|algorithm| algorithm.is_authenticated() != legacy)
}

/// Methods of both kinds stand in one list; key transport is RSA-OAEP whatever it says.
fn is_key_transport(method: &str) -> bool {
    method.contains("#rsa-") || method.contains("#kw-")
}
