//! How a bearer token arrives, and what a refusal says.
#![allow(clippy::unwrap_used, reason = "tests")]

use secrecy::ExposeSecret;

use super::*;
use crate::form;

fn find(header: Option<&str>, query: &str, body: Option<&str>) -> Result<String, BearerError> {
    let read = |text: &str| form::parse(text.as_bytes()).unwrap();
    let body = body.map(read);
    bearer(header, &read(query), body.as_ref()).map(|token| token.expose_secret().to_owned())
}

#[test]
fn one_token_is_found_in_one_place() {
    assert_eq!(find(Some("Bearer t"), "", None).unwrap(), "t");
    assert_eq!(find(Some("BEARER t"), "", Some("")).unwrap(), "t");
    assert_eq!(find(None, "", Some("access_token=t")).unwrap(), "t");
    assert_eq!(find(None, "", None), Err(BearerError::Missing));
    assert_eq!(find(Some("Basic dDp0"), "", None), Err(BearerError::Missing));
    for (header, query, body) in [
        (Some("Bearer t"), "", Some("access_token=t")),
        (Some("Bearer"), "", None),
        (Some("Bearer "), "", None),
        (None, "access_token=t", None),
        (Some("Bearer t"), "access_token=t", None),
    ] {
        assert!(matches!(find(header, query, body), Err(BearerError::InvalidRequest(_))), "{header:?} {query}");
    }
}

#[test]
fn challenges_follow_rfc_6750() {
    assert_eq!(BearerError::Missing.challenge("https://id.example"), r#"Bearer realm="https://id.example""#);
    let lacking = BearerError::InsufficientScope.challenge("x");
    assert_eq!(lacking, r#"Bearer realm="x", error="insufficient_scope", scope="openid""#);
    let statuses = [
        BearerError::Missing,
        BearerError::InvalidRequest("x"),
        BearerError::InvalidToken,
        BearerError::InsufficientScope,
    ];
    assert_eq!(statuses.map(BearerError::status), [401, 400, 401, 403]);
}
