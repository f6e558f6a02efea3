//! The endpoints over a real store and a clock that tests move. Files are named after the subject or the attack.
#![allow(clippy::unwrap_used, reason = "tests")]

pub(crate) mod bed;
mod client_authentication_attacks;
mod client_credentials;
mod code_attacks;
mod cors;
mod encryption;
mod introspection;
mod keys;
mod refresh_attacks;
mod revocation;
mod tokens;
mod userinfo;
