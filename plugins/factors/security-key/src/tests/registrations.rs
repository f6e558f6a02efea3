//! Keys registered under U2F with a former system.

use keyholder_plugin_sdk::factor::Credential;
use keyholder_plugin_sdk::seeds::SeedImport as _;
use keyholder_plugin_sdk::testing::stored;
use serde_json::{Value, json};

use super::APPID;
use super::authenticator::{Authenticator, b64};
use crate::SecurityKey;

fn line(authenticator: &Authenticator) -> Value {
    json!({ "keyHandle": b64(&authenticator.id), "publicKey": b64(&authenticator.point()), "counter": 0, "appId": APPID })
}

/// As the host hands it in, after an import.
pub(super) fn imported(authenticator: &Authenticator, appid: &str) -> Credential {
    let mut line = line(authenticator);
    line["appId"] = json!(appid);
    let imported =
        SecurityKey::import_seeds("{}".into(), "keys.jsonl".into(), line.to_string().into_bytes(), None).unwrap();
    assert_eq!(imported.problems, []);
    stored("legacy", &imported.keys[0])
}

fn problems(file: &str) -> Vec<(String, String)> {
    SecurityKey::import_seeds("{}".into(), "keys.jsonl".into(), file.as_bytes().to_vec(), None).unwrap().problems
}

#[test]
fn registrations_are_read_line_by_line() {
    let (one, two) = (Authenticator::new(1), Authenticator::new(2));
    let mut labelled = line(&two);
    labelled["label"] = json!("Blue key");
    labelled.as_object_mut().unwrap().remove("appId");
    let file = format!("\u{feff}{}\n\n{labelled}\r\n", line(&one));
    let config = format!(r#"{{"appid":"{APPID}"}}"#);
    let imported = SecurityKey::import_seeds(config, "keys.jsonl".into(), file.into_bytes(), None).unwrap();
    assert_eq!(imported.problems, []);
    let labels: Vec<_> = imported.keys.iter().map(|key| key.suggested_label.as_str()).collect();
    assert_eq!(labels, ["Security key", "Blue key"]);
    assert_eq!(imported.keys[0].lookup.as_deref(), Some(one.id.as_slice()));
    assert!(imported.keys.iter().all(|key| key.facts.contains(&("u2f".into(), APPID.into()))));
}

#[test]
fn a_bad_line_is_told_and_the_others_are_taken() {
    let good = line(&Authenticator::new(1));
    let with = |name: &str, value: Value| {
        let mut line = line(&Authenticator::new(2));
        line[name] = value;
        line.to_string()
    };
    let mut off_the_curve = Authenticator::new(2).point();
    off_the_curve[64] ^= 1;
    let lines = [
        good.to_string(),
        good.to_string(),
        "{".into(),
        "[".repeat(100_000),
        with("keyHandle", json!("")),
        with("keyHandle", json!("!")),
        with("keyHandle", json!(b64(&[1; 256]))),
        with("publicKey", json!(b64(&[4; 65]))),
        with("publicKey", json!(b64(&off_the_curve))),
        with("publicKey", json!(b64(&[2; 33]))),
        with("counter", json!(-1)),
        with("appId", json!("http://old.school.example/")),
        with("other", json!(1)),
        line(&Authenticator::new(3)).to_string(),
    ];
    let imported = SecurityKey::import_seeds("{}".into(), "k".into(), lines.join("\n").into_bytes(), None).unwrap();
    assert_eq!(imported.keys.len(), 2);
    let places: Vec<_> = imported.problems.iter().map(|(place, _)| place.clone()).collect();
    assert_eq!(places, (2..14).map(|line| format!("line {line}")).collect::<Vec<_>>());
}

#[test]
fn a_file_of_another_kind_gives_problems_and_no_keys() {
    for file in ["", "\n", "serial,secret\n1,2", "<xml/>", "[]"] {
        assert!(!problems(file).is_empty(), "{file}");
    }
    let bytes = SecurityKey::import_seeds("{}".into(), "k".into(), vec![0xff; 10], None).unwrap();
    assert_eq!((bytes.keys.len(), bytes.problems.len()), (0, 1));
    let large = SecurityKey::import_seeds("{}".into(), "k".into(), vec![b'\n'; 4 * 1024 * 1024 + 1], None).unwrap();
    assert_eq!((large.keys.len(), large.problems.len()), (0, 1));
}
