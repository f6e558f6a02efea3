//! Closed-loop load: so many connections, each with one request under way, bounded in count and in time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{Connection, Result};
use super::process;
use super::statistics::{Latencies, micros};

/// No operation is asked for more often than this in one run.
pub(super) const MOST_REQUESTS: usize = 500_000;

/// How much load; there are as many connections as clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) most: usize,
    pub(super) time: Duration,
}

/// What it cost.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) latencies: Latencies,
    /// User and system time of the server's processes.
    pub(super) cpu: Duration,
    /// The same of those threads that live to the end, to the nanosecond: for few operations.
    pub(super) threads: Duration,
    /// Of that, the threads that hash passwords.
    pub(super) hashing: Duration,
    pub(super) took: Duration,
}

impl Measured {
    /// CPU time of one operation in microseconds.
    pub(super) fn cpu_us(&self) -> f64 {
        self.each(self.cpu)
    }

    /// CPU time of one operation that was not spent on hashing passwords.
    pub(super) fn cpu_us_without_hashing(&self) -> f64 {
        self.each(self.cpu.saturating_sub(self.hashing))
    }

    /// The same as [`Self::cpu_us`], where operations are few.
    pub(super) fn cpu_us_of_threads(&self) -> f64 {
        self.each(self.threads)
    }

    /// CPU time of one operation that was spent on hashing passwords.
    pub(super) fn cpu_us_of_hashing(&self) -> f64 {
        self.each(self.hashing)
    }

    pub(super) fn per_second(&self) -> f64 {
        self.count() / self.took.as_secs_f64().max(f64::EPSILON)
    }

    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1_000_000.0 / self.count().max(1.0)
    }

    #[allow(clippy::cast_precision_loss, reason = "a count of requests of one run")]
    fn count(&self) -> f64 {
        self.latencies.count() as f64
    }
}

/// A client's own memory: what it asks next, and what it learnt.
pub(super) trait Client: Send {
    /// Does the operation once; anything but what is hoped for is an error and ends the run.
    fn once(&mut self, connection: &mut Connection) -> Result<()>;

    /// Whether there is nothing left to do.
    fn is_done(&self) -> bool {
        false
    }
}

impl<F: FnMut(&mut Connection) -> Result<()> + Send> Client for F {
    fn once(&mut self, connection: &mut Connection) -> Result<()> {
        self(connection)
    }
}

/// Puts load on a server and measures what it costs. Gives the clients back.
pub(super) fn measure<C: Client>(server: u32, port: u16, load: Load, clients: Vec<C>) -> Result<(Measured, Vec<C>)> {
    let (left, failed) = (AtomicUsize::new(load.most.min(MOST_REQUESTS)), AtomicBool::new(false));
    let done = Mutex::new((Vec::new(), Vec::new()));
    let mut connections = Vec::new();
    for _ in &clients {
        connections.push(Connection::open(port).map_err(|error| format!("port {port}: {error}"))?);
    }
    let threads = |name| process::cpu_of_threads(server, name);
    let cpu = || (process::cpu_of_tree(server), threads(""), threads("password-"));
    let (before, began) = (cpu(), Instant::now());
    let results: Vec<Result<()>> = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .zip(connections)
            .map(|(mut client, mut connection)| {
                let (left, failed, done) = (&left, &failed, &done);
                scope.spawn(move || {
                    let mut latencies = Vec::new();
                    let mut result = Ok(());
                    while began.elapsed() < load.time && !client.is_done() && !failed.load(Ordering::Relaxed) {
                        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
                        {
                            break;
                        }
                        let asked = Instant::now();
                        result = client.once(&mut connection);
                        if result.is_err() {
                            failed.store(true, Ordering::Relaxed);
                            break;
                        }
                        latencies.push(micros(asked.elapsed()));
                    }
                    if let Ok(mut done) = done.lock() {
                        done.0.append(&mut latencies);
                        done.1.push(client);
                    }
                    result
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a client died".into()))).collect()
    });
    let (took, after) = (began.elapsed(), cpu());
    results.into_iter().collect::<Result<()>>()?;
    let (latencies, clients) = done.into_inner().map_err(|_| "a client died")?;
    let measured = Measured {
        latencies: Latencies::from_micros(latencies),
        cpu: after.0.saturating_sub(before.0),
        threads: after.1.saturating_sub(before.1),
        hashing: after.2.saturating_sub(before.2),
        took,
    };
    Ok((measured, clients))
}
