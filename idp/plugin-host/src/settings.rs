//! What a host is made with.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use keyholder_core::random::Random;
use keyholder_core::time::Clock;

use crate::limits::Limits;
use crate::observe::{Observer, Unobserved};

/// Where instances get their memory from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// Out of address space reserved at the start (some 4 GiB a slot, none of it used before it is written). Where the
    /// system does not give that much, as on demand, with one line in the log.
    Pooling,
    /// From the system at each call.
    OnDemand,
}

/// What a host is made with.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// Asked where a call carries no time of its own (the description, an import of keys).
    pub clock: Arc<dyn Clock>,
    /// What plugins draw from.
    pub random: Arc<dyn Random>,
    /// Hears of each call.
    pub observer: Arc<dyn Observer>,
    /// Calls that run at once, each on a thread of its own. One plugin never has more than half of them.
    pub threads: NonZeroUsize,
    /// Calls that may wait for a thread, half of them of one plugin; beyond it the answer is [`Fault::Busy`](keyholder_core::factor::Fault::Busy).
    pub waiting: usize,
    /// How long one waits before the answer is the same.
    pub patience: Duration,
    pub allocation: Allocation,
    /// The most that a package may be granted.
    pub most: Limits,
    /// Of an import of keys, whatever the package was granted.
    pub import: Limits,
}

impl HostSettings {
    /// Two threads a processor (2 to 16), 512 waiting calls, two seconds of patience, pooling.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = NonZeroUsize::new((processors * 2).clamp(2, 16)).unwrap_or(NonZeroUsize::MIN);
        Self {
            clock,
            random,
            observer: Arc::new(Unobserved),
            threads,
            waiting: 512,
            patience: Duration::from_secs(2),
            allocation: Allocation::Pooling,
            most: Limits::MOST,
            import: Limits::IMPORT,
        }
    }
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// wasmtime does not know this processor or system.
    #[error("no engine for plugins on this machine: {0}")]
    Engine(String),
    /// The operating system gives no thread.
    #[error("no thread for plugins")]
    Thread(#[from] std::io::Error),
}
