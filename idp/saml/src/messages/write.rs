//! What all writers need: elements whose texts and attributes were checked before they were put in.

use crate::names::{ASSERTION, PROTOCOL};
use crate::xml::{Element, Value, ValueError};

/// Longest address that is written, in characters.
pub const LONGEST_ADDRESS: usize = 2048;
/// Longest entity id (saml-core-2.0-os 8.3.6).
pub const LONGEST_ENTITY_ID: usize = 1024;

/// An element of the protocol namespace.
pub(crate) const fn samlp(local: &'static str) -> Element {
    Element::new("samlp", PROTOCOL, local)
}

/// An element of the assertion namespace.
pub(crate) const fn saml(local: &'static str) -> Element {
    Element::new("saml", ASSERTION, local)
}

/// With a text that arrives as it is.
pub(crate) fn text(element: Element, text: &str) -> Result<Element, ValueError> {
    Ok(element.text(Value::new(text)?))
}

/// With an attribute that arrives as it is.
pub(crate) fn attribute(element: Element, name: &'static str, value: &str) -> Result<Element, ValueError> {
    Ok(element.with(name, single_line(value)?))
}

/// With an attribute, where there is a value for it.
pub(crate) fn optional(element: Element, name: &'static str, value: Option<&str>) -> Result<Element, ValueError> {
    match value {
        Some(value) => attribute(element, name, value),
        None => Ok(element),
    }
}

/// An identifier: on one line, since readers collapse white space in some (XML Schema 2, 4.3.6).
fn single_line(text: &str) -> Result<Value, ValueError> {
    if text.contains(['\t', '\n']) { Err(ValueError::Character) } else { Value::new(text) }
}

/// An entity id.
pub(crate) fn entity_id(text: &str) -> Result<Value, ValueError> {
    if text.contains(['\t', '\n']) { Err(ValueError::Character) } else { Value::up_to(LONGEST_ENTITY_ID, text) }
}

/// An address: printable ASCII, as RFC 3986 2 has it.
pub(crate) fn address(text: &str) -> Result<Value, ValueError> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Value::up_to(LONGEST_ADDRESS, text)
    } else {
        Err(ValueError::Character)
    }
}
