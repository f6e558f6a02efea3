//! Signatures on what we write (XML Signature, enveloped, exclusive C14N, SHA-256).
//!
//! Owns the shape of the signature and the native signer. Does not own storage of keys.

use aws_lc_rs::digest::{SHA256 as DIGEST, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::names::{ASSERTION, DSIG, ENVELOPED, EXCLUSIVE_C14N, RSA_SHA256, SHA256};
use crate::xml::{Element, Node};

/// Why nothing was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The private key is not an RSA key in PKCS #8.
    #[error("the signing key cannot be read")]
    Key,
    /// The signature could not be made.
    #[error("signing failed")]
    Signing,
    /// The element has no ID or no Issuer to sign it by.
    #[error("the element cannot carry a signature")]
    Shape,
}

/// Signs the canonical octets of a `SignedInfo` with RSA-SHA256.
pub trait Signer: Send + Sync + std::fmt::Debug {
    /// The raw signature.
    fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, SignError>;
    /// The certificate in DER, for `KeyInfo`.
    fn certificate(&self) -> &[u8];
}

/// The default signer: its key is decoded once.
pub struct NativeSigner {
    key: RsaKeyPair,
    certificate: Vec<u8>,
}

impl std::fmt::Debug for NativeSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NativeSigner")
    }
}

impl NativeSigner {
    /// From a private key in PKCS #8 and its certificate, both DER.
    pub fn from_pkcs8(key: &[u8], certificate: Vec<u8>) -> Result<Self, SignError> {
        Ok(Self { key: RsaKeyPair::from_pkcs8(key).map_err(|_| SignError::Key)?, certificate })
    }
}

impl Signer for NativeSigner {
    fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        // PKCS #1 v1.5 takes no randomness (RFC 8017 8.2); the library's own source serves its blinding.
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut signature)
            .map_err(|_| SignError::Signing)?;
        Ok(signature)
    }

    fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

fn dsig(local: &str) -> Element {
    Element::new("ds", DSIG, local)
}

/// Puts an enveloped signature into an element that has an `ID`, behind its Issuer, or first where it has none (metadata).
pub fn sign_enveloped(mut element: Element, signer: &dyn Signer) -> Result<Element, SignError> {
    let id = element.attribute("ID").ok_or(SignError::Shape)?;
    let value = STANDARD.encode(digest(&DIGEST, element.canonical().as_bytes()));
    let algorithm = |local: &str, uri: &str| dsig(local).with("Algorithm", uri);
    let transforms =
        dsig("Transforms").child(algorithm("Transform", ENVELOPED)).child(algorithm("Transform", EXCLUSIVE_C14N));
    let reference = dsig("Reference")
        .with("URI", format!("#{id}"))
        .child(transforms)
        .child(algorithm("DigestMethod", SHA256))
        .child(dsig("DigestValue").text(value));
    let info = dsig("SignedInfo")
        .child(algorithm("CanonicalizationMethod", EXCLUSIVE_C14N))
        .child(algorithm("SignatureMethod", RSA_SHA256))
        .child(reference);
    let signature = signer.sign(info.canonical().as_bytes())?;
    let certificate = dsig("X509Certificate").text(STANDARD.encode(signer.certificate()));
    let signature = dsig("Signature")
        .child(info)
        .child(dsig("SignatureValue").text(STANDARD.encode(signature)))
        .child(dsig("KeyInfo").child(dsig("X509Data").child(certificate)));
    let first = element.elements().next();
    let place = usize::from(first.is_some_and(|first| first.name.is(ASSERTION, "Issuer")));
    element.children.insert(place, Node::Element(signature)); // SAML Core 2.3.3, 3.2.1: after the Issuer
    Ok(element)
}
