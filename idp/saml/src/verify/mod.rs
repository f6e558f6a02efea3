//! Signatures on what service providers send: enveloped in XML (POST, SOAP) and over a query (Redirect).
//!
//! Owns the check, and what may be read once it succeeded. Keys come from stored metadata; `KeyInfo` is never read, so a signature cannot
//! bring its own key. No second parser, reference resolution or transform takes part: what the gate read is canonicalised and digested
//! here.

mod key;

pub use key::{KeyError, PublicKey};

use crate::algorithm::SignatureAlgorithm;
use crate::gate::{GateError, Gated, Shape, read_again};
use crate::xml::Element;

/// Why a message does not count as signed by the service provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum VerifyError {
    /// There is no signature.
    #[error("not signed")]
    Unsigned,
    /// What was signed is not what was sent.
    #[error("the message was altered after it was signed")]
    Digest,
    /// No key of the service provider made this signature: another one did, or what says what was signed was altered.
    #[error("no known key of the sender made the signature")]
    Key,
    /// What was signed, read again, is not a document; unreachable for what passed the gate, and refused all the same.
    #[error("what was signed cannot be read: {0}")]
    Gate(#[from] GateError),
}

/// A message of which every part was signed by one of the keys asked for.
#[derive(Debug, Clone)]
pub struct Verified {
    root: Element,
}

impl Verified {
    /// The root, read from the octets that were signed and from nothing else.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// A message whose bytes were signed as a whole.
    pub(crate) fn whole(root: &Element) -> Self {
        Self { root: root.clone() }
    }
}

/// Verifies the enveloped signature of a gated document with any of the sender's keys.
pub fn verify_enveloped(document: &Gated, keys: &[PublicKey]) -> Result<Verified, VerifyError> {
    let shape = document.shape()?.ok_or(VerifyError::Unsigned)?;
    let root = document.unverified();
    let octets = root.canonical_in(&[], &shape.root_prefixes, Some(shape.signature));
    if shape.digest_algorithm.digest(octets.as_bytes()).as_ref() != shape.digest {
        return Err(VerifyError::Digest);
    }
    if !check_info(&shape, root, keys) {
        return Err(VerifyError::Key);
    }
    Ok(Verified { root: read_again(octets.as_bytes(), document.limits())? })
}

/// The `SignedInfo`, in the scope of what is around it, under the signature's value.
fn check_info(shape: &Shape<'_>, root: &Element, keys: &[PublicKey]) -> bool {
    let octets = shape.info.canonical_in(&[root, shape.signature], &shape.info_prefixes, None);
    keys.iter().any(|key| key.verifies(shape.algorithm, octets.as_bytes(), &shape.value))
}

/// Verifies a signature over a query's octets. Two encodings of ECDSA values are in use there: that of XML Signature and that of Java.
pub(crate) fn verify_octets(
    algorithm: SignatureAlgorithm,
    keys: &[PublicKey],
    octets: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let right =
        |key: &PublicKey| key.verifies(algorithm, octets, signature) || key.verifies_der(algorithm, octets, signature);
    if keys.iter().any(right) { Ok(()) } else { Err(VerifyError::Key) }
}

#[cfg(test)]
mod tests;
