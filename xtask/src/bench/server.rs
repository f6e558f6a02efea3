//! Servers under load: start, wait for an answer, stop. Each on a processor of its own where there are two.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::http::{Connection, get};
use crate::install::is_there;
use crate::run::{Failure, output};

const SERVER_PROCESSOR: &str = "0";
const LOAD_PROCESSOR: &str = "1";
/// A look each millisecond, for so long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(1);
/// More often would take time from the compiler, which is the server's child and runs at a lower priority.
const LOOK_FOR_READY_AFTER: Duration = Duration::from_millis(20);
const START_TIME: Duration = Duration::from_mins(3);
const STOP_TIME: Duration = Duration::from_secs(30);

/// Who runs on which processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pinning {
    /// Server and load apart.
    Apart,
    /// Wherever the kernel puts them.
    None(&'static str),
}

impl Pinning {
    /// Takes this process, and the threads that it starts from now on, away from the server's processor.
    pub(super) fn of_this_machine() -> Self {
        if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
            return Self::None("there is one processor only");
        }
        if !is_there("taskset") {
            return Self::None("`taskset` (util-linux) is not there");
        }
        let own = std::process::id().to_string();
        match output(Command::new("taskset").args(["--pid", "--cpu-list", LOAD_PROCESSOR, &own])) {
            Ok(_) => Self::Apart,
            Err(_) => Self::None("`taskset` may not pin here"),
        }
    }

    /// A command for a program on the server's processor. `taskset` becomes the program: its number is the program's.
    pub(super) fn command(self, program: &Path) -> Command {
        match self {
            Self::Apart => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", SERVER_PROCESSOR]).arg(program);
                command
            }
            Self::None(_) => Command::new(program),
        }
    }
}

/// A server that answers; stopped when dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    began: Instant,
    /// From the start of the process to the first answer.
    pub(super) started_in: Duration,
}

impl Server {
    /// Starts a server and waits until it answers discovery.
    pub(super) fn start(mut command: Command, port: u16, log: &Path) -> Result<Self, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |source| Failure::File { path: log.to_owned(), source };
        let file = File::options().create(true).append(true).open(log).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(failed)?).stderr(file);
        let began = Instant::now();
        let child = command.spawn().map_err(|source| Failure::Start { program, source })?;
        let mut server = Self { child, port, began, started_in: Duration::ZERO };
        let discovery = get("/.well-known/openid-configuration", &[]);
        while !Connection::open(port).is_ok_and(|mut connection| connection.must(&discovery).is_ok()) {
            let ended = server.child.try_wait().ok().flatten();
            if ended.is_some() || began.elapsed() > START_TIME {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                let last: Vec<_> = text.lines().rev().take(5).collect();
                return Err(Failure::Told(format!("a server does not answer on port {port}: {}", last.join(" / "))));
            }
            sleep(LOOK_AGAIN_AFTER);
        }
        server.started_in = began.elapsed();
        Ok(server)
    }

    /// Waits until it says that it is ready: all plugins are loaded. From the start of the process until then.
    pub(super) fn ready(&self) -> Result<Duration, Failure> {
        let request = get("/readyz", &[]);
        while !Connection::open(self.port).is_ok_and(|mut connection| connection.must(&request).is_ok()) {
            if self.began.elapsed() > START_TIME {
                return Err(Failure::Told(format!("the server on port {} does not become ready", self.port)));
            }
            sleep(LOOK_FOR_READY_AFTER);
        }
        Ok(self.began.elapsed())
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM through `kill`: the standard library only knows SIGKILL.
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let began = Instant::now();
        while asked.is_ok() && began.elapsed() < STOP_TIME && matches!(self.child.try_wait(), Ok(None)) {
            sleep(LOOK_AGAIN_AFTER);
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            eprintln!("xtask: a server did not stop, so it was killed");
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

/// A port that nobody uses now.
pub(super) fn free_port() -> Result<u16, Failure> {
    let told = |error| Failure::Told(format!("no port is free: {error}"));
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(told)?;
    Ok(listener.local_addr().map_err(told)?.port())
}
