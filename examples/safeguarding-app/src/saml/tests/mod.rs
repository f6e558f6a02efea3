//! The service provider against an identity provider that samael signs for, and against whoever alters what that one says.

mod idp;
mod pages;
mod responses;
