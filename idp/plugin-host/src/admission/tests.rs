//! What is let in, and every reason not to. Components that differ from the contract are made of altered copies of its text.
#![allow(clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use futures::executor::block_on;
use keyholder_core::factor::Factors as _;
use keyholder_core::ports::SealError;
use keyholder_core::random::Random;
use keyholder_core::time::{Clock, Timestamp};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use super::*;
use crate::package::{Files, MANIFEST, SIGNATURE, WASM, generate_key, sign, write_digests};
use crate::settings::{Allocation, HostSettings};
use crate::{Cause, PluginHost};

const HOST: &str = include_str!("../../../../plugins/wit/host/host.wit");
const FACTOR: &str = include_str!("../../../../plugins/wit/factor/factor.wit");
const POLICY: &str = include_str!("../../../../plugins/wit/policy/policy.wit");

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }
}

impl Random for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[derive(Debug)]
struct Keyed;

impl Sealer for Keyed {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError)
    }
    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError)
    }
    fn digest(&self, context: &str, value: &[u8]) -> [u8; 32] {
        sha256(&[context.as_bytes(), value].concat())
    }
}

fn admission(artefacts: Option<&Path>) -> Admission {
    let settings =
        HostSettings { allocation: Allocation::OnDemand, ..HostSettings::new(Arc::new(Still), Arc::new(Still)) };
    let artefacts = artefacts.map(|folder| Artefacts::new(folder.to_owned(), Arc::new(Keyed)));
    Admission::new(PluginHost::new(settings).unwrap(), Arc::new(Compiler::InProcess), artefacts)
}

/// The bundled soft key.
static HONEST: LazyLock<Package> = LazyLock::new(|| package_of(|_| {}));

/// The bundled soft key, altered.
fn package_of(alter: impl FnOnce(&mut Files)) -> Package {
    let bundled = keyholder_bundled_plugins::find("soft-key").unwrap();
    let mut files = Files::default();
    files.add(MANIFEST, bundled.manifest.into()).unwrap();
    files.add(WASM, bundled.wasm.into()).unwrap();
    files.add("config.schema.json", bundled.schema.into()).unwrap();
    files.add("README.md", bundled.readme.into()).unwrap();
    for (name, text) in bundled.locales {
        files.add(&format!("locales/{name}"), (*text).into()).unwrap();
    }
    alter(&mut files);
    Package::from_files(files).unwrap()
}

/// With another component, and all requests that the contract's imports need.
fn with_wasm(wasm: Vec<u8>) -> Package {
    package_of(|files| {
        files.replace(WASM, wasm).unwrap();
        let mut text = String::from_utf8(files.get(MANIFEST).unwrap().to_vec()).unwrap();
        for name in ["log", "random", "crypto"] {
            if !text.contains(&format!("capability = \"{name}\"")) {
                let _ = write!(text, "\n[[requests]]\ncapability = \"{name}\"\nreason = \"a test\"\n");
            }
        }
        files.replace(MANIFEST, text.into_bytes()).unwrap();
    })
}

fn with_manifest(from: &str, to: &str) -> Package {
    package_of(|files| {
        let text = String::from_utf8(files.get(MANIFEST).unwrap().to_vec()).unwrap();
        assert!(text.contains(from), "{from}");
        files.replace(MANIFEST, text.replacen(from, to, 1).into_bytes()).unwrap();
    })
}

fn admit_with(admission: &Admission, package: &Package, stored: &[u32]) -> Result<Admitted, AdmissionError> {
    let grant = requested(package);
    block_on(admission.admit(package, Terms { grant: &grant, settings: &Map::new(), stored_formats: stored }))
}

fn admit(package: &Package) -> Result<Admitted, AdmissionError> {
    admit_with(&admission(None), package, &[])
}

/// What is said about a package.
fn refusal(package: &Package) -> String {
    let error = admit(package).err().unwrap();
    match std::error::Error::source(&error) {
        Some(source) if !error.to_string().contains(&source.to_string()) => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

/// A component that exports and imports what a text of the contract says, and traps whatever is called.
fn dummy(host: &str, contract: &str, world: &str) -> Vec<u8> {
    component(&mut |module| module, host, contract, world)
}

fn component(alter: &mut dyn FnMut(Vec<u8>) -> Vec<u8>, host: &str, contract: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::new();
    resolve.push_source("host.wit", host).unwrap();
    let package = resolve.push_source("contract.wit", contract).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = alter(dummy_module(&resolve, world, ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync)));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// A component for an altered text of the factor contract.
fn altered(from: &str, to: &str) -> Package {
    assert!(FACTOR.contains(from), "{from}");
    with_wasm(dummy(HOST, &FACTOR.replacen(from, to, 1), "plugin"))
}

#[test]
fn an_honest_package_is_let_in() {
    let admission = admission(None);
    let admitted = admit_with(&admission, &HONEST, &[1]).unwrap();
    assert_eq!(admitted.prepared.id(), "soft-key");
    assert!(admission.host().find("soft-key").is_none(), "admission switches nothing on");
    admission.host().switch_on(admitted.prepared);
    assert!(admission.host().find("soft-key").is_some());
}

#[test]
fn what_is_no_component_is_called_what_it_is() {
    let artefact = Compiler::InProcess.compile(HONEST.wasm()).unwrap();
    for (wasm, kind) in [
        (b"(component)".to_vec(), "text"),
        (b"\0asm\x01\0\0\0".to_vec(), "a core module"),
        (artefact, "compiled machine code, which is never taken from outside"),
        (Vec::new(), "empty"),
        (vec![0xff; 64], "something else"),
    ] {
        assert_eq!(refusal(&with_wasm(wasm)), format!("plugin.wasm is {kind}, not a WebAssembly component"));
    }
}

#[test]
fn a_truncated_component_is_refused() {
    let whole = HONEST.wasm();
    for length in [8, 9, whole.len() / 2, whole.len() - 1] {
        let error = admit(&with_wasm(whole[..length].to_vec())).err().unwrap();
        let refused = matches!(error, AdmissionError::Compile(CompileError::Refused(_)) | AdmissionError::Contract(_));
        assert!(refused, "{length}: {error}");
    }
}

#[test]
fn an_import_without_a_request_is_refused() {
    let package = with_manifest("capability = \"random\"", "capability = \"log\"");
    assert_eq!(
        refusal(&package),
        "it imports what its manifest does not request: keyholder:host/random@0.9.0 needs a request of `random`"
    );
}

#[test]
fn files_sockets_and_the_web_are_refused_by_name() {
    for (interface, reach) in [
        ("wasi:filesystem/types@0.2.0", "files, and plugins have none"),
        ("wasi:sockets/tcp@0.2.0", "the network, and plugins have none"),
        ("wasi:http/outgoing-handler@0.2.0", "the web, and plugins have no network"),
        ("wasi:keyvalue/store@0.2.0", "storage, and plugins keep nothing"),
        ("acme:secret/door@1.0.0", "something unknown here"),
    ] {
        let (path, version) = interface.split_once('@').unwrap();
        let (namespace, name) = path.split_once('/').unwrap();
        let foreign = format!("package {namespace}@{version};\ninterface {name} {{ open: func(); }}\n");
        let mut resolve = Resolve::new();
        resolve.push_source("host.wit", HOST).unwrap();
        resolve.push_source("foreign.wit", &foreign).unwrap();
        let text = FACTOR.replacen("world plugin {", &format!("world plugin {{ import {interface};"), 1);
        let package = resolve.push_source("contract.wit", &text).unwrap();
        let world = resolve.select_world(&[package], Some("plugin")).unwrap();
        let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync));
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let wasm = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
        let told = refusal(&with_wasm(wasm));
        assert!(told.contains(&format!("{interface} would reach {reach}")), "{told}");
    }
}

#[test]
fn another_version_of_the_contract_is_refused() {
    for version in ["1.0.0", "0.10.0", "0.8.0"] {
        let package = with_manifest("plugin@0.9.0", &format!("plugin@{version}"));
        let told = refusal(&package);
        assert!(told.contains("this server speaks version 0.9 of the contract"), "{version}: {told}");
    }
    // The manifest says one thing, the component is another.
    let contract = FACTOR.replacen("factor@0.9.0", "factor@1.0.0", 1);
    let told = refusal(&with_wasm(dummy(HOST, &contract, "plugin")));
    assert!(told.contains("it exports keyholder:factor/factor@1.0.0, which does not go with"), "{told}");
}

#[test]
fn a_function_field_or_case_too_few_or_too_many_is_named() {
    let begin = FACTOR.find("  begin-challenge: func").unwrap();
    let line = &FACTOR[begin..=begin + FACTOR[begin..].find('\n').unwrap()];
    for (from, to, told) in [
        (line, "", "keyholder:factor/factor@0.9.0 has a function `begin-challenge`, which it lacks"),
        ("    rp-id: string,\n", "", "`context` lacks the field `rp-id` of the contract"),
        (
            "    rp-id: string,\n",
            "    rp-id: string,\n    colour: string,\n",
            "`context` has a field `colour`, which the contract does not have",
        ),
        ("    rp-id: string,\n", "    rp-id: list<string>,\n", "the field `rp-id` of `context` is of another type"),
        ("    step-up,\n", "", "`purpose` lacks the case `step-up` of the contract"),
        (
            "    step-up,\n",
            "    step-up,\n    step-down,\n",
            "`purpose` has a case `step-down`, which the contract does not have",
        ),
        (
            "check-config: func(config: json)",
            "check-config: func(config: json, more: json)",
            "`check-config` takes 1 arguments, not 2",
        ),
    ] {
        let refused = refusal(&altered(from, to));
        assert!(refused.contains(told), "{refused}");
    }
}

#[test]
fn a_policy_offered_as_a_factor_is_refused() {
    let told = refusal(&with_wasm(dummy(HOST, POLICY, "plugin")));
    assert!(told.contains("it is a policy, and its manifest says that it is a factor"), "{told}");
}

/// Gives the memory of a core module this many pages.
fn with_pages(module: &[u8], pages: u8) -> Vec<u8> {
    let mut altered = module[..8].to_vec();
    let mut rest = &module[8..];
    while let [id, after @ ..] = rest {
        let (mut length, mut shift, mut digits) = (0_usize, 0, 0);
        for byte in after {
            length |= usize::from(byte & 0x7f) << shift;
            (shift, digits) = (shift + 7, digits + 1);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let section = &after[digits..digits + length];
        if *id == 5 {
            // One memory without a maximum, its size in two digits.
            altered.extend([5, 4, 1, 0, 0x80 | (pages & 0x7f), pages >> 7]);
        } else {
            altered.push(*id);
            altered.extend(&after[..digits + length]);
        }
        let _ = section;
        rest = &after[digits + length..];
    }
    altered
}

#[test]
fn a_memory_that_begins_above_the_limit_is_refused() {
    // 255 pages are 16 MiB but one page, and another 2 MiB are more than 16.
    let within = component(&mut |module| with_pages(&module, 255), HOST, FACTOR, "plugin");
    let mut files = with_wasm(within.clone()).files().clone();
    let text = String::from_utf8(files.get(MANIFEST).unwrap().to_vec()).unwrap();
    let limited = text.replacen("[formats]", "[limits]\nmemory_mib = 15\n\n[formats]", 1);
    files.replace(MANIFEST, limited.into_bytes()).unwrap();
    let told = admit(&Package::from_files(files).unwrap()).err().unwrap();
    assert!(matches!(told, AdmissionError::Refused(Refused::Trial(Cause::Memory))), "{told}");
    // With room enough it gets as far as its first call, which traps in a dummy.
    let told = admit(&with_wasm(within)).err().unwrap();
    assert!(matches!(told, AdmissionError::Refused(Refused::Trial(Cause::Trap(_)))), "{told}");
}

#[test]
fn what_a_package_says_of_itself_must_agree() {
    let told = refusal(&with_manifest("id = \"soft-key\"", "id = \"hard-key\""));
    assert!(told.contains("the manifest says hard-key"), "{told}");
    let told = refusal(&with_manifest("reads = [1]", "reads = [1, 2]"));
    assert!(told.contains("reads the formats"), "{told}");
}

#[test]
fn a_version_that_cannot_read_a_stored_key_is_refused() {
    let error = admit_with(&admission(None), &HONEST, &[1, 9]).err().unwrap();
    assert!(matches!(error, AdmissionError::Refused(Refused::StoredFormat(9))), "{error}");
}

#[test]
fn nothing_runs_beyond_its_grant() {
    let grant = PluginGrant { capabilities: vec!["crypto".into()], ..requested(&HONEST) };
    let terms = Terms { grant: &grant, settings: &Map::new(), stored_formats: &[] };
    let error = block_on(admission(None).admit(&HONEST, terms)).err().unwrap();
    assert!(matches!(&error, AdmissionError::NotGranted(missing) if missing.contains(&"random".to_owned())), "{error}");
    assert!(beyond(&HONEST, &grant).contains(&"random".to_owned()));
    assert!(beyond(&HONEST, &requested(&HONEST)).is_empty());
    let narrow = PluginGrant { ceiling: keyholder_core::factor::Evidence::default(), ..requested(&HONEST) };
    assert!(beyond(&HONEST, &narrow).contains(&"to prove possession".to_owned()));
    // What was granted less stays less, whatever the plugin says of itself.
    let terms = Terms { grant: &narrow, settings: &Map::new(), stored_formats: &[] };
    let admitted = block_on(admission(None).admit(&HONEST, terms)).unwrap();
    assert!(!admitted.prepared.descriptor().unwrap().ceiling.possession);
}

#[test]
fn settings_are_checked_before_anything_runs() {
    let mut settings = Map::new();
    settings.insert("no-such-setting".into(), true.into());
    let terms = Terms { grant: &requested(&HONEST), settings: &settings, stored_formats: &[] };
    let error = block_on(admission(None).admit(&HONEST, terms)).err().unwrap();
    assert!(matches!(error, AdmissionError::Settings(_)), "{error}");
}

#[test]
fn machine_code_comes_from_the_cache_unless_somebody_touched_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = || admit_with(&admission(Some(folder.path())), &HONEST, &[]).unwrap().code;
    assert_eq!(source(), CodeSource::Compiled);
    assert_eq!(source(), CodeSource::Cache);
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(source(), CodeSource::Compiled, "a flipped bit is noticed, and the plugin compiled again");
    assert_eq!(source(), CodeSource::Cache, "and what was compiled again is kept");
}

fn publisher(public_key: &str) -> keyholder_core::plugin::PublisherKey {
    let key = crate::package::PublicKey::parse(public_key).unwrap();
    keyholder_core::plugin::PublisherKey {
        key: key.id(),
        name: "First Keys".into(),
        public_key: key.text().into(),
        added_at: Still.now(),
    }
}

/// The soft key with its digests, signed.
fn signed(secret: &str) -> Files {
    let mut files = HONEST.files().clone();
    let manifest = write_digests(&files).unwrap();
    let signature = sign(manifest.as_bytes(), secret, None, "test").unwrap();
    files.replace(MANIFEST, manifest.into_bytes()).unwrap();
    files.replace(SIGNATURE, signature.into_bytes()).unwrap();
    files
}

#[test]
fn a_package_is_trusted_by_its_digest_its_publisher_or_the_switch() {
    let (mine, other) = (generate_key(None).unwrap(), generate_key(None).unwrap());
    let publishers = [publisher(&mine.public)];
    let (bundled, none) = ([Bundled { id: "soft-key", digest: HONEST.digest() }], []);
    let trust = |package: &Package, bundled: &[Bundled], unsigned| {
        origin_of(package, &Trusted { bundled, publishers: &publishers, unsigned })
    };
    assert_eq!(trust(&HONEST, &bundled, Unsigned::Refused).unwrap(), Origin::Bundled);
    // Unsigned.
    assert!(matches!(trust(&HONEST, &none, Unsigned::Refused), Err(AdmissionError::Unsigned)));
    assert_eq!(trust(&HONEST, &none, Unsigned::Allowed).unwrap(), Origin::Development);
    // Signed, by whom?
    let package = Package::from_files(signed(&mine.secret)).unwrap();
    assert_eq!(
        trust(&package, &none, Unsigned::Refused).unwrap(),
        Origin::Publisher { key: publishers[0].key.clone() }
    );
    let stranger = Package::from_files(signed(&other.secret)).unwrap();
    assert!(matches!(trust(&stranger, &none, Unsigned::Refused), Err(AdmissionError::UnknownPublisher(_))));
    // Another key that calls itself by a trusted key's id.
    let [forged_key] = [publisher(&other.public)];
    let forged = keyholder_core::plugin::PublisherKey { public_key: publishers[0].public_key.clone(), ..forged_key };
    let forged = [forged];
    let trusted = Trusted { bundled: &none, publishers: &forged, unsigned: Unsigned::Allowed };
    assert!(matches!(origin_of(&stranger, &trusted), Err(AdmissionError::Signature(SignatureError::Wrong))));
    // Altered after it was signed: the manifest, and the component with a digest to match.
    for alter in [0, 1] {
        let mut files = signed(&mine.secret);
        if alter == 0 {
            let text = String::from_utf8(files.get(MANIFEST).unwrap().to_vec()).unwrap();
            files.replace(MANIFEST, text.replacen("reason = \"", "reason = \"Gladly ", 1).into_bytes()).unwrap();
        } else {
            files.replace(WASM, dummy(HOST, FACTOR, "plugin")).unwrap();
            let manifest = write_digests(&files).unwrap();
            files.replace(MANIFEST, manifest.into_bytes()).unwrap();
        }
        let package = Package::from_files(files).unwrap();
        for unsigned in [Unsigned::Refused, Unsigned::Allowed] {
            let trusted = trust(&package, &none, unsigned);
            assert!(matches!(trusted, Err(AdmissionError::Signature(SignatureError::Wrong))), "{trusted:?}");
        }
    }
    // A signature over a manifest without digests covers nothing.
    let mut files = HONEST.files().clone();
    let signature = sign(files.get(MANIFEST).unwrap(), &mine.secret, None, "test").unwrap();
    files.replace(SIGNATURE, signature.into_bytes()).unwrap();
    let package = Package::from_files(files).unwrap();
    assert!(matches!(trust(&package, &none, Unsigned::Refused), Err(AdmissionError::NoDigests)));
}

#[test]
fn versions_are_exchanged_under_load_without_a_failed_call() {
    let admission = admission(None).remembering();
    admission.host().switch_on(admit_with(&admission, &HONEST, &[]).unwrap().prepared);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let calls = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut calls = 0;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) || calls == 0 {
                        let step = block_on(admission.host().begin_enrolment("soft-key", context(), &[]));
                        step.unwrap_or_else(|fault| panic!("call {calls}: {fault}"));
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        for _ in 0..50 {
            admission.host().switch_on(admit_with(&admission, &HONEST, &[]).unwrap().prepared);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u32>()
    });
    assert!(calls >= 2);
}

fn context() -> keyholder_core::factor::Context {
    crate::vectors::default_context(Still.now(), keyholder_core::factor::Purpose::Enrolment)
}

#[test]
fn a_seal_covers_name_files_origin_and_grant() {
    let grant = requested(&HONEST);
    let base = seal(&Keyed, "soft-key", &[1; 32], &Origin::Bundled, &grant);
    let wider = PluginGrant { capabilities: vec!["push".into(), "random".into(), "std".into()], ..grant.clone() };
    for other in [
        seal(&Keyed, "hard-key", &[1; 32], &Origin::Bundled, &grant),
        seal(&Keyed, "soft-key", &[2; 32], &Origin::Bundled, &grant),
        seal(&Keyed, "soft-key", &[1; 32], &Origin::Development, &grant),
        seal(&Keyed, "soft-key", &[1; 32], &Origin::Bundled, &wider),
    ] {
        assert_ne!(other, base);
    }
}
