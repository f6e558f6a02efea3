//! SAML over HTTP, against a whole server in this process and a service provider made here. Signatures are verified by `xmlsec1`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod attacks;
mod keys;
mod logout;
mod provider;
mod sign_on;
mod start;
