//! SAML 2.0: canonical writing, signatures, encryption, and the gate for what comes in.
//!
//! Owns XML as SAML uses it, and the protocol's messages and metadata. Does not own HTTP, rows or pages: there is no web framework and no
//! database here, and neither libxml2 nor xmlsec. Time and randomness are parameters.
//!
//! What comes in: [`gate`] reads it into a tree, [`verify`] returns the part that was signed, [`messages`] gives it meaning. What leaves:
//! [`messages`] builds a tree of [`xml`], [`signer`] signs it, [`encryption`] hides an assertion.

pub mod algorithm;
pub mod attributes;
mod base64;
pub mod certificate;
pub mod checks;
pub mod decode;
pub mod encryption;
#[cfg(test)]
mod external;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod gate;
pub mod inbound;
pub mod logout;
pub mod messages;
pub mod metadata;
pub mod names;
pub mod redirect;
pub mod respond;
pub mod self_test;
pub mod service_provider;
pub mod signer;
pub mod subject;
pub mod templates;
#[cfg(test)]
mod vectors;
pub mod verify;
pub mod xml;

#[cfg(test)]
mod tests_support;
