//! What comes back is held against the contract and the grant.

use futures::executor::block_on;
use keyholder_core::factor::{Effect, Factors as _, Fault, Step, VerifyOutcome};
use keyholder_plugin_host::{Capability, PluginHost, Refused, World, imports_of};

use crate::bed;

fn step(host: &PluginHost) -> Result<Step, Fault> {
    block_on(host.begin_challenge("hostile", bed::context(), &[]))
}

/// The step that this deed makes is refused for this cause.
fn step_is_refused(deed: &str, label: &str, words: &str) {
    let (host, calls) = bed::hostile(&format!(r#"{{"do": "{deed}"}}"#));
    let fault = step(&host).unwrap_err();
    assert_eq!(calls.0.lock().unwrap().pop().unwrap().2, label, "{deed}: {fault}");
    assert!(fault.to_string().contains(words), "{deed}: {fault}");
}

#[test]
fn a_step_that_cannot_be_drawn_is_a_fault() {
    step_is_refused("no-prompt", "contract", "without a prompt");
    step_is_refused("same-prompt", "contract", "share an id");
    step_is_refused("unknown-prompt", "contract", "hologram");
    step_is_refused("large-qr", "contract", "513");
}

#[test]
fn an_answer_beyond_all_measure_is_a_fault() {
    step_is_refused("big-string", "transfer", "more than the host takes");
    step_is_refused("many", "transfer", "more than the host takes");
    step_is_refused("wild-list", "trap", "out of bounds");
    step_is_refused("large-state", "contract", "65537");
}

#[test]
fn a_step_waits_no_longer_than_ten_minutes() {
    let (host, _) = bed::hostile(r#"{"do": "long-life"}"#);
    assert_eq!(step(&host).unwrap().lifetime, Step::LONGEST);
}

#[test]
fn a_key_that_was_not_handed_in_is_never_accepted() {
    for deed in ["foreign-key", "other-spelling", "foreign-update"] {
        let (host, calls) = bed::hostile(&format!(r#"{{"do": "{deed}"}}"#));
        bed::verify(&host, "hostile").unwrap_err();
        assert_eq!(calls.0.lock().unwrap().pop().unwrap().2, "contract", "{deed}");
    }
}

#[test]
fn evidence_is_cut_down_to_what_was_granted() {
    let (host, _) = bed::hostile(r#"{"do": "boast"}"#);
    let VerifyOutcome::Accepted(accepted) = bed::verify(&host, "hostile").unwrap() else { panic!("not accepted") };
    assert!(accepted.evidence.possession);
    assert_eq!(accepted.evidence.amr, ["otp"]);
    let e = &accepted.evidence;
    assert!(!(e.inherence || e.phishing_resistant || e.hardware_bound || e.user_verified));
}

#[test]
fn a_message_is_sent_only_where_it_was_granted() {
    let (host, _) = bed::hostile(r#"{"do": "push"}"#);
    let VerifyOutcome::Accepted(accepted) = bed::verify(&host, "hostile").unwrap() else { panic!("not accepted") };
    assert!(accepted.effects.is_empty());

    let mut package = bed::package(&host, &bed::guest("hostile"), "hostile", r#"{"do": "push"}"#);
    package.granted.capabilities.insert(Capability::Push);
    bed::put(&host, package).unwrap();
    let VerifyOutcome::Accepted(accepted) = bed::verify(&host, "hostile").unwrap() else { panic!("not accepted") };
    assert!(matches!(accepted.effects[..], [Effect::SendMessage(_)]));
    // No device has asked: there is nobody to answer.
    assert!(step(&host).unwrap().effects.is_empty());
}

#[test]
fn an_import_that_was_not_granted_is_refused_in_plain_words() {
    let host = bed::host();
    let mut package = bed::package(&host, &bed::guest("hostile"), "hostile", "{}");
    package.granted.capabilities = [Capability::Log].into();
    let refused = bed::put(&host, package).unwrap_err();
    let Refused::Imports(told) = &refused else { panic!("{refused}") };
    assert_eq!(told[..], [r#"keyholder:host/random@0.9.0 needs the permission "random", which was not granted"#]);
}

#[test]
fn files_and_sockets_are_refused_by_name() {
    let host = bed::host();
    for (guest, id, words) in [
        ("reads_file", "reads-file", "would reach files, and plugins have none"),
        ("opens_socket", "opens-socket", "would reach the network, and plugins have none"),
    ] {
        let mut package = bed::package(&host, &bed::std_guest(guest), id, "{}");
        package.granted.capabilities = Capability::ALL.into();
        let Refused::Imports(told) = bed::put(&host, package).unwrap_err() else { panic!("not refused") };
        assert!(told.iter().all(|line| line.contains("would reach")), "{told:?}");
        assert!(told.iter().any(|line| line.contains(words)), "{told:?}");
    }
}

#[test]
fn a_plugin_is_what_its_manifest_says() {
    let host = bed::host();
    let code = host.compile(&bed::guest("hostile")).unwrap();
    let package = bed::package_of(code.clone(), "another", "{}");
    assert!(matches!(bed::put(&host, package), Err(Refused::Identity { .. })));
    let mut package = bed::package_of(code.clone(), "hostile", "{}");
    package.version = "1.0.1".into();
    assert!(matches!(bed::put(&host, package), Err(Refused::Identity { .. })));
    let mut package = bed::package_of(code.clone(), "hostile", "{}");
    package.world = World::Policy;
    let refused = bed::put(&host, package).unwrap_err();
    assert!(refused.to_string().contains("it is a factor, and was offered as a policy"), "{refused}");
    let package = bed::package_of(code.clone(), "hostile", r#"{"unwanted": 1}"#);
    let faults = vec![("/unwanted".to_owned(), "is not known".to_owned())];
    assert_eq!(bed::put(&host, package).unwrap_err(), Refused::Settings(faults));
    let mut package = bed::package_of(code.clone(), "hostile", "{}");
    package.stored_formats = vec![1, 2];
    assert_eq!(bed::put(&host, package).unwrap_err(), Refused::StoredFormat(2));
    let mut package = bed::package_of(code.clone(), "hostile", "{}");
    package.locales[0].source = "= nothing".into();
    assert!(matches!(bed::put(&host, package), Err(Refused::Texts { language: "en", .. })));
    assert!(host.list().is_empty());
    assert_eq!(bed::verify(&host, "hostile").unwrap_err(), Fault::NotInstalled("hostile".into()));
}

#[test]
fn imports_are_told_before_anything_runs() {
    let host = bed::host();
    let code = host.compile(&bed::guest("hostile")).unwrap();
    let mut names: Vec<String> = imports_of(&code).into_iter().map(|import| import.name).collect();
    names.sort();
    assert_eq!(names, ["keyholder:factor/types@0.9.0", "keyholder:host/log@0.9.0", "keyholder:host/random@0.9.0"]);
}
