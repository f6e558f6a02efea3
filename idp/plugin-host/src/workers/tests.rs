#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::mpsc;

use futures::executor::block_on;

use super::*;
use crate::engine;

fn workers(threads: usize, waiting: usize, patience: Duration) -> Workers {
    let stopping = Arc::new(AtomicBool::new(false));
    let watch = Arc::new(Watch::new(threads, Arc::clone(&stopping)));
    let workers = Workers::new(NonZeroUsize::new(threads).unwrap(), waiting, patience, Arc::clone(&watch), stopping);
    watch.start(engine::compiling().unwrap(), workers.sweep()).unwrap();
    workers
}

/// Runs `test` while one call holds a thread.
fn while_one_runs(workers: &Workers, share: &Arc<Share>, test: impl FnOnce()) {
    let (begun, has_begun) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            block_on(workers.run(Arc::clone(share), move |_| {
                begun.send(()).unwrap();
                let _ = ended.recv();
                Ok(())
            }))
        });
        has_begun.recv().unwrap();
        test();
        end.send(()).unwrap();
        running.join().unwrap().unwrap();
    });
}

#[test]
fn whoever_waits_too_long_is_told_that_it_is_busy() {
    let workers = workers(1, 10, Duration::from_mins(10));
    while_one_runs(&workers, &Arc::default(), || {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move |bench| drop(sender.send(bench.err())));
        workers.submit(Job { share: Arc::default(), until: Instant::now(), work });
        assert_eq!(block_on(receiver).unwrap(), Some(Cause::Busy));
    });
}

#[test]
fn beyond_those_that_may_wait_it_is_busy_at_once() {
    let workers = workers(1, 0, Duration::from_mins(10));
    let busy = block_on(workers.run(Arc::default(), |_| Ok(())));
    assert_eq!(busy, Err(Cause::Busy));
}

#[test]
fn one_plugin_never_has_more_than_half_of_the_threads() {
    let workers = workers(2, 10, Duration::from_mins(10));
    let (greedy, other) = (Arc::new(Share::default()), Arc::new(Share::default()));
    while_one_runs(&workers, &greedy, || {
        let second = workers.run(Arc::clone(&greedy), |_| Ok(()));
        let mut second = Box::pin(second);
        block_on(async {
            assert!(futures::poll!(&mut second).is_pending());
            for _ in 0..10 {
                workers.run(Arc::clone(&other), |_| Ok(())).await.unwrap();
            }
            assert!(futures::poll!(&mut second).is_pending());
        });
    });
}

#[test]
fn one_plugin_never_fills_the_queue_of_the_others() {
    let workers = workers(2, 4, Duration::from_mins(10));
    let (greedy, other) = (Arc::new(Share::default()), Arc::new(Share::default()));
    while_one_runs(&workers, &greedy, || {
        let mut calls: Vec<_> = (0..8).map(|_| Box::pin(workers.run(Arc::clone(&greedy), |_| Ok(())))).collect();
        block_on(async {
            let mut waiting = 0;
            for call in &mut calls {
                match futures::poll!(call) {
                    std::task::Poll::Pending => waiting += 1,
                    std::task::Poll::Ready(answer) => assert_eq!(answer, Err(Cause::Busy)),
                }
            }
            assert_eq!(waiting, 2, "half of those that may wait");
            for _ in 0..10 {
                workers.run(Arc::clone(&other), |_| Ok(())).await.unwrap();
            }
        });
    });
}

#[test]
fn work_that_nobody_waits_for_is_not_done() {
    let workers = workers(1, 10, Duration::from_mins(10));
    let (sender, receiver) = mpsc::channel();
    while_one_runs(&workers, &Arc::default(), || {
        let mut dropped = Box::pin(workers.run(Arc::default(), move |_| {
            sender.send(()).unwrap();
            Ok(())
        }));
        block_on(async { assert!(futures::poll!(&mut dropped).is_pending()) });
    });
    block_on(workers.run(Arc::default(), |_| Ok(()))).unwrap();
    assert!(receiver.recv().is_err());
}

#[test]
fn after_the_end_nothing_is_done() {
    let workers = workers(1, 10, Duration::from_mins(10));
    workers.close();
    assert_eq!(block_on(workers.run(Arc::default(), |_| Ok(()))), Err(Cause::Stopping));
}

#[test]
fn what_runs_and_what_waits_is_told() {
    let workers = workers(1, 10, Duration::from_mins(10));
    assert_eq!(workers.load(), Load { running: 0, waiting: 0, most: 1 });
    while_one_runs(&workers, &Arc::default(), || {
        let until = Instant::now() + Duration::from_mins(10);
        workers.submit(Job { share: Arc::default(), until, work: Box::new(|_| ()) });
        assert_eq!(workers.load(), Load { running: 1, waiting: 1, most: 1 });
    });
}
