//! Signatures on what service providers send: enveloped (POST) and over the query (Redirect).
//!
//! Owns the algorithms accepted. Keys come from stored metadata; `KeyInfo` is never read.

use aws_lc_rs::digest::{SHA256 as DIGEST, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::gate::Gated;
use crate::names::{DSIG, ECDSA_SHA256, RSA_SHA256, RSA_SHA512, SHA256};

/// Why a message does not count as signed by the service provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// There is no signature.
    #[error("not signed")]
    Missing,
    /// An algorithm outside the allow-list.
    #[error("an algorithm that is not accepted")]
    Algorithm,
    /// A parameter that is missing, repeated or excluded by another.
    #[error("parameters that do not fit together")]
    Parameters,
    /// No key of the service provider made this signature over these octets.
    #[error("the signature is not right")]
    Wrong,
    /// A certificate that cannot be read.
    #[error("a certificate that cannot be read")]
    Certificate,
}

/// A service provider's public key.
#[derive(Debug, Clone)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Of a certificate in DER; its dates and issuer mean nothing in SAML metadata (Metadata IOP 2.5).
    pub fn from_certificate(der: &[u8]) -> Result<Self, VerifyError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| VerifyError::Certificate)?;
        Ok(Self(certificate.public_key().subject_public_key.data.to_vec()))
    }
}

fn check(algorithm: &str, keys: &[PublicKey], octets: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let algorithm: &'static dyn VerificationAlgorithm = match algorithm {
        RSA_SHA256 => &RSA_PKCS1_2048_8192_SHA256,
        RSA_SHA512 => &RSA_PKCS1_2048_8192_SHA512,
        ECDSA_SHA256 => &ECDSA_P256_SHA256_FIXED,
        _ => return Err(VerifyError::Algorithm),
    };
    let right = |key: &PublicKey| UnparsedPublicKey::new(algorithm, &key.0).verify(octets, signature).is_ok();
    if keys.iter().any(right) { Ok(()) } else { Err(VerifyError::Wrong) }
}

fn decode(text: &str) -> Result<Vec<u8>, VerifyError> {
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map_err(|_| VerifyError::Wrong)
}

/// Checks the enveloped signature of a gated message.
pub fn check_enveloped(message: &Gated, keys: &[PublicKey]) -> Result<(), VerifyError> {
    let signature = message.signature().ok_or(VerifyError::Missing)?;
    let info = signature.find(DSIG, "SignedInfo").ok_or(VerifyError::Missing)?;
    let reference = info.find(DSIG, "Reference").ok_or(VerifyError::Missing)?;
    if reference.find(DSIG, "DigestMethod").and_then(|method| method.attribute("Algorithm")) != Some(SHA256) {
        return Err(VerifyError::Algorithm);
    }
    let expected = decode(&reference.find(DSIG, "DigestValue").ok_or(VerifyError::Missing)?.own_text())?;
    let canonical = message.root().canonical_without(signature);
    if digest(&DIGEST, canonical.as_bytes()).as_ref() != expected {
        return Err(VerifyError::Wrong);
    }
    let method = info.find(DSIG, "SignatureMethod").and_then(|method| method.attribute("Algorithm"));
    let value = decode(&signature.find(DSIG, "SignatureValue").ok_or(VerifyError::Missing)?.own_text())?;
    check(method.ok_or(VerifyError::Algorithm)?, keys, info.canonical().as_bytes(), &value)
}

/// Checks the signature of a query of the Redirect binding, over the octets as they were sent (SAML Bindings 3.4.4.1).
/// `decode_percent` is the caller's percent-decoding, used for the values of `SigAlg` and `Signature` alone.
pub fn check_query(
    query: &str,
    keys: &[PublicKey],
    decode_percent: impl Fn(&str) -> Option<String>,
) -> Result<(), VerifyError> {
    let find = |name: &str| {
        let mut found = query.split('&').filter(|pair| pair.split('=').next() == Some(name));
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(VerifyError::Parameters),
            (pair, None) => Ok(pair),
        }
    };
    // A name that another reader would decode to one of ours must not stand beside it.
    if query.split('&').any(|pair| pair.split('=').next().is_some_and(|name| name.contains(['%', '+']))) {
        return Err(VerifyError::Parameters);
    }
    let ((Some(message), None) | (None, Some(message))) = (find("SAMLRequest")?, find("SAMLResponse")?) else {
        return Err(VerifyError::Parameters);
    };
    let relay_state = find("RelayState")?;
    let (algorithm, signature) = match (find("SigAlg")?, find("Signature")?) {
        (Some(algorithm), Some(signature)) => (algorithm, signature),
        (None, None) => return Err(VerifyError::Missing),
        _ => return Err(VerifyError::Parameters),
    };
    let octets = [Some(message), relay_state, Some(algorithm)].into_iter().flatten().collect::<Vec<_>>().join("&");
    let value =
        |pair: &str| pair.split_once('=').and_then(|(_, value)| decode_percent(value)).ok_or(VerifyError::Parameters);
    check(&value(algorithm)?, keys, octets.as_bytes(), &decode(&value(signature)?)?)
}
