//! Who hears of calls: metrics.

use std::time::Duration;

use crate::fault::Cause;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The plugin answered within the contract, whatever it answered.
    Answered,
    Faulted(&'a Cause),
}

/// Hears of each call after it ended, on the thread of the call.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// `export` is the function's name in the contract, such as `verify`; `took` includes the instance, not the wait for a thread.
    fn called(&self, plugin: &str, export: &'static str, outcome: Outcome<'_>, took: Duration);
}

/// What the threads of the host do at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Calls that run, each in an instance of its own.
    pub running: usize,
    /// Calls that wait for a thread.
    pub waiting: usize,
    /// Calls that may run at once.
    pub most: usize,
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn called(&self, _: &str, _: &'static str, _: Outcome<'_>, _: Duration) {}
}
