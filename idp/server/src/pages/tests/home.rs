//! My applications, schools, languages, assets.

use crate::cookies;
use crate::web::testing::{ANN, BETH, House, PASSWORD, session_cookie};

#[tokio::test]
async fn somebody_with_one_school_sees_its_applications() {
    let house = House::open().await;
    let page = house.browser().sign_in("/", ANN, PASSWORD).await;
    assert_eq!((page.status, page.path.as_str()), (200, "/"));
    assert!(page.has("Oakfield Primary") && page.has("https://app.example/start"), "{}", page.text);
    assert!(!page.has("guest.example"), "an application without a launch address is not listed");
    assert!(!page.has("/change-school"));
    house.close().await;
}

#[tokio::test]
async fn somebody_with_two_schools_chooses_and_changes() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in("/", BETH, PASSWORD).await;
    let page = browser.submit(&page, "/school", &[("school", "bryn")]).await;
    assert!(page.path == "/" && page.has("Ysgol Bryn Celyn"), "{}", page.text);
    assert_eq!(browser.open("/").await.path, "/", "the choice is remembered");
    let page = browser.open(&page.link("/change-school")).await;
    let page = browser.submit(&page, "/school", &[("school", "oakfield")]).await;
    assert!(page.path == "/" && page.has("Oakfield Primary"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn a_school_cookie_opens_no_school() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    browser.set_cookie(cookies::SCHOOL, "bryn");
    let page = browser.open("/").await;
    assert!(page.has("Oakfield Primary") && !page.has("Bryn"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn a_school_has_its_own_way_in() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in("/s/bryn", BETH, PASSWORD).await;
    assert!(page.path == "/" && page.has("Ysgol Bryn Celyn"), "{}", page.text);
    let page = house.browser().open("/s/bryn").await;
    assert!(page.has("Ysgol Bryn Celyn") && page.has("/s/bryn/brand.css"), "{}", page.text);
    let style = browser.get("/s/bryn/brand.css").await;
    assert!(style.header("content-type").starts_with("text/css") && style.has("#123a5c"), "{}", style.text);
    assert_eq!(browser.open("/s/nowhere").await.status, 404);
    house.close().await;
}

#[tokio::test]
async fn somebody_of_no_school_is_told_and_may_sign_in_as_another() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.sign_in("/", "nowhere@example", PASSWORD).await;
    assert_eq!(page.status, 403);
    let page = browser.open(&page.link("/another")).await;
    let page = browser.submit(&page, "/email", &[("email", ANN)]).await;
    let page = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert!(page.path == "/" && page.has("Oakfield Primary"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn the_language_is_switched_and_comes_back_to_the_same_page() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.at_password("/", ANN).await;
    assert!(page.has("lang=\"en\""));
    let welsh = browser.open(&page.link("/language/cy")).await;
    assert_eq!(welsh.path, page.path);
    assert!(welsh.has("lang=\"cy\"") && welsh.has(ANN), "{}", welsh.text);
    let elsewhere = browser.get("/language/cy?to=//evil.example/").await;
    assert_eq!(elsewhere.header("location"), "/");
    assert_eq!(browser.get("/language/xx?to=/").await.status, 404);
    house.close().await;
}

#[tokio::test]
async fn the_switch_works_although_the_application_asked_for_a_language() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.open(&crate::web::testing::asks("safeguarding", "&ui_locales=cy")).await;
    assert!(page.has("lang=\"cy\""), "{}", page.text);
    let page = browser.open(&page.link("/language/en")).await;
    assert!(page.has("lang=\"en\""), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn assets_are_kept_for_a_year_and_asked_for_by_tag() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.open("/help").await;
    let href = page.text.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/assets/{href}");
    let asset = browser.get(&path).await;
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    let again = browser.request(reqwest::Method::GET, &path).header("if-none-match", asset.header("etag"));
    assert_eq!(browser.send(&path, again).await.status, 304);
    assert_eq!(browser.get("/assets/..%2Fdata%2Fmaster.key").await.status, 404);
    assert!(session_cookie(&browser).is_none());
    house.close().await;
}
