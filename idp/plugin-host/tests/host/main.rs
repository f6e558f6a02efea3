//! The host of plugins with real guests: hostile ones, whose calls fail and harm nobody else's, and honest ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bed;
mod contract;
mod faults;
mod phone;
mod policies;
mod reload;
mod sharing;
mod system;
