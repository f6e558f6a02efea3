//! wasmtime's engine: the one place of its configuration.
//!
//! An engine that only compiles (in a child process with little memory) and one that runs agree on everything that shapes
//! machine code, so that what the one made is accepted by the other; a test compares their fingerprints.

use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::limits::{CORE_INSTANCES, LARGEST_MEMORY, MEMORIES, STACK, TABLE_ELEMENTS, TABLES};
use crate::settings::{Allocation, HostError};

/// What shapes machine code and what a guest may contain.
fn config() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(STACK)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .concurrency_support(false)
        // Tables of addresses and unwinding serve backtraces alone: guests are stripped, and a fault is told by its cause.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}

/// For compiling alone: reserves nothing.
pub(crate) fn compiling() -> Result<Engine, HostError> {
    engine(&config())
}

/// For running `slots` instances at once.
pub(crate) fn running(slots: usize, allocation: Allocation) -> Result<Engine, HostError> {
    if allocation == Allocation::OnDemand {
        return compiling();
    }
    let mut pooling = config();
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
    match Engine::new(&pooling) {
        Ok(engine) => Ok(engine),
        Err(error) => {
            tracing::warn!(%error, "plugins run without reserved address space");
            compiling()
        }
    }
}

/// What names the engine in the key of an artefact: the same for every engine of this binary on this machine.
pub(crate) fn fingerprint(engine: &Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

fn engine(config: &Config) -> Result<Engine, HostError> {
    Engine::new(config).map_err(|error| HostError::Engine(format!("{error:#}")))
}

fn pool(slots: usize) -> PoolingAllocationConfig {
    let slots = u32::try_from(slots).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        // A compiled plugin rarely has more than one of each; an interpreter needs tables for its adapters.
        .total_memories(slots)
        .total_tables(slots.saturating_mul(4))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(LARGEST_MEMORY)
        .max_unused_warm_slots(slots)
        .linear_memory_keep_resident(0);
    pool
}

#[cfg(test)]
mod tests;
