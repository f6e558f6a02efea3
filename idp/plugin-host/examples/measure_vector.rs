//! Measures the host with a factor and one of its vectors: the last verification that is accepted.
//!
//! `cargo run --release --package keyholder-plugin-host --example measure_vector -- PACKAGE_FOLDER VECTOR.json`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool: it fails by a panic")]

use std::sync::Arc;

use futures::executor::block_on;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{
    Answer, Context, EnrolOutcome, Factors as _, NewCredential, Occasion, Purpose, Response, VerifyOutcome,
};
use keyholder_core::id::{CredentialId, PersonId};
use keyholder_core::locale::Language;
use keyholder_core::random::Random;
use keyholder_core::time::{Clock, Timestamp};
use keyholder_plugin_host::measure::{Verification, measure};
use keyholder_plugin_host::package::Package;
use keyholder_plugin_host::package::read_folder;
use keyholder_plugin_host::vectors::ScriptedRandom;
use keyholder_plugin_host::{Code, Granted, HostSettings, Installed, PluginHost, World};
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

#[derive(Debug)]
struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap();
    (0..hex.len() / 2).map(|at| pair(at * 2)).collect()
}

fn context(said: &Value) -> Context {
    let text = |name: &str, usual: &str| said[name].as_str().unwrap_or(usual).to_owned();
    let origins =
        said["origins"].as_array().map(|all| all.iter().map(|one| one.as_str().unwrap().to_owned()).collect());
    Context {
        now: NOW,
        purpose: Purpose::SignIn,
        user_handle: said["user_handle"].as_str().map_or([7; 32], |hex| bytes(hex).try_into().unwrap()),
        user_name: "jo@school.example".into(),
        user_display_name: "Jo Example".into(),
        issuer: "https://id.example".into(),
        issuer_name: "Keyholder".into(),
        rp_id: text("rp_id", "id.example"),
        origins: origins.unwrap_or_else(|| vec!["https://id.example".into()]),
        languages: vec![Language::En],
        occasion: Occasion {
            ceremony: "ceremony-1".into(),
            application: Some("Safeguarding".into()),
            school: Some("Oakfield Primary School".into()),
            browser: "Firefox on Windows".into(),
            address: None,
            place: None,
            began_at: NOW,
            number: None,
        },
        diagnose: false,
    }
}

fn answer(said: &Value) -> Answer {
    let response = match said["fields"].as_object() {
        Some(fields) => Response::Fields(
            fields.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        ),
        None => Response::Webauthn(said["webauthn"].to_string()),
    };
    Answer { prompt: said["prompt"].as_str().unwrap().to_owned(), response }
}

fn stored(factor: &str, random: &dyn Random, key: NewCredential) -> Credential {
    let person = PersonId::draw(random, NOW);
    Credential {
        id: CredentialId::draw(random, NOW),
        owner: CredentialOwner::Person(person),
        holder: Some(person),
        factor: factor.into(),
        lookup: key.lookup,
        label: key.suggested_label,
        format: key.format,
        secret: key.data,
        device: key.device,
        evidence: key.evidence,
        facts: key.facts,
        version: 1,
        created_at: NOW,
        last_used_at: None,
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let files = read_folder(arguments.next().expect("the package's folder").as_ref()).unwrap();
    let package = Package::from_files(files).unwrap();
    let vector: Value = serde_json::from_slice(&std::fs::read(arguments.next().expect("the vector")).unwrap()).unwrap();
    let settings = package.schema.complete(vector["settings"].as_object().unwrap_or(&serde_json::Map::new())).unwrap();
    let settings = Value::Object(settings).to_string();
    let id = package.manifest.id.clone();
    let install = |code: Code| Installed {
        id: id.clone(),
        version: package.manifest.version.to_string(),
        world: World::Factor,
        granted: Granted {
            ceiling: package.manifest.ceiling.clone(),
            capabilities: package.manifest.capabilities().into_iter().collect(),
        },
        limits: package.manifest.limits,
        settings: settings.clone(),
        locales: Vec::new(),
        stored_formats: Vec::new(),
        code,
    };
    let random = Arc::new(ScriptedRandom::default());
    let host_settings = HostSettings::new(Arc::new(Still), random.clone());
    let host = PluginHost::new(host_settings.clone()).unwrap();
    block_on(host.put(install(host.compile(package.wasm()).unwrap()))).unwrap();
    random.begin(vector["random"].as_str().map(bytes).unwrap_or_default());
    // Ids are drawn elsewhere: the script is the plugin's.
    let ids = ScriptedRandom::default();
    let context = context(&vector["context"]);
    let (mut keys, mut state, mut last) = (Vec::new(), Vec::new(), None);
    for call in vector["calls"].as_array().unwrap() {
        let said = &call["answer"];
        match call["call"].as_str().unwrap() {
            "import-seeds" => {
                let text = |name: &str| call[name].as_str().map(str::as_bytes);
                let imported = block_on(host.import_seeds(&id, "keys", text("file").unwrap(), text("secret"))).unwrap();
                keys.extend(imported.keys.into_iter().map(|key| stored(&id, &ids, key)));
            }
            "begin-enrolment" => state = block_on(host.begin_enrolment(&id, context.clone(), &keys)).unwrap().state,
            "finish-enrolment" => {
                let outcome =
                    block_on(host.finish_enrolment(&id, context.clone(), &keys, &state, answer(said))).unwrap();
                let EnrolOutcome::Enrolled(key) = outcome else { panic!("not enrolled: {outcome:?}") };
                keys.push(stored(&id, &ids, key));
            }
            "begin-challenge" => state = block_on(host.begin_challenge(&id, context.clone(), &keys)).unwrap().state,
            "verify" => {
                let verification = Verification {
                    context: context.clone(),
                    credentials: keys.clone(),
                    state: state.clone(),
                    answer: answer(said),
                };
                match block_on(host.verify(&id, context.clone(), &keys, &state, answer(said))).unwrap() {
                    VerifyOutcome::Accepted(accepted) => {
                        for key in keys.iter_mut().filter(|key| key.id == accepted.credential) {
                            if let Some(update) = &accepted.update {
                                key.secret.clone_from(&update.data);
                            }
                        }
                        last = Some(verification);
                    }
                    VerifyOutcome::More(step) => state = step.state,
                    VerifyOutcome::Rejected(_) => {}
                }
            }
            _ => {}
        }
    }
    drop(host);
    let verification = last.expect("a verification that is accepted");
    println!("{id}: {} bytes of WebAssembly", package.wasm().len());
    println!("{:#?}", measure(&host_settings, package.wasm(), &install, &verification, 2000).unwrap());
}
