//! SAML over HTTP, against a whole server in this process and a service provider made here. Signatures are verified by `xmlsec1`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod attacks;
mod contexts;
mod encrypted;
mod entities;
mod keys;
mod logout;
mod people;
mod provider;
mod reading;
mod sign_on;
mod slo;
mod start;
mod vectors;
