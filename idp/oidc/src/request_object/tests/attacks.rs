//! Objects that somebody else made, or that the client made for something else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::SigningAlgorithm;
use serde_json::{Value, json};

use super::{claims, header, send, with};
use crate::authorize::fixture::{
    CALLBACK, CLIENT, CLIENTS, ISSUER, NOW, application, check_query, forged, generate, query, refused,
};
use crate::authorize::{Context, check, parse};
use crate::request_object::RequestObjectError;

#[track_caller]
fn refuses(object: &str) {
    assert_eq!(refused(send(object, &format!("&redirect_uri={CALLBACK}"))), "invalid_request_object");
}

#[track_caller]
fn refuses_claims(claims: &Value) {
    refuses(&forged(&CLIENTS, &header(), claims));
}

#[test]
fn alg_none() {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", ""] {
        let header = json!({"alg": alg, "typ": "oauth-authz-req+jwt"});
        refuses(&format!("{}.{}.", encode(&header), encode(&claims())));
    }
}

#[test]
fn hs256_with_the_public_key() {
    let public = CLIENTS.public_jwk().to_string();
    for secret in [public.as_bytes(), CLIENTS.public_jwk()["x"].as_str().unwrap().as_bytes()] {
        let mut header = header();
        header["alg"] = json!("HS256");
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims()));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
        refuses(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())));
    }
}

#[test]
fn unknown_kid_and_kid_with_path_or_sql() {
    let stranger = generate(SigningAlgorithm::Es256, "client");
    for kid in ["nobody", "../../../dev/null", "/etc/passwd", "x' UNION SELECT 'key", "client\u{0}", "CLIENT"] {
        let mut header = header();
        header["kid"] = json!(kid);
        refuses(&forged(&stranger, &header, &claims()));
        refuses(&forged(&CLIENTS, &header, &claims()));
    }
    refuses(&forged(&stranger, &header(), &claims()));
}

#[test]
fn embedded_jwk_jku_x5u_x5c() {
    let stranger = generate(SigningAlgorithm::Es256, "client");
    for (member, value) in [
        ("jwk", stranger.public_jwk()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["AAAA"])),
    ] {
        let mut header = header();
        header[member] = value;
        refuses(&forged(&stranger, &header, &claims()));
        refuses(&forged(&CLIENTS, &header, &claims()));
    }
}

#[test]
fn expired_or_without_end_or_far_too_long() {
    refuses_claims(&with("exp", json!(NOW)));
    refuses_claims(&with("exp", json!(NOW - 1)));
    refuses_claims(&with("exp", Value::Null));
    refuses_claims(&with("exp", json!("tomorrow")));
    refuses_claims(&with("exp", json!(NOW + 3601)));
    refuses_claims(&with("exp", json!(1e300)));
}

#[test]
fn from_the_future() {
    refuses_claims(&with("nbf", json!(NOW + 11)));
    refuses_claims(&with("iat", json!(NOW + 11)));
    assert!(super::send_claims(&with("iat", json!(NOW + 10))).is_ok());
}

#[test]
fn wrong_audience() {
    let token_endpoint = format!("{ISSUER}/oidc/token");
    let slash = format!("{ISSUER}/");
    for audience in [json!("https://other.example"), json!(token_endpoint), json!(slash), json!([]), Value::Null] {
        refuses_claims(&with("aud", audience));
    }
    assert!(super::send_claims(&with("aud", json!(["https://other.example", ISSUER]))).is_ok());
}

#[test]
fn wrong_issuer() {
    for issuer in [json!("other"), json!(ISSUER), json!([CLIENT]), Value::Null] {
        refuses_claims(&with("iss", issuer));
    }
}

#[test]
fn wrong_type() {
    for typ in [json!("JWT"), json!("jwt"), json!("at+jwt"), json!("client-authentication+jwt"), Value::Null] {
        let mut header = header();
        header["typ"] = typ;
        refuses(&forged(&CLIENTS, &header, &claims()));
    }
    let mut header = header();
    header.as_object_mut().unwrap().remove("typ");
    refuses(&forged(&CLIENTS, &header, &claims()));
}

#[test]
fn a_client_assertion_as_request_object() {
    let assertion = json!({"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "a"});
    refuses(&forged(&CLIENTS, &json!({"alg": "ES256", "kid": "client", "typ": "JWT"}), &assertion));
    // Even one that was given the right type and parameters.
    refuses(&forged(&CLIENTS, &header(), &with("sub", json!(CLIENT))));
}

#[test]
fn an_object_within_an_object() {
    let inner = forged(&CLIENTS, &header(), &claims());
    refuses_claims(&with("request", json!(inner)));
    refuses_claims(&with("request_uri", json!("https://evil.example/object")));
}

#[test]
fn an_object_changed_on_its_way() {
    let object = forged(&CLIENTS, &header(), &claims());
    let other = forged(&CLIENTS, &header(), &with("scope", json!("openid groups")));
    let (signed, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = object.rsplit_once('.').unwrap();
    refuses(&format!("{signed}.{signature}"));
    refuses(&format!("{signed}."));
}

#[test]
fn an_object_of_a_client_without_keys() {
    let object = forged(&CLIENTS, &header(), &claims());
    let unverified = parse(query(&[("request", &object)]).as_bytes()).unwrap();
    let application = application();
    let own_keys = crate::jws::PublicKeys::default();
    let no_keys = Err(RequestObjectError::NoKeys);
    for request_object in [None, Some(&no_keys)] {
        let now = crate::authorize::fixture::now();
        let context = Context { issuer: ISSUER, application: &application, request_object, own_keys: &own_keys, now };
        assert_eq!(refused(check(&unverified, &context)), "invalid_request_object");
    }
}

#[test]
fn an_object_is_never_taken_for_plain_parameters() {
    assert_eq!(refused(check_query(&application(), &query(&[("request", "x")]))), "invalid_request_object");
}
