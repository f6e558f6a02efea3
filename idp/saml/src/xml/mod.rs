//! XML as we write it and as we have read it.
//!
//! Owns the tree of elements, attributes and text, and its canonical form: Exclusive XML Canonicalization 1.0 without comments, which
//! is the only form ever written. Does not own reading ([`crate::gate`]) or signatures ([`crate::signer`], [`crate::verify`]).
//!
//! **Invariant: no text enters a tree that XML 1.0 cannot carry.** It enters as a [`Value`], which is checked when it is made, or through
//! the gate, which checks too. So markup in a name stays text, and what a service provider reads is what was put in.

mod canonical;
mod element;
mod value;

pub use element::{Element, Name, Node};
pub use value::{Id, LONGEST_ID, Value, ValueError};

pub(crate) use value::is_xml_character;

#[cfg(test)]
mod tests;
