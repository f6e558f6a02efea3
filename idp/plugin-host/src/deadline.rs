//! The watch over running calls: moves the engine's epoch when a call is due, and ends waits that lasted too long.
//!
//! Owns one thread, which sleeps while nothing runs. A call that ends in time, as nearly all do, is never touched by it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use wasmtime::Engine;

/// How often the watch looks for calls that began since, while there are any: half of the usual deadline, so that it knows of each before it
/// is due. A call that has less time is ended at the next look. More often would only cost the sign-ins that run meanwhile.
const LOOK: Duration = Duration::from_millis(25);
/// How long it goes on looking after the last.
const LINGER: Duration = Duration::from_secs(1);

/// When the call of one thread is due, in microseconds after the start of the watch; 0 while none runs.
#[derive(Debug, Default)]
pub(crate) struct Slot(AtomicU64);

/// What else has to be looked at from time to time.
pub(crate) trait Sweep: Send + Sync {
    /// Ends waits that lasted too long; says whether any goes on.
    fn sweep(&self, now: Instant) -> bool;
}

pub(crate) struct Watch {
    began: Instant,
    slots: Box<[Arc<Slot>]>,
    asleep: AtomicBool,
    stopping: Arc<AtomicBool>,
    thread: OnceLock<Thread>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Watch").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Watch {
    /// Watches `slots` threads. Ends when `stopping` is set and it is woken.
    pub(crate) fn new(slots: usize, stopping: Arc<AtomicBool>) -> Self {
        Self {
            began: Instant::now(),
            slots: (0..slots).map(|_| Arc::new(Slot::default())).collect(),
            asleep: AtomicBool::new(false),
            stopping,
            thread: OnceLock::new(),
            handle: Mutex::new(None),
        }
    }

    pub(crate) fn start(self: &Arc<Self>, engine: Engine, sweep: Arc<dyn Sweep>) -> std::io::Result<()> {
        let watch = Arc::clone(self);
        let handle = std::thread::Builder::new()
            .name("plugin-watch".into())
            .stack_size(64 << 10)
            .spawn(move || watch.run(&engine, &*sweep))?;
        let _ = self.thread.set(handle.thread().clone());
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
        Ok(())
    }

    /// The slot of thread `number`.
    pub(crate) fn slot(&self, number: usize) -> Arc<Slot> {
        self.slots.get(number).cloned().unwrap_or_default()
    }

    /// A call begins on this slot's thread.
    pub(crate) fn begin(&self, slot: &Slot, limit: Duration) {
        let due = self.began.elapsed().saturating_add(limit).as_micros();
        slot.0.store(u64::try_from(due).unwrap_or(u64::MAX).max(1), Ordering::SeqCst);
        self.wake();
    }

    /// It has ended.
    #[allow(clippy::unused_self, reason = "the other half of `begin`")]
    pub(crate) fn end(&self, slot: &Slot) {
        slot.0.store(0, Ordering::SeqCst);
    }

    /// Something is to be looked at.
    pub(crate) fn wake(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Ends running calls and the watch itself.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Waits until the watch has ended.
    pub(crate) fn join(&self) {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            let _ = handle.join();
        }
    }

    fn next_due(&self) -> Option<u64> {
        self.slots.iter().map(|slot| slot.0.load(Ordering::SeqCst)).filter(|due| *due > 0).min()
    }

    fn run(&self, engine: &Engine, sweep: &dyn Sweep) {
        let mut last_busy = Instant::now();
        loop {
            let waits = sweep.sweep(Instant::now());
            let due = self.next_due();
            if self.stopping.load(Ordering::SeqCst) {
                // Every running call sees it at its next look at the epoch. Those that began a moment ago see the next.
                engine.increment_epoch();
                if due.is_none() {
                    return;
                }
                std::thread::park_timeout(Duration::from_millis(1));
                continue;
            }
            if due.is_none() && !waits {
                if last_busy.elapsed() < LINGER {
                    std::thread::park_timeout(LOOK);
                    continue;
                }
                // Whoever begins a call after this wakes us; whoever began before is seen by the second look.
                self.asleep.store(true, Ordering::SeqCst);
                if self.next_due().is_none() && !self.stopping.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
                last_busy = Instant::now();
                continue;
            }
            last_busy = Instant::now();
            let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let left = match due {
                Some(due) if due <= now => {
                    engine.increment_epoch();
                    Duration::from_millis(1)
                }
                Some(due) => Duration::from_micros(due - now),
                None => LOOK,
            };
            std::thread::park_timeout(left.min(LOOK));
        }
    }
}
