//! A plugin that loops, hoards, traps or floods is a fault of its own call.

use futures::executor::block_on;
use keyholder_core::factor::{Answer, Factors as _, Fault, Response};
use keyholder_plugin_host::{Allocation, Cause, HostSettings, Limits, PluginHost, Refused};

use crate::bed;

/// Calls one export of the hostile factor.
fn call(host: &PluginHost, export: &str) -> Result<(), Fault> {
    let answer = Answer { prompt: "code".into(), response: Response::Cancelled };
    block_on(async {
        match export {
            "begin-enrolment" => host.begin_enrolment("hostile", bed::context(), &[]).await.map(drop),
            "finish-enrolment" => host.finish_enrolment("hostile", bed::context(), &[], b"s", answer).await.map(drop),
            "begin-challenge" => host.begin_challenge("hostile", bed::context(), &[]).await.map(drop),
            "verify" => host.verify("hostile", bed::context(), &[], b"s", answer).await.map(drop),
            "import-seeds" => host.import_seeds("hostile", "keys.csv", b"a", None).await.map(drop),
            _ => panic!("no export {export}"),
        }
    })
}

const EXPORTS: [&str; 5] = ["begin-enrolment", "finish-enrolment", "begin-challenge", "verify", "import-seeds"];

/// The deed ends the call with this cause, in each export; the next call is served.
fn is_fault(deed: &str, label: &str) {
    let settings = HostSettings { import: Limits { fuel: 20_000_000, ..Limits::PLUGIN }, ..bed::generous() };
    let (host, calls) = bed::observed(settings);
    let code = host.compile(&bed::guest("hostile")).unwrap();
    for export in EXPORTS {
        let told = format!(r#"{{"do": "{deed}", "in": "{export}"}}"#);
        bed::put(&host, bed::package_of(code.clone(), "hostile", &told)).unwrap();
        let fault = call(&host, export).unwrap_err();
        assert!(matches!(fault, Fault::Failed(_)), "{export}: {fault}");
        assert_eq!(calls.0.lock().unwrap().pop().unwrap(), ("hostile".to_owned(), export, label), "{fault}");
    }
    bed::put(&host, bed::package_of(code, "hostile", "{}")).unwrap();
    for export in ["begin-enrolment", "import-seeds"] {
        call(&host, export).unwrap();
    }
}

#[test]
fn an_endless_loop_spends_its_budget_in_every_export() {
    is_fault("loop", "fuel");
}

#[test]
fn a_memory_bomb_gets_no_more_than_its_limit() {
    is_fault("memory", "memory");
}

#[test]
fn endless_recursion_ends_with_the_stack() {
    is_fault("recursion", "trap");
}

#[test]
fn a_panic_is_a_fault() {
    is_fault("panic", "trap");
}

#[test]
fn a_wild_pointer_is_a_fault() {
    is_fault("wild-read", "trap");
}

#[test]
fn more_random_bytes_than_the_contract_gives_end_the_call() {
    is_fault("random-max", "contract");
}

#[test]
fn one_enormous_line_for_the_log_is_a_fault() {
    is_fault("log-bomb", "transfer");
}

#[test]
fn a_flood_of_lines_for_the_log_is_dropped() {
    let (host, _) = bed::hostile(r#"{"do": "log-flood"}"#);
    call(&host, "begin-enrolment").unwrap();
}

#[test]
fn a_loop_without_a_budget_meets_its_deadline() {
    for allocation in [Allocation::OnDemand, Allocation::Pooling] {
        let most = Limits { fuel: u64::MAX, ..Limits::MOST };
        let (host, calls) = bed::observed(HostSettings { most, allocation, ..bed::settings() });
        let mut package = bed::package(&host, &bed::guest("hostile"), "hostile", r#"{"do": "loop"}"#);
        package.limits = Limits { fuel: u64::MAX, ..Limits::PLUGIN };
        // The trial is timed too, and a loaded machine may take its time for it: what is tried is not what loops.
        bed::put(&host, package).unwrap();
        call(&host, "verify").unwrap_err();
        assert_eq!(calls.0.lock().unwrap().pop().unwrap().2, "deadline");
    }
}

#[test]
fn a_plugin_that_never_begins_is_not_switched_on() {
    let host = PluginHost::new(bed::generous()).unwrap();
    for (guest, id) in [("start_loops", "start-loops"), ("describe_loops", "describe-loops")] {
        let refused = bed::put(&host, bed::package(&host, &bed::guest(guest), id, "{}")).unwrap_err();
        assert_eq!(refused, Refused::Trial(Cause::Fuel), "{guest}");
        assert!(host.find(id).is_none());
    }
    let looping = bed::package(&host, &bed::guest("hostile"), "hostile", r#"{"do": "loop", "in": "check-config"}"#);
    assert_eq!(bed::put(&host, looping).unwrap_err(), Refused::Trial(Cause::Fuel));
}

#[test]
fn a_plugin_that_recurses_through_the_host_is_not_switched_on() {
    let host = PluginHost::new(bed::generous()).unwrap();
    let package = bed::package(&host, &bed::guest("realloc_recurses"), "realloc-recurses", "{}");
    let refused = bed::put(&host, package).unwrap_err();
    assert!(matches!(&refused, Refused::Trial(Cause::Trap(_))), "{refused}");
}

#[test]
fn a_plugin_that_begins_with_too_much_memory_is_not_switched_on() {
    for allocation in [Allocation::OnDemand, Allocation::Pooling] {
        let host = PluginHost::new(HostSettings { allocation, ..bed::generous() }).unwrap();
        let package = bed::package(&host, &bed::guest("large_memory"), "large-memory", "{}");
        assert_eq!(bed::put(&host, package).unwrap_err(), Refused::Trial(Cause::Memory));
    }
}

#[test]
fn what_a_plugin_says_when_it_gives_up_is_one_readable_line() {
    let (host, _) = bed::hostile(r#"{"do": "gives-up"}"#);
    let fault = call(&host, "verify").unwrap_err();
    assert_eq!(fault, Fault::Failed("it gave up: line one\u{fffd}line two".into()));
    let (host, _) = bed::hostile(r#"{"do": "old-format"}"#);
    assert_eq!(call(&host, "verify").unwrap_err(), Fault::UnsupportedFormat(7));
}

#[test]
fn nothing_survives_a_call() {
    for allocation in [Allocation::OnDemand, Allocation::Pooling] {
        let (host, _) = bed::observed(HostSettings { allocation, ..bed::generous() });
        bed::put(&host, bed::package(&host, &bed::guest("hostile"), "hostile", "{}")).unwrap();
        for _ in 0..20 {
            let step = block_on(host.begin_challenge("hostile", bed::context(), &[])).unwrap();
            // The guest counts the calls of its instance.
            assert_eq!(step.state, [1]);
        }
    }
}
