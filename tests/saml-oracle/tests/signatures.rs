//! Our signatures and samael's, on the same input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::LazyLock;

use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::names::{ASSERTION, DSIG, PROTOCOL};
use keyholder_saml::signer::{NativeSigner, Signer as _, sign_enveloped};
use keyholder_saml::verify::{PublicKey, verify_enveloped};
use keyholder_saml::xml::{Element, Value};
use proptest::prelude::*;
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};

struct Key {
    signer: NativeSigner,
    private: Vec<u8>,
}

static KEY: LazyLock<Key> = LazyLock::new(|| {
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
    let private = pair.serialize_der();
    Key { signer: NativeSigner::from_pkcs8(&private, certificate.der().to_vec()).unwrap(), private }
});

/// The signature's two values, base64 without line ends.
fn values(document: &str) -> [String; 2] {
    let limits = Limits { bytes: usize::MAX, events: usize::MAX, ..Limits::MESSAGE };
    let gated = parse_document(document.as_bytes(), PROTOCOL, "Response", &limits).unwrap();
    let signature = gated.unverified().find(DSIG, "Signature").unwrap();
    let info = signature.find(DSIG, "SignedInfo").unwrap();
    let digest = info.find(DSIG, "Reference").unwrap().find(DSIG, "DigestValue").unwrap();
    [digest, signature.find(DSIG, "SignatureValue").unwrap()]
        .map(|element| element.own_text().split_ascii_whitespace().collect())
}

/// The document before anything was computed: what samael fills in.
fn template(signed: &str) -> String {
    let emptied = |text: &str, name: &str| {
        let (before, rest) = text.split_once(&format!("<ds:{name}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</ds:{name}>")).unwrap();
        format!("{before}<ds:{name}></ds:{name}>{after}")
    };
    emptied(&emptied(signed, "DigestValue"), "SignatureValue")
}

fn response(text: &Value, attribute: &Value) -> Element {
    let issuer = Element::new("saml", ASSERTION, "Issuer").text("https://id.example");
    let name_id = Element::new("saml", ASSERTION, "NameID").with("SPNameQualifier", attribute).text(text);
    let assertion = Element::new("saml", ASSERTION, "Assertion")
        .with("ID", "_assertion")
        .with("Version", "2.0")
        .child(issuer.clone())
        .child(Element::new("saml", ASSERTION, "Subject").child(name_id));
    Element::new("samlp", PROTOCOL, "Response")
        .with("ID", "_response")
        .with("Destination", attribute)
        .with("Version", "2.0")
        .child(issuer)
        .child(assertion)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn both_sign_with_the_same_bytes(text in any::<String>(), attribute in "[ -~\t\n<&\"'é🧑]{0,60}") {
        let (Ok(text), Ok(attribute)) = (Value::new(text), Value::new(attribute)) else { return Ok(()) };
        let ours = sign_enveloped(response(&text, &attribute), &KEY.signer).unwrap().canonical();
        let theirs = Crypto::sign_xml(template(&ours), &KEY.private).unwrap();
        prop_assert_eq!(values(&ours), values(&theirs));
    }

    #[test]
    fn both_find_the_same_octets_signed(text in any::<String>(), attribute in "[ -~\t\n<&\"'é🧑]{0,60}") {
        let (Ok(text), Ok(attribute)) = (Value::new(text), Value::new(attribute)) else { return Ok(()) };
        let original = response(&text, &attribute);
        let signed = sign_enveloped(original.clone(), &KEY.signer).unwrap().canonical();
        let theirs = Crypto::reduce_xml_to_signed_with_allowed_algorithms(
            &signed,
            &[CertificateDer::from(KEY.signer.certificate().to_vec())],
            ReduceMode::PreDigest,
            Some(&[AllowedSignatureAlgorithm::RsaSha256]),
        );
        let limits = Limits { bytes: usize::MAX, events: usize::MAX, ..Limits::MESSAGE };
        let gated = parse_document(signed.as_bytes(), PROTOCOL, "Response", &limits).unwrap();
        let keys = [PublicKey::from_certificate(KEY.signer.certificate()).unwrap()];
        let ours = verify_enveloped(&gated, &keys).unwrap().root().canonical();
        prop_assert_eq!(&ours, &original.canonical());
        prop_assert_eq!(theirs.unwrap(), ours);
    }
}
