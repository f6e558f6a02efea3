//! `OpenID` Connect Core 3.1.2.1: the parameters.

use std::time::Duration;

use keyholder_core::application::GrantType;
use keyholder_core::flow::{ConsentPrompt, Interaction, SchoolChoice};
use keyholder_core::locale::Language;

use super::super::fixture::{CALLBACK, application, checked, checked_for, now, refused};
use super::super::{Checked, Rejection};
use crate::respond::ResponseMode;

#[test]
fn a_plain_request_asks_for_nothing_special() {
    let Checked { request, ask } = checked(&[("nonce", "n")]).unwrap();
    assert_eq!(request.reply_to.redirect_uri, CALLBACK);
    assert_eq!(request.reply_to.mode, ResponseMode::Query);
    assert_eq!(request.reply_to.state.as_deref(), Some("s t&te"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!((request.scopes, request.claims), (vec!["openid".to_owned()], None));
    assert_eq!(ask.scopes, ["openid"]);
    assert_eq!(ask.interaction, Interaction::Allowed);
    assert_eq!((ask.proof_not_before, ask.subject, ask.assurance, ask.language), (None, None, None, None));
}

#[test]
fn what_is_kept_in_the_flow_reads_back() {
    let request = checked(&[("nonce", "n"), ("claims", r#"{"userinfo":{"email":null}}"#)]).unwrap().request;
    let kept = serde_json::to_value(&request).unwrap();
    assert_eq!(serde_json::from_value::<super::super::AuthorizationRequest>(kept).unwrap(), request);
}

#[test]
fn response_type_is_code() {
    assert_eq!(refused(checked(&[("response_type", "")])), "invalid_request");
    for other in ["token", "id_token", "code id_token", "code token", "none", "CODE", "code code"] {
        assert_eq!(refused(checked(&[("response_type", other)])), "unsupported_response_type", "{other}");
    }
}

#[test]
fn response_mode_is_query_or_form_post() {
    let mode = |mode| checked(&[("response_mode", mode)]);
    assert_eq!(mode("form_post").unwrap().request.reply_to.mode, ResponseMode::FormPost);
    for other in ["fragment", "web_message", "query.jwt", "jwt", "Query"] {
        assert_eq!(refused(mode(other)), "invalid_request", "{other}");
    }
}

#[test]
fn an_error_travels_in_the_mode_that_was_asked_for() {
    let result = checked(&[("response_mode", "form_post"), ("response_type", "token")]);
    let Err(Rejection::Refused(refused)) = result else { panic!("{result:?}") };
    assert_eq!(refused.reply_to.mode, ResponseMode::FormPost);
    assert_eq!(refused.reply_to.state.as_deref(), Some("s t&te"));
}

#[test]
fn prompt_values_become_what_is_asked_of_the_sign_in() {
    assert_eq!(checked(&[("prompt", "none")]).unwrap().ask.interaction, Interaction::Forbidden);
    let ask = checked(&[("prompt", "login consent select_account")]).unwrap().ask;
    assert_eq!(ask.interaction, Interaction::Allowed);
    assert_eq!(ask.proof_not_before, Some(now()));
    assert_eq!(ask.consent, ConsentPrompt::Always);
    assert_eq!(ask.school_choice, SchoolChoice::Always);
}

#[test]
fn prompt_none_with_anything_else_is_refused() {
    for prompt in ["none login", "consent none", "none create", "None", "login,consent"] {
        assert_eq!(refused(checked(&[("prompt", prompt)])), "invalid_request", "{prompt}");
    }
}

#[test]
fn max_age_bounds_the_age_of_the_proof() {
    let least = |age| checked(&[("max_age", age)]).unwrap().ask.proof_not_before;
    assert_eq!(least("0"), Some(now()));
    assert_eq!(least("3600"), Some(now().minus(Duration::from_hours(1))));
    for age in ["-1", "+1", "1.0", "1e3", "soon", " 1", "99999999999"] {
        assert_eq!(refused(checked(&[("max_age", age)])), "invalid_request", "{age}");
    }
}

#[test]
fn default_max_age_holds_until_the_request_says_otherwise() {
    let mut application = application();
    application.client.default_max_age = Some(600);
    let least = |changes| checked_for(&application, changes).unwrap().ask.proof_not_before;
    assert_eq!(least(&[]), Some(now().minus(Duration::from_mins(10))));
    assert_eq!(least(&[("max_age", "60")]), Some(now().minus(Duration::from_mins(1))));
    assert_eq!(least(&[("max_age", "3600")]), Some(now().minus(Duration::from_hours(1))));
    assert_eq!(least(&[("max_age", "3600"), ("prompt", "login")]), Some(now()));
}

#[test]
fn openid_is_required_in_scope() {
    for scope in ["", "profile", "OpenID", "openid2", "email profile"] {
        assert_eq!(refused(checked(&[("scope", scope)])), "invalid_scope", "{scope}");
    }
    for scope in ["openid \"x\"", "openid a\\b", "openid\tprofile", "openid \u{e9}"] {
        assert_eq!(refused(checked(&[("scope", scope)])), "invalid_scope", "{scope}");
    }
}

#[test]
fn unknown_and_unregistered_scopes_are_dropped() {
    let scopes = checked(&[("scope", "email openid  phone school email groups admin")]).unwrap().request.scopes;
    assert_eq!(scopes, ["email", "openid", "groups"]);
}

#[test]
fn offline_access_is_dropped_where_the_client_may_not_refresh() {
    let mut application = application();
    let scopes = |application: &_| checked_for(application, &[("scope", "openid offline_access")]).unwrap().ask.scopes;
    assert_eq!(scopes(&application), ["openid", "offline_access"]);
    application.client.grant_types = vec![GrantType::AuthorizationCode];
    assert_eq!(scopes(&application), ["openid"]);
}

#[test]
fn hints_that_cannot_be_used_are_passed_over() {
    let hint = |hint| checked(&[("login_hint", hint)]).unwrap().ask.login_hint;
    assert_eq!(hint("ann@oakfield.example").as_deref(), Some("ann@oakfield.example"));
    assert_eq!(hint("ann\r\nBcc: x"), None);
    assert_eq!(hint(&"a".repeat(255)), None);
    let language = |tags| checked(&[("ui_locales", tags)]).unwrap().ask.language;
    assert_eq!(language("fr-FR cy-GB en"), Some(Language::Cy));
    assert_eq!(language("fr de"), None);
}

#[test]
fn school_is_a_slug() {
    assert_eq!(checked(&[("school", "oakfield-primary")]).unwrap().ask.school.as_deref(), Some("oakfield-primary"));
    for slug in ["Oakfield", "a/b", "../x", "a b", "a'--", &"a".repeat(65)] {
        assert_eq!(refused(checked(&[("school", slug)])), "invalid_request", "{slug}");
    }
}

#[test]
fn request_uri_and_registration_are_refused_and_nothing_is_fetched() {
    assert_eq!(refused(checked(&[("request_uri", "https://169.254.169.254/")])), "request_uri_not_supported");
    assert_eq!(refused(checked(&[("registration", "{}")])), "registration_not_supported");
}

#[test]
fn error_descriptions_are_of_the_characters_that_they_may_have() {
    // RFC 6749 4.1.2.1
    let bad = [
        checked(&[("response_mode", "x")]),
        checked(&[("claims", "x")]),
        checked(&[("prompt", "x")]),
        checked(&[("school", "X")]),
        checked(&[("request", "x")]),
    ];
    for result in bad {
        let Err(Rejection::Refused(refused)) = result else { panic!("{result:?}") };
        let description = refused.error.description.unwrap();
        assert!(description.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
    }
}
