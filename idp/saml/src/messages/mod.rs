//! The protocol's messages as plain types, read from the tree that passed the gate and written as trees to be signed.
//!
//! Owns the vocabulary of SAML Core (saml-core-2.0-os) as far as the profiles of Web Browser SSO and Single Logout use
//! it (saml-profiles-2.0-os 4.1, 4.4), with its errata. Elements that it does not know are passed over, extensions too.
//! Does not own bytes ([`crate::gate`]), signatures ([`crate::signer`], [`crate::verify`]), nor the decision what is
//! right: a message that was read is still unverified ([`crate::checks`], [`crate::logout`]).

mod assertion;
mod authn_request;
mod header;
mod logout;
mod name_id;
pub(crate) mod read;
mod response;
pub mod soap;
mod status;
pub mod time;
pub(crate) mod write;

pub use assertion::{Assertion, Attribute, AuthnStatement, BASIC_NAMES, Bearer, Conditions, URI_NAMES};
pub use authn_request::{AuthnRequest, Comparison, NameIdPolicy, POST_BINDING, RequestedAuthnContext};
pub use header::Header;
pub use logout::{LogoutRequest, LogoutResponse, Principal};
pub use name_id::{NameId, NameIdFormat};
pub use read::ReadError;
pub use response::{Contents, Response};
pub use status::{NestedStatus, Status, TopStatus};
pub use write::{LONGEST_ADDRESS, LONGEST_ENTITY_ID};

#[cfg(test)]
mod tests;
