//! What the server asks itself before it offers SAML: whether an altered request is refused.
//!
//! A build in which verification does nothing looks right from outside until somebody forges a message. Owns that question, asked with the very
//! key that signs, so that a key that does not fit its certificate is found too.

use crate::gate::parse_message;
use crate::names::{ASSERTION, DSIG, PROTOCOL};
use crate::redirect::{Parameter, Query, query};
use crate::signer::{SignError, Signer, sign_enveloped};
use crate::verify::{KeyError, PublicKey, VerifyError, verify_enveloped, verify_octets};
use crate::xml::Element;

/// What went wrong. With any of these SAML must not be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SelfTestError {
    #[error("a request could not be signed: {0}")]
    Sign(#[from] SignError),
    #[error("our own certificate cannot be read: {0}")]
    Certificate(#[from] KeyError),
    #[error("a request that we signed is refused")]
    Refused,
    /// The one that matters.
    #[error("a request that was altered is accepted")]
    Accepted,
}

fn request(issuer: &'static str) -> Element {
    Element::new("samlp", PROTOCOL, "AuthnRequest")
        .with("ID", "_self-test")
        .with("Version", "2.0")
        .with("IssueInstant", "2000-01-01T00:00:00Z")
        .child(Element::new("saml", ASSERTION, "Issuer").text(issuer))
}

/// Signs a request, then verifies it as it is and altered in each way that must be noticed. Takes one signature of each binding.
pub fn run(signer: &dyn Signer) -> Result<(), SelfTestError> {
    let keys = [PublicKey::from_certificate(signer.certificate())?];
    enveloped(signer, &keys)?;
    detached(signer, &keys)
}

fn enveloped(signer: &dyn Signer, keys: &[PublicKey]) -> Result<(), SelfTestError> {
    let signed = sign_enveloped(request("https://genuine.example"), signer)?;
    let verify = |element: &Element, keys: &[PublicKey]| {
        let gated = parse_message(element.canonical().as_bytes(), PROTOCOL, "AuthnRequest").ok()?;
        Some(verify_enveloped(&gated, keys).map(drop))
    };
    if verify(&signed, keys) != Some(Ok(())) {
        return Err(SelfTestError::Refused);
    }
    let signature = signed.find(DSIG, "Signature").ok_or(SelfTestError::Refused)?;
    let forged = request("https://altered.example").child(signature.clone());
    let attempts = [
        (verify(&forged, keys), VerifyError::Digest),
        (verify(&request("https://genuine.example"), keys), VerifyError::Unsigned),
        (verify(&signed, &[]), VerifyError::Key),
        // A digest that fits what was altered, under a signature that does not fit the digest.
        (verify(&with_own_digest(&forged, signer)?, keys), VerifyError::Key),
    ];
    check(attempts)
}

/// The element with the `SignedInfo` of a signature of itself, and the value of the signature that it had.
fn with_own_digest(forged: &Element, signer: &dyn Signer) -> Result<Element, SelfTestError> {
    let value = forged.find(DSIG, "Signature").and_then(|old| old.find(DSIG, "SignatureValue")).cloned();
    let bare = request("https://altered.example");
    let own = sign_enveloped(bare.clone(), signer)?;
    let info = own.find(DSIG, "Signature").and_then(|own| own.find(DSIG, "SignedInfo")).cloned();
    let (Some(value), Some(info)) = (value, info) else { return Err(SelfTestError::Refused) };
    Ok(bare.child(Element::new("ds", DSIG, "Signature").child(info).child(value)))
}

fn detached(signer: &dyn Signer, keys: &[PublicKey]) -> Result<(), SelfTestError> {
    let message = request("https://genuine.example").canonical();
    let signed = query(Parameter::Request, &message, Some("state"), Some(signer))?;
    let verify = |raw: &str| {
        let query = Query::parse(raw).ok()?;
        let Some(signed) = query.signed() else { return Some(Err(VerifyError::Unsigned)) };
        Some(verify_octets(signed.algorithm, keys, signed.octets.as_bytes(), &signed.signature))
    };
    if verify(&signed) != Some(Ok(())) {
        return Err(SelfTestError::Refused);
    }
    check([(verify(&signed.replace("RelayState=state", "RelayState=other")), VerifyError::Key)])
}

fn check<const N: usize>(attempts: [(Option<Result<(), VerifyError>>, VerifyError); N]) -> Result<(), SelfTestError> {
    if attempts.iter().all(|(outcome, wanted)| *outcome == Some(Err(*wanted))) {
        Ok(())
    } else {
        Err(SelfTestError::Accepted)
    }
}

#[cfg(test)]
mod tests;
