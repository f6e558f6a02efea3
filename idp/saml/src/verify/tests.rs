use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{KeyError, PublicKey, VerifyError, verify_enveloped};
use crate::external::xmlsec1_signs;
use crate::gate::{GateError, parse_message, parse_soap_message};
use crate::inbound::{Inbound, InboundError};
use crate::names::{ASSERTION, DSIG, PROTOCOL};
use crate::signer::{Signer as _, sign_enveloped};
use crate::vectors::{folder, known_keys, signer};
use crate::xml::Element;

/// A signature to be filled in, as other implementations shape it.
fn template(c14n: &str, method: &str, digest: &str, transform: &str) -> String {
    format!(
        r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
  <ds:SignedInfo>
    <ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{c14n}</ds:CanonicalizationMethod>
    <ds:SignatureMethod Algorithm="{method}"/>
    <ds:Reference URI="#_1">
      <ds:Transforms>
        <ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
        <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{transform}</ds:Transform>
      </ds:Transforms>
      <ds:DigestMethod Algorithm="{digest}"/>
      <ds:DigestValue/>
    </ds:Reference>
  </ds:SignedInfo>
  <ds:SignatureValue/>
</ds:Signature>"##
    )
}

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

fn list(prefixes: &str) -> String {
    format!(r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/>"#)
}

/// A request in the manner of service providers that have namespaces to spare.
fn request(signature: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"urn:default\" xmlns:unused=\"urn:unused\" ID=\"_1\" \
         Version=\"2.0\" IssueInstant='2026-01-05T08:30:00Z'\n  ProviderName=\"Ysgol &amp; co &#9; &lt;1&gt;\">\n  \
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://sp.example</saml:Issuer>\n  \
         {signature}\n  <samlp:Extensions><e xs:type=\"a\" xmlns=\"\"><f xmlns=\"urn:default\" xmlns:xs=\"urn:other\"/>\
         <xs:g xmlns:unused=\"urn:used\"/></e></samlp:Extensions>\n</samlp:AuthnRequest>\n"
    )
}

fn receive(document: &str, keys: &[PublicKey]) -> Result<Element, VerifyError> {
    let gated = parse_message(document.as_bytes(), PROTOCOL, "AuthnRequest").unwrap();
    verify_enveloped(&gated, keys).map(|verified| verified.root().clone())
}

fn private_key() -> Vec<u8> {
    std::fs::read(folder().join("keys/service-provider.key.der")).unwrap()
}

#[test]
fn what_another_implementation_signs_verifies_with_and_without_prefix_lists() {
    let lists = ["", "xs", "samlp saml ds xs", "#default", "xs #default unused absent", "xml"];
    for c14n in lists {
        for transform in lists {
            let [inside, outside] = [transform, c14n].map(|l| if l.is_empty() { String::new() } else { list(l) });
            let signed = xmlsec1_signs(&request(&template(&outside, RSA_SHA256, SHA256, &inside)), &private_key());
            let root = receive(&signed, &known_keys()).unwrap_or_else(|error| panic!("{c14n}, {transform}: {error}"));
            assert_eq!(root.attribute("ProviderName"), Some("Ysgol & co \t <1>"));
            let altered = signed.replace("urn:used", "urn:usee");
            // A namespace that nothing uses and no list names is not signed, and means nothing.
            let counts = transform.contains("unused");
            assert_eq!(receive(&altered, &known_keys()).is_err(), counts, "{transform}");
        }
    }
}

#[test]
fn stronger_digests_and_other_curves_verify() {
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    for strength in ["384", "512"] {
        let digest =
            if strength == "384" { format!("{more}sha384") } else { "http://www.w3.org/2001/04/xmlenc#sha512".into() };
        let template = template("", &format!("{more}rsa-sha{strength}"), &digest, "");
        let signed = xmlsec1_signs(&request(&template), &private_key());
        assert!(receive(&signed, &known_keys()).is_ok());
    }
    for (algorithm, strength) in [(&rcgen::PKCS_ECDSA_P256_SHA256, "256"), (&rcgen::PKCS_ECDSA_P384_SHA384, "384")] {
        let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
        let template = template("", &format!("{more}ecdsa-sha{strength}"), SHA256, "");
        let signed = xmlsec1_signs(&request(&template), &pair.serialize_der());
        let key = PublicKey::from_certificate(certificate.der()).unwrap();
        assert!(receive(&signed, std::slice::from_ref(&key)).is_ok(), "ecdsa-sha{strength}");
        assert_eq!(receive(&signed, &known_keys()), Err(VerifyError::Key));
    }
}

#[test]
fn only_what_was_signed_is_read() {
    let signed = xmlsec1_signs(&request(&template("", RSA_SHA256, SHA256, "")), &private_key());
    // What stands in the signature itself is not covered by it.
    let smuggled =
        signed.replace("</ds:Signature>", "<ds:KeyInfo><x ForceAuthn=\"true\"/></ds:KeyInfo></ds:Signature>");
    let root = receive(&smuggled, &known_keys()).unwrap();
    assert_eq!(root.count(DSIG, "Signature") + root.count("", "x") + root.count("urn:default", "x"), 0);
    assert_eq!(root.canonical(), receive(&signed, &known_keys()).unwrap().canonical());
    // Nor is what stands around the root, and so it is not there.
    assert!(!root.canonical().contains("urn:unused"));
}

#[test]
fn a_message_at_the_limits_verifies_although_its_canonical_form_is_beyond_them() {
    let many = format!("<samlp:Extensions xmlns=\"urn:default\">{}</samlp:Extensions>", "<x/>".repeat(1_500));
    let document = request(&template("", RSA_SHA256, SHA256, ""))
        .replace("<samlp:Extensions>", &format!("{many}<samlp:Extensions>"));
    let root = receive(&xmlsec1_signs(&document, &private_key()), &known_keys()).unwrap();
    assert_eq!(root.count("urn:default", "x"), 1_500);
}

#[test]
fn every_key_of_the_sender_is_tried() {
    let signed = xmlsec1_signs(&request(&template("", RSA_SHA256, SHA256, "")), &private_key());
    let other = PublicKey::from_certificate(signer("other-provider").certificate()).unwrap();
    assert!(receive(&signed, &[vec![other.clone()], known_keys()].concat()).is_ok());
    assert_eq!(receive(&signed, &[other]), Err(VerifyError::Key));
    assert_eq!(receive(&signed, &[]), Err(VerifyError::Key));
}

#[test]
fn a_key_that_is_too_short_or_of_another_kind_is_not_taken() {
    let certify = |pair: &rcgen::KeyPair| rcgen::CertificateParams::new(vec![]).unwrap().self_signed(pair).unwrap();
    let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    assert_eq!(PublicKey::from_certificate(certify(&ed25519).der()), Err(KeyError::Unsupported));
    assert_eq!(PublicKey::from_certificate(b"x"), Err(KeyError::Malformed));
    let short = std::fs::read(folder().join("keys/rsa-1024.certificate.der")).unwrap();
    assert_eq!(PublicKey::from_certificate(&short), Err(KeyError::Size));
    let ours = signer("service-provider");
    let trailing = [ours.certificate(), b"x"].concat();
    assert_eq!(PublicKey::from_certificate(&trailing), Err(KeyError::Malformed));
}

#[test]
fn a_bare_public_key_is_the_key_of_its_certificate() {
    let ours = signer("service-provider");
    let (_, certificate) = X509Certificate::from_der(ours.certificate()).unwrap();
    assert_eq!(PublicKey::from_spki(certificate.public_key().raw).unwrap(), known_keys()[0]);
}

fn logout() -> Element {
    Element::new("samlp", PROTOCOL, "LogoutRequest")
        .with("ID", "_1")
        .with("Version", "2.0")
        .child(Element::new("saml", ASSERTION, "Issuer").text("https://sp.example"))
}

#[test]
fn a_message_in_a_soap_envelope_stands_alone() {
    let signed = sign_enveloped(logout(), &signer("service-provider")).unwrap().canonical();
    // The namespaces that the message uses are declared around it, as some stacks do.
    let inside = signed.replace(" xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"", "");
    let envelope = |body: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"><s:Header/><s:Body>{body}</s:Body></s:Envelope>"
        )
    };
    for body in [&signed, &inside] {
        let inbound = Inbound::from_soap(envelope(body).as_bytes(), "LogoutRequest").unwrap();
        assert_eq!(inbound.verify(&known_keys()).unwrap().root().canonical(), logout().canonical());
    }
    let refused = |body: &str| parse_soap_message(envelope(body).as_bytes(), "LogoutRequest").unwrap_err();
    assert_eq!(refused(""), GateError::Envelope);
    assert_eq!(refused(&format!("{signed}{}", signed.replace("_1", "_2"))), GateError::Envelope);
    assert_eq!(refused("<x/>"), GateError::Root);
    let bare = parse_soap_message(signed.as_bytes(), "LogoutRequest");
    assert_eq!(bare.unwrap_err(), GateError::Root);
}

#[test]
fn a_prefix_list_reaches_namespaces_of_the_envelope() {
    let issuer = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://sp.example</saml:Issuer>";
    let signature = template(&list("xs"), RSA_SHA256, SHA256, &list("xs"));
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xs=\"urn:xs\"><s:Body>\
         <samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\">{issuer}{signature}\
         </samlp:LogoutRequest></s:Body></s:Envelope>"
    );
    let signed = xmlsec1_signs(&envelope, &private_key());
    let inbound = Inbound::from_soap(signed.as_bytes(), "LogoutRequest").unwrap();
    assert!(inbound.verify(&known_keys()).is_ok());
}

#[test]
fn a_signature_around_a_message_is_not_one_of_the_message() {
    let signed = sign_enveloped(logout(), &signer("service-provider")).unwrap();
    let signature = signed.find(DSIG, "Signature").unwrap().canonical();
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>{signature}</s:Header><s:Body>{}\
         </s:Body></s:Envelope>",
        logout().canonical()
    );
    let inbound = Inbound::from_soap(envelope.as_bytes(), "LogoutRequest").unwrap();
    assert!(!inbound.is_signed());
    assert_eq!(inbound.verify(&known_keys()).unwrap_err(), VerifyError::Unsigned);
}

#[test]
fn a_posted_field_may_have_line_ends_and_nothing_else_beside_base64() {
    let signed = sign_enveloped(logout(), &signer("service-provider")).unwrap().canonical();
    let field = crate::base64::encode(signed.as_bytes());
    let lines: Vec<&str> = field.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let receive =
        |field: &str| Inbound::from_post(field, "LogoutRequest").map(|inbound| inbound.verify(&known_keys()).is_ok());
    assert_eq!(receive(&lines.join("\r\n")), Ok(true));
    assert_eq!(receive(&format!("{field}*")), Err(InboundError::Base64));
    assert_eq!(receive(field.trim_end_matches('=').get(1..).unwrap()), Err(InboundError::Base64));
    assert_eq!(receive(&"A".repeat(100_000)), Err(InboundError::TooLong));
}
