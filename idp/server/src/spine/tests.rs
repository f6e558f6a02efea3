//! What a sign-in promises.
#![allow(clippy::unwrap_used, reason = "tests")]

mod alike;
mod applications;
mod browsers;
mod ends;
mod sessions;
mod statements;
