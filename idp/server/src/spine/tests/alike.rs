//! Addresses that somebody has and addresses that nobody has are alike.

use std::time::Duration;

use keyholder_core::audit::AuditKind;

use crate::web::testing::{ANN, GONE, House, NEW, PASSWORD};

const NOBODY: &str = "nobody.there@oakfield.example";

#[tokio::test]
async fn pages_are_byte_for_byte_alike_for_every_kind_of_account() {
    let house = House::open().await;
    let mut pages = Vec::new();
    for email in [ANN, NOBODY, GONE, NEW] {
        let browser = house.browser();
        let password = browser.at_password("/", email).await;
        let wrong = browser.submit(&password, "/password", &[("password", "a wrong one")]).await;
        let forgot = browser.open(&password.link("/forgot")).await;
        let sent = browser.submit(&forgot, "/forgot", &[("email", email)]).await;
        let all = [&password, &wrong, &forgot, &sent].map(|page| (page.status, page.alike(email)));
        pages.push(all);
    }
    assert_eq!(pages[0][0].0, 200);
    assert_eq!(pages[0][1].0, 422);
    assert_eq!(pages[0][3].0, 200);
    for other in &pages[1..] {
        assert_eq!(&pages[0], other);
    }
    house.close().await;
}

#[tokio::test]
async fn a_disabled_person_with_the_right_password_is_told_no_more_than_others() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", GONE).await;
    let right = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    let wrong = browser.submit(&page, "/password", &[("password", "a wrong one")]).await;
    assert_eq!(right.status, 422);
    assert_eq!(right.alike(GONE), wrong.alike(GONE));
    house.close().await;
}

#[tokio::test]
async fn the_link_is_asked_for_in_the_same_words_whoever_asks() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.open("/forgot-password").await;
    let empty = browser.submit(&page, "/forgot", &[("email", "")]).await;
    let malformed = browser.submit(&page, "/forgot", &[("email", "nobody")]).await;
    assert_eq!((empty.status, malformed.status), (422, 422));
    assert!(malformed.has("value=\"nobody\""), "{}", malformed.text);
    house.close().await;
}

#[tokio::test]
async fn who_tries_too_often_waits_and_is_then_let_in() {
    let house = House::open().await;
    for email in [ANN, NOBODY] {
        let browser = house.browser();
        let page = browser.at_password("/", email).await;
        for _ in 0..5 {
            assert_eq!(browser.submit(&page, "/password", &[("password", "wrong")]).await.status, 422);
        }
        let throttled = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
        assert_eq!(throttled.status, 429, "{email}");
        assert!(!throttled.header("retry-after").is_empty());
    }
    house.pass(Duration::from_mins(1));
    assert_eq!(house.browser().sign_in("/", ANN, PASSWORD).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn a_flood_of_refused_tries_is_recorded_once() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", ANN).await;
    for _ in 0..25 {
        browser.submit(&page, "/password", &[("password", "wrong")]).await;
    }
    let events = house.events(ANN).await;
    let count = |kind| events.iter().filter(|event| **event == kind).count();
    assert_eq!((count(AuditKind::SignInFailed), count(AuditKind::SignInThrottled)), (5, 1));
    house.close().await;
}

#[tokio::test]
async fn whoever_guesses_elsewhere_does_not_keep_the_owner_out() {
    let house = House::open().await;
    let own = house.signed_in(ANN).await;
    let page = own.open("/sign-out").await;
    own.submit(&page, "/sign-out", &[]).await;
    let guesser = house.browser();
    let page = guesser.at_password("/", ANN).await;
    for _ in 0..6 {
        guesser.submit(&page, "/password", &[("password", "wrong")]).await;
    }
    assert_eq!(guesser.submit(&page, "/password", &[("password", PASSWORD)]).await.status, 429);
    // The mark that a browser is known is worth nothing in another one.
    guesser.set_cookie(crate::cookies::FAMILIAR, &own.cookie(crate::cookies::FAMILIAR).unwrap());
    assert_eq!(guesser.submit(&page, "/password", &[("password", PASSWORD)]).await.status, 429);
    assert_eq!(own.sign_in("/", ANN, PASSWORD).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn nobodys_mailbox_is_filled() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.open("/forgot-password").await;
    for _ in 0..5 {
        assert_eq!(browser.submit(&page, "/forgot", &[("email", ANN)]).await.status, 200);
    }
    let throttled = browser.submit(&page, "/forgot", &[("email", ANN)]).await;
    assert_eq!(throttled.status, 429);
    assert!(!throttled.header("retry-after").is_empty());
    house.close().await;
}

#[tokio::test]
async fn when_all_threads_hash_the_answer_is_busy_and_nothing_typed_is_lost() {
    let house = House::open().await;
    house.app().passwords.close();
    let browser = house.browser();
    let page = browser.at_password("/", ANN).await;
    let busy = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert_eq!(busy.status, 503);
    assert!(!busy.header("retry-after").is_empty());
    let again = browser.open(&busy.link("/sign-in/")).await;
    assert!(again.has(ANN), "{}", again.text);
    house.close().await;
}
