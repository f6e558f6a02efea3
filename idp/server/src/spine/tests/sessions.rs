//! Sessions: fixed by nobody, rotated at each proof, ended in time.

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::Queries;

use crate::cookies;
use crate::web::testing::{ANN, BETH, House, PASSWORD, asks, session_cookie};

async fn live_sessions(house: &House, email: &str) -> usize {
    let person = house.person(email).await;
    house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap().len()
}

#[tokio::test]
async fn a_cookie_set_before_is_not_the_session_after() {
    let house = House::open().await;
    let browser = house.browser();
    let planted = "A".repeat(43);
    browser.set_cookie(cookies::SESSION, &planted);
    browser.sign_in("/", ANN, PASSWORD).await;
    assert_ne!(session_cookie(&browser).unwrap(), planted);
    house.close().await;
}

#[tokio::test]
async fn somebody_elses_live_session_does_not_work_in_this_browser() {
    let house = House::open().await;
    let attacker = house.signed_in(BETH).await;
    let victim = house.browser();
    victim.set_cookie(cookies::SESSION, &session_cookie(&attacker).unwrap());
    let page = victim.open("/").await;
    assert!(page.path.starts_with("/sign-in/"), "a session belongs to the browser in which it began");
    let page = victim.sign_in("/", ANN, PASSWORD).await;
    assert!(page.has("Oakfield Primary"));
    assert_ne!(session_cookie(&victim), session_cookie(&attacker));
    house.close().await;
}

#[tokio::test]
async fn cookies_without_the_host_prefix_say_nothing() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let (session, own) = (session_cookie(&browser).unwrap(), browser.cookie(cookies::BROWSER).unwrap());
    let tossed = house.browser();
    for name in ["kh-session", "__Secure-kh-session", "__host-kh-session"] {
        tossed.set_cookie(name, &session);
        tossed.set_cookie(&name.replace("session", "browser"), &own);
    }
    assert!(tossed.open("/").await.path.starts_with("/sign-in/"));
    house.close().await;
}

#[tokio::test]
async fn a_new_proof_gives_the_session_a_new_cookie_and_signs_nobody_out() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let before = session_cookie(&browser).unwrap();
    let away = browser.open(&asks("safeguarding", "")).await;
    assert!(away.path.starts_with("https://app.example/callback?"), "{} {}", away.path, away.text);
    house.pass(Duration::from_mins(5));
    let away = browser.sign_in(&asks("safeguarding", "&prompt=login"), ANN, PASSWORD).await;
    assert!(away.path.starts_with("https://app.example/callback?"), "{} {}", away.path, away.text);
    let after = session_cookie(&browser).unwrap();
    assert_ne!(before, after);
    let person = house.person(ANN).await;
    let live = house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap();
    assert_eq!(live.len(), 1);
    let grants = house.app().store.list_live_grants(live[0].id, house.app().now()).await.unwrap();
    assert_eq!(grants.len(), 2, "the first application's grant goes on");
    browser.set_cookie(cookies::SESSION, &before);
    assert!(browser.open("/").await.path.starts_with("/sign-in/"), "the former cookie counts no more");
    house.close().await;
}

#[tokio::test]
async fn signing_in_as_another_ends_the_session_of_the_first() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    house.pass(Duration::from_secs(1));
    let away = browser.sign_in(&asks("safeguarding", "&prompt=login"), BETH, PASSWORD).await;
    assert!(away.has("Ysgol Bryn Celyn"), "{}", away.text);
    assert_eq!(live_sessions(&house, ANN).await, 0);
    assert_eq!(live_sessions(&house, BETH).await, 1);
    house.close().await;
}

#[tokio::test]
async fn an_idle_session_ends_and_a_used_one_lasts_to_its_absolute_end() {
    let house = House::open().await;
    let idle = house.signed_in(ANN).await;
    let used = house.signed_in(ANN).await;
    house.pass(Duration::from_hours(5));
    assert_eq!(used.open("/").await.path, "/");
    house.pass(Duration::from_hours(4));
    assert!(idle.open("/").await.path.starts_with("/sign-in/"));
    assert_eq!(used.open("/").await.path, "/");
    house.pass(Duration::from_hours(3));
    assert!(used.open("/").await.path.starts_with("/sign-in/"), "twelve hours are the most");
    house.close().await;
}

#[tokio::test]
async fn signing_in_and_failing_are_recorded() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", ANN).await;
    browser.submit(&page, "/password", &[("password", "wrong")]).await;
    house.pass(Duration::from_secs(1));
    browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert_eq!(house.events(ANN).await, [AuditKind::SignedIn, AuditKind::SignInFailed]);
    house.close().await;
}

#[tokio::test]
async fn a_flow_whose_session_was_signed_out_elsewhere_goes_no_further() {
    let house = House::open().await;
    let browser = house.browser();
    let school = browser.sign_in("/", BETH, PASSWORD).await;
    let page = browser.open("/sign-out").await;
    browser.submit(&page, "/sign-out", &[]).await;
    let answer = browser.submit(&school, "/school", &[("school", "bryn")]).await;
    assert!(answer.status >= 400 && !answer.has("https://app.example"), "{} {}", answer.path, answer.text);
    house.close().await;
}
