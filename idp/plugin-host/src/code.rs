//! Compiled plugins.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine;

/// A compiled plugin, ready for the engine of one host. Cheap to clone.
#[derive(Clone)]
pub struct Code {
    pub(crate) component: Component,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code")
    }
}

/// Why there is no compiled plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not a component, or with features that are switched off. The text says which.
    #[error("it is no component that this server runs: {0}")]
    Compile(String),
    /// The artefact is of another version of wasmtime, of another processor, or damaged: compile again.
    #[error("the artefact is not for this server: {0}")]
    Artefact(String),
    /// No engine at all.
    #[error("{0}")]
    Engine(String),
}

impl Code {
    /// Compiles in this process. Admission does it in a child with limits instead: this is for tests and measurements.
    pub(crate) fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self, CodeError> {
        // Only the binary format: the text format is not compiled into wasmtime here.
        let component = Component::from_binary(engine, wasm).map_err(|error| CodeError::Compile(told(&error)))?;
        Ok(Self { component })
    }

    /// Takes machine code that this server's own compiler made.
    ///
    /// Whoever calls this has verified, under a key of this server, that it is byte for byte what [`precompile`] returned.
    pub(crate) fn load_verified(engine: &Engine, artefact: &[u8]) -> Result<Self, CodeError> {
        #[allow(unsafe_code, reason = "the only way to load machine code; its origin is proved by a MAC before")]
        // SAFETY: the bytes are unchanged output of `precompile` by the caller's promise; wasmtime refuses that of another
        // version or configuration of itself.
        let component = unsafe { Component::deserialize(engine, artefact) };
        Ok(Self { component: component.map_err(|error| CodeError::Artefact(told(&error)))? })
    }
}

/// Machine code for every engine of this binary on this machine: what [`Code::load_verified`] takes. Reserves no address space.
pub(crate) fn precompile(wasm: &[u8]) -> Result<Vec<u8>, CodeError> {
    let engine = engine::compiling().map_err(|error| CodeError::Engine(error.to_string()))?;
    engine.precompile_component(wasm).map_err(|error| CodeError::Compile(told(&error)))
}

/// An error with its causes in one line.
fn told(error: &wasmtime::Error) -> String {
    crate::fault::readable(&format!("{error:#}"), 300)
}
