//! RFC 9101 and `OpenID` Connect Core 6.1: what an object says, and what is said beside it.

use std::time::Duration;

use serde_json::json;

use super::{claims, header, send, send_claims, with};
use crate::authorize::fixture::{CALLBACK, CLIENTS, forged, now, refused};
use crate::authorize::{Rejection, Untrusted};
use crate::request_object::RequestObjectError;

#[test]
fn the_object_is_the_request() {
    let checked = send_claims(&claims()).unwrap();
    assert_eq!(checked.request.reply_to.state.as_deref(), Some("inside"));
    assert_eq!(checked.request.scopes, ["openid", "email"]);
}

#[test]
fn numbers_and_objects_are_read_as_what_they_are() {
    let mut claims = with("max_age", json!(60));
    claims["claims"] = json!({"id_token": {"sub": {"value": "person-1"}}});
    let ask = send_claims(&claims).unwrap().ask;
    assert_eq!(ask.proof_not_before, Some(now().minus(Duration::from_mins(1))));
    assert_eq!(ask.subject.as_deref(), Some("person-1"));
}

#[test]
fn what_stands_beside_the_object_changes_nothing() {
    let object = forged(&CLIENTS, &header(), &claims());
    let beside = "&state=outside&scope=openid+groups&prompt=none&nonce=n&max_age=0&response_mode=form_post\
                  &redirect_uri=https://evil.example/";
    assert_eq!(send(&object, beside), send(&object, ""));
}

#[test]
fn client_id_and_response_type_beside_the_object_must_agree() {
    let object = forged(&CLIENTS, &header(), &claims());
    assert!(send(&object, "&response_type=code").is_ok());
    let redirect = format!("&redirect_uri={CALLBACK}");
    assert_eq!(refused(send(&object, &format!("&response_type=token{redirect}"))), "invalid_request_object");
    let other_client = forged(&CLIENTS, &header(), &with("client_id", json!("other")));
    assert_eq!(refused(send(&other_client, &redirect)), "invalid_request_object");
    let no_client = forged(&CLIENTS, &header(), &with("client_id", json!(null)));
    assert_eq!(refused(send(&no_client, &redirect)), "invalid_request_object");
}

#[test]
fn a_refused_object_is_redirected_only_to_a_registered_address_beside_it() {
    let object = forged(&CLIENTS, &header(), &with("exp", json!(0)));
    assert_eq!(refused(send(&object, &format!("&redirect_uri={CALLBACK}"))), "invalid_request_object");
    for beside in ["", "&redirect_uri=https://evil.example/"] {
        let untrusted = Rejection::Untrusted(Untrusted::RequestObject(RequestObjectError::Expired));
        assert_eq!(send(&object, beside), Err(untrusted));
    }
}

#[test]
fn the_address_in_the_object_must_be_registered_too() {
    let result = send_claims(&with("redirect_uri", json!("https://evil.example/")));
    assert_eq!(result, Err(Rejection::Untrusted(Untrusted::RedirectUriNotRegistered)));
}

#[test]
fn request_uri_beside_an_object_is_still_refused() {
    let object = forged(&CLIENTS, &header(), &claims());
    assert_eq!(refused(send(&object, "&request_uri=https://evil.example/")), "request_uri_not_supported");
}

#[test]
fn parameters_of_another_type_are_refused() {
    let redirect = format!("&redirect_uri={CALLBACK}");
    for (name, value) in [
        ("state", json!(["a", "b"])),
        ("scope", json!(["openid"])),
        ("redirect_uri", json!([CALLBACK])),
        ("nonce", json!(1)),
        ("prompt", json!(true)),
        ("state", json!("a\0b")),
    ] {
        let object = forged(&CLIENTS, &header(), &with(name, value.clone()));
        assert_eq!(refused(send(&object, &redirect)), "invalid_request_object", "{name} {value}");
    }
    assert_eq!(refused(send_claims(&with("max_age", json!(1.5)))), "invalid_request");
    assert_eq!(refused(send_claims(&with("max_age", json!(-1)))), "invalid_request");
}
