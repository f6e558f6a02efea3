//! By what a package is trusted: a digest in this binary, a publisher whose key the operator pinned, or the development switch.

use keyholder_core::plugin::{Origin, PublisherKey};

use super::AdmissionError;
use crate::package::{Package, PublicKey, signer};

/// A package that comes with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    pub id: &'static str,
    /// [`Package::digest`], compiled in.
    pub digest: [u8; 32],
}

/// Whether packages that nobody signed are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsigned {
    Refused,
    /// The development switch of the configuration.
    Allowed,
}

/// What the operator trusts.
#[derive(Debug, Clone, Copy)]
pub struct Trusted<'a> {
    pub bundled: &'a [Bundled],
    pub publishers: &'a [PublisherKey],
    pub unsigned: Unsigned,
}

/// By what a package is trusted.
///
/// # Errors
/// It is not; and a signature that does not fit is refused whatever is switched on.
pub fn origin_of(package: &Package, trusted: &Trusted<'_>) -> Result<Origin, AdmissionError> {
    let digest = package.digest();
    if trusted.bundled.iter().any(|bundled| bundled.id == package.manifest.id && bundled.digest == digest) {
        return Ok(Origin::Bundled);
    }
    let development = trusted.unsigned == Unsigned::Allowed;
    let Some(signature) = package.signature() else {
        return if development { Ok(Origin::Development) } else { Err(AdmissionError::Unsigned) };
    };
    let key = signer(signature)?;
    let Some(publisher) = trusted.publishers.iter().find(|publisher| publisher.key == key) else {
        return if development { Ok(Origin::Development) } else { Err(AdmissionError::UnknownPublisher(key)) };
    };
    // Without the digests the signature would cover no file but the manifest.
    if !package.is_sealed() {
        return Err(AdmissionError::NoDigests);
    }
    PublicKey::parse(&publisher.public_key)?.check(package.manifest_bytes(), signature)?;
    Ok(Origin::Publisher { key })
}
