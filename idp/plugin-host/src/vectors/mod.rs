//! Test vectors of plugins: sequences of calls with what is expected of each, run in the sandbox (`docs/plugins/vectors.md`).
//!
//! Owns the format and the little of a host that goes on between the calls. Does not own the calls ([`PluginHost`](crate::PluginHost)).

mod format;
mod outcome;
mod pattern;
mod random;
mod run;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use format::default_context;
pub use format::{Call, CallName, Vector};
pub use pattern::mismatch;
pub use random::ScriptedRandom;
pub use run::{Ran, Runner};

/// Why a vector cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// The file is no vector.
    #[error("it is no test vector: {0}")]
    Format(String),
    /// A call lacks what it needs, or names a key that there is not.
    #[error("call {call}: {problem}")]
    Call { call: usize, problem: String },
    #[error(transparent)]
    Admission(#[from] crate::admission::AdmissionError),
}
