//! Signed requests that were tampered with, and signatures that mean something else than they seem to.

use super::{Refusal, Vector, signer};
use crate::gate::{GateError, SignatureFault};
use crate::names::{ASSERTION, DSIG, PROTOCOL};
use crate::signer::sign_enveloped;
use crate::verify::VerifyError;
use crate::xml::{Element, Value};

fn request(id: &'static str, issuer: &'static str) -> Element {
    Element::new("samlp", PROTOCOL, "AuthnRequest")
        .with("ID", id)
        .with("Version", "2.0")
        .with("IssueInstant", "2026-01-05T08:30:00Z")
        .child(Element::new("saml", ASSERTION, "Issuer").text(issuer))
}

const GENUINE: &str = "https://sp.example";
const FORGED: &str = "https://attacker.example";

fn signed_by(name: &str) -> Element {
    sign_enveloped(request("_genuine", GENUINE), &signer(name)).unwrap()
}

fn signature_of(signed: &Element) -> Element {
    signed.find(DSIG, "Signature").unwrap().clone()
}

fn extensions(inside: Element) -> Element {
    Element::new("samlp", PROTOCOL, "Extensions").child(inside)
}

fn ds(local: &'static str) -> Element {
    Element::new("ds", DSIG, local)
}

/// Where the signed original may hide while the forged request is what is read (Somorovsky et al., "On Breaking SAML", 2012; XSW).
fn wrapping() -> Vec<(&'static str, Element, GateError, GateError)> {
    let (original, signed) = (request("_genuine", GENUINE), signed_by("service-provider"));
    let signature = signature_of(&signed);
    let forged = || request("_forged", FORGED);
    let foreign = || Element::new("x", "urn:x", "x");
    let repeated = GateError::RepeatedIssuer;
    let forged_with_its_id = request("_genuine", FORGED);
    let issuer = Element::new("saml", ASSERTION, "Issuer").text(FORGED).child(original.clone());
    let forged_issuer = Element::new("samlp", PROTOCOL, "AuthnRequest").with("ID", "_forged").child(issuer);
    let reference = SignatureFault::Reference.into();
    let key_info = ds("KeyInfo").child(original.clone());
    let parts: Vec<Element> = signature.elements().take(2).cloned().collect();
    vec![
        ("1-in-extensions", forged().child(signature.clone()).child(extensions(original.clone())), repeated, reference),
        (
            "2-in-extensions-with-signature",
            forged().child(extensions(signed.clone())),
            repeated,
            SignatureFault::Misplaced.into(),
        ),
        (
            "3-in-object",
            forged().child(signature.clone().child(ds("Object").child(original.clone()))),
            repeated,
            SignatureFault::Parts.into(),
        ),
        (
            "4-under-its-own-id",
            forged_with_its_id.child(signature.clone()).child(extensions(original.clone())),
            GateError::DuplicateId,
            GateError::DuplicateId,
        ),
        ("5-in-key-info", forged().child(ds("Signature").and_children(parts).child(key_info)), repeated, reference),
        (
            "6-in-foreign-element-before-issuer",
            Element::new("samlp", PROTOCOL, "AuthnRequest")
                .with("ID", "_forged")
                .child(foreign().child(signed.clone()))
                .child(Element::new("saml", ASSERTION, "Issuer").text(FORGED)),
            repeated,
            SignatureFault::Misplaced.into(),
        ),
        ("7-in-issuer", forged_issuer.child(signature.clone()), repeated, reference),
        (
            "8-forged-in-its-signature",
            original.child(signature.child(ds("Object").child(forged()))),
            repeated,
            SignatureFault::Parts.into(),
        ),
    ]
}

pub(super) fn vectors() -> Vec<Vector> {
    let file = |name: &str| format!("signature/{name}.xml");
    let mut vectors: Vec<Vector> = wrapping()
        .into_iter()
        .map(|(name, document, refusal, behind)| Vector {
            behind: Some(behind),
            ..Vector::new(file(&format!("wrapping-{name}")), document.canonical(), refusal)
        })
        .collect();
    let signed = signed_by("service-provider").canonical();
    let other = signed_by("other-provider");
    let mut add = |name: &str, document: String, refusal: Refusal| {
        vectors.push(Vector::new(file(name), document, refusal));
    };
    add("stripped", request("_genuine", GENUINE).canonical(), VerifyError::Unsigned.into());
    // It brings its certificate along in KeyInfo, which proves nothing.
    add("self-signed-key-info", other.canonical(), VerifyError::Key.into());
    let keyless: Vec<Element> = signature_of(&other).elements().take(2).cloned().collect();
    let keyless = request("_genuine", GENUINE).child(ds("Signature").and_children(keyless));
    add("another-providers-key", keyless.canonical(), VerifyError::Key.into());
    add("altered", signed.replace(GENUINE, FORGED), VerifyError::Digest.into());
    let own = signed_by("other-provider");
    let info = signature_of(&own).find(DSIG, "SignedInfo").unwrap().canonical();
    let its_digest = request("_genuine", FORGED);
    let its_digest = sign_enveloped(its_digest, &signer("other-provider")).unwrap();
    let its_info = signature_of(&its_digest).find(DSIG, "SignedInfo").unwrap().canonical();
    let inner = |info: &str| info.split_once("<ds:CanonicalizationMethod").unwrap().1.to_owned();
    let altered = signed.replace(&inner(&info), &inner(&its_info)).replace(GENUINE, FORGED);
    add("altered-with-its-digest", altered, VerifyError::Key.into());
    for (name, from, to, fault) in replacements() {
        assert!(signed.contains(from), "{name}");
        add(name, signed.replacen(from, &to, 1), GateError::Signature(fault).into());
    }
    let (before, rest) = signed.split_once("<ds:Reference").unwrap();
    let after = rest.split_once("</ds:Reference>").unwrap().1;
    add("no-reference", format!("{before}{after}"), GateError::Signature(SignatureFault::References).into());
    let signature = signature_of(&signed_by("service-provider"));
    let twice = signed_by("service-provider").child(signature.clone());
    add("two-signatures", twice.canonical(), GateError::Signature(SignatureFault::Repeated).into());
    let misplaced = request("_genuine", GENUINE).child(extensions(signature.clone()));
    add("signature-in-extensions", misplaced.canonical(), GateError::Signature(SignatureFault::Misplaced).into());
    let object = request("_genuine", GENUINE).child(signature.child(ds("Object").text(Value::from("x"))));
    add("object", object.canonical(), GateError::Signature(SignatureFault::Parts).into());
    vectors
}

/// A piece of the signature, and what stands in its place.
#[allow(clippy::too_many_lines, reason = "one table")]
fn replacements() -> Vec<(&'static str, &'static str, String, SignatureFault)> {
    use SignatureFault as F;
    const REFERENCE: &str = "URI=\"#_genuine\"";
    const RSA: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    const DIGEST: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
    const C14N: &str = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    const EXCLUSIVE: &str =
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>";
    const ENVELOPED: &str =
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>";
    const BOTH: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>";
    const KEY_INFO: &str = "<ds:KeyInfo>";
    const ENDS: &str = "</ds:Reference>";
    let transform = |algorithm: &str| format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>");
    let and = |algorithm: &str| format!("{}{EXCLUSIVE}", transform(algorithm));
    let uri = |uri: &str| format!("URI=\"{uri}\"");
    let exclusive_with = |inside: &str| EXCLUSIVE.replacen("></", &format!(">{inside}</"), 1);
    let second = "<ds:Reference URI=\"#_genuine\"></ds:Reference>";
    let stylesheet = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"></xsl:stylesheet></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>true()</ds:XPath></ds:Transform>";
    vec![
        ("reference-http", REFERENCE, uri("http://attacker.example/genuine.xml"), F::Reference),
        ("reference-file", REFERENCE, uri("file:///etc/passwd"), F::Reference),
        ("reference-empty", REFERENCE, uri(""), F::Reference),
        ("reference-xpointer", REFERENCE, uri("#xpointer(id('_genuine'))"), F::Reference),
        ("reference-xpointer-root", REFERENCE, uri("#xpointer(/)"), F::Reference),
        ("reference-elsewhere", REFERENCE, uri("#_other"), F::Reference),
        ("reference-absent", REFERENCE, String::new(), F::Reference),
        ("two-references", ENDS, format!("{ENDS}{second}"), F::References),
        ("sha-1", RSA, "http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned(), F::Algorithm),
        ("md5", RSA, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5".to_owned(), F::Algorithm),
        ("hmac", RSA, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256".to_owned(), F::Algorithm),
        ("dsa", RSA, "http://www.w3.org/2009/xmldsig11#dsa-sha256".to_owned(), F::Algorithm),
        ("algorithm-with-space", RSA, format!("{RSA} "), F::Algorithm),
        (
            "hmac-output-length",
            "</ds:SignatureMethod>",
            "<ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>".to_owned(),
            F::Algorithm,
        ),
        ("digest-sha-1", DIGEST, "http://www.w3.org/2000/09/xmldsig#sha1".to_owned(), F::Digest),
        ("digest-md5", DIGEST, "http://www.w3.org/2001/04/xmldsig-more#md5".to_owned(), F::Digest),
        ("with-comments", C14N, C14N.replace("c14n#", "c14n#WithComments"), F::Canonicalization),
        (
            "inclusive-c14n",
            C14N,
            C14N.replace("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            F::Canonicalization,
        ),
        ("transform-with-comments", EXCLUSIVE, EXCLUSIVE.replace("c14n#", "c14n#WithComments"), F::Transforms),
        (
            "transform-inclusive-c14n",
            EXCLUSIVE,
            EXCLUSIVE
                .replace("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            F::Transforms,
        ),
        ("transform-xslt", EXCLUSIVE, format!("{stylesheet}{EXCLUSIVE}"), F::Transforms),
        ("transform-xslt-alone", ENVELOPED, stylesheet.to_owned(), F::Transforms),
        ("transform-xpath", EXCLUSIVE, format!("{xpath}{EXCLUSIVE}"), F::Transforms),
        ("transform-xpath-alone", ENVELOPED, xpath.to_owned(), F::Transforms),
        ("transform-base64", EXCLUSIVE, and("http://www.w3.org/2000/09/xmldsig#base64"), F::Transforms),
        ("transform-enveloped-absent", ENVELOPED, String::new(), F::Transforms),
        ("transform-twice", ENVELOPED, ENVELOPED.repeat(2), F::Transforms),
        (
            "transforms-reversed",
            BOTH,
            format!("{}{ENVELOPED}</ds:Transforms>", transform("http://www.w3.org/2001/10/xml-exc-c14n#")),
            F::Transforms,
        ),
        (
            "prefix-list-absent",
            EXCLUSIVE,
            exclusive_with(
                "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ec:InclusiveNamespaces>",
            ),
            F::Transforms,
        ),
        (
            "prefix-list-flood",
            EXCLUSIVE,
            exclusive_with(&format!(
                "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{}\"></ec:InclusiveNamespaces>",
                "a ".repeat(17)
            )),
            F::Transforms,
        ),
        (
            "prefix-list-of-no-prefix",
            EXCLUSIVE,
            exclusive_with(
                "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"&quot; a\"></ec:InclusiveNamespaces>",
            ),
            F::Transforms,
        ),
        ("manifest", KEY_INFO, format!("{KEY_INFO}<ds:Manifest></ds:Manifest>"), F::Indirection),
        (
            "retrieval-method",
            KEY_INFO,
            format!("{KEY_INFO}<ds:RetrievalMethod URI=\"http://attacker.example/key\"></ds:RetrievalMethod>"),
            F::Indirection,
        ),
        ("value-not-base64", "<ds:SignatureValue>", "<ds:SignatureValue>*".to_owned(), F::Base64),
        ("digest-not-base64", "<ds:DigestValue>", "<ds:DigestValue>*".to_owned(), F::Base64),
        ("value-with-element", "<ds:SignatureValue>", "<ds:SignatureValue><x></x>".to_owned(), F::Base64),
    ]
}
