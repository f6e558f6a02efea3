//! Killed at any moment, nothing that was acknowledged is lost.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Mark, is_marked, of_parent, open, read_until, spawn};

const SAID: &str = "acknowledged ";

/// The other process: writes under load until it is killed, and says what was acknowledged.
#[test]
#[ignore = "the other process of `what_was_acknowledged_survives_kill_9`"]
fn writes_until_it_is_killed() {
    let Some(database) = of_parent() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(&database).await.unwrap();
        // Numbers go on where the former process was killed.
        let mut first = 0;
        while is_marked(&store, first).await {
            first += 1000;
        }
        let next = Arc::new(AtomicU64::new(first));
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (store, next) = (store.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        assert!(store.execute(Mark(number)).await.unwrap());
                        let mut out = std::io::stdout().lock();
                        out.write_all(format!("{SAID}{number}\n").as_bytes()).unwrap();
                        out.flush().unwrap();
                    }
                })
            })
            .collect();
        futures::future::join_all(tasks).await;
    });
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("keyholder.db");
    let mut acknowledged: Vec<u64> = Vec::new();
    // Some die at once, some in the middle of much; the log is checkpointed in between.
    for lines in [1, 40, 333, 1000, 7] {
        let (mut child, mut output) = spawn("sqlite::tests::durability::writes_until_it_is_killed", &database);
        for _ in 0..lines {
            acknowledged.push(read_until(&mut output, SAID).unwrap().parse().unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts as well; a number cut off at the end is no answer.
        while let Some(number) = read_until(&mut output, SAID) {
            acknowledged.extend(number.parse::<u64>());
        }
        // The lock went with the process.
        let store = open(&database).await.unwrap();
        for &number in &acknowledged {
            assert!(is_marked(&store, number).await, "{number} of {}", acknowledged.len());
        }
        store.close().await;
    }
    assert!(acknowledged.len() >= 1381);
}
