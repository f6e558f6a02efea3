//! A security key's page in a second tab, after **Back**, and after its time: each ends in a plain page.

use super::*;

const TOUCHED: &[(&str, &str)] = &[("response", "touched")];

async fn at_key() -> (House, Browser, Page) {
    let house = house(&[], &[TOUCH]).await;
    let (browser, page) = at_factor(&house).await;
    assert!(page.has("data-webauthn"), "{}", page.text);
    (house, browser, page)
}

/// Told in the page's frame, with something to go on with.
fn is_plain(page: &Page) -> bool {
    page.status < 500 && page.has("<h1>") && (page.has("<form") || page.has("<a "))
}

#[actix_web::test]
async fn two_tabs_ask_the_same_and_one_answer_is_enough() {
    let (house, browser, first) = at_key().await;
    let second = browser.open(&first.path).await;
    assert_eq!(first.form("/factor"), second.form("/factor"), "the same challenge");
    let answered = browser.submit(&second, "/factor", TOUCHED).await;
    assert!(is_answered(&answered), "{answered:?}");
    // The first tab, touched after it: no second proof, no second answer to the application.
    let late = browser.submit(&first, "/factor", TOUCHED).await;
    assert!(late.has("already finished") && is_plain(&late), "{} {}", late.status, late.text);
    assert_eq!(factors_in(&session_of(&house, ANN).await).len(), 1);
}

#[actix_web::test]
async fn after_back_the_page_tells_that_it_is_done() {
    let (house, browser, page) = at_key().await;
    assert!(is_answered(&browser.submit(&page, "/factor", TOUCHED).await));
    // From the browser's cache, or asked for again.
    for told in [browser.open(&page.path).await, browser.submit(&page, "/factor", &[("response", "")]).await] {
        assert!(told.has("already finished") && is_plain(&told), "{} {}", told.status, told.text);
    }
    assert_eq!(factors_in(&session_of(&house, ANN).await).len(), 1);
}

#[actix_web::test]
async fn a_page_that_stood_too_long_asks_again_with_a_new_challenge() {
    let (house, browser, page) = at_key().await;
    let first = open_ceremony(&house, ANN).await;
    house.pass(Duration::from_mins(6));
    let told = browser.submit(&page, "/factor", TOUCHED).await;
    assert_eq!(told.status, 422, "{}", told.text);
    assert!(told.has("This went on somewhere else") && told.has("data-webauthn"), "{}", told.text);
    assert_ne!(open_ceremony(&house, ANN).await.id, first.id);
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
    assert!(is_answered(&browser.submit(&told, "/factor", TOUCHED).await));
}

#[actix_web::test]
async fn a_sign_in_that_stood_too_long_says_where_to_begin_again() {
    let (house, browser, page) = at_key().await;
    house.pass(Duration::from_hours(2));
    for told in [browser.submit(&page, "/factor", TOUCHED).await, browser.open(&page.path).await] {
        assert!(is_plain(&told) && !is_answered(&told), "{} {}", told.status, told.text);
        assert!(!told.has("data-webauthn"), "{}", told.text);
    }
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
}

#[actix_web::test]
async fn without_an_answer_of_the_key_the_page_says_so_and_asks_again() {
    let (_house, browser, page) = at_key().await;
    // As it is sent where no script ran.
    let told = browser.submit(&page, "/factor", &[]).await;
    assert_eq!(told.status, 422);
    assert!(told.has("role=\"alert\"") && told.has("data-webauthn"), "{}", told.text);
    let told = browser.submit(&told, "/factor", &[("response", "{\"garbage\":")]).await;
    assert_eq!(told.status, 422, "{}", told.text);
    assert!(is_answered(&browser.submit(&told, "/factor", TOUCHED).await));
}
