//! The sandbox of factor and policy plugins: WebAssembly components, run by wasmtime, which no other crate knows.
//!
//! Owns the engine and its limits, one adapter for each version of the contract (`plugins/wit`), the fresh instance in which each
//! call runs, and what is checked on whatever comes back. A plugin that traps, loops, hoards or breaks the contract is a fault
//! of that call and of nothing else. Does not own what a credential or a ceremony is (`keyholder-core`), rows, pages or HTTP.

mod adapter;
pub mod admission;
pub mod artefact;
mod bindings;
mod call;
mod check;
mod code;
pub mod compile;
mod deadline;
mod engine;
mod fault;
mod host;
mod hush;
mod imports;
mod installed;
mod limits;
pub mod measure;
mod observe;
pub mod package;
mod registry;
mod settings;
mod texts;
pub mod vectors;
mod wasi;
mod workers;

pub use bindings::since_0_9::policy;
pub use code::{Code, CodeError};
pub use fault::Cause;
pub use host::{PluginHost, SEED_FILE};
pub use imports::{Import, ImportKind, imports_of};
pub use installed::{Capability, Granted, Installed, Locale, Prepared, Refused, World};
pub use limits::Limits;
pub use observe::{Load, Observer, Outcome, Unobserved};
pub use settings::{Allocation, HostError, HostSettings};
