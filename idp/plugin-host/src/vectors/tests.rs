//! Patterns, and the dictated randomness.

use keyholder_core::random::Random as _;
use serde_json::json;

use super::*;

#[test]
fn a_pattern_names_what_it_needs_and_no_more() {
    let value = json!({ "step": { "prompts": [{ "id": "code" }], "state": "00ff", "problem": null } });
    for pattern in [
        json!({}),
        json!({ "step": { "prompts": [{ "id": "code" }] } }),
        json!({ "step": { "prompts": [{}], "problem": null, "state": { "$length": 4 } } }),
        json!({ "step": { "prompts": { "$length": 1 }, "state": { "$any": true } } }),
        json!({ "step": { "state": { "$contains": "ff" } } }),
    ] {
        assert_eq!(mismatch(&pattern, &value), None, "{pattern}");
    }
    for (pattern, told) in [
        (json!({ "accepted": {} }), "/accepted: expected an object, found null"),
        (json!({ "step": { "prompts": [] } }), "/step/prompts: expected 0 items, found 1"),
        (
            json!({ "step": { "prompts": [{ "id": "other" }] } }),
            "/step/prompts/0/id: expected \"other\", found \"code\"",
        ),
        (json!({ "step": { "problem": { "$any": true } } }), "/step/problem: expected {\"$any\":true}, found null"),
        (json!({ "step": { "state": { "$length": 5 } } }), "/step/state: expected {\"$length\":5}, found \"00ff\""),
        (json!({ "step": { "state": { "$lenght": 4 } } }), "/step/state: expected {\"$lenght\":4}, found \"00ff\""),
    ] {
        assert_eq!(mismatch(&pattern, &value).as_deref(), Some(told));
    }
}

#[test]
fn random_bytes_are_handed_out_in_order_and_from_the_start_again() {
    let random = ScriptedRandom::default();
    random.begin(vec![1, 2, 3]);
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    assert_eq!(bytes, [1, 2, 3, 1]);
    random.fill(&mut bytes);
    assert_eq!(bytes, [2, 3, 1, 2]);
}

#[test]
fn a_vector_with_an_unknown_member_is_none() {
    assert!(Vector::parse(r#"{ "about": "x", "calls": [] }"#).is_ok());
    for text in [
        r#"{ "about": "x" }"#,
        r#"{ "about": "x", "calls": [], "seed": 1 }"#,
        r#"{ "about": "x", "calls": [{ "call": "sign-in" }] }"#,
        r#"{ "about": "x", "calls": [], "random": "0g" }"#,
        r#"{ "about": "x", "calls": [{ "call": "verify", "expects": {} }] }"#,
    ] {
        assert!(matches!(Vector::parse(text), Err(VectorError::Format(_))), "{text}");
    }
}
