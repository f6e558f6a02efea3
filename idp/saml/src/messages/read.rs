//! What all readers need: one child of a name, its text, booleans and numbers as XML Schema writes them.

use crate::names::ASSERTION;
use crate::xml::Element;

/// Why a tree is not the message that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another element than this one.
    #[error("not a {0}")]
    Root(&'static str),
    /// Something required is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Something has a value that its type does not allow.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// Something that may occur once occurs more often; which would count?
    #[error("{0} occurs more than once")]
    Repeated(&'static str),
}

/// The root, if it is `local`.
pub(crate) fn expect(root: &Element, namespace: &str, local: &'static str) -> Result<(), ReadError> {
    if root.is(namespace, local) { Ok(()) } else { Err(ReadError::Root(local)) }
}

/// The only child of this name, where there is one.
pub(crate) fn at_most_one<'a>(
    parent: &'a Element,
    namespace: &str,
    local: &'static str,
) -> Result<Option<&'a Element>, ReadError> {
    let mut found = parent.elements().filter(|element| element.is(namespace, local));
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(ReadError::Repeated(local)),
        (first, None) => Ok(first),
    }
}

/// The only child of this name.
pub(crate) fn exactly_one<'a>(
    parent: &'a Element,
    namespace: &str,
    local: &'static str,
) -> Result<&'a Element, ReadError> {
    at_most_one(parent, namespace, local)?.ok_or(ReadError::Missing(local))
}

/// The `EncryptedID`, or the `BaseID` of some extension, that stands in the place of a `NameID`.
pub(crate) fn opaque(parent: &Element) -> Result<Option<&Element>, ReadError> {
    match (at_most_one(parent, ASSERTION, "EncryptedID")?, at_most_one(parent, ASSERTION, "BaseID")?) {
        (Some(_), Some(_)) => Err(ReadError::Repeated("EncryptedID")),
        (encrypted, base) => Ok(encrypted.or(base)),
    }
}

/// The text of an element that holds nothing but text. White space around it is layout: no identifier has any.
pub(crate) fn text(element: &Element, what: &'static str) -> Result<String, ReadError> {
    if element.elements().next().is_some() {
        return Err(ReadError::Malformed(what));
    }
    let text = element.own_text().trim_matches([' ', '\t', '\n', '\r']).to_owned();
    if text.is_empty() { Err(ReadError::Malformed(what)) } else { Ok(text) }
}

/// An attribute that must be there.
pub(crate) fn attribute<'a>(element: &'a Element, name: &'static str) -> Result<&'a str, ReadError> {
    element.attribute(name).ok_or(ReadError::Missing(name))
}

/// `xs:boolean` (XML Schema 2, 3.2.2); absent is false.
pub(crate) fn boolean(element: &Element, name: &'static str) -> Result<bool, ReadError> {
    match element.attribute(name) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(ReadError::Malformed(name)),
    }
}

/// `xs:unsignedShort` (XML Schema 2, 3.3.23).
pub(crate) fn unsigned_short(element: &Element, name: &'static str) -> Result<Option<u16>, ReadError> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    element.attribute(name).map(|text| number(text).ok_or(ReadError::Malformed(name))).transpose()
}

/// An instant, where there is one.
pub(crate) fn instant(
    element: &Element,
    name: &'static str,
) -> Result<Option<keyholder_core::time::Timestamp>, ReadError> {
    element.attribute(name).map(|text| super::time::read(text).ok_or(ReadError::Malformed(name))).transpose()
}
