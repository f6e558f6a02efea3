#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;

use keyholder_core::assurance::Assurance::{MultiFactor, PhishingResistant, SingleFactor};
use proptest::prelude::*;

use crate::authn_context::{Comparison, PHISHING_RESISTANT, acceptable};
use crate::gate::parse_message;
use crate::names::{ASSERTION, PROTOCOL};
use crate::redirect::{RedirectError, deflate, inflate};
use crate::signer::{NativeSigner, sign_enveloped};
use crate::verify::{PublicKey, VerifyError, check_enveloped, check_query};
use crate::xml::{Element, Value};

fn request() -> Element {
    Element::new("samlp", PROTOCOL, "AuthnRequest")
        .with("ID", "_1")
        .with("Version", "2.0")
        .child(Element::new("saml", ASSERTION, "Issuer").text("https://sp.example"))
}

fn signer() -> NativeSigner {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
    NativeSigner::from_pkcs8(&key.serialize_der(), certificate.der().to_vec()).unwrap()
}

fn key_of(signer: &NativeSigner) -> PublicKey {
    PublicKey::from_certificate(crate::signer::Signer::certificate(signer)).unwrap()
}

#[test]
fn every_structural_attack_is_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/saml");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(parse_message(&bytes, PROTOCOL, "AuthnRequest").is_err(), "{} was accepted", path.display());
        read += 1;
    }
    assert!(read >= 16);
}

#[test]
fn a_signature_counts_for_its_key_and_its_octets_alone() {
    let (ours, other) = (signer(), signer());
    let signed = sign_enveloped(request(), &ours).unwrap().canonical();
    let gated = |text: &str| parse_message(text.as_bytes(), PROTOCOL, "AuthnRequest").unwrap();
    assert_eq!(check_enveloped(&gated(&signed), &[key_of(&other), key_of(&ours)]), Ok(()));
    assert_eq!(check_enveloped(&gated(&signed), &[key_of(&other)]), Err(VerifyError::Wrong));
    let changed = signed.replace("sp.example", "ev.example");
    assert_eq!(check_enveloped(&gated(&changed), &[key_of(&ours)]), Err(VerifyError::Wrong));
    assert_eq!(check_enveloped(&gated(&request().canonical()), &[key_of(&ours)]), Err(VerifyError::Missing));
    for (from, to) in
        [("URI=\"#_1\"", "URI=\"\""), ("enveloped-signature", "base64"), ("xml-exc-c14n#", "xml-exc-c14n#WithComments")]
    {
        let bent = signed.replacen(from, to, 1);
        assert!(parse_message(bent.as_bytes(), PROTOCOL, "AuthnRequest").is_err(), "{to} was accepted");
    }
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    let signer = signer();
    let folder = tempfile::tempdir().unwrap();
    let (document, certificate) = (folder.path().join("signed.xml"), folder.path().join("certificate.der"));
    std::fs::write(&document, sign_enveloped(request(), &signer).unwrap().canonical()).unwrap();
    std::fs::write(&certificate, crate::signer::Signer::certificate(&signer)).unwrap();
    let output = Command::new("xmlsec1")
        .args(["--verify", "--id-attr:ID", "AuthnRequest", "--pubkey-cert-der"])
        .args([&certificate, &document])
        .output()
        .unwrap_or_else(|_| panic!("xmlsec1 is missing: apt-get install xmlsec1"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_query_with_parameters_twice_or_missing_is_refused() {
    let check = |query: &str| check_query(query, &[], |value| Some(value.to_owned()));
    for query in [
        "SAMLRequest=a&SAMLResponse=a&SigAlg=x&Signature=x",
        "SAMLRequest=a&SAMLRequest=b&SigAlg=x&Signature=x",
        "SAMLRequest=a&SAML%52equest=b&SigAlg=x&Signature=x",
        "SAMLRequest=a&Signature=x",
    ] {
        assert_eq!(check(query), Err(VerifyError::Parameters), "{query}");
    }
    assert_eq!(check("SAMLRequest=a"), Err(VerifyError::Missing));
    let sha1 = "SAMLRequest=a&SigAlg=http://www.w3.org/2000/09/xmldsig#rsa-sha1&Signature=eA==";
    assert_eq!(check(sha1), Err(VerifyError::Algorithm));
}

#[test]
fn only_one_whole_small_deflate_stream_is_inflated() {
    let packed = deflate("<a/>").unwrap();
    assert_eq!(inflate(&packed).unwrap(), b"<a/>");
    assert!(inflate(&deflate(&"a".repeat(10_000_000)).unwrap()).is_err());
    assert_eq!(inflate("*"), Err(RedirectError::Base64));
    assert_eq!(inflate("q1YqSyzK"), Err(RedirectError::Deflate));
}

#[test]
fn the_four_comparisons() {
    let mfa = ["https://refeds.org/profile/mfa"];
    assert_eq!(acceptable(Comparison::Exact, &mfa), [MultiFactor, PhishingResistant]);
    assert_eq!(acceptable(Comparison::Minimum, &mfa), [MultiFactor, PhishingResistant]);
    assert_eq!(acceptable(Comparison::Maximum, &mfa), [SingleFactor, MultiFactor]);
    assert_eq!(acceptable(Comparison::Better, &mfa), [PhishingResistant]);
    assert!(acceptable(Comparison::Better, &[PHISHING_RESISTANT]).is_empty());
    assert!(acceptable(Comparison::Exact, &["urn:unknown"]).is_empty());
}

proptest! {
    #[test]
    fn any_text_arrives_as_it_was_or_is_refused(text in any::<String>()) {
        if let Ok(value) = Value::new(text.clone()) {
            let written = Element::new("a", "urn:a", "b").with("c", value.as_str()).text(value.as_str()).canonical();
            let read = roxmltree::Document::parse(&written).unwrap();
            prop_assert_eq!(read.root_element().attribute("c"), Some(text.as_str()));
            prop_assert_eq!(read.root_element().text().unwrap_or(""), text);
        }
    }
}
