//! How much one call may use.

use std::time::Duration;

/// How much one call may use. A package asks for it in its manifest; the host grants no more than its own most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Instructions, roughly. Verifying a TOTP code takes 65 thousand, Python as much as half a million, JavaScript 3 million.
    pub fuel: u64,
    /// The backstop behind it, in time of the processor.
    pub deadline: Duration,
    /// All linear memories of an instance together, in bytes.
    pub memory: usize,
    /// What crosses between plugin and host in one direction of one call, in bytes as the host holds them.
    pub transfer: usize,
}

impl Limits {
    /// Of a factor or policy.
    pub const PLUGIN: Self =
        Self { fuel: 20_000_000, deadline: Duration::from_millis(50), memory: 16 << 20, transfer: 1 << 20 };
    /// Of one that carries an interpreter along ([`crate::Capability::Scripting`]).
    pub const SCRIPTING: Self = Self { memory: 64 << 20, fuel: 40_000_000, ..Self::PLUGIN };
    /// The most that any package may have at a sign-in.
    pub const MOST: Self =
        Self { fuel: 500_000_000, deadline: Duration::from_millis(250), memory: 64 << 20, transfer: 1 << 20 };
    /// Of an import of keys from a file, which the operator starts and waits for.
    pub const IMPORT: Self =
        Self { fuel: 5_000_000_000, deadline: Duration::from_secs(10), memory: 64 << 20, transfer: 16 << 20 };

    /// The smaller of each.
    #[must_use]
    pub fn within(self, most: Self) -> Self {
        Self {
            fuel: self.fuel.min(most.fuel),
            deadline: self.deadline.min(most.deadline),
            memory: self.memory.min(most.memory),
            transfer: self.transfer.min(most.transfer),
        }
    }
}

/// The largest memory of any instance, for which the pool reserves room.
pub(crate) const LARGEST_MEMORY: usize = 64 << 20;
/// Stack of WebAssembly in a call.
pub(crate) const STACK: usize = 512 << 10;
/// Elements of all tables of an instance.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;
/// Core modules in one component: an interpreter with its adapters has about ten.
pub(crate) const CORE_INSTANCES: u32 = 24;
/// Linear memories and tables in one component.
pub(crate) const MEMORIES: u32 = 4;
pub(crate) const TABLES: u32 = 12;
