//! A flow belongs to one browser; tabs, back buttons, old addresses and missing cookies lead to pages with ways forward.

use std::time::Duration;

use crate::cookies;
use crate::web::testing::{ANN, BETH, House, PASSWORD, Page, asks, session_cookie};

#[tokio::test]
async fn another_browser_cannot_go_on_with_a_sign_in() {
    let house = House::open().await;
    let page = house.browser().at_password("/", ANN).await;
    let stranger = house.browser();
    stranger.open("/").await;
    assert_eq!(stranger.open(&page.path).await.status, 403);
    let answer = stranger.post(&format!("{}/password", page.path), &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, 403);
    assert!(session_cookie(&stranger).is_none());
    house.close().await;
}

#[tokio::test]
async fn another_browser_cannot_go_on_after_the_first_proof_either() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in("/", BETH, PASSWORD).await;
    let stranger = house.signed_in(ANN).await;
    assert_eq!(stranger.open(&page.path).await.status, 403);
    assert_eq!(stranger.post(&format!("{}/school", page.path), &[("school", "bryn")]).await.status, 403);
    house.close().await;
}

#[tokio::test]
async fn a_browser_that_refuses_cookies_is_told_so() {
    let house = House::open().await;
    let browser = house.browser();
    let begun = browser.get("/").await;
    browser.forget_cookies();
    let page = browser.open(begun.header("location")).await;
    assert_eq!(page.status, 403);
    assert!(page.has("ookies"), "{}", page.text);
    assert!(browser.cookie(cookies::BROWSER).is_none(), "a page about a problem sets none");
    house.close().await;
}

#[tokio::test]
async fn an_altered_ticket_names_nothing() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.open("/").await;
    let mut altered = page.path.clone();
    let last = altered.pop().unwrap();
    altered.push(if last == 'A' { 'B' } else { 'A' });
    assert_eq!(browser.open(&altered).await.status, 404);
    for made_up in ["/sign-in/c", "/sign-in/hAAAA", "/sign-in/%00", "/sign-in/x"] {
        assert_eq!(browser.open(made_up).await.status, 404, "{made_up}");
    }
    assert_eq!(browser.open("/sign-in/00000000000000000000000000000000").await.status, 410);
    house.close().await;
}

#[tokio::test]
async fn an_expired_sign_in_starts_again_at_the_application() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", ""), ANN).await;
    house.pass(Duration::from_mins(30));
    let late = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert_eq!(late.status, 410);
    assert_eq!(late.link("app.example"), "https://app.example/start");
    assert!(session_cookie(&browser).is_none());
    house.close().await;
}

#[tokio::test]
async fn the_back_button_after_the_end_leads_to_a_page_with_a_way_forward() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", ""), ANN).await;
    let away = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert!(away.path.starts_with("https://app.example/callback?"), "{} {}", away.path, away.text);
    let back = browser.open(&page.path).await;
    assert_eq!(back.status, 409);
    assert_eq!(back.link("app.example"), "https://app.example/start");
    let again = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert_eq!(again.status, 409, "a flow is answered once");
    house.close().await;
}

#[tokio::test]
async fn the_back_button_before_the_end_leads_forward_again() {
    let house = House::open().await;
    let browser = house.browser();
    let password = browser.at_password("/", BETH).await;
    let school = browser.submit(&password, "/password", &[("password", PASSWORD)]).await;
    let back = browser.open(&password.path).await;
    assert_eq!(back.path, school.path);
    assert!(back.has("Ysgol Bryn Celyn"));
    house.close().await;
}

#[tokio::test]
async fn an_address_typed_into_a_sign_in_that_went_on_leads_to_where_it_is() {
    let house = House::open().await;
    let browser = house.browser();
    let first = browser.open("/").await;
    let password = browser.submit(&first, "/email", &[("email", BETH)]).await;
    let school = browser.submit(&password, "/password", &[("password", PASSWORD)]).await;
    for typed in [ANN, "nobody"] {
        let there = browser.submit(&first, "/email", &[("email", typed)]).await;
        assert_eq!(there.path, school.path, "{typed}");
    }
    house.close().await;
}

#[tokio::test]
async fn two_tabs_of_one_browser_both_arrive() {
    let house = House::open().await;
    let browser = house.browser();
    let first = browser.at_password(&asks("safeguarding", "&nonce=one"), ANN).await;
    let second = browser.at_password(&asks("safeguarding", "&nonce=two"), ANN).await;
    for page in [first, second] {
        let away = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
        assert!(away.path.starts_with("https://app.example/callback?"), "{} {}", away.path, away.text);
    }
    house.close().await;
}

#[tokio::test]
async fn one_sign_in_in_two_tabs_is_answered_once() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password(&asks("safeguarding", ""), ANN).await;
    let fields = [("password", PASSWORD)];
    let (one, two) =
        tokio::join!(browser.submit(&page, "/password", &fields), browser.submit(&page, "/password", &fields));
    let arrived = |page: &&Page| page.path.starts_with("https://app.example/callback?code=");
    let (there, here): (Vec<_>, Vec<_>) = [&one, &two].into_iter().partition(arrived);
    assert_eq!((there.len(), here.len()), (1, 1), "{one:?} {two:?}");
    assert_eq!(here[0].status, 409, "{here:?}");
    assert_eq!(here[0].link("app.example"), "https://app.example/start");
    house.close().await;
}

#[tokio::test]
async fn a_large_request_waits_in_the_store_and_is_bound_to_its_browser_as_well() {
    let house = House::open().await;
    let browser = house.browser();
    let large = asks("safeguarding", &format!("&nonce={}", "n".repeat(4000)));
    let page = browser.open(&large).await;
    assert!(page.path.starts_with("/sign-in/h") && page.path.len() < 400, "{}", page.path);
    let stranger = house.signed_in(ANN).await;
    assert_eq!(stranger.open(&page.path).await.status, 403);
    let away = browser.sign_in(&large, ANN, PASSWORD).await;
    assert!(away.path.starts_with("https://app.example/callback?"), "{} {}", away.path, away.text);
    house.close().await;
}

#[tokio::test]
async fn another_address_may_be_typed_before_the_first_proof() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", "ann@wrong.example").await;
    let page = browser.open(&page.link("/email")).await;
    assert!(page.has("ann@wrong.example"));
    let page = browser.submit(&page, "/email", &[("email", ANN)]).await;
    assert_eq!(browser.submit(&page, "/password", &[("password", PASSWORD)]).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn a_posted_address_that_is_opened_leads_back_to_the_flow() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", ANN).await;
    for step in ["password", "consent"] {
        assert_eq!(browser.open(&format!("{}/{step}", page.path)).await.path, page.path);
    }
    house.close().await;
}
