use proptest::prelude::*;

use super::{NativeSigner, SignError, Signer, sign_enveloped};
use crate::algorithm::SignatureAlgorithm;
use crate::external::{assert_valid, assert_xmlsec1_verifies, assert_xmlsec1_verifies_at};
use crate::gate::{Limits, parse_document};
use crate::names::{ASSERTION, DSIG, METADATA, PROTOCOL};
use crate::vectors::signer;
use crate::verify::{PublicKey, verify_enveloped};
use crate::xml::{Element, Value};

fn ecdsa() -> NativeSigner {
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
    NativeSigner::from_pkcs8(&pair.serialize_der(), certificate.der().to_vec()).unwrap()
}

fn message(local: &'static str) -> Element {
    Element::new("samlp", PROTOCOL, local)
        .with("ID", "_message")
        .with("Version", "2.0")
        .with("IssueInstant", "2026-01-05T08:30:00Z")
        .child(Element::new("saml", ASSERTION, "Issuer").text("https://id.example"))
}

#[test]
fn another_implementation_verifies_what_either_kind_of_key_signs() {
    for signer in [signer("service-provider"), ecdsa()] {
        let signed = sign_enveloped(message("AuthnRequest"), &signer).unwrap().canonical();
        assert_xmlsec1_verifies(&signed, signer.certificate());
        assert_valid(&signed);
    }
}

#[test]
fn another_implementation_verifies_every_kind_of_document() {
    let signer = signer("service-provider");
    let name_id = Element::new("saml", ASSERTION, "NameID").text("pupil");
    let success =
        Element::new("samlp", PROTOCOL, "StatusCode").with("Value", "urn:oasis:names:tc:SAML:2.0:status:Success");
    let md = |local| Element::new("md", METADATA, local);
    let service = md("SingleSignOnService")
        .with("Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect")
        .with("Location", "https://id.example/saml/sso?a=1&b=2");
    let role = md("IDPSSODescriptor").with("protocolSupportEnumeration", PROTOCOL).child(service);
    let entity = md("EntityDescriptor").with("entityID", "https://id.example").child(role);
    for document in [
        message("LogoutRequest").child(name_id),
        message("LogoutResponse").child(Element::new("samlp", PROTOCOL, "Status").child(success)),
        md("EntitiesDescriptor").with("ID", "_group").child(entity.clone()),
        entity.with("ID", "_entity"),
    ] {
        let signed = sign_enveloped(document, &signer).unwrap().canonical();
        assert_xmlsec1_verifies(&signed, signer.certificate());
        assert_valid(&signed);
    }
}

#[test]
fn another_implementation_verifies_a_signed_assertion_in_a_signed_response() {
    let signer = signer("service-provider");
    let name_id = Element::new("saml", ASSERTION, "NameID").text("Siân & co <1>");
    let assertion = Element::new("saml", ASSERTION, "Assertion")
        .with("ID", "_assertion")
        .with("IssueInstant", "2026-01-05T08:30:00Z")
        .with("Version", "2.0")
        .child(Element::new("saml", ASSERTION, "Issuer").text("https://id.example"))
        .child(Element::new("saml", ASSERTION, "Subject").child(name_id));
    let success =
        Element::new("samlp", PROTOCOL, "StatusCode").with("Value", "urn:oasis:names:tc:SAML:2.0:status:Success");
    let response = message("Response")
        .child(Element::new("samlp", PROTOCOL, "Status").child(success))
        .child(sign_enveloped(assertion, &signer).unwrap());
    let signed = sign_enveloped(response, &signer).unwrap().canonical();
    assert_xmlsec1_verifies_at(&signed, &["Response"], signer.certificate());
    assert_xmlsec1_verifies_at(&signed, &["Response", "Assertion"], signer.certificate());
    assert_valid(&signed);
}

#[test]
fn the_signature_stands_behind_the_issuer_or_first() {
    let signer = ecdsa();
    let names = |element: Element| {
        let signed = sign_enveloped(element, &signer).unwrap();
        signed.elements().map(|child| child.name().local().to_owned()).collect::<Vec<_>>()
    };
    let status = || Element::new("samlp", PROTOCOL, "Status");
    assert_eq!(names(message("Response").child(status())), ["Issuer", "Signature", "Status"]);
    let metadata = Element::new("md", "urn:md", "EntityDescriptor").with("ID", "_1").child(status());
    assert_eq!(names(metadata), ["Signature", "Status"]);
}

#[test]
fn an_element_without_id_and_one_that_is_signed_are_not_signed() {
    let signer = ecdsa();
    let sign = |element| sign_enveloped(element, &signer);
    assert_eq!(sign(Element::new("samlp", PROTOCOL, "Response")).unwrap_err(), SignError::Shape);
    let signed = sign(message("Response")).unwrap();
    assert_eq!(sign(signed).unwrap_err(), SignError::Shape);
}

#[test]
fn a_key_needs_its_own_certificate() {
    let read = |path: &str| std::fs::read(crate::vectors::folder().join("keys").join(path)).unwrap();
    let (key, other) = (read("service-provider.key.der"), read("other-provider.certificate.der"));
    assert_eq!(NativeSigner::from_pkcs8(&key, other.clone()).unwrap_err(), SignError::Certificate);
    assert_eq!(NativeSigner::from_pkcs8(&key, b"x".to_vec()).unwrap_err(), SignError::Certificate);
    assert_eq!(NativeSigner::from_pkcs8(b"x", other).unwrap_err(), SignError::Key);
}

#[test]
fn the_algorithm_follows_the_key() {
    assert_eq!(signer("service-provider").algorithm(), SignatureAlgorithm::RsaSha256);
    assert_eq!(ecdsa().algorithm(), SignatureAlgorithm::EcdsaSha256);
}

#[test]
fn debug_output_shows_no_key() {
    assert_eq!(format!("{:?}", ecdsa()), "NativeSigner { algorithm: EcdsaSha256, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_is_signed_verifies_and_is_read_as_it_was(text in "\\PC{0,200}", attribute in any::<String>()) {
        let (Ok(text), Ok(attribute)) = (Value::new(text), Value::new(attribute)) else { return Ok(()) };
        let signer = signer("service-provider");
        let extension = Element::new("x", "urn:x", "x").with("y", &attribute).text(&text);
        let original = message("AuthnRequest").child(extension);
        let signed = sign_enveloped(original.clone(), &signer).unwrap().canonical();
        let roomy = Limits { events: usize::MAX, ..Limits::MESSAGE };
        let gated = parse_document(signed.as_bytes(), PROTOCOL, "AuthnRequest", &roomy).unwrap();
        let keys = [PublicKey::from_certificate(signer.certificate()).unwrap()];
        let verified = verify_enveloped(&gated, &keys).unwrap();
        prop_assert_eq!(verified.root().canonical(), original.canonical());
        prop_assert!(verified.root().find(DSIG, "Signature").is_none());
    }
}
