//! The bounded pool of hashing threads.
//!
//! Owns the threads, their argon2 memory and the queue in front of them. Hashing never runs on the threads that answer
//! requests. The queue is bounded: beyond it the answer is [`PoolError::Busy`] (503 with `Retry-After`) instead of a wait
//! that nobody sits through. A request that is dropped while it waits frees its place.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use keyholder_core::person::StoredPassword;
use keyholder_core::random::Random;
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::decoy::Decoy;
use super::hash::{CostError, Hasher, Memory};
use super::policy::{PasswordPolicy, PolicyError};
use crate::config::PasswordSettings;
use crate::metrics::PoolFigures;

pub use super::hash::Verification;

/// KiB that one thread writes per second on a slow machine; from it the advice when to come back is made.
const SLOW_KIB_PER_SECOND: u64 = 1024 * 1024;

/// Why the pool cannot start.
#[derive(Debug, thiserror::Error)]
pub enum PoolStartError {
    /// The cost.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The rules.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The operating system gives no thread.
    #[error("no thread for password hashing")]
    Thread(#[from] std::io::Error),
    /// The hasher does not read its own form: the binary is damaged.
    #[error("the password hasher does not work")]
    Hasher,
}

/// Why a password was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// Too many wait already.
    #[error("too many passwords wait to be checked")]
    Busy {
        /// When it is worth to try again, in whole seconds.
        retry_after: Duration,
    },
    /// The server stops.
    #[error("passwords are no longer checked")]
    Closed,
    /// The new password is longer than [`super::MAXIMUM_BYTES`]; the policy refuses it before.
    #[error("the password is too long to be hashed")]
    TooLong,
}

/// The pool. Dropping it ends its threads after the passwords in their hands.
#[derive(Debug)]
pub struct PasswordPool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    policy: PasswordPolicy,
}

#[derive(Debug)]
struct Shared {
    hasher: Hasher,
    decoy: Decoy,
    random: Arc<dyn Random>,
    queue: Mutex<Queue>,
    /// Rung when a job arrives or the pool closes.
    arrival: Condvar,
    capacity: usize,
    threads: usize,
    figures: PoolFigures,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    next_ticket: u64,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    job: Job,
}

/// Passwords are wiped when a job is done or dropped: `SecretString` does so.
#[derive(Debug)]
enum Job {
    Verify { password: SecretString, stored: Option<StoredPassword>, reply: oneshot::Sender<Verification> },
    Hash { password: SecretString, reply: oneshot::Sender<Option<String>> },
}

/// A place in the queue; given up when its owner goes away.
struct Place<'a> {
    shared: &'a Shared,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.shared.queue().waiting.retain(|waiting| waiting.ticket != self.ticket);
    }
}

impl PasswordPool {
    /// Starts the threads. Their memory is taken with the first password.
    pub fn new(settings: &PasswordSettings, random: Arc<dyn Random>) -> Result<Self, PoolStartError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // One processor is left to everything else, so that tokens stay quick while people sign in.
        let threads = settings.threads.unwrap_or(processors.saturating_sub(1)).max(1);
        Self::with_threads(settings, random, threads)
    }

    fn with_threads(
        settings: &PasswordSettings,
        random: Arc<dyn Random>,
        threads: usize,
    ) -> Result<Self, PoolStartError> {
        let policy = PasswordPolicy::new(settings.minimum)?;
        let hasher = Hasher::new(settings)?;
        let decoy = Decoy::new(&hasher, random.as_ref()).ok_or(PoolStartError::Hasher)?;
        let shared = Arc::new(Shared {
            hasher,
            decoy,
            random,
            queue: Mutex::default(),
            arrival: Condvar::new(),
            capacity: settings.queue.max(1),
            threads: threads.max(1),
            figures: PoolFigures::default(),
        });
        let mut pool = Self { shared: Arc::clone(&shared), threads: Vec::with_capacity(threads), policy };
        for number in 0..threads {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("password-{number}"));
            pool.threads.push(thread.spawn(move || shared.work())?);
        }
        Ok(pool)
    }

    /// The rules for new passwords.
    pub fn policy(&self) -> &PasswordPolicy {
        &self.policy
    }

    /// How many wait for a thread at this moment.
    pub fn waiting(&self) -> usize {
        self.shared.queue().waiting.len()
    }

    /// What the pool counted since it started.
    pub fn figures(&self) -> &PoolFigures {
        &self.shared.figures
    }

    /// Verifies a password. `stored`: `None` where nobody is known by the address, or the person has no password; that
    /// takes the same time, and the answer is [`Verification::Wrong`].
    pub async fn verify(
        &self,
        password: SecretString,
        stored: Option<StoredPassword>,
    ) -> Result<Verification, PoolError> {
        let (reply, answer) = oneshot::channel();
        let _place = self.shared.enqueue(Job::Verify { password, stored, reply })?;
        answer.await.map_err(|_| PoolError::Closed)
    }

    /// Hashes a password that the policy let pass.
    pub async fn hash(&self, password: SecretString) -> Result<String, PoolError> {
        let (reply, answer) = oneshot::channel();
        let _place = self.shared.enqueue(Job::Hash { password, reply })?;
        answer.await.map_err(|_| PoolError::Closed)?.ok_or(PoolError::TooLong)
    }

    /// Takes no more passwords. Those that wait are still looked at.
    pub fn close(&self) {
        self.shared.queue().closed = true;
        self.shared.arrival.notify_all();
    }
}

impl Drop for PasswordPool {
    fn drop(&mut self) {
        self.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has answered nobody; there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No code panics while it holds the queue, and the queue is whole between any two of its lines.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, job: Job) -> Result<Place<'_>, PoolError> {
        let mut queue = self.queue();
        if queue.closed {
            return Err(PoolError::Closed);
        }
        if queue.waiting.len() >= self.capacity {
            self.figures.refused();
            return Err(PoolError::Busy { retry_after: self.retry_after(queue.waiting.len()) });
        }
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push_back(Waiting { ticket, job });
        drop(queue);
        self.arrival.notify_one();
        Ok(Place { shared: self, ticket })
    }

    /// How long those who wait will take, rounded up to seconds.
    fn retry_after(&self, waiting: usize) -> Duration {
        let work = u64::from(self.hasher.work_kib()).saturating_mul(u64::try_from(waiting).unwrap_or(u64::MAX));
        let rate = SLOW_KIB_PER_SECOND.saturating_mul(u64::try_from(self.threads).unwrap_or(1));
        Duration::from_secs(work.div_ceil(rate).clamp(1, 60))
    }

    fn work(&self) {
        step_back();
        let mut memory = Memory::default();
        while let Some(job) = self.next() {
            let began = Instant::now();
            // The requester may have gone meanwhile: nobody is left to tell.
            match job {
                Job::Verify { password, stored, reply } if !reply.is_closed() => {
                    let random = self.random.as_ref();
                    let answer = self.decoy.verify(&self.hasher, &password, stored.as_ref(), random, &mut memory);
                    self.figures.hashed(began);
                    let _ = reply.send(answer);
                }
                Job::Hash { password, reply } if !reply.is_closed() => {
                    let hash = self.hasher.hash(&password, self.random.as_ref(), &mut memory);
                    self.figures.hashed(began);
                    let _ = reply.send(hash);
                }
                Job::Verify { .. } | Job::Hash { .. } => {}
            }
        }
    }

    /// The next job; `None` when the pool is closed and nobody waits.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(waiting) = queue.waiting.pop_front() {
                return Some(waiting.job);
            }
            if queue.closed {
                return None;
            }
            queue = self.arrival.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Lets other threads go first: where processors are few, a hash would otherwise keep tokens waiting for its whole time slice.
/// On Linux a priority is a thread's own.
#[cfg(target_os = "linux")]
fn step_back() {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10) {
        tracing::debug!(%error, "hashing threads keep their priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}

#[cfg(test)]
mod tests;
