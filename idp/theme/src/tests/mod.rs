#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod html;
mod mails;
mod operator;
mod pages;
mod texts;
mod unrolled;
