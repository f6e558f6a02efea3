//! Compiling a stranger's code: in a child process with limits, one at a time.
//!
//! Owns the child's life and what its end means. Compilers are the part of a sandbox that a hostile module meets first: some megabytes
//! of nested blocks keep one busy for minutes. Does not own the engine ([`crate::engine`]) nor where artefacts are kept
//! ([`crate::artefact`]).

mod child;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

pub use child::{ARGUMENT, main as child_main};

use crate::code::{CodeError, precompile};
use crate::fault::readable;

/// What one compilation may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time, in seconds. An honest JavaScript guest takes 11.5.
    pub cpu_seconds: u64,
    /// Address space of the child, in MiB. An honest JavaScript guest takes 378.
    pub memory_mib: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { cpu_seconds: 60, memory_mib: 1024 }
    }
}

/// The backstop behind the processor time, on the clock: a child that waits spends none.
const PATIENCE: Duration = Duration::from_mins(3);
/// The largest artefact that is taken.
const MOST_ARTEFACT: u64 = 256 << 20;
/// What of the child's complaints is kept.
const MOST_COMPLAINT: u64 = 4096;

/// Why something was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Not a component, or with features that are switched off.
    #[error("{0}")]
    Refused(String),
    #[error("compiling it takes more than {0} seconds of processor time")]
    Time(u64),
    #[error("compiling it takes more than {0} MiB of memory")]
    Memory(u64),
    #[error("compiling it did not end within {} seconds", PATIENCE.as_secs())]
    Stuck,
    #[error("what comes of it is larger than {} MiB", MOST_ARTEFACT >> 20)]
    TooLarge,
    /// The compiler itself failed over it.
    #[error("the compiler failed over it: {0}")]
    Crashed(String),
    /// Nothing to do with the plugin.
    #[error("the compiler cannot be started")]
    Start(#[source] io::Error),
}

/// How plugins are compiled.
#[derive(Debug)]
pub enum Compiler {
    /// In a child with limits.
    Child(ChildCompiler),
    /// In this very process, without limits: for tests, and for bundled packages where no program is known that could be the child.
    InProcess,
}

/// A program that compiles when it is called with [`ARGUMENT`].
#[derive(Debug)]
pub struct ChildCompiler {
    program: PathBuf,
    limits: CompileLimits,
    /// One at a time.
    turn: Mutex<()>,
}

impl Compiler {
    /// This very program as the child. Its `main` must call [`child_main`] when its first argument is [`ARGUMENT`].
    pub fn this_program() -> Self {
        // The link names the file that runs even where an upgrade has replaced it meanwhile.
        let link = Path::new("/proc/self/exe");
        match std::env::current_exe() {
            Ok(program) if !link.exists() => Self::program(program),
            _ => Self::program(link.to_owned()),
        }
    }

    /// A program as the child.
    pub fn program(program: PathBuf) -> Self {
        Self::limited(program, CompileLimits::default())
    }

    /// A program as the child, with other limits than usual.
    pub fn limited(program: PathBuf, limits: CompileLimits) -> Self {
        Self::Child(ChildCompiler { program, limits, turn: Mutex::new(()) })
    }

    /// Compiles. Blocks the thread until it is done, an earlier compilation included.
    ///
    /// # Errors
    /// What is wrong with the component, the limit that it ran into, or why there is no child.
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
        match self {
            Self::InProcess => precompile(wasm).map_err(|error| match error {
                CodeError::Compile(problem) => CompileError::Refused(problem),
                other => CompileError::Crashed(other.to_string()),
            }),
            Self::Child(compiler) => compiler.compile(wasm),
        }
    }
}

impl ChildCompiler {
    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = [self.limits.cpu_seconds, self.limits.memory_mib].map(|limit| limit.to_string());
        let mut child = Command::new(&self.program)
            .arg(ARGUMENT)
            .args(limits)
            .env_clear()
            // Threads and their arenas take address space, whatever the number of processors.
            .envs([("RAYON_NUM_THREADS", "2"), ("MALLOC_ARENA_MAX", "2")])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(CompileError::Start)?;
        let outcome = thread::scope(|scope| converse(scope, &mut child, wasm));
        let status = child.wait().map_err(CompileError::Start)?;
        let (artefact, complaint) = outcome?;
        if !status.success() {
            return Err(self.reason(status, &complaint));
        }
        if artefact.len() as u64 > MOST_ARTEFACT { Err(CompileError::TooLarge) } else { Ok(artefact) }
    }

    /// What the end of the child means.
    fn reason(&self, status: ExitStatus, complaint: &str) -> CompileError {
        let told = || readable(complaint.trim(), 300);
        if status.code() == Some(i32::from(child::REFUSED)) {
            return CompileError::Refused(told());
        }
        match status.signal() {
            Some(signal) if signal == rustix::process::Signal::XCPU.as_raw() => {
                CompileError::Time(self.limits.cpu_seconds)
            }
            // What the allocator says before it aborts.
            _ if complaint.contains("memory allocation of") => CompileError::Memory(self.limits.memory_mib),
            Some(signal) => CompileError::Crashed(format!("signal {signal}. {}", told())),
            None => CompileError::Crashed(told()),
        }
    }
}

/// What came out of the child on its two outputs.
type Output = (Vec<u8>, String);

/// Feeds the child and hears it out, each pipe on a thread of its own: none of them must fill up.
fn converse<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    child: &mut Child,
    wasm: &'scope [u8],
) -> Result<Output, CompileError> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(CompileError::Start(io::Error::other("no pipes")));
    };
    let (done, finished) = mpsc::channel();
    scope.spawn(move || {
        // A child that ends early says why by itself.
        let _ = stdin.write_all(wasm);
    });
    let complaint = scope.spawn(move || read_capped(stderr, MOST_COMPLAINT));
    scope.spawn(move || {
        let _ = done.send(read_capped(stdout, MOST_ARTEFACT + 1));
    });
    let Ok(artefact) = finished.recv_timeout(PATIENCE) else {
        // Without it the scope would wait for ever; one that is gone already cannot be killed.
        let _ = child.kill();
        return Err(CompileError::Stuck);
    };
    if artefact.len() as u64 > MOST_ARTEFACT {
        let _ = child.kill();
    }
    let complaint = complaint.join().unwrap_or_default();
    Ok((artefact, String::from_utf8_lossy(&complaint).into_owned()))
}

fn read_capped(pipe: impl Read, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read until a pipe breaks is what the child said.
    let _ = pipe.take(most).read_to_end(&mut bytes);
    bytes
}
