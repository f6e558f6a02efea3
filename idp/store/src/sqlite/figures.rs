//! What the writer counts, for whoever watches the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets of batch sizes; the largest batch fits into the last one.
pub const BATCH_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 256];

/// What the writer did since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriterFigures {
    pub commits: u64,
    pub failed_commits: u64,
    /// Commands that were committed.
    pub commands: u64,
    /// How many commits had at most so many commands as [`BATCH_BOUNDS`] says, and more than the bound before; not summed up.
    pub batches: [u64; 8],
    /// Commands that wait for the writer at this moment.
    pub waiting: usize,
}

/// How many statements the connections were sent since the store was opened, those of transaction control among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statements {
    pub reading: u64,
    pub writing: u64,
}

/// The counters. Only the writer's thread raises them, so that they need no order among each other.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    commits: AtomicU64,
    failed: AtomicU64,
    commands: AtomicU64,
    batches: [AtomicU64; 8],
    statements: Arc<AtomicU64>,
}

impl Counted {
    /// The counter of statements, which the transaction raises.
    pub(super) fn statements(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.statements)
    }

    pub(super) fn committed(&self, commands: usize) {
        let commands = u64::try_from(commands).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands, Ordering::Relaxed);
        let bucket = BATCH_BOUNDS.iter().position(|bound| commands <= *bound).and_then(|at| self.batches.get(at));
        if let Some(bucket) = bucket.or(self.batches.last()) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn figures(&self, waiting: usize) -> WriterFigures {
        WriterFigures {
            commits: self.commits.load(Ordering::Relaxed),
            failed_commits: self.failed.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
            batches: self.batches.each_ref().map(|bucket| bucket.load(Ordering::Relaxed)),
            waiting,
        }
    }
}
