//! The rules of the token endpoint that need no rows. The others are tested over HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::form;

fn refused(body: &str) -> TokenError {
    parse(&form::parse(body.as_bytes()).unwrap()).unwrap_err()
}

#[test]
fn requests_are_read_by_grant_type() {
    let read = |body: &str| parse(&form::parse(body.as_bytes()).unwrap()).unwrap();
    assert!(matches!(read("grant_type=authorization_code&code=c"), TokenRequest::AuthorizationCode(_)));
    assert!(matches!(read("grant_type=refresh_token&refresh_token=r"), TokenRequest::RefreshToken(_)));
    assert!(matches!(read("grant_type=client_credentials"), TokenRequest::ClientCredentials { scope: None }));
}

#[test]
fn what_is_missing_or_unknown_is_named() {
    assert_eq!(refused("code=c").code(), "invalid_request");
    assert_eq!(refused("grant_type=authorization_code").code(), "invalid_request");
    assert_eq!(refused("grant_type=authorization_code&code=").code(), "invalid_request");
    assert_eq!(refused("grant_type=refresh_token").code(), "invalid_request");
    for grant_type in ["password", "implicit", "AUTHORIZATION_CODE", "urn:ietf:params:oauth:grant-type:token-exchange"]
    {
        assert_eq!(refused(&format!("grant_type={grant_type}")), TokenError::UnsupportedGrantType);
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let request = parse(&form::parse(b"grant_type=authorization_code&code=hush&code_verifier=hush").unwrap()).unwrap();
    assert!(!format!("{request:?}").contains("hush"));
    let response = TokenResponse {
        access_token: "hush".into(),
        token_type: BEARER,
        expires_in: 1,
        refresh_token: Some("hush".into()),
        id_token: Some("hush".into()),
        scope: "openid".into(),
    };
    assert!(!format!("{response:?}").contains("hush"));
}

#[test]
fn scopes_narrow_in_the_order_granted() {
    let granted = ["openid", "email", "groups"].map(str::to_owned);
    assert_eq!(scope::narrow(&granted, None).unwrap(), granted);
    assert_eq!(scope::narrow(&granted, Some("groups openid groups")).unwrap(), ["openid", "groups"]);
    for wider in ["openid profile", "OPENID", "openid,email", "", "\t"] {
        assert_eq!(scope::narrow(&granted, Some(wider)), Err(TokenError::InvalidScope), "{wider:?}");
    }
}
