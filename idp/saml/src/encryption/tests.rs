use super::{ContentAlgorithm, EncryptError, EncryptionKey, encrypt_assertion};
use crate::external::{assert_valid, assert_xmlsec1_verifies, xmllint_canonical, xmlsec1_decrypts};
use crate::names::{ASSERTION, PROTOCOL};
use crate::signer::{Signer as _, sign_enveloped};
use crate::tests_support::Counting;
use crate::vectors::{folder, signer};
use crate::verify::KeyError;
use crate::xml::Element;

const ALL: [ContentAlgorithm; 4] = [
    ContentAlgorithm::Aes256Gcm,
    ContentAlgorithm::Aes128Gcm,
    ContentAlgorithm::LegacyAes256Cbc,
    ContentAlgorithm::LegacyAes128Cbc,
];

fn assertion() -> Element {
    let name_id = Element::new("saml", ASSERTION, "NameID").text("Siân <O'Brien> & co");
    let assertion = Element::new("saml", ASSERTION, "Assertion")
        .with("ID", "_assertion")
        .with("IssueInstant", "2026-01-05T08:30:00Z")
        .with("Version", "2.0")
        .child(Element::new("saml", ASSERTION, "Issuer").text("https://id.example"))
        .child(Element::new("saml", ASSERTION, "Subject").child(name_id));
    sign_enveloped(assertion, &signer("other-provider")).unwrap()
}

fn key() -> EncryptionKey {
    EncryptionKey::from_certificate(signer("service-provider").certificate()).unwrap()
}

fn response(algorithm: ContentAlgorithm, random: &Counting) -> Element {
    let status =
        Element::new("samlp", PROTOCOL, "StatusCode").with("Value", "urn:oasis:names:tc:SAML:2.0:status:Success");
    Element::new("samlp", PROTOCOL, "Response")
        .with("ID", "_response")
        .with("IssueInstant", "2026-01-05T08:30:00Z")
        .with("Version", "2.0")
        .child(Element::new("saml", ASSERTION, "Issuer").text("https://id.example"))
        .child(Element::new("samlp", PROTOCOL, "Status").child(status))
        .child(encrypt_assertion(&assertion(), &key(), algorithm, random).unwrap())
}

#[test]
fn the_service_provider_reads_the_very_assertion_and_its_signature_holds() {
    let private = std::fs::read(folder().join("keys/service-provider.key.der")).unwrap();
    for algorithm in ALL {
        let ours = signer("other-provider");
        let document = sign_enveloped(response(algorithm, &Counting::default()), &ours).unwrap().canonical();
        assert_xmlsec1_verifies(&document, ours.certificate());
        assert_valid(&document);
        let decrypted = xmlsec1_decrypts(&document, &private);
        let (_, inner) = decrypted.split_once("<saml:EncryptedAssertion").unwrap();
        let (_, inner) = inner.split_once('>').unwrap();
        let (inner, _) = inner.split_once("</saml:EncryptedAssertion>").unwrap();
        assert_eq!(xmllint_canonical(inner), assertion().canonical(), "{algorithm:?}");
        assert_xmlsec1_verifies(inner, ours.certificate());
    }
}

#[test]
fn nothing_of_the_assertion_is_left_readable() {
    let document = response(ContentAlgorithm::default(), &Counting::default()).canonical();
    for readable in ["Siân", "NameID", "_assertion"] {
        assert!(!document.contains(readable));
    }
}

#[test]
fn keys_are_transported_by_oaep_alone() {
    for algorithm in ALL {
        let document = response(algorithm, &Counting::default()).canonical();
        assert!(document.contains(r#"Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p""#));
        assert!(!document.contains("rsa-1_5"));
    }
}

#[test]
fn the_default_is_authenticated_and_the_legacy_ciphers_are_not() {
    assert_eq!(ContentAlgorithm::default(), ContentAlgorithm::Aes256Gcm);
    assert_eq!(ALL.map(ContentAlgorithm::is_authenticated), [true, true, false, false]);
}

#[test]
fn no_two_assertions_share_a_key_or_a_vector() {
    let random = Counting::default();
    let values = |element: &Element| {
        let text = element.canonical();
        text.split("<xenc:CipherValue>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (first, second) = (response(ALL[0], &random), response(ALL[0], &random));
    let (first, second) = (values(&first), values(&second));
    assert_eq!(first.len(), 2);
    assert!(first[0] != second[0] && first[1] != second[1] && first[1][..16] != second[1][..16]);
}

#[test]
fn every_content_key_is_drawn() {
    let random = Counting::default();
    for algorithm in ALL {
        assert_ne!(algorithm.draw_key(&random), algorithm.draw_key(&random));
    }
}

#[test]
fn only_an_rsa_key_encrypts_and_only_an_assertion_is_encrypted() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let ecdsa = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
    assert_eq!(EncryptionKey::from_certificate(ecdsa.der()).unwrap_err(), KeyError::Unsupported);
    assert_eq!(EncryptionKey::from_certificate(b"x").unwrap_err(), KeyError::Malformed);
    let response = Element::new("samlp", PROTOCOL, "Response");
    let outcome = encrypt_assertion(&response, &key(), ALL[0], &Counting::default());
    assert_eq!(outcome.unwrap_err(), EncryptError::Shape);
}
