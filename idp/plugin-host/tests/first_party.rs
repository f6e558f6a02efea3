//! The vectors of the plugins that come with the server (`plugins/factors/*/vectors`), in the sandbox.
//!
//! They are built, read and admitted as a stranger's would be; only the compiler is this process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use keyholder_bundled_plugins::PACKAGES;
use keyholder_core::time::{Clock, Timestamp};
use keyholder_plugin_host::admission::Admission;
use keyholder_plugin_host::compile::Compiler;
use keyholder_plugin_host::package::{Files, MANIFEST, Package, README, SCHEMA, WASM};
use keyholder_plugin_host::vectors::{Runner, ScriptedRandom, Vector};
use keyholder_plugin_host::{Allocation, HostSettings, Limits, PluginHost};

#[derive(Debug)]
struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_780_000_000_000)
    }
}

/// Only what loops for ever meets these: a slow machine must not.
const LONG: Duration = Duration::from_mins(10);

fn package(id: &str) -> Package {
    let embedded = PACKAGES.iter().find(|package| package.id == id).unwrap();
    let mut files = Files::default();
    for (name, content) in [(MANIFEST, embedded.manifest), (SCHEMA, embedded.schema), (README, embedded.readme)] {
        files.add(name, content.into()).unwrap();
    }
    files.add(WASM, embedded.wasm.into()).unwrap();
    for (name, content) in embedded.locales {
        files.add(&format!("locales/{name}"), (*content).into()).unwrap();
    }
    let mut package = Package::from_files(files).unwrap();
    package.manifest.limits.deadline = LONG;
    package
}

/// Every file of the plugin's folder; says of each call how its outcome differs.
fn run(id: &str) {
    let random = Arc::new(ScriptedRandom::default());
    let settings = HostSettings {
        threads: NonZeroUsize::MIN,
        allocation: Allocation::OnDemand,
        patience: LONG,
        most: Limits { deadline: LONG, ..Limits::MOST },
        ..HostSettings::new(Arc::new(Still), random.clone())
    };
    let admission = Admission::new(PluginHost::new(settings).unwrap(), Arc::new(Compiler::InProcess), None);
    let package = package(id);
    let runner = Runner::new(admission, random, &package);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/factors").join(id).join("vectors");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let vector =
            Vector::parse(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ran = block_on(runner.run(&vector)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mismatches = ran.iter().enumerate().filter_map(|(at, ran)| Some((at + 1, ran.mismatch.as_ref()?)));
        wrong.extend(mismatches.map(|(call, mismatch)| format!("{name}, call {call}: {mismatch}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_keyboard_key_keeps_its_promises_in_the_sandbox() {
    run("keyboard-key");
}

#[test]
fn the_recovery_code_keeps_its_promises_in_the_sandbox() {
    run("recovery-code");
}

#[test]
fn the_security_key_keeps_its_promises_in_the_sandbox() {
    run("security-key");
}

#[test]
fn the_soft_key_keeps_its_promises_in_the_sandbox() {
    run("soft-key");
}
