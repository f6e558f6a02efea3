//! What Rust's standard library takes from its system on `wasm32-wasip2`, and what it does not get.

use futures::executor::block_on;
use keyholder_core::factor::{Factors as _, Fault};
use keyholder_plugin_host::{Allocation, Capability, HostSettings, PluginHost, Refused};

use crate::bed;

fn host(allocation: Allocation) -> PluginHost {
    PluginHost::new(HostSettings { allocation, ..bed::generous() }).unwrap()
}

/// The state of the step that these settings make.
fn made(host: &PluginHost, settings: &str) -> Result<String, Fault> {
    let mut package = bed::package(host, &bed::std_guest("with_std"), "with-std", settings);
    package.granted.capabilities.insert(Capability::Std);
    bed::put(host, package).unwrap();
    let step = block_on(host.begin_enrolment("with-std", bed::context(), &[]))?;
    Ok(String::from_utf8(step.state).unwrap())
}

#[test]
fn time_is_that_of_the_call_and_the_environment_is_empty() {
    for allocation in [Allocation::OnDemand, Allocation::Pooling] {
        let host = host(allocation);
        let first = made(&host, "{}").unwrap();
        let told: Vec<&str> = first.split(' ').collect();
        assert_eq!(told[..3], [bed::NOW.as_millis().to_string().as_str(), "0", "0"]);
        // A map's order comes from the host's random bytes, and so differs from call to call.
        assert_ne!(made(&host, "{}").unwrap(), first);
    }
}

#[test]
fn output_goes_nowhere_and_there_is_no_input() {
    let host = host(Allocation::OnDemand);
    made(&host, r#"{"print": 1}"#).unwrap();
    made(&host, r#"{"read": 1}"#).unwrap();
}

#[test]
fn to_exit_to_sleep_and_to_panic_are_faults() {
    let host = host(Allocation::OnDemand);
    for (deed, words) in [("exit", "exited"), ("sleep", "wanted to wait"), ("panic", "trapped")] {
        let fault = made(&host, &format!(r#"{{"{deed}": 1}}"#)).unwrap_err();
        assert!(fault.to_string().contains(words), "{deed}: {fault}");
    }
}

#[test]
fn the_system_is_lent_only_where_it_was_granted() {
    let host = host(Allocation::OnDemand);
    let refused = bed::put(&host, bed::package(&host, &bed::std_guest("with_std"), "with-std", "{}")).unwrap_err();
    let Refused::Imports(told) = &refused else { panic!("{refused}") };
    assert!(told.iter().all(|line| line.ends_with(r#"needs the permission "std", which was not granted"#)), "{told:?}");
}
