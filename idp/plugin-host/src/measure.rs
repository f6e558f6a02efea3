//! Figures of the host, for the benchmark: what a call costs with a fresh instance, what loading, compiling and reloading cost.
//!
//! Owns the measuring, not the subject: whoever measures brings a plugin and one verification that it accepts.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{Answer, Context, Factors as _};

use crate::adapter::Asked;
use crate::call::{self, CallSettings, Identity};
use crate::code::{Code, precompile};
use crate::host::PluginHost;
use crate::installed::Installed;
use crate::limits::Limits;
use crate::registry::Role;
use crate::settings::{Allocation, HostSettings};

/// One verification.
#[derive(Debug, Clone)]
pub struct Verification {
    pub context: Context,
    pub credentials: Vec<Credential>,
    pub state: Vec<u8>,
    pub answer: Answer,
}

/// What was measured. Times of calls are medians.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// From WebAssembly to machine code, as a child process does it.
    pub compile: Duration,
    /// Size of the artefact in bytes.
    pub artefact: usize,
    /// From the artefact to code that runs.
    pub load: Duration,
    /// Instance and call on the thread of the caller, out of reserved address space.
    pub verify_pooling: Duration,
    /// The same, memory from the system.
    pub verify_on_demand: Duration,
    /// Through the port: with its thread, checks and conversions.
    pub verify_port: Duration,
    /// Instructions of one verification.
    pub fuel: u64,
    /// Resident memory of one more live instance, in bytes.
    pub instance_memory: u64,
    /// What 50 reloads add to the resident memory of the process, in bytes.
    pub reload_growth: u64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[error("not measured: {0}")]
pub struct Unmeasured(String);

fn failed(error: impl std::fmt::Display) -> Unmeasured {
    Unmeasured(error.to_string())
}

/// How many live instances are weighed.
const LIVE: usize = 200;
const RELOADS: usize = 50;

/// Measures `calls` verifications of a factor and what leads to them. `install` makes a package of compiled code.
pub fn measure(
    settings: &HostSettings,
    wasm: &[u8],
    install: &dyn Fn(Code) -> Installed,
    verification: &Verification,
    calls: usize,
) -> Result<Figures, Unmeasured> {
    let began = Instant::now();
    let artefact = precompile(wasm).map_err(failed)?;
    let compile = began.elapsed();

    let host = |allocation| -> Result<PluginHost, Unmeasured> {
        PluginHost::new(HostSettings { allocation, ..settings.clone() }).map_err(failed)
    };
    let put = |host: &PluginHost| -> Result<(), Unmeasured> {
        let code = Code::load_verified(host.engine(), &artefact).map_err(failed)?;
        block_on(host.put(install(code))).map_err(failed)
    };
    let pooling = host(Allocation::Pooling)?;
    let load = median(calls.min(200), || Code::load_verified(pooling.engine(), &artefact).map(drop).map_err(failed))?;
    put(&pooling)?;
    let on_demand = host(Allocation::OnDemand)?;
    put(&on_demand)?;

    let port = || {
        let Verification { context, credentials, state, answer } = verification.clone();
        let id = credentials.first().map(|key| key.factor.clone()).unwrap_or_default();
        block_on(pooling.verify(&id, context, &credentials, &state, answer)).map(drop).map_err(failed)
    };
    let verify_port = median(calls, port)?;
    let verify_pooling = median(calls, || bare(&pooling, settings, verification).map(drop))?;
    let verify_on_demand = median(calls, || bare(&on_demand, settings, verification).map(drop))?;
    let fuel = bare(&pooling, settings, verification)?;
    let instance_memory = weigh(&on_demand, settings, verification)?;

    let before = resident()?;
    for _ in 0..RELOADS {
        put(&pooling)?;
    }
    let reload_growth = resident()?.saturating_sub(before);
    Ok(Figures {
        compile,
        artefact: artefact.len(),
        load,
        verify_pooling,
        verify_on_demand,
        verify_port,
        fuel,
        instance_memory,
        reload_growth,
    })
}

/// A store with its instance after one verification.
fn run(
    host: &PluginHost,
    settings: &HostSettings,
    verification: &Verification,
) -> Result<crate::adapter::Sandbox, Unmeasured> {
    let id = verification.credentials.first().map(|key| key.factor.clone()).unwrap_or_default();
    let plugin = host.plugin(&id).ok_or_else(|| failed("it is not installed"))?;
    let Role::Factor { adapter, .. } = &plugin.role else { return Err(failed("it is no factor")) };
    let call_settings = CallSettings {
        identity: Arc::new(Identity { id, version: String::new() }),
        limits: Limits { deadline: Duration::from_mins(1), ..plugin.limits },
        now: verification.context.now,
        random: Arc::clone(&settings.random),
        stopping: Arc::new(AtomicBool::new(false)),
    };
    let mut sandbox = call::store(host.engine(), call_settings).map_err(failed)?;
    let asked =
        Asked { context: &verification.context, settings: &plugin.settings, credentials: &verification.credentials };
    adapter.verify(&mut sandbox, &asked, &verification.state, &verification.answer).map_err(failed)?;
    Ok(sandbox)
}

/// One verification on this thread: the fuel that it used.
fn bare(host: &PluginHost, settings: &HostSettings, verification: &Verification) -> Result<u64, Unmeasured> {
    let sandbox = run(host, settings, verification)?;
    let id = verification.credentials.first().map(|key| key.factor.as_str()).unwrap_or_default();
    let budget = host.plugin(id).map_or(0, |plugin| plugin.limits.fuel);
    Ok(budget.saturating_sub(sandbox.get_fuel().map_err(failed)?))
}

fn weigh(host: &PluginHost, settings: &HostSettings, verification: &Verification) -> Result<u64, Unmeasured> {
    let before = resident()?;
    let live = (0..LIVE).map(|_| run(host, settings, verification)).collect::<Result<Vec<_>, _>>()?;
    let after = resident()?;
    Ok(after.saturating_sub(before) / u64::try_from(live.len()).unwrap_or(1).max(1))
}

fn median(times: usize, mut one: impl FnMut() -> Result<(), Unmeasured>) -> Result<Duration, Unmeasured> {
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        one()?;
        taken.push(began.elapsed());
    }
    taken.sort_unstable();
    taken.get(taken.len() / 2).copied().ok_or_else(|| failed("nothing to measure"))
}

/// Resident memory of this process in bytes (`VmRSS` of proc(5)).
pub fn resident() -> Result<u64, Unmeasured> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(failed)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| failed("no VmRSS"))
}
