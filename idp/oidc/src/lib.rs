//! OAuth 2.0 and `OpenID` Connect: requests read and checked, claims, tokens.
//!
//! Owns the meaning of the protocols. Does not own HTTP, rows or pages: there is no web framework and no database here.

pub mod authorize;
pub mod code;
pub mod end_session;
pub mod form;
pub mod jwks;
pub mod jws;
pub mod metadata;
pub mod redirect_uri;
pub mod request_object;
pub mod respond;
