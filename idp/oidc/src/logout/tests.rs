//! Back-Channel Logout 1.0, 2.4; Front-Channel Logout 1.0, 2.

use keyholder_core::application::SigningAlgorithm;
use keyholder_core::id::{ApplicationId, SessionId};
use serde_json::Map;
use uuid::Uuid;

use super::*;
use crate::authorize::id_token_hint;
use crate::jws::{JwsAlgorithm, PublicKeys};
use crate::sid::tests::OnlyDigests;

const ISSUER: &str = "https://id.example";

#[derive(Debug)]
struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    }
}

fn sid() -> Sid {
    let (session, application) = (Uuid::from_u128(7), Uuid::from_u128(8));
    Sid::new(&OnlyDigests, SessionId::from_uuid(session), ApplicationId::from_uuid(application), "ann")
}

fn made() -> (String, String, PublicKeys) {
    let (key, _) = PrivateKey::generate(SigningAlgorithm::Es256, "k".into()).unwrap();
    let (sid, now) = (sid(), Timestamp::from_seconds(1_000));
    let token = LogoutToken { issuer: ISSUER, client_id: "app", subject: "ann", sid: &sid, now };
    let random = Counting(std::sync::atomic::AtomicU8::new(0));
    let keys = PublicKeys::from_jwks_json(&json!({ "keys": [key.public_jwk()] }).to_string()).unwrap();
    (sign(&key, &token, &random).unwrap(), sign(&key, &token, &random).unwrap(), keys)
}

#[test]
fn a_logout_token_says_who_where_and_when() {
    let (first, second, keys) = made();
    let read = jws::verify(&first, &keys, &JwsAlgorithm::OURS).unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("logout+jwt"));
    assert_eq!((read.text("iss"), read.text("sub"), read.text("aud")), (Some(ISSUER), Some("ann"), Some("app")));
    assert_eq!((read.seconds("iat"), read.seconds("exp")), (Some(1_000), Some(1_120)));
    assert_eq!(read.text("sid"), Some(sid().as_str()));
    let events = Map::from_iter([(EVENT.to_owned(), json!({}))]);
    assert_eq!(read.claims.get("events"), Some(&events.into()));
    assert!(!read.claims.contains_key("nonce"));
    let again = jws::verify(&second, &keys, &JwsAlgorithm::OURS).unwrap();
    assert_ne!(read.text("jti"), again.text("jti"));
}

#[test]
fn a_logout_token_is_no_id_token_hint() {
    let (token, _, keys) = made();
    assert!(matches!(id_token_hint::verify(&token, ISSUER, &keys), Err(id_token_hint::HintError::OtherKind)));
}

#[test]
fn the_front_channel_keeps_the_registered_query() {
    for (registered, expected) in [
        ("https://app.example/out", "https://app.example/out?iss=https%3A%2F%2Fid.example&sid="),
        ("https://app.example/out?a=b", "https://app.example/out?a=b&iss=https%3A%2F%2Fid.example&sid="),
    ] {
        let address = front_channel(&Url::parse(registered).unwrap(), ISSUER, &sid());
        assert_eq!(address.as_str(), format!("{expected}{}", sid().as_str()));
    }
}
