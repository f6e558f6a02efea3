//! Signatures on what we write.
//!
//! Owns the shape of an enveloped signature (XML Signature, exclusive C14N, SHA-256) and the native signer. Does not own storage of keys.
//! A tree is signed and then sent as [`Element::canonical`] writes it; nobody parses it in between.

mod native;

pub use native::NativeSigner;

use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::names::{ASSERTION, DSIG, ENVELOPED, EXCLUSIVE_C14N};
use crate::xml::{Element, Node, Value};

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SignError {
    /// Neither RSA of at least 2048 bits nor ECDSA over P-256, in PKCS #8.
    #[error("the signing key cannot be read or is not of an accepted kind")]
    Key,
    /// Service providers would refuse every signature.
    #[error("the certificate is not that of the signing key")]
    Certificate,
    /// The signature could not be made.
    #[error("signing failed")]
    Signing,
    /// There is no ID by which a signature could refer to the element, or there is a signature already.
    #[error("the element cannot carry a signature")]
    Shape,
}

/// Signs octets: a canonical `SignedInfo`, or a query of the Redirect binding.
pub trait Signer: Send + Sync + std::fmt::Debug {
    /// With which algorithm.
    fn algorithm(&self) -> SignatureAlgorithm;
    /// The raw signature; for ECDSA the two integers side by side (RFC 9231 2.3.6).
    fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, SignError>;
    /// The certificate in DER, for `KeyInfo`.
    fn certificate(&self) -> &[u8];
}

fn ds(local: &'static str) -> Element {
    Element::new("ds", DSIG, local)
}

fn algorithm(local: &'static str, uri: &'static str) -> Element {
    ds(local).with("Algorithm", uri)
}

/// What a signature of the element says that it signs.
fn signed_info(element: &Element, with: SignatureAlgorithm) -> Result<Element, SignError> {
    if element.find(DSIG, "Signature").is_some() {
        return Err(SignError::Shape);
    }
    let id = element.attribute("ID").ok_or(SignError::Shape)?;
    let uri = Value::new(format!("#{id}")).map_err(|_| SignError::Shape)?;
    let digest = DigestAlgorithm::Sha256.digest(element.canonical().as_bytes());
    let transforms =
        ds("Transforms").child(algorithm("Transform", ENVELOPED)).child(algorithm("Transform", EXCLUSIVE_C14N));
    let reference = ds("Reference")
        .with("URI", uri)
        .child(transforms)
        .child(algorithm("DigestMethod", DigestAlgorithm::Sha256.uri()))
        .child(ds("DigestValue").text(Value::base64(digest.as_ref())));
    Ok(ds("SignedInfo")
        .child(algorithm("CanonicalizationMethod", EXCLUSIVE_C14N))
        .child(algorithm("SignatureMethod", with.uri()))
        .child(reference))
}

/// Puts an enveloped signature into an element that has an `ID`: behind its Issuer, or first where it has none (metadata).
pub fn sign_enveloped(mut element: Element, signer: &dyn Signer) -> Result<Element, SignError> {
    let info = signed_info(&element, signer.algorithm())?;
    let value = Value::base64(&signer.sign(info.canonical().as_bytes())?);
    let certificate = ds("X509Certificate").text(Value::base64(signer.certificate()));
    let signature = ds("Signature")
        .child(info)
        .child(ds("SignatureValue").text(value))
        .child(ds("KeyInfo").child(ds("X509Data").child(certificate)));
    let first = element.elements().next();
    // SAML Core 2.3.3 and 3.2.1: behind the Issuer. Metadata 2.3.1 and 2.3.2: first.
    let place = usize::from(first.is_some_and(|first| first.is(ASSERTION, "Issuer")));
    element.children_mut().insert(place, Node::Element(signature));
    Ok(element)
}

#[cfg(test)]
mod tests;
