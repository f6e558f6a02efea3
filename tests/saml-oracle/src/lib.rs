//! Nothing but tests: [`samael`](https://docs.rs/samael), that is libxml2 and xmlsec, is asked whether it signs with the same bytes as
//! `keyholder-saml` and finds the same octets signed.
//!
//! A crate of its own, so that neither the server nor the tests of `keyholder-saml` are built with C libraries that they do not use
//! (`docs/decisions/0010-saml-signatures-without-xmlsec.md`).
