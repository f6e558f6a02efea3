//! Ceremonies that others made: an independent library, and the virtual keys of a browser. The same files run in the sandbox
//! (`docs/plugins/vectors.md`); here the steps of a call are given the challenges that the vector dictates.

use keyholder_plugin_sdk::factor::{Context, Credential, Factor as _, VerifyOutcome};
use keyholder_plugin_sdk::seeds::SeedImport as _;
use keyholder_plugin_sdk::testing::stored;
use serde_json::{Value, json};

use super::authenticator::b64;
use super::{accepted, after, ctx, enrolled, refused, webauthn};
use crate::SecurityKey;
use crate::tests::options;

macro_rules! vector {
    ($name:literal) => {
        run(&serde_json::from_str(include_str!(concat!("../../vectors/", $name))).unwrap())
    };
}

/// Runs the calls in order; how many answers were accepted, and how many refused.
fn run(vector: &Value) -> (usize, usize) {
    let settings = vector["settings"].to_string();
    let ctx = ctx(&settings);
    assert_eq!((&vector["context"]["rp_id"], &vector["context"]["origins"]), (&json!(ctx.rp_id), &json!(ctx.origins)));
    let random = data_encoding::HEXLOWER.decode(vector["random"].as_str().unwrap().as_bytes()).unwrap();
    let mut challenges = random.chunks(32);
    let mut key: Option<Credential> = None;
    let mut state = Vec::new();
    let (mut yes, mut no) = (0, 0);
    for call in vector["calls"].as_array().unwrap() {
        let answer = || webauthn(call["answer"]["webauthn"].to_string());
        match call["call"].as_str().unwrap() {
            "import-seeds" => {
                let file = call["file"].as_str().unwrap().as_bytes().to_vec();
                let imported = SecurityKey::import_seeds(settings.clone(), "keys.jsonl".into(), file, None).unwrap();
                key = Some(stored("key-1", &imported.keys[0]));
            }
            "begin-enrolment" => state = dictated(&ctx, None, challenges.next().unwrap()),
            "begin-challenge" => state = dictated(&ctx, key.as_ref(), challenges.next().unwrap()),
            "finish-enrolment" => {
                let outcome = SecurityKey::finish_enrolment(ctx.clone(), Vec::new(), state.clone(), answer()).unwrap();
                key = Some(stored("key-1", &enrolled(outcome)));
            }
            "verify" => {
                let held = key.clone().unwrap();
                match SecurityKey::verify(ctx.clone(), vec![held.clone()], state.clone(), answer()).unwrap() {
                    outcome @ VerifyOutcome::Accepted(_) => {
                        let used = accepted(outcome);
                        assert_eq!(call["expect"]["accepted"]["credential"], "key-1");
                        assert_eq!(call["expect"]["accepted"]["evidence"]["amr"], json!(used.evidence.amr));
                        assert_eq!(
                            call["expect"]["accepted"]["evidence"]["user_verified"],
                            json!(used.evidence.user_verified)
                        );
                        assert_eq!(call["expect"]["accepted"]["evidence"]["backed_up"], json!(used.evidence.backed_up));
                        key = Some(after(&used, &held));
                        yes += 1;
                    }
                    outcome => {
                        refused(outcome);
                        assert!(call["expect"].get("rejected").is_some(), "{call}");
                        no += 1;
                    }
                }
            }
            other => panic!("{other}"),
        }
    }
    (yes, no)
}

/// A step as the plugin makes it, but with this challenge instead of its own.
fn dictated(ctx: &Context, key: Option<&Credential>, challenge: &[u8]) -> Vec<u8> {
    let step = match key {
        None => SecurityKey::begin_enrolment(ctx.clone(), Vec::new()),
        Some(key) => SecurityKey::begin_challenge(ctx.clone(), vec![key.clone()]),
    };
    let step = step.unwrap();
    let own = options(&step)["challenge"].as_str().unwrap().to_owned();
    let state = String::from_utf8(step.state).unwrap();
    assert!(state.contains(&own));
    state.replace(&own, &b64(challenge)).into_bytes()
}

#[test]
fn a_ceremony_of_an_independent_library_is_accepted() {
    assert_eq!(vector!("soft-webauthn.json").0, 2);
}

#[test]
fn ceremonies_of_a_browser_are_accepted() {
    assert_eq!(vector!("chromium-ctap2.json").0, 2);
    assert_eq!(vector!("chromium-u2f.json").0, 2);
    assert_eq!(vector!("chromium-rs256.json").0, 2);
    assert_eq!(vector!("chromium-synced.json").0, 2);
}

#[test]
fn a_key_registered_long_ago_under_u2f_is_accepted_by_its_application_id() {
    assert_eq!(vector!("chromium-u2f-appid.json"), (2, 2));
}
