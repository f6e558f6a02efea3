//! The sandbox of factor and policy plugins: WebAssembly components, run by wasmtime, which no other crate knows.
//!
//! Owns the engine and its limits, one adapter for each version of the contract (`plugins/wit`), the fresh instance in which each
//! call runs, and what is checked on whatever comes back. A plugin that traps, loops, hoards or breaks the contract is a fault
//! of that call and of nothing else. Does not own what a credential or a ceremony is (`keyholder-core`), rows, pages or HTTP.
