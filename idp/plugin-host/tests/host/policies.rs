//! Policies: a typed call, and no factor.

use futures::executor::block_on;
use keyholder_core::factor::{Factors as _, Fault};
use keyholder_plugin_host::policy::{Decision, Request, Selection};
use keyholder_plugin_host::{Installed, PluginHost, Refused, World};

use crate::bed;

fn policy(host: &PluginHost, settings: &str) -> Installed {
    Installed { world: World::Policy, ..bed::package(host, &bed::guest("policy"), "policy", settings) }
}

fn request() -> Request {
    let moment = r#"{"unix_ms": 1780000000000, "zone": "Europe/London", "year": 2026, "month": 5, "day": 28,
        "weekday": 4, "hour": 21, "minute": 26}"#;
    let group = r#"{"slug": "teachers", "name": "Teachers", "full": ["read", "write"], "restricted": ["read"],
        "needs": "MultiFactor", "elevation_minutes": 30}"#;
    let json = format!(
        r#"{{"stage": "Authorise",
        "subject": {{"id": "p", "name": "A", "email": "a@school.example", "email_verified": true, "created_unix_ms": 0,
            "extra": []}},
        "membership": {{"school": "oakfield", "school_name": "Oakfield", "group": {group}, "pupil_scopes": [],
            "ends_unix_ms": null, "admin_key_holder": false, "extra": []}},
        "factors": [], "enrolled": [], "application": null,
        "client": {{"address": "192.0.2.1", "networks": [], "location": null, "user_agent": "", "browser_known": false,
            "extra": []}},
        "session": null, "now": {moment}, "config": "", "extra": []}}"#
    );
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_policy_decides() {
    let host = bed::host();
    bed::put(&host, policy(&host, "{}")).unwrap();
    let Decision::Permit(permit) = block_on(host.evaluate("policy", request())).unwrap() else { panic!("no permit") };
    let Selection::Only(groups) = permit.groups else { panic!("another selection") };
    assert_eq!(groups, ["read", "write"]);
    assert_eq!(host.policies().len(), 1);
}

#[test]
fn a_policy_that_loops_or_gives_up_is_a_fault() {
    let host = PluginHost::new(bed::generous()).unwrap();
    for settings in [r#"{"loop": 1}"#, r#"{"bad": 1}"#] {
        bed::put(&host, policy(&host, settings)).unwrap();
        let fault = block_on(host.evaluate("policy", request())).unwrap_err();
        assert!(matches!(fault, Fault::Failed(_)), "{fault}");
    }
}

#[test]
fn a_policy_is_no_factor_and_a_factor_no_policy() {
    let host = bed::host();
    let refused = bed::put(&host, bed::package(&host, &bed::guest("policy"), "policy", "{}")).unwrap_err();
    assert!(refused.to_string().contains("it is a policy, and was offered as a factor"), "{refused}");
    bed::put(&host, policy(&host, "{}")).unwrap();
    assert!(host.list().is_empty() && host.find("policy").is_none());
    assert_eq!(bed::verify(&host, "policy").unwrap_err(), Fault::NotInstalled("policy".into()));
    bed::put(&host, bed::package(&host, &bed::guest("hostile"), "hostile", "{}")).unwrap();
    assert_eq!(block_on(host.evaluate("hostile", request())).unwrap_err(), Fault::NotInstalled("hostile".into()));
}

#[test]
fn wrong_settings_are_refused_and_told() {
    let host = bed::host();
    let faults = vec![("/wrong".to_owned(), "is not known".to_owned())];
    assert_eq!(bed::put(&host, policy(&host, r#"{"wrong": 1}"#)).unwrap_err(), Refused::Settings(faults.clone()));
    bed::put(&host, policy(&host, "{}")).unwrap();
    assert_eq!(block_on(host.check_settings("policy", r#"{"wrong": 1}"#.into())).unwrap(), faults);
}
