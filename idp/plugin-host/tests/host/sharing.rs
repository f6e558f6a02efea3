//! Threads are shared: one plugin that loops takes nobody else's.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use futures::executor::block_on;
use futures::poll;
use keyholder_core::factor::{Factors as _, Fault, Step};
use keyholder_plugin_host::{HostSettings, Limits, PluginHost};

use crate::bed;

/// A host of this many threads, with a factor that loops for ten minutes unless the host ends, and an honest one.
fn host(threads: usize) -> PluginHost {
    let endless = Limits { fuel: u64::MAX, deadline: Duration::from_mins(10), ..Limits::MOST };
    let settings = HostSettings { threads: NonZeroUsize::new(threads).unwrap(), most: endless, ..bed::settings() };
    let host = PluginHost::new(settings).unwrap();
    let mut looping = bed::package(&host, &bed::guest("hostile"), "hostile", r#"{"do": "loop"}"#);
    looping.limits = endless;
    bed::put(&host, looping).unwrap();
    bed::put(&host, bed::package(&host, &bed::guest("fake_phone"), "fake-phone", "{}")).unwrap();
    host
}

/// A call that loops until the host goes.
fn looping(host: &PluginHost) -> impl Future<Output = Result<Step, Fault>> + use<'_> {
    host.begin_challenge("hostile", bed::context(), &[])
}

async fn honest(host: &PluginHost) -> Result<Step, Fault> {
    host.begin_challenge("fake-phone", bed::context(), &[]).await
}

#[test]
fn others_are_served_while_one_plugin_loops_with_all_it_may_have() {
    let host = host(2);
    block_on(async {
        // More calls than there are threads: they get half of them.
        let mut loops: Vec<_> = (0..4).map(|_| Box::pin(looping(&host))).collect();
        for one in &mut loops {
            assert!(poll!(one).is_pending());
        }
        for _ in 0..20 {
            honest(&host).await.unwrap();
        }
        for one in &mut loops {
            assert!(poll!(one).is_pending());
        }
    });
}

#[test]
fn one_that_waits_for_a_thread_is_served_when_it_is_free() {
    let host = host(1);
    block_on(async {
        let calls: Vec<_> = (0..50).map(|_| Box::pin(honest(&host))).collect();
        for answer in futures::future::join_all(calls).await {
            answer.unwrap();
        }
    });
}

#[test]
fn a_host_that_goes_ends_what_loops() {
    let host = host(2);
    let other = host.clone();
    let (sender, begun) = std::sync::mpsc::channel();
    let call = std::thread::spawn(move || {
        block_on(async {
            let mut call = pin!(looping(&other));
            assert!(poll!(&mut call).is_pending());
            sender.send(()).unwrap();
            drop(host);
            other.close();
            call.await
        })
    });
    begun.recv().unwrap();
    assert!(matches!(call.join().unwrap(), Err(Fault::Failed(_))));
}
