//! RFC 7636: the challenge, S256 only.

use keyholder_core::application::ApplicationType;

use super::super::fixture::{CHALLENGE, application, checked, checked_for, public_client, refused};

const S256: (&str, &str) = ("code_challenge_method", "S256");

#[test]
fn s256_is_kept_for_the_token_endpoint() {
    let request = checked(&[("code_challenge", CHALLENGE), S256]).unwrap().request;
    assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
}

#[test]
fn a_public_client_needs_it() {
    assert_eq!(refused(checked_for(&public_client(), &[])), "invalid_request");
    assert!(checked_for(&public_client(), &[("code_challenge", CHALLENGE), S256]).is_ok());
}

#[test]
fn a_native_client_needs_it() {
    let mut application = application();
    application.client.application_type = ApplicationType::Native;
    assert_eq!(refused(checked_for(&application, &[])), "invalid_request");
}

#[test]
fn a_confidential_client_needs_it_only_where_its_registration_says_so() {
    let mut application = application();
    assert!(checked_for(&application, &[]).is_ok());
    application.client.require_pkce = true;
    assert_eq!(refused(checked_for(&application, &[])), "invalid_request");
}

#[test]
fn a_downgrade_to_plain_is_refused() {
    for method in ["plain", "", "s256", "S512", "S256 ", "none"] {
        let changes = [("code_challenge", CHALLENGE), ("code_challenge_method", method)];
        assert_eq!(refused(checked(&changes)), "invalid_request", "{method:?}");
    }
}

#[test]
fn a_method_without_a_challenge_is_refused() {
    assert_eq!(refused(checked(&[S256])), "invalid_request");
}

#[test]
fn a_challenge_that_is_no_sha256_is_refused() {
    let padded = format!("{CHALLENGE}=");
    let short = &CHALLENGE[1..];
    let plus = CHALLENGE.replace('-', "+");
    let umlaut = format!("{}ü", &CHALLENGE[2..]);
    for challenge in [padded.as_str(), short, plus.as_str(), umlaut.as_str(), "x", &"a".repeat(128)] {
        assert_eq!(refused(checked(&[("code_challenge", challenge), S256])), "invalid_request", "{challenge}");
    }
}
