//! What our own pages promise.
#![allow(clippy::unwrap_used, reason = "tests")]

mod elevation;
mod home;
mod links;
mod sign_out;
