#![allow(clippy::unwrap_used, reason = "tests")]
//! The rules, one vector or more each. Vectors are named after what is wrong with them.

mod contexts;
mod encrypted;
mod requests;
mod signatures;
