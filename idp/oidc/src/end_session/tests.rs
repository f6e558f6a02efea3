//! RP-Initiated Logout: who may send the browser where, and who is not asked.

use serde_json::{Value, json};

use super::*;
use crate::authorize::fixture::{CLIENT, ISSUER, NOW, OURS, SESSION, application, forged, id_token_claims, public};
use crate::sid::tests::OnlyDigests;

const BYE: &str = "https://app.example/bye";

fn header() -> Value {
    json!({"alg": "RS256", "kid": "ours", "typ": "JWT"})
}

fn hint() -> String {
    forged(&OURS, &header(), &id_token_claims())
}

fn check(fields: &[(&str, &str)]) -> EndSession {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let hinted = parse(query.as_bytes()).unwrap().read_hint(ISSUER, &public(&OURS));
    let application = application();
    let known = hinted.client_id() == Some(CLIENT);
    hinted.check(known.then_some(&application))
}

#[test]
fn a_hint_names_the_session_and_the_client() {
    let checked = check(&[("id_token_hint", &hint()), ("post_logout_redirect_uri", BYE), ("state", "a&b")]);
    let hinted = checked.hinted_session.unwrap();
    assert!(hinted.is(SESSION.parse().unwrap(), &OnlyDigests));
    assert!(!hinted.is("00000000000000000000000000000010".parse().unwrap(), &OnlyDigests));
    assert_eq!(checked.return_to.as_deref(), Some("https://app.example/bye?state=a%26b"));
    assert_eq!(checked.doubts, []);
}

#[test]
fn a_client_without_a_hint_may_name_its_address_but_the_person_is_asked() {
    let checked = check(&[("client_id", CLIENT), ("post_logout_redirect_uri", BYE)]);
    assert_eq!(checked.return_to.as_deref(), Some(BYE));
    assert!(checked.hinted_session.is_none());
}

#[test]
fn an_address_without_hint_or_client_is_not_gone_to() {
    let checked = check(&[("post_logout_redirect_uri", BYE)]);
    assert_eq!((checked.return_to, checked.doubts), (None, vec![Doubt::ReturnAddress]));
}

#[test]
fn open_redirects() {
    for address in [
        "https://evil.example/bye",
        "https://app.example/bye/",
        "https://app.example/bye?x=1",
        "https://app.example/bye#x",
        "https://app.example/Bye",
        "https://app.example:443/bye",
        "https://app.example/bye/../callback",
        "https://app.example@evil.example/bye",
        "https://app.example.evil.example/bye",
        "http://app.example/bye",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        // Registered for sign-in, not for sign-out.
        "https://app.example/callback",
        " https://app.example/bye",
    ] {
        for caller in [("id_token_hint", hint()), ("client_id", CLIENT.to_owned())] {
            let checked = check(&[(caller.0, &caller.1), ("post_logout_redirect_uri", address)]);
            assert_eq!((checked.return_to, checked.doubts), (None, vec![Doubt::ReturnAddress]), "{address}");
        }
    }
}

#[test]
fn a_native_client_has_no_free_port_here() {
    let mut application = application();
    application.client.application_type = keyholder_core::application::ApplicationType::Native;
    application.client.post_logout_redirect_uris = vec!["http://127.0.0.1:1/bye".into()];
    let query = format!("client_id={CLIENT}&post_logout_redirect_uri=http://127.0.0.1:2/bye");
    let hinted = parse(query.as_bytes()).unwrap().read_hint(ISSUER, &public(&OURS));
    assert_eq!(hinted.check(Some(&application)).return_to, None);
}

#[test]
fn an_unknown_client_is_not_believed() {
    let checked = check(&[("client_id", "other"), ("post_logout_redirect_uri", BYE)]);
    assert_eq!(checked.return_to, None);
    assert_eq!(checked.doubts, [Doubt::Client, Doubt::ReturnAddress]);
}

#[test]
fn a_hint_of_another_client_counts_for_nothing() {
    let mut claims = id_token_claims();
    claims["aud"] = json!("other");
    let other = forged(&OURS, &header(), &claims);
    let checked = check(&[("id_token_hint", &other), ("client_id", CLIENT), ("post_logout_redirect_uri", BYE)]);
    assert!(checked.hinted_session.is_none() && checked.return_to.is_none());
    assert_eq!(checked.doubts, [Doubt::HintOfOtherClient, Doubt::ReturnAddress]);
    // And alone it names a client that is not registered here.
    assert!(check(&[("id_token_hint", &other)]).hinted_session.is_none());
}

#[test]
fn forged_hints_sign_nobody_out() {
    let stranger = crate::authorize::fixture::generate(keyholder_core::application::SigningAlgorithm::Rs256, "ours");
    let mut of_another_issuer = id_token_claims();
    of_another_issuer["iss"] = json!("https://evil.example");
    let access_token = json!({"alg": "RS256", "kid": "ours", "typ": "at+jwt"});
    for forged in [
        forged(&stranger, &header(), &id_token_claims()),
        forged(&OURS, &access_token, &id_token_claims()),
        forged(&OURS, &header(), &of_another_issuer),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.".to_owned(),
    ] {
        let checked = check(&[("id_token_hint", &forged), ("client_id", CLIENT)]);
        assert!(checked.hinted_session.is_none());
        assert_eq!(checked.doubts, [Doubt::Hint]);
    }
}

/// The same session under another name: that of another application, or of this one in another school.
#[test]
fn a_name_that_another_knows_the_session_by_is_not_that_session_here() {
    let session = SESSION.parse().unwrap();
    let here = application().id;
    let elsewhere = Sid::new(&OnlyDigests, session, ApplicationId::from_uuid(uuid::Uuid::from_u128(99)), "person-1");
    let in_another_school = Sid::new(&OnlyDigests, session, here, "person-2");
    for sid in [elsewhere.as_str(), in_another_school.as_str(), SESSION] {
        let mut claims = id_token_claims();
        claims["sid"] = json!(sid);
        let checked = check(&[("id_token_hint", &forged(&OURS, &header(), &claims))]);
        assert!(!checked.hinted_session.unwrap().is(session, &OnlyDigests), "{sid}");
    }
}

#[test]
fn a_hint_without_session_asks_the_person() {
    let claims = json!({"iss": ISSUER, "sub": "p", "aud": CLIENT, "iat": NOW, "exp": NOW + 600});
    let checked = check(&[("id_token_hint", &forged(&OURS, &header(), &claims))]);
    assert!(checked.hinted_session.is_none());
    assert_eq!(checked.doubts, []);
}

#[test]
fn a_request_says_each_thing_once() {
    for query in ["state=1&state=2", "client_id=a&client%5Fid=b", "state=%00", "state=%ff"] {
        assert_eq!(parse(query.as_bytes()).unwrap_err(), Untrusted::Unreadable, "{query}");
    }
    assert_eq!(parse(&vec![b'a'; MAX_BYTES + 1]).unwrap_err(), Untrusted::TooLong);
}

#[test]
fn what_comes_back_with_the_confirmation_is_what_was_sent() {
    let request = parse(b"client_id=a&state=s&other=x&ui_locales=cy").unwrap();
    assert_eq!(request.to_query(), "client_id=a&state=s&ui_locales=cy");
}

#[test]
fn ui_locales_choose_the_language() {
    assert_eq!(check(&[("ui_locales", "fr cy")]).language, Some(Language::Cy));
}
