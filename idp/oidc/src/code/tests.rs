use super::*;

#[test]
fn the_key_does_not_hold_the_code() {
    let key = storage_key("the-code");
    assert_eq!(key.len(), 5 + 32);
    assert!(key.starts_with(b"code:"));
    assert!(!key.windows(8).any(|window| window == b"the-code"));
    assert_ne!(key, storage_key("the-codf"));
}

#[test]
fn a_code_lives_until_its_end_and_not_at_it() {
    let payload = CodePayload {
        grant: GrantId::from_uuid(uuid::Uuid::nil()),
        application: ApplicationId::from_uuid(uuid::Uuid::nil()),
        redirect_uri: "https://app.example/cb".into(),
        code_challenge: None,
        nonce: None,
        scopes: vec!["openid".into()],
        claims: None,
        issued_at: Timestamp::from_seconds(100),
        expires_at: Timestamp::from_seconds(160),
    };
    assert!(!payload.is_live(Timestamp::from_seconds(99)));
    assert!(payload.is_live(Timestamp::from_seconds(100)));
    assert!(payload.is_live(Timestamp::from_millis(159_999)));
    assert!(!payload.is_live(Timestamp::from_seconds(160)));
    let text = serde_json::to_string(&payload).unwrap();
    assert_eq!(serde_json::from_str::<CodePayload>(&text).unwrap(), payload);
}
