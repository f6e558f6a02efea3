//! Figures of the host, for the benchmark and for authors: what a call costs with a fresh instance, what loading, compiling and
//! reloading cost.
//!
//! Owns the measuring, not the subject: whoever measures brings a package and one verification that it accepts. What counts is
//! processor time of this process, so nothing else may run in it meanwhile.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use keyholder_core::credential::Credential;
use keyholder_core::factor::{Answer, Context, Factors as _, VerifyOutcome};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

use crate::adapter::Asked;
use crate::admission::{Admission, AdmissionError};
use crate::call::{self, CallSettings, Identity};
use crate::code::{Code, precompile};
use crate::compile::Compiler;
use crate::host::PluginHost;
use crate::installed::{Granted, Installed, World};
use crate::limits::Limits;
use crate::package::Package;
use crate::registry::Role;
use crate::settings::{Allocation, HostSettings};
use crate::vectors::{Runner, ScriptedRandom, Vector};

/// One verification.
#[derive(Debug, Clone)]
pub struct Verification {
    pub context: Context,
    pub credentials: Vec<Credential>,
    pub state: Vec<u8>,
    pub answer: Answer,
}

/// What something costs that is done again and again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Processor time of all threads of this process, on average.
    pub cpu: Duration,
    /// On the clock.
    pub p50: Duration,
    pub p99: Duration,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// From WebAssembly to machine code, as a child process does it, once.
    pub compile: Cost,
    /// Size of the artefact in bytes.
    pub artefact: usize,
    /// From the artefact to code that runs.
    pub load: Cost,
    /// Through the port, as the server calls it: thread, instance, call, checks, conversions.
    pub verify: Cost,
    /// Of that, instance and call, out of reserved address space.
    pub verify_bare: Cost,
    /// The same, memory from the system.
    pub verify_on_demand: Cost,
    /// Instructions of one verification.
    pub fuel: u64,
    /// Resident memory of its loaded code, in bytes.
    pub code_memory: u64,
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
/// How many times its code is loaded to be weighed.
const LOADED: usize = 20;
const RELOADS: usize = 50;
/// How often the artefact is loaded.
const LOADS: usize = 200;

/// Measures `calls` verifications of a factor, all of them the last one in `vector` that is accepted, and what leads to them.
///
/// # Errors
/// A package that does not run, and a vector without such a verification.
pub async fn measure(
    settings: &HostSettings,
    package: &Package,
    vector: &Vector,
    calls: usize,
) -> Result<Figures, Unmeasured> {
    let verification = played(settings, package, vector).await?;
    let verification = &verification;
    let settings_of_package = package.schema.complete(&vector.settings);
    let settings_of_package = settings_of_package.map_err(|faults| failed(AdmissionError::Settings(faults)))?;
    let subject = Subject { package, settings: Value::Object(settings_of_package).to_string() };

    let mut artefact = Vec::new();
    let compile = repeated(1, || {
        artefact = precompile(package.wasm()).map_err(failed)?;
        Ok(())
    })?;
    let host = |allocation| -> Result<PluginHost, Unmeasured> {
        PluginHost::new(HostSettings { allocation, ..settings.clone() }).map_err(failed)
    };
    let pooling = host(Allocation::Pooling)?;
    let load = repeated(LOADS, || Code::load_verified(pooling.engine(), &artefact).map(drop).map_err(failed))?;
    subject.put(&pooling, &artefact).await?;
    let on_demand = host(Allocation::OnDemand)?;
    subject.put(&on_demand, &artefact).await?;

    let verify = awaited(calls, || accepted(&pooling, verification)).await?;
    let fuel = bare(&pooling, settings, verification)?;
    let verify_bare = repeated(calls, || bare(&pooling, settings, verification).map(drop))?;
    let verify_on_demand = repeated(calls, || bare(&on_demand, settings, verification).map(drop))?;
    let code_memory = weigh_code(&on_demand, &artefact)?;
    let instance_memory = weigh(&on_demand, settings, verification)?;

    let before = resident()?;
    for _ in 0..RELOADS {
        subject.put(&pooling, &artefact).await?;
    }
    let reload_growth = resident()?.saturating_sub(before);
    Ok(Figures {
        compile,
        artefact: artefact.len(),
        load,
        verify,
        verify_bare,
        verify_on_demand,
        fuel,
        code_memory,
        instance_memory,
        reload_growth,
    })
}

/// Plays a vector with the randomness that it dictates.
async fn played(settings: &HostSettings, package: &Package, vector: &Vector) -> Result<Verification, Unmeasured> {
    let random = Arc::new(ScriptedRandom::default());
    let settings = HostSettings { random: random.clone(), allocation: Allocation::OnDemand, ..settings.clone() };
    let host = PluginHost::new(settings).map_err(failed)?;
    let admission = Admission::new(host, Arc::new(Compiler::InProcess), None);
    let accepted = Runner::new(admission, random, package).accepted(vector).await.map_err(failed)?;
    accepted.ok_or_else(|| failed("the vector has no verification that is accepted"))
}

/// A package as it is installed.
struct Subject<'a> {
    package: &'a Package,
    settings: String,
}

impl Subject<'_> {
    async fn put(&self, host: &PluginHost, artefact: &[u8]) -> Result<(), Unmeasured> {
        let manifest = &self.package.manifest;
        let installed = Installed {
            id: manifest.id.clone(),
            version: manifest.version.to_string(),
            world: World::Factor,
            granted: Granted {
                ceiling: manifest.ceiling.clone(),
                capabilities: manifest.capabilities().into_iter().collect(),
            },
            limits: manifest.limits,
            settings: self.settings.clone(),
            locales: Vec::new(),
            stored_formats: Vec::new(),
            code: Code::load_verified(host.engine(), artefact).map_err(failed)?,
        };
        host.put(installed).await.map_err(failed)
    }
}

fn factor_of(verification: &Verification) -> &str {
    verification.credentials.first().map(|key| key.factor.as_str()).unwrap_or_default()
}

/// One verification through the port.
async fn accepted(host: &PluginHost, verification: &Verification) -> Result<(), Unmeasured> {
    let Verification { context, credentials, state, answer } = verification;
    let factor = factor_of(verification);
    match host.verify(factor, context.clone(), credentials, state, answer.clone()).await.map_err(failed)? {
        VerifyOutcome::Accepted(_) => Ok(()),
        other => Err(failed(format!("the answer is not accepted: {other:?}"))),
    }
}

/// A store with its instance after one verification.
fn run(
    host: &PluginHost,
    settings: &HostSettings,
    verification: &Verification,
) -> Result<crate::adapter::Sandbox, Unmeasured> {
    let id = factor_of(verification).to_owned();
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
    let budget = host.plugin(factor_of(verification)).map_or(0, |plugin| plugin.limits.fuel);
    Ok(budget.saturating_sub(sandbox.get_fuel().map_err(failed)?))
}

fn weigh_code(host: &PluginHost, artefact: &[u8]) -> Result<u64, Unmeasured> {
    let before = resident()?;
    let load = || Code::load_verified(host.engine(), artefact).map_err(failed);
    let loaded = (0..LOADED).map(|_| load()).collect::<Result<Vec<_>, _>>()?;
    let after = resident()?;
    Ok(after.saturating_sub(before) / u64::try_from(loaded.len()).unwrap_or(1).max(1))
}

fn weigh(host: &PluginHost, settings: &HostSettings, verification: &Verification) -> Result<u64, Unmeasured> {
    let before = resident()?;
    let live = (0..LIVE).map(|_| run(host, settings, verification)).collect::<Result<Vec<_>, _>>()?;
    let after = resident()?;
    Ok(after.saturating_sub(before) / u64::try_from(live.len()).unwrap_or(1).max(1))
}

/// Processor time of this process.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

fn repeated(times: usize, mut one: impl FnMut() -> Result<(), Unmeasured>) -> Result<Cost, Unmeasured> {
    let (mut taken, before) = (Vec::with_capacity(times), spent());
    for _ in 0..times {
        let began = Instant::now();
        one()?;
        taken.push(began.elapsed());
    }
    Ok(cost(spent().saturating_sub(before), taken))
}

async fn awaited<F: Future<Output = Result<(), Unmeasured>>>(
    times: usize,
    one: impl Fn() -> F,
) -> Result<Cost, Unmeasured> {
    let (mut taken, before) = (Vec::with_capacity(times), spent());
    for _ in 0..times {
        let began = Instant::now();
        one().await?;
        taken.push(began.elapsed());
    }
    Ok(cost(spent().saturating_sub(before), taken))
}

fn cost(cpu: Duration, mut taken: Vec<Duration>) -> Cost {
    taken.sort_unstable();
    let at = |permille: usize| {
        let rank = (taken.len() * permille).div_ceil(1000).max(1);
        taken.get(rank - 1).copied().unwrap_or_default()
    };
    let times = u32::try_from(taken.len()).unwrap_or(u32::MAX).max(1);
    Cost { cpu: cpu / times, p50: at(500), p99: at(990) }
}

/// Resident memory of this process in bytes (`VmRSS` of proc(5)).
pub fn resident() -> Result<u64, Unmeasured> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(failed)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| failed("no VmRSS"))
}
