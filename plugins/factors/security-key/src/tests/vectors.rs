//! Ceremonies that others made: an independent library, and the virtual keys of a browser.

use keyholder_plugin_sdk::factor::{Credential, Evidence, Factor as _};
use keyholder_plugin_sdk::seeds::SeedImport as _;
use keyholder_plugin_sdk::testing::stored;
use serde_json::{Value, json};

use super::{APPID, accepted, after, ctx, enrolled, webauthn};
use crate::SecurityKey;

macro_rules! vector {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../tests/vectors/", $name))).unwrap()
    };
}

/// A state with the vector's challenge: the plugin would draw its own.
fn state(ceremony: &str, vector: &Value, challenge: &Value, appid: Option<&str>) -> Vec<u8> {
    let state = json!({
        "ceremony": ceremony,
        "person": vector["userHandle"],
        "rp_id": vector["rpId"],
        "challenge": challenge,
        "verification": "preferred",
        "appid": appid,
    });
    state.to_string().into_bytes()
}

fn uses(vector: &Value, mut key: Credential, appid: Option<&str>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for assertion in vector["assertions"].as_array().unwrap() {
        let state = state("get", vector, &assertion["challenge"], appid);
        let answer = webauthn(assertion["answer"].to_string());
        let used = accepted(SecurityKey::verify(ctx("{}"), vec![key.clone()], state, answer).unwrap());
        key = after(&used, &key);
        all.push(used.evidence);
    }
    assert_eq!(all.len(), 2);
    all
}

fn ceremony(vector: &Value) -> Vec<Evidence> {
    let state = state("create", vector, &vector["registration"]["challenge"], None);
    let answer = webauthn(vector["registration"]["answer"].to_string());
    let new = enrolled(SecurityKey::finish_enrolment(ctx("{}"), Vec::new(), state, answer).unwrap());
    uses(vector, stored("k", &new), None)
}

#[test]
fn a_ceremony_of_an_independent_library_is_accepted() {
    let evidence = ceremony(&vector!("soft-webauthn.json"));
    assert!(evidence.iter().all(|evidence| evidence.phishing_resistant));
}

#[test]
fn ceremonies_of_a_browser_are_accepted() {
    let verified = ceremony(&vector!("chromium-ctap2.json"));
    assert!(verified.iter().all(|evidence| evidence.user_verified && evidence.amr == ["hwk", "user"]));
    let touched = ceremony(&vector!("chromium-u2f.json"));
    assert!(touched.iter().all(|evidence| !evidence.user_verified));
    ceremony(&vector!("chromium-rs256.json"));
    let synced = ceremony(&vector!("chromium-synced.json"));
    assert!(synced.iter().all(|evidence| evidence.backed_up == Some(true) && evidence.amr == ["swk", "user"]));
}

#[test]
fn a_key_registered_long_ago_under_u2f_is_accepted_by_its_application_id() {
    let vector = vector!("chromium-u2f-appid.json");
    let file = vector["import"].to_string().into_bytes();
    let imported = SecurityKey::import_seeds("{}".into(), "keys.jsonl".into(), file, None).unwrap();
    let evidence = uses(&vector, stored("k", &imported.keys[0]), Some(APPID));
    assert!(evidence.iter().all(|evidence| evidence.phishing_resistant && !evidence.user_verified));
}
