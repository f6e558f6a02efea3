//! OAuth 2.0 and `OpenID` Connect: requests read and checked, claims, tokens.
//!
//! Owns the meaning of the protocols. Does not own HTTP, rows or pages: there is no web framework and no database here.

pub mod access_token;
pub mod authorize;
pub mod claims;
pub mod client_authentication;
pub mod code;
pub mod cors;
pub mod end_session;
pub mod form;
pub mod id_token;
pub mod introspection;
pub mod jwe;
pub mod jwks;
pub mod jws;
pub mod logout;
pub mod metadata;
pub mod redirect_uri;
pub mod request_object;
pub mod respond;
pub mod sid;
pub mod token;
pub mod userinfo;
