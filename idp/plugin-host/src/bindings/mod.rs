//! One adapter for each version of the contract that this server speaks. `since_X` reads the frozen files of that version.

pub(crate) mod since_0_9;

use wasmtime::component::Linker;

use crate::call::CallState;

/// Everything that any plugin may import. Who may import what is decided before linking ([`crate::imports`]).
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    since_0_9::add_to_linker(&mut linker)?;
    crate::wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
