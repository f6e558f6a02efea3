//! The two servers: start, wait, stop.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::Addresses;
use super::description::Client;
use super::directory::Certificate;
use crate::run::{Failure, run};

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Looks before a server that does not answer is given up: a minute.
const START_LOOKS: u32 = 600;
/// Looks before a server that does not stop is killed: longer than it may take to drain.
const STOP_LOOKS: u32 = 350;

/// Whether somebody asked us to stop.
#[derive(Debug)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn register() -> Result<Self, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let registered = signal_hook::flag::register(signal, Arc::clone(&asked));
            registered.map_err(|error| Failure::Told(format!("signals cannot be caught: {error}")))?;
        }
        Ok(Self(asked))
    }

    pub(super) fn is_asked_for(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Says so now if a port is taken, before anything is built.
pub(super) fn check_free(port: u16, option: &str) -> Result<(), Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map(drop)
        .map_err(|error| Failure::Told(format!("port {port} cannot be used ({error}); choose another with {option}")))
}

/// The example application, with one client at the root and one for each mount. Secrets go through the environment: other
/// users of the machine can read flags.
pub(super) fn example_app(
    binary: &Path,
    addresses: &Addresses,
    clients: &[Client],
    certificate: Option<&Certificate>,
) -> Command {
    let mut command = Command::new(binary);
    command
        .env("SAFEGUARDING_ISSUER", &addresses.issuer)
        .env("SAFEGUARDING_LISTEN", format!("127.0.0.1:{}", addresses.app_port))
        .env("SAFEGUARDING_PUBLIC_URL", &addresses.app);
    let mut mounts = Vec::new();
    for client in clients {
        match client.mount {
            Some(slug) => mounts.push(format!("{slug}:{}:{}", client.id, client.secret)),
            None => {
                command.env("SAFEGUARDING_CLIENT_ID", client.id).env("SAFEGUARDING_CLIENT_SECRET", &client.secret);
            }
        }
    }
    command.env("SAFEGUARDING_CLIENTS", mounts.join(","));
    if let Some(certificate) = certificate {
        command.env("SAFEGUARDING_CA_FILE", &certificate.certificate);
    }
    command
}

/// Servers that are stopped when this is dropped, whatever happened.
#[derive(Debug)]
pub(super) struct Running(Vec<(&'static str, Child)>);

impl Running {
    pub(super) fn start(commands: Vec<(&'static str, Command)>) -> Result<Self, Failure> {
        let mut running = Self(Vec::new());
        for (name, mut command) in commands {
            // A group of its own: Ctrl-C reaches us alone, and we stop them in order.
            let child = command
                .process_group(0)
                .spawn()
                .map_err(|source| Failure::Start { program: name.to_owned(), source })?;
            running.0.push((name, child));
        }
        Ok(running)
    }

    pub(super) fn wait_until_they_answer(&mut self, ports: &[u16], tls: bool, stop: &Stop) -> Result<(), Failure> {
        for (number, port) in ports.iter().enumerate() {
            let path = if number == 0 { "/readyz" } else { "/" };
            let mut looks = 0;
            while !answers(*port, path, tls && number == 0) {
                self.check_alive()?;
                looks += 1;
                if looks == START_LOOKS || stop.is_asked_for() {
                    return Err(Failure::Told(format!("nothing answers on port {port}")));
                }
                sleep(LOOK_AGAIN_AFTER);
            }
        }
        Ok(())
    }

    /// Waits until somebody asks us to stop, or a server ends by itself.
    pub(super) fn wait(mut self, stop: &Stop) -> Result<(), Failure> {
        while !stop.is_asked_for() {
            self.check_alive()?;
            sleep(LOOK_AGAIN_AFTER);
        }
        Ok(())
    }

    fn check_alive(&mut self) -> Result<(), Failure> {
        for (name, child) in &mut self.0 {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(Failure::Status { program: (*name).to_owned(), status });
            }
        }
        Ok(())
    }
}

impl Drop for Running {
    /// The application first, so that nobody asks a provider that is gone.
    fn drop(&mut self) {
        for (name, child) in self.0.iter_mut().rev() {
            if !matches!(child.try_wait(), Ok(None)) {
                continue;
            }
            // SIGTERM through `kill`: the standard library only knows SIGKILL.
            let mut asked = run(Command::new("kill").arg("-TERM").arg(child.id().to_string())).is_ok();
            for _ in 0..STOP_LOOKS {
                if !asked || !matches!(child.try_wait(), Ok(None)) {
                    break;
                }
                sleep(LOOK_AGAIN_AFTER);
            }
            asked = matches!(child.try_wait(), Ok(None));
            if asked {
                eprintln!("xtask: {name} did not stop, so it was killed");
                let _ = child.kill().and_then(|()| child.wait());
            }
        }
    }
}

/// Whether a server answers with something else than an error of its own; over TLS, whether it listens.
fn answers(port: u16, path: &str, tls: bool) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        if tls {
            return Ok(true);
        }
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 2") || answer.starts_with(b"HTTP/1.1 3"))
    };
    ask().unwrap_or(false)
}
