//! One version takes the place of another while calls run.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::executor::block_on;
use futures::poll;
use keyholder_core::factor::{Factors as _, VerifyOutcome};
use keyholder_plugin_host::{Allocation, HostSettings, PluginHost, Refused};

use crate::bed;

#[test]
fn a_reload_under_load_fails_no_call() {
    let host = PluginHost::new(HostSettings { allocation: Allocation::Pooling, ..bed::generous() }).unwrap();
    let wasm = bed::guest("hostile");
    let install = || bed::put(&host, bed::package(&host, &wasm, "hostile", "{}")).unwrap();
    install();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut calls = 0;
                    while !done.load(Ordering::Relaxed) {
                        assert!(matches!(bed::verify(&host, "hostile"), Ok(VerifyOutcome::Accepted(_))));
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        for _ in 0..5 {
            install();
        }
        done.store(true, Ordering::Relaxed);
        let calls: u32 = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
        assert!(calls > 0);
    });
}

#[test]
fn a_broken_new_version_leaves_the_old_one_serving() {
    let host = PluginHost::new(bed::generous()).unwrap();
    let wasm = bed::guest("hostile");
    bed::put(&host, bed::package(&host, &wasm, "hostile", "{}")).unwrap();
    let broken = bed::package(&host, &wasm, "hostile", r#"{"do": "panic", "in": "check-config"}"#);
    assert!(matches!(bed::put(&host, broken), Err(Refused::Trial(_))));
    bed::verify(&host, "hostile").unwrap();
    assert_eq!(host.version("hostile").as_deref(), Some("1.0.0"));
}

#[test]
fn a_removed_plugin_is_gone_and_its_running_call_ends_in_peace() {
    let host = bed::host();
    bed::put(&host, bed::package(&host, &bed::guest("hostile"), "hostile", "{}")).unwrap();
    let other = host.clone();
    let running = std::thread::spawn(move || {
        block_on(async {
            let mut call = pin!(other.begin_challenge("hostile", bed::context(), &[]));
            // It has begun: the plugin was found, and waits for a thread if it has not answered already.
            let begun = poll!(&mut call);
            assert!(other.remove("hostile"));
            match begun {
                Poll::Ready(answer) => answer,
                Poll::Pending => call.await,
            }
        })
    });
    running.join().unwrap().unwrap();
    assert!(host.find("hostile").is_none() && !host.remove("hostile"));
}
