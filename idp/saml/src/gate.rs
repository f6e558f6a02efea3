//! The gate that inbound XML passes before anything else sees it.
//!
//! Owns the structural rules: size, depth, forbidden constructs, unique IDs, one Issuer and at most one Signature of exactly
//! one shape. Does not own keys: [`crate::verify`] does. Only a subset of XML 1.0 passes, and the tree that passes is the one
//! tree that is digested and read afterwards, so nothing can be signed in one place and read from another.

use std::collections::HashSet;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::names::{ASSERTION, DSIG, ENVELOPED, EXCLUSIVE_C14N};
use crate::xml::{Element, Name, Node};

const LONGEST: usize = 64 * 1024;
const MOST_EVENTS: usize = 2_000;
const DEEPEST: usize = 12;
const MOST_ATTRIBUTES: usize = 40;

/// Why a document was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// Size, number of events or attributes, depth.
    #[error("too large")]
    Flood,
    /// DTD, comment, processing instruction, CDATA, foreign entity, another encoding.
    #[error("a construct that is not accepted: {0}")]
    Construct(&'static str),
    /// Not well-formed, or namespaces are not.
    #[error("not well-formed XML")]
    Malformed,
    /// Another root element.
    #[error("another root element than expected")]
    Root,
    /// An ID twice, missing, or not a name.
    #[error("an ID is missing, malformed or not unique")]
    Id,
    /// No Issuer, more than one, or not first.
    #[error("the Issuer is missing, repeated or not first")]
    Issuer,
    /// A signature in a place or of a shape that is not accepted.
    #[error("the signature has a place or a shape that is not accepted: {0}")]
    Signature(&'static str),
}

/// A document that passed the structural rules. Who sent it is not known yet.
#[derive(Debug, Clone)]
pub struct Gated {
    root: Element,
}

impl Gated {
    /// The root; unverified.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// The signature of the root, if there is one.
    pub fn signature(&self) -> Option<&Element> {
        self.root.find(DSIG, "Signature")
    }
}

/// Reads a protocol message whose root must be `local` in `namespace`.
pub fn parse_message(bytes: &[u8], namespace: &str, local: &str) -> Result<Gated, GateError> {
    let root = parse_tree(bytes)?;
    if !root.name.is(namespace, local) {
        return Err(GateError::Root);
    }
    let mut ids = HashSet::new();
    check_ids(&root, &mut ids)?;
    let id = root.attribute("ID").ok_or(GateError::Id)?;
    // SAML Core 3.2.1: the Issuer comes first; the saml2int profile requires it.
    if !root.elements().next().is_some_and(|first| first.name.is(ASSERTION, "Issuer"))
        || count(&root, ASSERTION, "Issuer") != 1
    {
        return Err(GateError::Issuer);
    }
    match count(&root, DSIG, "Signature") {
        0 => {}
        1 => check_signature(root.find(DSIG, "Signature").ok_or(GateError::Signature("not a child of the root"))?, id)?,
        _ => return Err(GateError::Signature("more than one")),
    }
    Ok(Gated { root })
}

fn count(element: &Element, namespace: &str, local: &str) -> usize {
    let inside: usize = element.elements().map(|child| count(child, namespace, local)).sum();
    inside + usize::from(element.name.is(namespace, local))
}

fn check_ids<'a>(element: &'a Element, seen: &mut HashSet<&'a str>) -> Result<(), GateError> {
    for (name, value) in &element.attributes {
        let is_id =
            matches!(name.local.as_str(), "ID" | "Id" | "id") && (name.namespace.is_empty() || name.prefix == "xml");
        let starts_well = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_name = starts_well && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if is_id && (!is_name || !seen.insert(value)) {
            return Err(GateError::Id);
        }
    }
    element.elements().try_for_each(|child| check_ids(child, seen))
}

/// `XMLDSig` 4, restricted as SAML Core 5.4 restricts it.
fn check_signature(signature: &Element, root_id: &str) -> Result<(), GateError> {
    let shape = GateError::Signature;
    let names: Vec<&str> = signature.elements().map(|element| element.name.local.as_str()).collect();
    if !matches!(names.as_slice(), ["SignedInfo", "SignatureValue"] | ["SignedInfo", "SignatureValue", "KeyInfo"]) {
        return Err(shape("children"));
    }
    if count(signature, DSIG, "RetrievalMethod") > 0 || count(signature, DSIG, "Manifest") > 0 {
        return Err(shape("indirection"));
    }
    let info = signature.find(DSIG, "SignedInfo").ok_or(shape("SignedInfo"))?;
    let names: Vec<&str> = info.elements().map(|element| element.name.local.as_str()).collect();
    if names != ["CanonicalizationMethod", "SignatureMethod", "Reference"] {
        return Err(shape("one reference"));
    }
    let canonicalisation = info.find(DSIG, "CanonicalizationMethod").ok_or(shape("canonicalisation"))?;
    check_algorithm(canonicalisation, EXCLUSIVE_C14N)?;
    let method = info.find(DSIG, "SignatureMethod").ok_or(shape("method"))?;
    if method.elements().next().is_some() {
        return Err(shape("method"));
    }
    let reference = info.find(DSIG, "Reference").ok_or(shape("reference"))?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(root_id) {
        return Err(shape("the reference is not to the root"));
    }
    let names: Vec<&str> = reference.elements().map(|element| element.name.local.as_str()).collect();
    if names != ["Transforms", "DigestMethod", "DigestValue"] {
        return Err(shape("reference"));
    }
    let transforms: Vec<&Element> = reference.find(DSIG, "Transforms").ok_or(shape("transforms"))?.elements().collect();
    let [enveloped, exclusive] = transforms.as_slice() else { return Err(shape("transforms")) };
    check_algorithm(enveloped, ENVELOPED)?;
    check_algorithm(exclusive, EXCLUSIVE_C14N)
}

/// The algorithm exactly, and no parameter (an `InclusiveNamespaces` list would change what is digested).
fn check_algorithm(element: &Element, algorithm: &str) -> Result<(), GateError> {
    if element.attribute("Algorithm") != Some(algorithm) || !element.children.is_empty() {
        return Err(GateError::Signature("algorithm"));
    }
    Ok(())
}

/// Reads a whole document into a tree under the limits, without the rules of protocol messages.
fn parse_tree(bytes: &[u8]) -> Result<Element, GateError> {
    if bytes.len() > LONGEST {
        return Err(GateError::Flood);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| GateError::Construct("an encoding other than UTF-8"))?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    let mut open: Vec<(Element, usize)> = Vec::new();
    let mut scope: Vec<(String, String)> = Vec::new();
    let mut root = None;
    for number in 0.. {
        if number > MOST_EVENTS {
            return Err(GateError::Flood);
        }
        match reader.read_event().map_err(|_| GateError::Malformed)? {
            Event::Decl(declaration) => {
                let plain = declaration.to_ascii_lowercase();
                if number > 0 || (plain.contains("encoding") && !plain.contains("utf-8")) {
                    return Err(GateError::Construct("an encoding other than UTF-8"));
                }
            }
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(GateError::Flood);
                }
                let before = scope.len();
                open.push((element(&start, &mut scope)?, before));
            }
            Event::Empty(start) => {
                let before = scope.len();
                let empty = element(&start, &mut scope)?;
                scope.truncate(before);
                close(empty, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let (element, before) = open.pop().ok_or(GateError::Malformed)?;
                scope.truncate(before);
                close(element, &mut open, &mut root)?;
            }
            Event::Text(text) => {
                // XML 1.0 2.11: line ends.
                append(&text.replace("\r\n", "\n").replace('\r', "\n"), &mut open)?;
            }
            Event::GeneralRef(reference) => append(&resolve(&reference)?.to_string(), &mut open)?,
            Event::CData(_) => return Err(GateError::Construct("CDATA")),
            Event::Comment(_) => return Err(GateError::Construct("a comment")),
            Event::PI(_) => return Err(GateError::Construct("a processing instruction")),
            Event::DocType(_) => return Err(GateError::Construct("a document type")),
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err(GateError::Malformed);
    }
    root.ok_or(GateError::Malformed)
}

fn close(element: Element, open: &mut [(Element, usize)], root: &mut Option<Element>) -> Result<(), GateError> {
    match open.last_mut() {
        Some((parent, _)) => parent.children.push(Node::Element(element)),
        None if root.is_none() => *root = Some(element),
        None => return Err(GateError::Malformed), // two roots
    }
    Ok(())
}

fn append(text: &str, open: &mut [(Element, usize)]) -> Result<(), GateError> {
    if !text.chars().all(is_xml_character) {
        return Err(GateError::Malformed);
    }
    let Some((parent, _)) = open.last_mut() else {
        return if text.trim().is_empty() { Ok(()) } else { Err(GateError::Malformed) };
    };
    if let Some(Node::Text(before)) = parent.children.last_mut() {
        before.push_str(text);
    } else {
        parent.children.push(Node::Text(text.to_owned()));
    }
    Ok(())
}

/// XML 1.0 2.2.
fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn resolve(reference: &str) -> Result<char, GateError> {
    let code = |digits: &str, radix| {
        let code = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        code.filter(|character| is_xml_character(*character)).ok_or(GateError::Malformed)
    };
    match reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => match (other.strip_prefix("#x"), other.strip_prefix('#')) {
            (Some(hex), _) => code(hex, 16),
            (None, Some(decimal)) => code(decimal, 10),
            (None, None) => Err(GateError::Construct("an entity")),
        },
    }
}

fn attribute_value(raw: &str) -> Result<String, GateError> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (reference, after) = after.split_once(';').ok_or(GateError::Malformed)?;
        value.push_str(&before.replace("\r\n", " ").replace(['\t', '\r', '\n'], " ")); // XML 1.0 3.3.3
        value.push(resolve(reference)?);
        rest = after;
    }
    value.push_str(&rest.replace("\r\n", " ").replace(['\t', '\r', '\n'], " "));
    if value.chars().all(is_xml_character) && !raw.contains('<') { Ok(value) } else { Err(GateError::Malformed) }
}

fn element(start: &BytesStart<'_>, scope: &mut Vec<(String, String)>) -> Result<Element, GateError> {
    let mut plain = Vec::new();
    for (number, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|_| GateError::Malformed)?;
        if number >= MOST_ATTRIBUTES {
            return Err(GateError::Flood);
        }
        let value = attribute_value(&attribute.value)?;
        match (attribute.key.0, attribute.key.0.strip_prefix("xmlns:")) {
            ("xmlns", _) => scope.push((String::new(), value)),
            // Namespaces in XML 1.0 3 and 5: these prefixes are not declared, and none is undeclared.
            (_, Some("xml" | "xmlns" | "")) => return Err(GateError::Malformed),
            (_, Some(_)) if value.is_empty() => return Err(GateError::Malformed),
            (_, Some(prefix)) => scope.push((prefix.to_owned(), value)),
            (key, None) => plain.push((key.to_owned(), value)),
        }
    }
    let mut attributes: Vec<(Name, String)> = Vec::new();
    for (key, value) in plain {
        let name = if key.contains(':') {
            name(&key, scope)?
        } else {
            Name { prefix: String::new(), local: key, namespace: String::new() }
        };
        if attributes.iter().any(|(known, _)| known.is(&name.namespace, &name.local)) {
            return Err(GateError::Malformed);
        }
        attributes.push((name, value));
    }
    Ok(Element { name: name(start.name().0, scope)?, attributes, children: Vec::new() })
}

fn name(key: &str, scope: &[(String, String)]) -> Result<Name, GateError> {
    let (prefix, local) = key.split_once(':').unwrap_or(("", key));
    let good = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    };
    if !good(local) || !(prefix.is_empty() || good(prefix)) {
        return Err(GateError::Malformed);
    }
    let namespace = match (prefix, scope.iter().rev().find(|(known, _)| known == prefix)) {
        ("xml", _) => "http://www.w3.org/XML/1998/namespace",
        (_, Some((_, namespace))) => namespace,
        ("", None) => "",
        (_, None) => return Err(GateError::Malformed),
    };
    Ok(Name { prefix: prefix.to_owned(), local: local.to_owned(), namespace: namespace.to_owned() })
}
