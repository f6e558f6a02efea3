use openidconnect::core::CoreEdDsaPrivateSigningKey;
use openidconnect::{JsonWebKeyId, PrivateSigningKey as _};
use serde_json::{Value, json};

use super::*;

/// RFC 8410 10.3: published, so nobody mistakes it for a secret.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
const EXPECTED: Expected<'_> = Expected { issuer: "https://idp.example", client_id: "app", now: 1000 };

fn check(header: &Value, claims: &Value) -> Result<LogoutClaims, Problem> {
    let key = CoreEdDsaPrivateSigningKey::from_ed25519_pem(KEY, Some(JsonWebKeyId::new("k".to_owned()))).unwrap();
    let signed = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).unwrap();
    let keys = JsonWebKeySet::new(vec![key.as_verification_key()]);
    check_logout_token(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)), &keys, &EXPECTED)
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "k", "typ": "logout+jwt" })
}

fn claims(change: &[(&str, Value)]) -> Value {
    let mut claims = json!({ "iss": "https://idp.example", "aud": "app", "iat": 990, "exp": 1100, "jti": "j", "sid": "s", "events": { LOGOUT_EVENT: {} } });
    for (name, value) in change {
        claims[name] = value.clone();
    }
    claims
}

#[test]
fn a_logout_token_of_the_provider_counts() {
    assert_eq!(check(&header(), &claims(&[])).unwrap().sid.as_deref(), Some("s"));
    check(&header(), &claims(&[("aud", json!(["other", "app"]))])).unwrap();
}

#[test]
fn a_logout_token_that_is_not_one_is_refused() {
    let bad = [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("aud", json!(["another"])),
        ("iat", json!(1100)),
        ("iat", json!(600)),
        ("exp", json!(900)),
        ("sid", Value::Null),
        ("jti", Value::Null),
        ("events", json!({})),
        ("nonce", json!("n")),
    ];
    for (name, value) in bad {
        assert!(check(&header(), &claims(&[(name, value.clone())])).is_err(), "{name} {value}");
    }
    for (name, value) in [("alg", "none"), ("alg", "HS256"), ("kid", "../k"), ("typ", "at+jwt"), ("typ", "JWT")] {
        let mut header = header();
        header[name] = json!(value);
        assert!(check(&header, &claims(&[])).is_err(), "{name} {value}");
    }
}

#[test]
fn an_altered_logout_token_is_refused() {
    for token in ["", ".", "..", "a.b", "a.b.c", "e30.e30."] {
        assert!(check_logout_token(token, &JsonWebKeySet::new(Vec::new()), &EXPECTED).is_err(), "{token}");
    }
}
