//! `id_token_hint`: only ID tokens of ours, for this client, say anything.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::SigningAlgorithm;
use serde_json::{Value, json};

use super::super::fixture::{ISSUER, NOW, OURS, checked, forged, generate, id_token_claims, refused};

fn header() -> Value {
    json!({"alg": "RS256", "kid": "ours", "typ": "JWT"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = id_token_claims();
    claims[name] = value;
    claims
}

#[track_caller]
fn refuses(hint: &str) {
    assert_eq!(refused(checked(&[("id_token_hint", hint)])), "invalid_request");
}

#[test]
fn an_expired_token_of_ours_is_a_hint() {
    let hint = forged(&OURS, &header(), &id_token_claims());
    assert_eq!(checked(&[("id_token_hint", &hint)]).unwrap().ask.subject.as_deref(), Some("person-1"));
}

#[test]
fn a_hint_with_several_audiences_needs_this_client_among_them() {
    let hint = forged(&OURS, &header(), &with("aud", json!(["other", "safeguarding"])));
    assert!(checked(&[("id_token_hint", &hint)]).is_ok());
    refuses(&forged(&OURS, &header(), &with("aud", json!(["other"]))));
    refuses(&forged(&OURS, &header(), &with("aud", json!("other"))));
    refuses(&forged(&OURS, &header(), &with("aud", Value::Null)));
}

#[test]
fn a_hint_of_another_issuer_is_refused() {
    refuses(&forged(&OURS, &header(), &with("iss", json!("https://evil.example"))));
    refuses(&forged(&OURS, &header(), &with("iss", json!(format!("{ISSUER}/")))));
    refuses(&forged(&OURS, &header(), &with("iss", Value::Null)));
}

#[test]
fn a_hint_that_names_nobody_is_refused() {
    refuses(&forged(&OURS, &header(), &with("sub", Value::Null)));
}

#[test]
fn alg_none_is_refused() {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "nOnE", ""] {
        let token = format!("{}.{}.", encode(&json!({"alg": alg, "typ": "JWT"})), encode(&id_token_claims()));
        refuses(&token);
    }
}

#[test]
fn a_key_of_somebody_else_is_refused_whatever_its_kid() {
    let stranger = generate(SigningAlgorithm::Rs256, "ours");
    for kid in ["ours", "other", "../../dev/null", "' OR 1=1 --", ""] {
        refuses(&forged(&stranger, &json!({"alg": "RS256", "kid": kid, "typ": "JWT"}), &id_token_claims()));
    }
}

#[test]
fn a_key_that_the_token_brings_along_is_refused() {
    let stranger = generate(SigningAlgorithm::Rs256, "ours");
    for (member, value) in [
        ("jwk", stranger.public_jwk()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
    ] {
        let mut header = header();
        header[member] = value;
        refuses(&forged(&stranger, &header, &id_token_claims()));
        refuses(&forged(&OURS, &header, &id_token_claims()));
    }
}

#[test]
fn other_tokens_of_ours_are_no_hints() {
    for typ in ["at+jwt", "logout+jwt", "token-introspection+jwt", "oauth-authz-req+jwt", "application/at+jwt"] {
        refuses(&forged(&OURS, &json!({"alg": "RS256", "kid": "ours", "typ": typ}), &id_token_claims()));
    }
    // A signed userinfo answer has the plain type, and no end.
    let userinfo = json!({"iss": ISSUER, "sub": "person-1", "aud": "safeguarding", "iat": NOW});
    refuses(&forged(&OURS, &header(), &userinfo));
}

#[test]
fn rubbish_is_refused() {
    for rubbish in ["x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "a.b.c.d.e"] {
        refuses(rubbish);
    }
}

#[test]
fn two_people_in_one_request_are_refused() {
    let hint = forged(&OURS, &header(), &id_token_claims());
    let other = json!({"id_token": {"sub": {"value": "person-2"}}}).to_string();
    assert_eq!(refused(checked(&[("id_token_hint", &hint), ("claims", &other)])), "invalid_request");
    let same = json!({"id_token": {"sub": {"value": "person-1"}}}).to_string();
    assert!(checked(&[("id_token_hint", &hint), ("claims", &same)]).is_ok());
}
