//! SAML 2.0: canonical writing, signatures, and the gate for what comes in.
//!
//! Owns XML as SAML uses it. Does not own HTTP, rows or pages: there is no web framework and no database here, and neither
//! libxml2 nor xmlsec.

pub mod authn_context;
pub mod gate;
pub mod names;
pub mod redirect;
pub mod signer;
pub mod verify;
pub mod xml;

#[cfg(test)]
mod tests;
