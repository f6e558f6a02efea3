//! The attacks on the lower layers, each with the reason for which it must be refused; `tests/vectors/saml` holds what is made here.
//!
//! Owns the making, so that a reader sees what each file is. The tests read the files. After a change here, write them anew:
//! `cargo test -p keyholder-saml write_the_vectors -- --ignored`.

mod query;
mod signature;
mod structure;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::gate::{GateError, Limits, parse_document, parse_message};
use crate::inbound::Inbound;
use crate::names::PROTOCOL;
use crate::redirect::{Query, RedirectError};
use crate::signer::NativeSigner;
use crate::verify::{PublicKey, VerifyError, verify_enveloped};

/// Why it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Gate(GateError),
    Verify(VerifyError),
    Redirect(RedirectError),
}

impl From<GateError> for Refusal {
    fn from(error: GateError) -> Self {
        Self::Gate(error)
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        Self::Verify(error)
    }
}

impl From<RedirectError> for Refusal {
    fn from(error: RedirectError) -> Self {
        Self::Redirect(error)
    }
}

/// An attack.
struct Vector {
    /// Below `tests/vectors/saml`; named after the attack.
    path: String,
    bytes: Vec<u8>,
    /// The root that the caller expects.
    root: &'static str,
    refusal: Refusal,
    /// What the rules of the signature alone say, where a rule of protocol messages catches it first.
    behind: Option<GateError>,
}

impl Vector {
    fn new(path: String, bytes: impl Into<Vec<u8>>, refusal: impl Into<Refusal>) -> Self {
        Self { path, bytes: bytes.into(), root: "AuthnRequest", refusal: refusal.into(), behind: None }
    }
}

fn all() -> Vec<Vector> {
    [structure::vectors(), signature::vectors(), query::vectors()].into_iter().flatten().collect()
}

/// `tests/vectors/saml`.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/saml"))
}

/// A signer whose key is in `tests/vectors/saml/keys`: made for the tests, used nowhere else.
pub(crate) fn signer(name: &str) -> NativeSigner {
    let read = |kind: &str| std::fs::read(folder().join(format!("keys/{name}.{kind}.der"))).unwrap();
    NativeSigner::from_pkcs8(&read("key"), read("certificate")).unwrap()
}

/// The keys that the service provider's metadata has.
pub(crate) fn known_keys() -> Vec<PublicKey> {
    let certificate = std::fs::read(folder().join("keys/service-provider.certificate.der")).unwrap();
    vec![PublicKey::from_certificate(&certificate).unwrap()]
}

/// All of it, as the server does it, where a signature is required.
fn receive(path: &str, bytes: &[u8], root: &str) -> Result<(), Refusal> {
    if path.starts_with("redirect/") {
        let query = Query::parse(std::str::from_utf8(bytes).unwrap())?;
        Inbound::from_redirect(query, root)?.verify(&known_keys())?;
    } else {
        let gated = parse_message(bytes, PROTOCOL, root)?;
        // What only the gate refuses is not signed; for the rest the signature is asked for.
        verify_enveloped(&gated, &known_keys())?;
    }
    Ok(())
}

#[test]
fn every_attack_is_refused_for_its_own_reason() {
    let mut wrong = Vec::new();
    for Vector { path, root, refusal, behind, .. } in all() {
        let bytes = std::fs::read(folder().join(&path)).unwrap();
        let outcome = receive(&path, &bytes, root);
        if outcome != Err(refusal) {
            wrong.push(format!("{path}: {outcome:?} instead of {refusal:?}"));
        }
        if let Some(behind) = behind {
            let outcome = parse_document(&bytes, PROTOCOL, root, &Limits::MESSAGE).map(drop);
            if outcome != Err(behind) {
                wrong.push(format!("{path}, without the rules of messages: {outcome:?} instead of {behind:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_files_are_those_that_are_made_here() {
    let made: BTreeSet<String> = all().iter().map(|vector| vector.path.clone()).collect();
    for vector in all() {
        assert!(std::fs::read(folder().join(&vector.path)).unwrap() == vector.bytes, "{} is another", vector.path);
    }
    for kind in ["gate", "signature", "redirect"] {
        for entry in std::fs::read_dir(folder().join(kind)).unwrap() {
            let path = format!("{kind}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(made.contains(&path), "nothing asserts why {path} is refused");
        }
    }
}

#[test]
#[ignore = "writes into the source tree"]
fn write_the_vectors() {
    for vector in all() {
        std::fs::write(folder().join(&vector.path), &vector.bytes).unwrap();
    }
}
