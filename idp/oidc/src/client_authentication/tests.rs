//! Reading what a client presents. Whether it is right is tested over HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn read(authorization: Option<&str>, body: &str) -> Result<Presented, Refused> {
    parse(authorization, &form::parse(body.as_bytes()).unwrap())
}

fn basic(joined: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode(joined))
}

#[test]
fn basic_credentials_are_form_urlencoded_inside() {
    // RFC 6749 2.3.1, with the characters of appendix B.
    let presented = read(Some(&basic(b"id%3A1+2:s%3Aecr%25et+")), "").unwrap();
    assert_eq!(presented.client_id, "id:1 2");
    let Credential::Basic(secret) = &presented.credential else { panic!("{presented:?}") };
    assert_eq!(secret.expose_secret(), "s:ecr%et ");
    // A colon in the secret that was not encoded belongs to it.
    let presented = read(Some(&basic(b"id:a:b")), "").unwrap();
    let Credential::Basic(secret) = &presented.credential else { panic!("{presented:?}") };
    assert_eq!(secret.expose_secret(), "a:b");
}

#[test]
fn basic_credentials_that_do_not_decode_are_refused() {
    for joined in [&b"id"[..], b":secret", b"id:", b"id%:secret", b"id:%zz", b"id:\xff", b"id%00:secret"] {
        assert!(matches!(read(Some(&basic(joined)), ""), Err(Refused::Failed(_))), "{joined:?}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let presented = read(None, "client_id=c&client_secret=hush").unwrap();
    assert!(!format!("{presented:?}").contains("hush"));
}

#[test]
fn an_assertion_needs_its_type() {
    for body in [
        "client_assertion=e30.e30.",
        "client_assertion=e30.e30.&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        "client_id=c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ] {
        assert!(matches!(read(None, body), Err(Refused::Malformed(_))), "{body}");
    }
}
