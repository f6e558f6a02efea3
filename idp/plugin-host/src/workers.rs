//! The threads on which guests run, and the bounded queue in front of them.
//!
//! Owns who waits, for how long, and that one plugin never has all threads nor all places in the queue. Async callers only await: a guest that loops holds one
//! of these threads until its deadline, and nothing else.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::channel::oneshot;

use crate::deadline::{Slot, Sweep, Watch};
use crate::fault::Cause;
use crate::observe::Load;

#[cfg(test)]
mod tests;

/// Stack of a thread: that of WebAssembly, and as much again for the host below and above it. Touched as far as it is used.
const THREAD_STACK: usize = 2 << 20;

/// How many calls of one plugin run; shared by its versions.
#[derive(Debug, Default)]
pub(crate) struct Share(AtomicUsize);

/// What a job gets of its thread.
pub(crate) struct Bench<'a> {
    watch: &'a Watch,
    slot: &'a Slot,
}

impl Bench<'_> {
    /// Runs what has a deadline.
    pub(crate) fn timed<T>(&self, limit: Duration, run: impl FnOnce() -> T) -> T {
        self.watch.begin(self.slot, limit);
        let value = run();
        self.watch.end(self.slot);
        value
    }
}

type Work = Box<dyn FnOnce(Result<&Bench<'_>, Cause>) + Send>;

struct Job {
    share: Arc<Share>,
    until: Instant,
    work: Work,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    stopping: Arc<AtomicBool>,
    watch: Arc<Watch>,
    /// Calls of one plugin at once.
    per_plugin: usize,
}

/// The threads.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    most: usize,
    waiting: usize,
    patience: Duration,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Workers").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Workers {
    /// At most `most` threads, which begin when they are needed.
    pub(crate) fn new(
        most: NonZeroUsize,
        waiting: usize,
        patience: Duration,
        watch: Arc<Watch>,
        stopping: Arc<AtomicBool>,
    ) -> Self {
        let per_plugin = most.get().div_ceil(2);
        let shared = Shared { queue: Mutex::default(), arrived: Condvar::new(), stopping, watch, per_plugin };
        Self { shared: Arc::new(shared), most: most.get(), waiting, patience }
    }

    /// What the watch has to look at.
    pub(crate) fn sweep(&self) -> Arc<dyn Sweep> {
        Arc::clone(&self.shared) as Arc<dyn Sweep>
    }

    /// Runs `work` on a thread of the pool. [`Cause::Busy`] where too many wait or the wait is too long.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        share: Arc<Share>,
        work: impl FnOnce(&Bench<'_>) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let (sender, receiver) = oneshot::channel();
        let work = move |bench: Result<&Bench<'_>, Cause>| {
            // Nobody waits any more: the request was dropped.
            if sender.is_canceled() {
                return;
            }
            let _ = sender.send(bench.and_then(work));
        };
        self.submit(Job { share, until: Instant::now() + self.patience, work: Box::new(work) });
        receiver.await.unwrap_or(Err(Cause::Stopping))
    }

    fn submit(&self, job: Job) {
        let mut queue = self.shared.lock();
        if self.shared.stopping.load(Ordering::SeqCst) {
            drop(queue);
            return (job.work)(Err(Cause::Stopping));
        }
        // Calls of a plugin that loops come back slowly: they must not take the places of all others.
        let same = queue.jobs.iter().filter(|other| Arc::ptr_eq(&other.share, &job.share)).count();
        if queue.jobs.len() >= self.waiting || same >= self.waiting.div_ceil(2) {
            drop(queue);
            return (job.work)(Err(Cause::Busy));
        }
        queue.jobs.push_back(job);
        // One that idles may be on its way to another job already.
        if queue.jobs.len() > queue.idle && queue.threads.len() < self.most {
            let number = queue.threads.len();
            let shared = Arc::clone(&self.shared);
            let slot = self.shared.watch.slot(number);
            let spawned = std::thread::Builder::new()
                .name(format!("plugin-{number}"))
                .stack_size(THREAD_STACK)
                .spawn(move || shared.work(&slot));
            match spawned {
                Ok(thread) => queue.threads.push(thread),
                // Those that there are will come to it; where there are none, the watch ends the wait.
                Err(error) => tracing::error!(%error, "no thread for plugins"),
            }
        }
        drop(queue);
        self.shared.arrived.notify_one();
        self.shared.watch.wake();
    }
}

impl Workers {
    /// What they do just now.
    pub(crate) fn load(&self) -> Load {
        let queue = self.shared.lock();
        let running = queue.threads.len().saturating_sub(queue.idle);
        Load { running, waiting: queue.jobs.len(), most: self.most }
    }

    /// Ends running calls, refuses those that wait and all to come, and waits for the threads.
    pub(crate) fn close(&self) {
        self.shared.watch.stop();
        self.shared.arrived.notify_all();
        let threads = std::mem::take(&mut self.shared.lock().threads);
        let here = std::thread::current().id();
        for thread in threads {
            // A thread does not wait for itself.
            if thread.thread().id() != here {
                let _ = thread.join();
            }
        }
        for job in std::mem::take(&mut self.shared.lock().jobs) {
            (job.work)(Err(Cause::Stopping));
        }
        self.shared.watch.join();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing that holds the lock can panic half way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of one thread.
    fn work(&self, slot: &Slot) {
        let bench = Bench { watch: &self.watch, slot };
        let mut queue = self.lock();
        loop {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            // The first whose plugin has not its share of the threads already.
            let next = queue.jobs.iter().position(|job| job.share.0.load(Ordering::SeqCst) < self.per_plugin);
            let Some(job) = next.and_then(|at| queue.jobs.remove(at)) else {
                queue.idle += 1;
                queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.idle -= 1;
                continue;
            };
            job.share.0.fetch_add(1, Ordering::SeqCst);
            drop(queue);
            (job.work)(Ok(&bench));
            job.share.0.fetch_sub(1, Ordering::SeqCst);
            queue = self.lock();
            // One that waited for this share may be taken by a thread that idles.
            if queue.idle > 0 && !queue.jobs.is_empty() {
                self.arrived.notify_one();
            }
        }
    }
}

impl Sweep for Shared {
    fn sweep(&self, now: Instant) -> bool {
        let mut overdue = Vec::new();
        let left = {
            let mut queue = self.lock();
            // They wait in the order in which they came.
            while queue.jobs.front().is_some_and(|job| job.until <= now) {
                overdue.extend(queue.jobs.pop_front());
            }
            !queue.jobs.is_empty()
        };
        for job in overdue {
            (job.work)(Err(Cause::Busy));
        }
        left
    }
}
