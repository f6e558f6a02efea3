//! The gate that inbound XML passes before anything else sees it.
//!
//! Owns the structural rules: size, depth, forbidden constructs, unique IDs, one Issuer, and at most one Signature of exactly one shape
//! ([`SignatureFault`]). Does not own keys: [`crate::verify`] does. Only a subset of XML 1.0 passes, and the tree that passes is the one
//! that is digested and read afterwards, so nothing can be signed in one place and read from another.

mod reader;
mod signature;

use std::collections::HashSet;

pub use signature::SignatureFault;

use crate::names::{ASSERTION, DSIG, PROTOCOL, SOAP};
use crate::xml::{Element, LONGEST_ID};

pub(crate) use signature::Shape;

/// How large a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In bytes.
    pub bytes: usize,
    /// Tags, texts and references.
    pub events: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Attributes of one element, namespace declarations counted.
    pub attributes: usize,
    /// Namespaces declared at one place in the document.
    pub namespaces: usize,
    pub comments: Comments,
}

/// What happens to comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    Refused,
    /// As if they were not there, in what is digested and in what is read.
    Ignored,
}

impl Limits {
    /// A protocol message: 64 kB, 2,000 events, twelve levels.
    pub const MESSAGE: Self = Self {
        bytes: 64 * 1024,
        events: 2_000,
        depth: 12,
        attributes: 40,
        namespaces: 64,
        comments: Comments::Refused,
    };
    /// The metadata of one entity. People comment in it.
    pub const METADATA: Self = Self {
        bytes: 1024 * 1024,
        events: 20_000,
        depth: 24,
        attributes: 40,
        namespaces: 64,
        comments: Comments::Ignored,
    };
}

/// Why a document was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum GateError {
    #[error("the document is too long")]
    TooLong,
    #[error("the document has too many parts")]
    TooManyEvents,
    #[error("the elements are nested too deeply")]
    TooDeep,
    #[error("an element has too many attributes")]
    TooManyAttributes,
    #[error("too many namespaces are declared")]
    TooManyNamespaces,
    /// Canonical XML repeats a namespace for each element that uses it: a long one would make a short document huge.
    #[error("the name of a namespace is too long")]
    LongNamespace,
    #[error("the document is not in UTF-8")]
    Encoding,
    #[error("a document type declaration is not accepted")]
    DocumentType,
    #[error("a comment is not accepted")]
    Comment,
    #[error("a processing instruction is not accepted")]
    ProcessingInstruction,
    #[error("a CDATA section is not accepted")]
    CData,
    #[error("an entity other than the five of XML is not accepted")]
    Entity,
    /// Not well-formed, or its namespaces are not, or a name has letters outside ASCII.
    #[error("the document is not well-formed XML")]
    Malformed,
    #[error("the root is not the expected element")]
    Root,
    #[error("the root has no ID")]
    MissingId,
    #[error("an ID is not a name of at most 256 characters")]
    BadId,
    #[error("an ID occurs twice")]
    DuplicateId,
    #[error("there is no Issuer")]
    MissingIssuer,
    #[error("the Issuer is not the first element")]
    IssuerNotFirst,
    #[error("there is more than one Issuer")]
    RepeatedIssuer,
    /// Not one envelope with one body with one message (SAML Bindings 3.2.2).
    #[error("not a SOAP envelope around one message")]
    Envelope,
    #[error("the signature is not accepted: {0}")]
    Signature(#[from] SignatureFault),
}

/// A document that passed the structural rules. Who sent it is not known yet.
#[derive(Debug, Clone)]
pub struct Gated {
    root: Element,
    limits: Limits,
}

impl Gated {
    /// The root, whatever was or was not signed. **Nothing in it is known to come from the one whom it names**: good for finding out whose keys
    /// to verify with, and for messages that need no signature.
    pub fn unverified(&self) -> &Element {
        &self.root
    }

    /// Whether the root carries a signature, of whatever worth.
    pub fn is_signed(&self) -> bool {
        self.root.find(DSIG, "Signature").is_some()
    }

    /// The parts of the signature, for the verifier.
    pub(crate) fn shape(&self) -> Result<Option<Shape<'_>>, GateError> {
        self.root.find(DSIG, "Signature").map(|signature| Ok(signature::shape(signature, &self.root)?)).transpose()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Without its signature, where that counts for nothing (SAML Bindings 3.4.4.1 has it removed).
    pub(crate) fn without_signature(mut self) -> Self {
        self.root
            .children_mut()
            .retain(|node| !matches!(node, crate::xml::Node::Element(element) if element.is(DSIG, "Signature")));
        self
    }
}

/// Reads a protocol message whose root must be `local` in `namespace`.
pub fn parse_message(bytes: &[u8], namespace: &str, local: &str) -> Result<Gated, GateError> {
    let root = reader::read(bytes, &Limits::MESSAGE)?;
    if !root.is(namespace, local) {
        return Err(GateError::Root);
    }
    check_message(root)
}

/// Reads a protocol message out of a SOAP 1.1 envelope (SAML Bindings 3.2). The message stands alone afterwards.
pub fn parse_soap_message(bytes: &[u8], local: &str) -> Result<Gated, GateError> {
    let envelope = reader::read(bytes, &Limits::MESSAGE)?;
    if !envelope.is(SOAP, "Envelope") {
        return Err(GateError::Root);
    }
    let mut bodies = envelope.all(SOAP, "Body");
    let (Some(body), None) = (bodies.next(), bodies.next()) else { return Err(GateError::Envelope) };
    let mut messages = body.elements();
    let (Some(message), None) = (messages.next(), messages.next()) else { return Err(GateError::Envelope) };
    if !message.is(PROTOCOL, local) {
        return Err(GateError::Root);
    }
    // What is around the message is not covered by its signature; nothing but namespaces is taken from there.
    let mut alone = message.clone();
    alone.inherit(&[envelope.declared().to_vec(), body.declared().to_vec()]);
    check_message(alone)
}

/// Reads another document than a protocol message, metadata for example: IDs and the signature are under the same rules, an Issuer is not
/// asked for, nor an ID where nothing is signed.
pub fn parse_document(bytes: &[u8], namespace: &str, local: &str, limits: &Limits) -> Result<Gated, GateError> {
    let root = reader::read(bytes, limits)?;
    if !root.is(namespace, local) {
        return Err(GateError::Root);
    }
    check_ids(&root, &mut HashSet::new())?;
    check_signature(&root)?;
    Ok(Gated { root, limits: *limits })
}

fn check_message(root: Element) -> Result<Gated, GateError> {
    check_ids(&root, &mut HashSet::new())?;
    if root.attribute("ID").is_none() {
        return Err(GateError::MissingId);
    }
    // SAML Core 3.2.1: the Issuer comes first; saml2int requires it.
    match root.count(ASSERTION, "Issuer") {
        0 => return Err(GateError::MissingIssuer),
        1 => {}
        _ => return Err(GateError::RepeatedIssuer),
    }
    if !root.elements().next().is_some_and(|first| first.is(ASSERTION, "Issuer")) {
        return Err(GateError::IssuerNotFirst);
    }
    check_signature(&root)?;
    Ok(Gated { root, limits: Limits::MESSAGE })
}

/// A tree under limits, without the rules of messages and signatures.
pub(crate) fn read_signed(octets: &[u8], limits: &Limits) -> Result<Element, GateError> {
    reader::read(octets, limits)
}

/// The octets that a signature covered. They are of a tree that kept to the limits; canonical XML needs more room for it, since it has no
/// empty-element tags and repeats namespaces.
pub(crate) fn read_again(octets: &[u8], limits: &Limits) -> Result<Element, GateError> {
    let most = usize::MAX;
    reader::read(octets, &Limits { bytes: most, events: most, attributes: most, namespaces: most, ..*limits })
}

fn check_signature(root: &Element) -> Result<(), GateError> {
    match (root.count(DSIG, "Signature"), root.find(DSIG, "Signature")) {
        (0, _) => Ok(()),
        (1, Some(signature)) => Ok(signature::shape(signature, root).map(drop)?),
        (1, None) => Err(SignatureFault::Misplaced.into()),
        _ => Err(SignatureFault::Repeated.into()),
    }
}

/// Everything that some reader could take for an ID is one, and there once (XML Signature 8.1.3 on wrapping).
fn check_ids<'a>(element: &'a Element, seen: &mut HashSet<&'a str>) -> Result<(), GateError> {
    for (name, value) in element.attributes() {
        let in_no_namespace = name.namespace().is_empty();
        let is_id =
            matches!((name.local(), in_no_namespace, name.prefix()), ("ID" | "Id" | "id", true, _) | ("id", _, "xml"));
        if !is_id {
            continue;
        }
        // `id` is an ID in some schemas and anything in others.
        let must_be_name = name.local() != "id" || !in_no_namespace;
        if must_be_name && !is_name(value) {
            return Err(GateError::BadId);
        }
        if !seen.insert(value) {
            return Err(GateError::DuplicateId);
        }
    }
    element.elements().try_for_each(|child| check_ids(child, seen))
}

/// An `NCName` of ASCII (Namespaces in XML 3).
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_ID
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests;
