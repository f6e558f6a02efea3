//! What a response looks like before libxml2 and xmlsec get to see it.
//!
//! Threat: a signature is moved, so that it covers one assertion and another is read; a reference leads to an address, or runs a
//! transformation. Defence: one shape is let through, the one in which it is plain what is signed.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node};

pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const TRANSFORMS: [&str; 2] =
    ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"];
/// Characters of a field.
pub(super) const LARGEST: usize = 256 * 1024;

/// A response of the shape that is let through. Nothing of it is believed yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shaped {
    pub(super) xml: String,
    pub(super) in_response_to: Option<String>,
    /// The most particular status code, if it is another than success.
    pub(super) failure: Option<String>,
}

/// Reads the value of `SAMLResponse` (saml-bindings-2.0-os 3.5.4).
pub(super) fn shape(field: &str) -> Result<Shaped, &'static str> {
    if field.len() > LARGEST {
        return Err("too large");
    }
    let bytes = STANDARD.decode(field.split_ascii_whitespace().collect::<String>()).map_err(|_| "not base64")?;
    let xml = String::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    // A document type declaration is refused by the parser.
    let document = Document::parse(&xml).map_err(|_| "not well-formed, or with a document type")?;
    let root = document.root_element();
    if !root.has_tag_name((PROTOCOL, "Response")) || root.attribute("Version") != Some("2.0") {
        return Err("not a response of SAML 2.0");
    }
    // A comment is no part of what is signed, and may cut a name in two for whoever reads it.
    if document.descendants().any(|node| node.is_comment() || node.is_pi()) {
        return Err("a comment or processing instruction");
    }
    let mut ids = HashSet::new();
    let named = root.descendants().filter_map(|node| node.attributes().find(|a| a.name().eq_ignore_ascii_case("id")));
    if named.into_iter().any(|id| !ids.insert(id.value().to_owned())) {
        return Err("an id twice");
    }
    let codes = root.descendants().filter(|node| node.has_tag_name((PROTOCOL, "StatusCode")));
    let codes: Vec<&str> = codes.filter_map(|code| code.attribute("Value")).collect();
    let failure = match codes.as_slice() {
        [] => return Err("no status"),
        [only] if *only == SUCCESS => None,
        [.., last] => Some((*last).to_owned()),
    };
    let signatures = root.descendants().filter(|node| node.has_tag_name((DSIG, "Signature")));
    let signatures: Vec<Node<'_, '_>> = signatures.collect();
    for signature in &signatures {
        check_signature(*signature)?;
    }
    if failure.is_none() {
        check_success(root, &signatures)?;
    }
    let in_response_to = root.attribute("InResponseTo").map(str::to_owned);
    Ok(Shaped { in_response_to, failure, xml: xml.clone() })
}

/// One assertion, in its place, and the whole response signed.
fn check_success(root: Node<'_, '_>, signatures: &[Node<'_, '_>]) -> Result<(), &'static str> {
    let local = |node: &Node<'_, '_>| matches!(node.tag_name().name(), "Assertion" | "EncryptedAssertion");
    let assertions: Vec<_> = root.descendants().filter(local).collect();
    let [assertion] = assertions.as_slice() else { return Err("not one assertion") };
    if assertion.parent() != Some(root) || assertion.tag_name().namespace() != Some(ASSERTION) {
        return Err("an assertion out of its place");
    }
    let of = |parent: Node<'_, '_>| signatures.iter().filter(|signature| signature.parent() == Some(parent)).count();
    match (of(root), of(*assertion), signatures.len()) {
        (1, 0, 1) | (1, 1, 2) => Ok(()),
        (0, ..) => Err("the response is not signed"),
        _ => Err("a signature out of its place"),
    }
}

/// One reference, to the element that the signature stands in, and no other transformations than those of SAML
/// (saml-core-2.0-os 5.4.2, 5.4.4).
fn check_signature(signature: Node<'_, '_>) -> Result<(), &'static str> {
    let within = |name: &'static str| signature.descendants().filter(move |node| node.has_tag_name((DSIG, name)));
    if within("Object").next().is_some() || within("RetrievalMethod").next().is_some() {
        return Err("a signature with more than a signature in it");
    }
    let references: Vec<_> = within("Reference").collect();
    let [reference] = references.as_slice() else { return Err("not one reference") };
    let id = signature.parent().and_then(|parent| parent.attribute("ID")).ok_or("nothing to refer to")?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err("a reference to something else");
    }
    let known = |node: Node<'_, '_>| node.attribute("Algorithm").is_some_and(|name| TRANSFORMS.contains(&name));
    if within("Transform").count() > TRANSFORMS.len() || !within("Transform").all(known) {
        return Err("another transformation");
    }
    Ok(())
}
