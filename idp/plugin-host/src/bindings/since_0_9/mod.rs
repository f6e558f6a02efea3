//! Version 0.9 of the contract.

mod answers;
mod crypto;
mod factor;
mod host;
mod policy_adapter;
mod questions;

use wasmtime::component::{ComponentExportIndex, HasSelf, InstancePre, Linker};

use crate::call::CallState;

pub(crate) use factor::Since09 as Factor;
pub(crate) use policy_adapter::Since09 as Policy;

#[allow(
    clippy::all,
    clippy::pedantic,
    missing_debug_implementations,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "made by wasmtime"
)]
pub(crate) mod factor_world {
    wasmtime::component::bindgen!({
        path: ["../../plugins/wit/host", "../../plugins/wit/factor"],
        world: "keyholder:factor/plugin-with-seeds",
        imports: { default: trappable },
    });
}

#[allow(
    clippy::all,
    clippy::pedantic,
    missing_debug_implementations,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "made by wasmtime"
)]
pub(crate) mod policy_world {
    wasmtime::component::bindgen!({
        path: ["../../plugins/wit/host", "../../plugins/wit/policy"],
        world: "keyholder:policy/plugin",
        imports: { default: trappable },
        with: { "keyholder:host/log": super::factor_world::keyholder::host::log },
        additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
    });
}

/// What a policy is asked and answers, in the contract's own types: the domain has no others yet.
pub mod policy {
    pub use super::policy_world::keyholder::policy::types::*;
}

pub(crate) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    use factor_world::keyholder::host::{crypto, log, random};
    log::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    random::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    crypto::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    factor_world::keyholder::factor::types::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    policy_world::keyholder::policy::types::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    Ok(())
}

/// Where a function of an interface is, whatever 0.9.x the interface is of.
fn find(pre: &InstancePre<CallState>, interface: &str, name: &str) -> Option<ComponentExportIndex> {
    let component = pre.component();
    let of_type = component.component_type();
    let full = of_type
        .exports(component.engine())
        .map(|(export, _)| export.to_owned())
        .find(|export| export.split_once('@').is_some_and(|(path, _)| path == interface))?;
    let within = component.get_export_index(None, &full)?;
    component.get_export_index(Some(&within), name)
}
