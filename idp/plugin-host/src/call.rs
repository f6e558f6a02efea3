//! One call: a fresh store with its limits, and the cause when it fails.
//!
//! Owns what a guest may use while it runs (memory, fuel, time, random bytes, lines in the log) and how the end of a call is
//! told: one event in the log for each fault, and one word to the [`Observer`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower};
use wasmtime::{Engine, ResourceLimiter, Store, Trap, UpdateDeadline};

use crate::fault::{Cause, readable};
use crate::limits::{CORE_INSTANCES, Limits, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::wasi;

/// Lines that one call may write to the log, and their bytes together.
const LOG_LINES: u32 = 16;
const LOG_BYTES: usize = 4096;
/// The longest name and value in such a line, and fields in it.
const LOG_NAME: usize = 64;
const LOG_VALUE: usize = 256;
const LOG_FIELDS: usize = 8;
/// Random bytes at once: the contract's own bound.
const RANDOM_MOST: u64 = 1024;

/// Who is called, as logs name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) version: String,
}

/// What a call is given besides its arguments.
#[derive(Debug, Clone)]
pub(crate) struct CallSettings {
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Limits,
    pub(crate) now: Timestamp,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) stopping: Arc<AtomicBool>,
}

/// The host's side of a running guest.
pub(crate) struct CallState {
    settings: CallSettings,
    /// In the thread's own time.
    ends_at: Duration,
    memory: Memory,
    log: LogQuota,
}

/// All linear memories of a store together: a component may declare several.
struct Memory {
    left: usize,
    elements_left: usize,
    refused: bool,
}

struct LogQuota {
    lines: u32,
    bytes: usize,
    dropped: u64,
}

/// The deadline passed.
#[derive(Debug, thiserror::Error)]
#[error("deadline")]
struct Overdue;

/// The server stops.
#[derive(Debug, thiserror::Error)]
#[error("stopping")]
struct Stopping;

/// A guest asked the host for what the contract does not permit.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Asked(&'static str);

/// Processor time that this thread has spent. A deadline counts it rather than time on the clock, so that a machine that is busy
/// elsewhere fails nobody's sign-in: a guest cannot wait, it can only compute.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// A store for one call, on the thread that will make it.
pub(crate) fn store(engine: &Engine, settings: CallSettings) -> Result<Store<CallState>, Cause> {
    let limits = settings.limits;
    let mut store = Store::new(
        engine,
        CallState {
            settings,
            ends_at: spent().saturating_add(limits.deadline),
            memory: Memory { left: limits.memory, elements_left: TABLE_ELEMENTS, refused: false },
            log: LogQuota { lines: LOG_LINES, bytes: LOG_BYTES, dropped: 0 },
        },
    );
    store.limiter(|state| &mut state.memory);
    store.set_fuel(limits.fuel).map_err(|error| Cause::Trap(error.to_string()))?;
    store.set_hostcall_fuel(limits.transfer);
    // The epoch moves when some call may be due: each looks at its own time then.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|cx| {
        let state = cx.data();
        if state.settings.stopping.load(Ordering::Relaxed) {
            Err(Stopping.into())
        } else if spent() >= state.ends_at {
            Err(Overdue.into())
        } else {
            Ok(UpdateDeadline::Continue(1))
        }
    });
    Ok(store)
}

/// Calls an export of a fresh instance.
pub(crate) fn invoke<P, R>(
    pre: &InstancePre<CallState>,
    store: &mut Store<CallState>,
    export: &ComponentExportIndex,
    arguments: P,
) -> Result<R, Cause>
where
    P: ComponentNamedList + Lower,
    (R,): ComponentNamedList + Lift,
{
    let answer = pre.instantiate(&mut *store).and_then(|instance| {
        let function = instance.get_typed_func::<P, (R,)>(&mut *store, export)?;
        function.call(&mut *store, arguments)
    });
    let answer = answer.map(|(answer,)| answer).map_err(|error| cause(&error, store.data()));
    store.data_mut().close();
    answer
}

fn cause(error: &wasmtime::Error, state: &CallState) -> Cause {
    let trap = error.downcast_ref::<Trap>();
    if matches!(trap, Some(Trap::OutOfFuel)) {
        return Cause::Fuel;
    }
    if error.is::<Overdue>() {
        return Cause::Deadline;
    }
    if error.is::<Stopping>() {
        return Cause::Stopping;
    }
    // A guest that is refused memory panics or traps over it.
    if state.memory.refused {
        return Cause::Memory;
    }
    if let Some(Asked(what)) = error.downcast_ref::<Asked>() {
        return Cause::contract(*what);
    }
    if let Some(ended) = error.downcast_ref::<wasi::Ended>() {
        return Cause::Trap(ended.to_string());
    }
    if let Some(trap) = trap {
        return Cause::Trap(trap.to_string().trim_start_matches("wasm trap: ").to_owned());
    }
    let told = format!("{error:#}");
    // wasmtime has no type for it.
    if told.contains("fuel allocated for hostcalls") { Cause::Transfer } else { Cause::Trap(readable(&told, 200)) }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        match self.elements_left.checked_sub(desired.saturating_sub(current)) {
            Some(left) => self.elements_left = left,
            None => self.refused = true,
        }
        Ok(!self.refused)
    }

    // The pool has these bounds of its own. Memory on demand has none, and what stands around each instance and memory is the host's.
    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }
}

impl Memory {
    fn take(&mut self, more: usize) -> bool {
        let left = self.left.checked_sub(more);
        self.refused |= left.is_none();
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// How loud a guest wants a line to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl CallState {
    /// The time of the call in milliseconds since 1970.
    pub(crate) fn now_millis(&self) -> u64 {
        u64::try_from(self.settings.now.as_millis()).unwrap_or_default()
    }

    /// Random bytes; more than the contract permits ends the call.
    pub(crate) fn draw(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        if length > RANDOM_MOST {
            return Err(Asked("it asked for more than 1,024 random bytes at once").into());
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.settings.random.fill(&mut bytes);
        Ok(bytes)
    }

    pub(crate) fn draw_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.settings.random.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Output of the standard library, which goes nowhere.
    pub(crate) fn discard(&mut self, bytes: usize) {
        self.log.dropped += u64::from(bytes > 0);
    }

    /// A line of the guest's, within its quota. The rest is counted.
    pub(crate) fn write_log(&mut self, level: Level, event: &str, fields: &[(String, String)]) {
        let said = readable(event, LOG_NAME);
        let told: Vec<String> = fields
            .iter()
            .take(LOG_FIELDS)
            .map(|(name, value)| format!("{}={}", readable(name, LOG_NAME), readable(value, LOG_VALUE)))
            .collect();
        let told = told.join(" ");
        let length = said.len() + told.len();
        if self.log.lines == 0 || length > self.log.bytes {
            self.log.dropped += 1;
            return;
        }
        self.log.lines -= 1;
        self.log.bytes -= length;
        let Identity { id, version } = &*self.settings.identity;
        match level {
            Level::Debug => tracing::debug!(plugin = %id, %version, %said, fields = %told, "a plugin notes"),
            Level::Info => tracing::info!(plugin = %id, %version, %said, fields = %told, "a plugin says"),
            Level::Warn => tracing::warn!(plugin = %id, %version, %said, fields = %told, "a plugin warns"),
            Level::Error => tracing::error!(plugin = %id, %version, %said, fields = %told, "a plugin reports an error"),
        }
    }

    fn close(&mut self) {
        if self.log.dropped > 0 {
            let Identity { id, version } = &*self.settings.identity;
            let dropped = std::mem::take(&mut self.log.dropped);
            tracing::debug!(plugin = %id, %version, dropped, "output of a plugin was dropped");
        }
    }
}

#[cfg(test)]
mod tests;
