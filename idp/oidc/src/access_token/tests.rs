//! Access tokens read back.
#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::application::SigningAlgorithm;
use serde_json::json;

use super::*;

const ISSUER: &str = "https://id.example";

fn read_as(typ: &str, claims: &serde_json::Value) -> Result<AccessToken, NotOurs> {
    let (key, _) = PrivateKey::generate(SigningAlgorithm::EdDsa, "k".into()).unwrap();
    let keys = PublicKeys::from_jwks_json(&json!({"keys": [key.public_jwk()]}).to_string()).unwrap();
    read(&jws::sign(&key, typ, claims).unwrap(), &keys, ISSUER)
}

fn claims() -> serde_json::Value {
    let jti = "00000000000000000000000000000001.abc";
    json!({"iss": ISSUER, "sub": "s", "aud": [ISSUER, "api"], "exp": 20, "iat": 10, "jti": jti, "client_id": "c", "scope": "a b"})
}

#[test]
fn a_token_is_read_as_it_was_written() {
    let token = read_as(TYP, &claims()).unwrap();
    assert_eq!(
        (token.scopes.as_slice(), token.audiences.as_slice()),
        (&["a".into(), "b".into()][..], &[ISSUER.into(), "api".into()][..])
    );
    assert!(matches!(token.behind, Behind::Grant(_)));
    assert!(token.is_live(Timestamp::from_millis(19_999)) && !token.is_live(Timestamp::from_seconds(20)));
}

#[test]
fn other_tokens_of_ours_are_no_access_tokens() {
    for typ in ["JWT", "logout+jwt", "token-introspection+jwt", ""] {
        assert!(matches!(read_as(typ, &claims()), Err(NotOurs::Kind)), "{typ}");
    }
    for (claim, value) in [
        ("iss", json!("https://id.example/")),
        ("jti", json!("no-dot")),
        ("jti", json!("not-an-id.abc")),
        ("client_id", json!(null)),
        ("exp", json!("20")),
    ] {
        let mut claims = claims();
        claims[claim] = value;
        assert!(matches!(read_as(TYP, &claims), Err(NotOurs::Kind)), "{claim}");
    }
}
