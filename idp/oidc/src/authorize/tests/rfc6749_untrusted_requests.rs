//! RFC 6749 3.1 and 4.1.2.1: who asks and where the answer goes come first, and are never answered by redirect.

use super::super::fixture::{CALLBACK, CLIENT, application, check_query, checked, query, refused};
use super::super::{MAX_BYTES, Rejection, Untrusted, parse};

fn untrusted(query: &str) -> Untrusted {
    match check_query(&application(), query) {
        Err(Rejection::Untrusted(reason)) => reason,
        other => panic!("answered by redirect: {other:?}"),
    }
}

#[test]
fn an_error_about_the_client_is_never_redirected() {
    assert_eq!(untrusted(&query(&[("client_id", "")])), Untrusted::ClientMissing);
    assert_eq!(untrusted(&query(&[("client_id", "other")])), Untrusted::ClientUnknown);
    assert_eq!(untrusted(&query(&[("client_id", "Safeguarding")])), Untrusted::ClientUnknown);
}

#[test]
fn an_error_about_the_redirect_uri_is_never_redirected() {
    assert_eq!(untrusted(&query(&[("redirect_uri", "")])), Untrusted::RedirectUriMissing);
    assert_eq!(untrusted(&query(&[("redirect_uri", "https://evil.example/")])), Untrusted::RedirectUriNotRegistered);
    let with_fragment = format!("{CALLBACK}#x");
    assert_eq!(untrusted(&query(&[("redirect_uri", &with_fragment)])), Untrusted::RedirectUriNotRegistered);
}

#[test]
fn other_errors_do_not_hide_that_the_address_is_wrong() {
    let changes = [("redirect_uri", "https://evil.example/"), ("response_type", "token"), ("prompt", "none login")];
    assert_eq!(untrusted(&query(&changes)), Untrusted::RedirectUriNotRegistered);
}

#[test]
fn a_fragment_that_was_registered_is_still_refused() {
    let mut application = application();
    let address = format!("{CALLBACK}#x");
    application.client.redirect_uris.push(address.clone());
    let result = check_query(&application, &query(&[("redirect_uri", &address)]));
    assert_eq!(result, Err(Rejection::Untrusted(Untrusted::RedirectUriNotRegistered)));
}

#[test]
fn a_parameter_given_twice_refuses_the_request_and_redirects_nowhere() {
    for name in ["client_id", "redirect_uri", "state", "scope", "nonce", "code_challenge", "prompt", "unknown"] {
        for second in [format!("{name}=x"), format!("{name}="), format!("%{:02x}{}=x", name.as_bytes()[0], &name[1..])]
        {
            let twice = format!("{}&{name}=y&{second}", query(&[(name, "")]));
            assert_eq!(untrusted(&twice), Untrusted::Unreadable, "{twice}");
        }
    }
}

#[test]
fn nul_and_invalid_utf8_are_refused() {
    for bad in [
        "state=%00",
        "state=a%00b",
        "st%00ate=a",
        "nonce=%ff",
        "nonce=%c0%80",
        "nonce=%ed%a0%80",
        "state=%",
        "state=%g1",
    ] {
        assert_eq!(untrusted(&format!("{}&{bad}", query(&[("state", "")]))), Untrusted::Unreadable, "{bad}");
    }
}

#[test]
fn a_request_that_is_too_long_is_refused() {
    let longest = "a".repeat(MAX_BYTES);
    assert_eq!(parse(longest.as_bytes()).unwrap().client_id(), Err(Untrusted::ClientMissing));
    assert_eq!(parse(format!("{longest}a").as_bytes()), Err(Untrusted::TooLong));
}

#[test]
fn an_unknown_parameter_is_ignored_and_an_empty_one_counts_as_absent() {
    assert!(checked(&[("utm_source", "mail"), ("nonce", "")]).is_ok_and(|checked| checked.request.nonce.is_none()));
}

#[test]
fn a_client_that_did_not_register_for_codes_is_told() {
    let mut application = application();
    application.client.response_types.clear();
    assert_eq!(refused(check_query(&application, &query(&[]))), "unauthorized_client");
    let mut application = super::super::fixture::application();
    application.client.grant_types.clear();
    assert_eq!(refused(check_query(&application, &query(&[]))), "unauthorized_client");
}

#[test]
fn a_posted_request_goes_on_unchanged() {
    let sent = query(&[("nonce", "n/1+ü"), ("claims", "{\"id_token\":{}}"), ("ignored", "x")]);
    let unverified = parse(sent.as_bytes()).unwrap();
    assert_eq!(parse(unverified.to_query().as_bytes()).unwrap(), unverified);
    assert_eq!(unverified.client_id(), Ok(CLIENT));
}

#[test]
fn debug_output_shows_no_parameter_but_the_client() {
    let shown = format!("{:?}", parse(query(&[("login_hint", "ann@oakfield.example")]).as_bytes()).unwrap());
    assert!(shown.contains(CLIENT) && !shown.contains("ann@"), "{shown}");
}
