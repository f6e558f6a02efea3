//! How often a person is asked, and what whoever has the password alone does to the owner by asking.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::factors::commands::Begin;
use keyholder_core::factor::{Effect, Message};
use keyholder_core::id::{CeremonyId, CredentialId};

const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));

async fn session_with(house: &House, browser: &Browser) -> Session {
    let token = hash_token(&session_cookie(browser).unwrap());
    house.app().store.find_session_by_token(token).await.unwrap().unwrap()
}

#[actix_web::test]
async fn a_session_leaves_a_bounded_number_of_questions_open_and_ends_none_of_another() {
    let house = house(&[], &[CODE]).await;
    let (owner, page) = at_factor(&house).await;
    let owners = open_ceremony(&house, ANN).await;
    house.pass(Duration::from_secs(1));
    let (thief, _) = at_factor(&house).await;
    let first = open_ceremony(&house, ANN).await;
    let session = session_with(&house, &thief).await.id;
    assert_eq!(first.session, session);
    for nth in 1..30_u64 {
        let at = house.app().now().plus(Duration::from_millis(nth));
        let ceremony = Ceremony { id: CeremonyId::draw(&SystemRandom, at), created_at: at, ..first.clone() };
        house.run(Begin { ceremony, instead_of: None, now: at }).await;
    }
    let person = house.person(ANN).await.id;
    let open = house.app().store.list_open_ceremonies(person, house.app().now()).await.unwrap();
    assert_eq!(open.iter().filter(|open| open.session == session).count(), 10);
    assert!(open.iter().all(|open| open.id != first.id), "the oldest goes");
    assert!(open.iter().any(|open| open.id == owners.id));
    assert!(is_answered(&type_code(&owner, &page, DIGITS).await));
}

#[actix_web::test]
async fn a_step_up_that_is_begun_without_end_writes_nothing_and_says_when_to_try_again() {
    let house = house(&["staff"], &[CODE]).await;
    let (thief, owner) = (house.signed_in(ANN).await, house.signed_in(ANN).await);
    let session = session_with(&house, &thief).await;
    for _ in 0..200 {
        house.app().bounds.begin(session.id, session.person, HERE, house.app().now()).ok();
    }
    let page = thief.open("/elevate?to=%2F").await;
    assert_eq!((page.status, page.header("retry-after")), (429, "600"), "{}", page.text);
    assert!(page.has("A key was asked for very often") && page.has("Wait 10 minutes"), "{}", page.text);
    assert!(page.path.contains("/sign-in/c"), "no row of a flow: {}", page.path);
    let open = house.app().store.list_open_ceremonies(session.person, house.app().now()).await.unwrap();
    assert!(open.is_empty());
    // The owner goes on, from the same network.
    let page = owner.open("/elevate?to=%2F").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(type_code(&owner, &page, DIGITS).await.path, "/");
    // An enrolment is a beginning too.
    let tab = owner.open("/account/security-keys").await;
    let session = session_with(&house, &owner).await;
    for _ in 0..200 {
        house.app().bounds.begin(session.id, session.person, HERE, house.app().now()).ok();
    }
    let page = owner.submit(&tab, "/add/soft-key", &[]).await;
    assert_eq!((page.status, page.header("retry-after")), (429, "600"), "{}", page.text);
    house.pass(Duration::from_mins(10));
    assert_eq!(thief.open("/elevate?to=%2F").await.status, 200);
}

#[actix_web::test]
async fn the_answer_that_makes_a_key_wait_counts_as_a_try() {
    let house = house(&[], &[CODE]).await;
    let (browser, mut page) = at_factor(&house).await;
    for _ in 0..5 {
        page = type_code(&browser, &page, "111111").await;
    }
    assert!(page.has("This key waits until"), "{}", page.text);
    house.pass(Duration::from_secs(61));
    let page = type_code(&browser, &browser.open(&page.path.replace("/factor", "")).await, "111111").await;
    assert_eq!(page.status, 422, "{}", page.text);
    house.pass(Duration::from_secs(6));
    let early = type_code(&browser, &page, DIGITS).await;
    assert_eq!(early.status, 429, "six tries take ten seconds: {}", early.text);
    assert_eq!(early.header("retry-after"), "60");
    house.pass(Duration::from_secs(5));
    assert!(is_answered(&type_code(&browser, &early, DIGITS).await));
}

#[test]
fn a_message_that_nobody_sends_is_told_of() {
    let key = CredentialId::from_uuid(uuid::Uuid::from_u128(1));
    let text = Text { key: "wake".into(), args: Vec::new() };
    let message = Effect::SendMessage(Message { channel: "push".into(), credential: key, text });
    assert_eq!(undone(&[message.clone(), Effect::AnswerDevice(Vec::new()), message]), 2);
}

#[actix_web::test]
async fn a_session_whose_key_is_gone_is_no_longer_told_that_it_is_raised() {
    let house = house(&["staff"], &[CODE, TOUCH]).await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/elevate?to=%2Faccount").await;
    let page = browser.open(&page.path.replace("security-key", "soft-key")).await;
    let page = if page.has("f-code") { page } else { browser.open(&page.link("/factor/soft-key")).await };
    let page = type_code(&browser, &page, DIGITS).await;
    assert!(page.has("Your key is in use."), "{}", page.text);
    let keys = keys_of(&house, ANN).await;
    let used: CredentialId = keys.iter().find(|key| key.factor == CODE).unwrap().id;
    house.run(Forget { key: used, person: house.person(ANN).await, here: None, now: house.app().now() }).await;
    let page = browser.open("/account").await;
    assert!(!page.has("Your key is in use.") && page.has("Elevate your access"), "{}", page.text);
}
