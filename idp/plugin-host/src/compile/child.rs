//! The child: limits itself, reads a component, writes machine code.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use rustix::thread::set_no_new_privs;

use super::CompileLimits;
use crate::code::{CodeError, precompile};

/// The first argument of a program that is to be the child; processor time and memory follow it.
pub const ARGUMENT: &str = "compile-plugin-from-standard-input";
/// Exit code: the component is at fault, and standard error says why.
pub(super) const REFUSED: u8 = 3;
/// Exit code: something else is.
const FAILED: u8 = 4;

/// Compiles what stands on standard input to standard output, within limits that it sets itself before it reads anything.
pub fn main() -> ExitCode {
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, problem)) => {
            // Nobody to tell where the parent is gone.
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::from(code)
        }
    }
}

fn compile() -> Result<(), (u8, String)> {
    let failed = |error: io::Error| (FAILED, error.to_string());
    restrict(limits().ok_or_else(|| (FAILED, "its arguments are no limits".to_owned()))?).map_err(failed)?;
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm).map_err(failed)?;
    let artefact = precompile(&wasm).map_err(|error| match error {
        CodeError::Compile(problem) => (REFUSED, problem),
        other => (FAILED, other.to_string()),
    })?;
    let mut output = io::stdout().lock();
    output.write_all(&artefact).and_then(|()| output.flush()).map_err(failed)
}

/// What the parent allows.
fn limits() -> Option<CompileLimits> {
    let mut arguments = std::env::args().skip(2);
    let cpu_seconds = arguments.next()?.parse().ok()?;
    let memory_mib = arguments.next()?.parse().ok()?;
    Some(CompileLimits { cpu_seconds, memory_mib })
}

fn restrict(limits: CompileLimits) -> io::Result<()> {
    let most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    // At the softer limit comes SIGXCPU, which tells the cause; a second later the end.
    setrlimit(Resource::Cpu, Rlimit { current: Some(limits.cpu_seconds), maximum: Some(limits.cpu_seconds + 1) })?;
    setrlimit(Resource::As, most(limits.memory_mib << 20))?;
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Fsize, most(0))?;
    setrlimit(Resource::Nofile, most(16))?;
    set_no_new_privs(true)?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Sign-ins go first, but a start of the server waits for it.
    nice(10)?;
    Ok(())
}
