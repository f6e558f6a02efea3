//! What a fuzzer calls. Each function takes any bytes and panics where a promise is broken.
//!
//! Built for tests and, with the feature `fuzz`, for the targets of the crate `fuzz` beside this one's sources. A short run over the vectors
//! is among the tests.

mod meaning;

pub use meaning::{messages, metadata};

use crate::gate::{Limits, parse_message, read_again, read_signed};
use crate::names::PROTOCOL;
use crate::redirect::Query;
use crate::verify::verify_enveloped;
use crate::xml::{Element, Node};

/// What passes the gate is well-formed to another parser too, which reads the same in it; and its canonical form is read as the same.
///
/// # Panics
/// Where that is not so.
pub fn gate(bytes: &[u8]) {
    let Ok(root) = read_signed(bytes, &Limits::MESSAGE) else { return };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    assert_agrees(&root, text.trim_start_matches('\u{FEFF}'));
    let canonical = root.canonical();
    assert_agrees(&root, &canonical);
    let again = read_again(canonical.as_bytes(), &Limits::MESSAGE).map(|again| again.canonical());
    assert_eq!(again.as_deref(), Ok(canonical.as_str()), "the canonical form is not its own");
}

/// Nothing verifies without a key.
///
/// # Panics
/// Where something does.
pub fn verify(bytes: &[u8]) {
    for root in ["AuthnRequest", "LogoutRequest", "LogoutResponse"] {
        if let Ok(gated) = parse_message(bytes, PROTOCOL, root) {
            assert!(verify_enveloped(&gated, &[]).is_err(), "verified without a key");
        }
    }
}

/// A query is read or refused, and never inflated further than to the limit.
///
/// # Panics
/// Where it is.
pub fn redirect(bytes: &[u8]) {
    if let Ok(query) = Query::parse(&String::from_utf8_lossy(bytes)) {
        assert!(query.message().len() <= crate::redirect::LONGEST, "inflated too far");
    }
}

fn assert_agrees(root: &Element, text: &str) {
    let other = roxmltree::Document::parse(text);
    let other = other.as_ref().map(roxmltree::Document::root_element);
    assert!(other.is_ok(), "another parser refuses: {:?}: {text}", other.err());
    if let Ok(other) = other {
        assert_same(root, other);
    }
}

fn assert_same(ours: &Element, theirs: roxmltree::Node<'_, '_>) {
    let name = ours.name();
    assert_eq!(
        (name.namespace(), name.local()),
        (theirs.tag_name().namespace().unwrap_or_default(), theirs.tag_name().name())
    );
    let attributes =
        |name: &str, namespace: &str, value: &str| (namespace.to_owned(), name.to_owned(), value.to_owned());
    let mut left: Vec<_> =
        ours.attributes().map(|(name, value)| attributes(name.local(), name.namespace(), value)).collect();
    let mut right: Vec<_> =
        theirs.attributes().map(|a| attributes(a.name(), a.namespace().unwrap_or_default(), a.value())).collect();
    left.sort();
    right.sort();
    assert_eq!(left, right);
    let right: Vec<_> = theirs.children().collect();
    assert_eq!(ours.children().len(), right.len());
    for (ours, theirs) in ours.children().iter().zip(right) {
        match ours {
            Node::Element(element) => assert_same(element, theirs),
            Node::Text(text) => assert_eq!(Some(text.as_str()), theirs.text()),
        }
    }
}

#[cfg(test)]
mod tests;
