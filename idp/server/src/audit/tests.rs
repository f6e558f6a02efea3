use actix_web::test::TestRequest;

use super::*;
use crate::wiring::SystemRandom;

fn peer() -> IpAddr {
    IpAddr::from([192, 0, 2, 1])
}

#[test]
fn an_event_says_from_where() {
    let request = TestRequest::get().insert_header((USER_AGENT, "Mozilla/5.0 \t(X11; Linux)")).to_http_request();
    let whence = Whence::of(&request, "::ffff:192.0.2.1".parse().unwrap());
    let about = About { whence: Some(&whence), detail: Some("wrong password"), ..About::default() };
    let event = event_at(&SystemRandom, Timestamp::from_seconds(1), AuditKind::SignInFailed, about);
    assert_eq!(event.at, Timestamp::from_seconds(1));
    assert_eq!(event.personal.address.as_deref(), Some("192.0.2.1"));
    assert_eq!(event.personal.user_agent.as_deref(), Some("Mozilla/5.0 (X11; Linux)"));
    assert_eq!(event.personal.detail.as_deref(), Some("wrong password"));
}

#[test]
fn no_two_events_share_a_salt() {
    let draw = || event_at(&SystemRandom, Timestamp::from_seconds(1), AuditKind::SignedIn, About::default());
    assert_ne!(draw().salt, draw().salt);
    assert_ne!(draw().id, draw().id);
}

#[test]
fn what_arrives_from_outside_is_shortened_and_holds_no_control_characters() {
    let request = TestRequest::get().insert_header((USER_AGENT, "é".repeat(1_000))).to_http_request();
    let user_agent = Whence::of(&request, peer()).user_agent.unwrap();
    assert!(user_agent.starts_with('é') && user_agent.len() <= USER_AGENT_BYTES, "{user_agent}");
    let long = format!("\u{1b}[2J{}", "é".repeat(1_000));
    let about = About { email: Some(&long), ..About::default() };
    let event = event_at(&SystemRandom, Timestamp::from_seconds(1), AuditKind::SignInFailed, about);
    let email = event.personal.email.unwrap();
    assert!(email.starts_with("[2Jé") && email.ends_with('é') && email.len() <= TEXT_BYTES, "{email}");
}

#[test]
fn a_request_without_a_user_agent_is_no_browser() {
    let whence = Whence::of(&TestRequest::get().to_http_request(), peer());
    assert_eq!(whence.user_agent, None);
    assert_eq!(whence.browser(), None);
}
