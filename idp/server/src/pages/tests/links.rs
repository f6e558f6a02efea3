//! Mailed links.

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::link::LinkPurpose;
use keyholder_core::ports::Queries;
use reqwest::Method;

use crate::web::testing::{ANN, BETH, Change, House, NEW, PASSWORD};

const FRESH: &str = "seven quiet otters downstream";
const OTHER: &str = "a kettle left on the tower";

fn twice(password: &str) -> [(&str, &str); 2] {
    [("password", password), ("again", password)]
}

#[tokio::test]
async fn a_new_person_sets_a_first_password_and_still_has_to_sign_in() {
    let house = House::open().await;
    let link = house.password_link(NEW).await;
    let browser = house.browser();
    let page = browser.open(&link).await;
    let page = browser.submit(&page, "/link/", &twice(FRESH)).await;
    assert!(page.path.ends_with("/password-set"), "{} {}", page.path, page.text);
    assert!(crate::web::testing::session_cookie(&browser).is_none(), "a link signs nobody in");
    assert!(house.person(NEW).await.email_verified_at.is_some(), "that address answered a mail");
    let page = browser.open(&page.link("/sign-in/")).await;
    let page = browser.submit(&page, "/email", &[]).await;
    let page = browser.submit(&page, "/password", &[("password", FRESH)]).await;
    assert_eq!(page.path, "/", "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn opening_a_link_changes_nothing_however_often() {
    let house = House::open().await;
    let link = house.password_link(ANN).await;
    let scanner = house.browser();
    for _ in 0..5 {
        for method in [Method::HEAD, Method::GET] {
            assert_eq!(scanner.send(&link, scanner.request(method, &link)).await.status, 200);
        }
    }
    let browser = house.browser();
    let page = browser.open(&link).await;
    let page = browser.submit(&page, "/link/", &twice(FRESH)).await;
    assert!(page.path.ends_with("/password-set"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn a_link_dies_on_use_and_the_second_tab_is_told_the_way_to_a_new_one() {
    let house = House::open().await;
    let link = house.password_link(ANN).await;
    let browser = house.browser();
    let (first, second) = (browser.open(&link).await, browser.open(&link).await);
    browser.submit(&first, "/link/", &twice(FRESH)).await;
    let late = browser.submit(&second, "/link/", &twice(OTHER)).await;
    assert_eq!(late.status, 410);
    let page = browser.open(&late.link("forgot")).await;
    assert!(page.path.ends_with("/forgot") && page.status == 200, "{}", page.text);
    // The password is the first one.
    assert_eq!(house.browser().sign_in("/", ANN, FRESH).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn a_link_dies_on_a_newer_one_on_another_change_and_with_time() {
    let house = House::open().await;
    let browser = house.browser();
    let older = house.password_link(ANN).await;
    let newer = house.password_link(ANN).await;
    assert_eq!(browser.open(&older).await.status, 410);
    let address = house.link(ANN, LinkPurpose::ConfirmEmail { address: "ann@new.example".into() }).await;
    let page = browser.open(&newer).await;
    browser.submit(&page, "/link/", &twice(FRESH)).await;
    assert_eq!(browser.open(&address).await.status, 410, "a change of password kills every link");
    let late = house.password_link(ANN).await;
    let page = browser.open(&late).await;
    house.pass(Duration::from_hours(1));
    assert_eq!(browser.submit(&page, "/link/", &twice(OTHER)).await.status, 410);
    assert_eq!(browser.open("/link/made-up").await.status, 410);
    house.close().await;
}

#[tokio::test]
async fn two_that_use_one_link_at_once_set_one_password() {
    let house = House::open().await;
    let link = house.password_link(ANN).await;
    let (one, two) = (house.browser(), house.browser());
    let (first, second) = (one.open(&link).await, two.open(&link).await);
    let (fresh, other) = (twice(FRESH), twice(OTHER));
    let (a, b) = tokio::join!(one.submit(&first, "/link/", &fresh), two.submit(&second, "/link/", &other));
    let mut answers = [a.status, b.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 410]);
    house.close().await;
}

#[tokio::test]
async fn a_password_that_breaks_the_rules_leaves_the_link_alive() {
    let house = House::open().await;
    let link = house.password_link(ANN).await;
    let browser = house.browser();
    let page = browser.open(&link).await;
    let bad =
        [("", ""), (FRESH, OTHER), ("short", "short"), ("ann.price@oakfield.example", "ann.price@oakfield.example")];
    for (password, again) in bad {
        let answer = browser.submit(&page, "/link/", &[("password", password), ("again", again)]).await;
        assert_eq!(answer.status, 422, "{password}");
        assert!(!answer.has(FRESH) && !answer.has(OTHER), "passwords are never written on a page");
    }
    let page = browser.submit(&page, "/link/", &twice(FRESH)).await;
    assert!(page.path.ends_with("/password-set"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn a_new_password_ends_every_session_of_its_owner() {
    let house = House::open().await;
    let elsewhere = house.signed_in(ANN).await;
    let link = house.password_link(ANN).await;
    let browser = house.browser();
    let page = browser.open(&link).await;
    browser.submit(&page, "/link/", &twice(FRESH)).await;
    assert!(elsewhere.open("/").await.path.starts_with("/sign-in/"));
    assert!(house.events(ANN).await.contains(&AuditKind::PasswordChanged));
    let answer = house.browser().sign_in("/", ANN, PASSWORD).await;
    assert_eq!(answer.status, 422, "the former password counts no more");
    house.close().await;
}

#[tokio::test]
async fn a_link_form_without_its_readers_token_is_refused() {
    let house = House::open().await;
    let link = house.password_link(ANN).await;
    let browser = house.browser();
    browser.open(&link).await;
    assert_eq!(browser.post(&link, &twice(FRESH)).await.status, 403);
    browser.forget_cookies();
    assert_eq!(browser.post(&link, &twice(FRESH)).await.status, 403);
    assert_eq!(browser.open(&link).await.status, 200, "the link lives on");
    house.close().await;
}

#[tokio::test]
async fn a_disabled_persons_link_is_dead() {
    let house = House::open().await;
    let link = house.password_link(ANN).await;
    let mut person = house.person(ANN).await;
    person.disabled_at = Some(house.app().now());
    house.run(Change(person)).await;
    assert_eq!(house.browser().open(&link).await.status, 410);
    house.close().await;
}

#[tokio::test]
async fn a_confirmed_address_replaces_the_former_one() {
    let house = House::open().await;
    let link = house.link(ANN, LinkPurpose::ConfirmEmail { address: "ann@new.example".into() }).await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&link).await;
    assert_eq!(house.person(ANN).await.email.as_str(), ANN, "opening changes nothing");
    let page = browser.submit(&page, "/link/", &[]).await;
    assert!(page.status == 200 && page.has("ann@new.example"), "{}", page.text);
    assert!(house.app().store.find_person_by_email(ANN).await.unwrap().is_none());
    assert!(house.person("ann@new.example").await.email_verified_at.is_some());
    assert_eq!(house.browser().sign_in("/", "ann@new.example", PASSWORD).await.path, "/");
    house.close().await;
}

#[tokio::test]
async fn a_stranger_who_reads_a_mistyped_address_does_not_get_the_account() {
    let house = House::open().await;
    let link = house.link(ANN, LinkPurpose::ConfirmEmail { address: "ann@typo.example".into() }).await;
    let stranger = house.browser();
    let page = stranger.open(&link).await;
    assert!(page.path.starts_with("/sign-in/") && !page.has(ANN), "{} {}", page.path, page.text);
    // Somebody else with an account is a stranger too.
    let beth = house.signed_in(BETH).await;
    let page = beth.open(&link).await;
    assert!(page.path.starts_with("/sign-in/") && !page.has(ANN), "{} {}", page.path, page.text);
    assert_eq!(house.person(ANN).await.email.as_str(), ANN);
    // Ann herself, sent through the sign-in and back.
    let ann = house.browser();
    let page = ann.sign_in(&link, ANN, PASSWORD).await;
    assert!(page.path.starts_with("/link/") && page.has("ann@typo.example"), "{} {}", page.path, page.text);
    assert_eq!(ann.submit(&page, "/link/", &[]).await.status, 200);
    assert_eq!(house.person("ann@typo.example").await.email.as_str(), "ann@typo.example");
    house.close().await;
}

#[tokio::test]
async fn a_sign_in_that_comes_back_to_a_link_does_not_store_what_opens_it() {
    let house = House::open().await;
    // Beth is asked for her school, so that the flow is a row that goes on.
    let link = house.link(BETH, LinkPurpose::ConfirmEmail { address: "beth@new.example".into() }).await;
    let browser = house.browser();
    let page = browser.at_password(&link, BETH).await;
    let (action, _) = page.form("/password");
    let flow = browser.post(&action, &[("password", PASSWORD)]).await;
    let id = flow.header("location").strip_prefix("/sign-in/").unwrap().parse().unwrap();
    let row = house.app().store.find_flow(id).await.unwrap().unwrap();
    let kept = serde_json::to_string(&row.origin).unwrap();
    assert!(kept.contains("/link/~") && !kept.contains(link.strip_prefix("/link/").unwrap()), "{kept}");
    for forged in ["/link/~", "/link/~AAAA", &link.replace("/link/", "/link/~")] {
        assert_eq!(browser.open(forged).await.status, 410, "{forged}");
    }
    house.close().await;
}

#[tokio::test]
async fn an_address_that_somebody_else_has_is_not_taken() {
    let house = House::open().await;
    let link = house.link(ANN, LinkPurpose::ConfirmEmail { address: NEW.into() }).await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&link).await;
    assert_eq!(browser.submit(&page, "/link/", &[]).await.status, 410);
    assert_eq!(house.person(ANN).await.email.as_str(), ANN);
    house.close().await;
}

#[tokio::test]
async fn the_first_run_makes_a_school_and_its_admin_once() {
    let house = House::empty(|_| {}).await;
    let link = house.first_run_link();
    let browser = house.browser();
    let page = browser.open(&link).await;
    let mut fields = vec![
        ("school", "Ysgol y Bont Fawr"),
        ("given_name", "Mair"),
        ("family_name", ""),
        ("email", "mair@bont.example"),
    ];
    fields.extend(twice(FRESH));
    let wrong = browser.submit(&page, "/link/", &fields).await;
    assert!(wrong.status == 422 && wrong.has("Ysgol y Bont Fawr") && !wrong.has(FRESH), "{}", wrong.text);
    fields[2] = ("family_name", "Evans");
    let page = browser.submit(&wrong, "/link/", &fields).await;
    assert!(page.path.starts_with("/sign-in/") && page.has("mair@bont.example"), "{} {}", page.path, page.text);
    let page = browser.sign_in("/", "mair@bont.example", FRESH).await;
    assert!(page.path == "/" && page.has("Ysgol y Bont Fawr"), "{}", page.text);
    let person = house.person("mair@bont.example").await;
    assert_eq!(person.email_verified_at, None, "nobody answered a mail");
    let members = house.app().store.list_memberships(person.id).await.unwrap();
    assert!(members[0].membership.admin_key_holder);
    assert_eq!(members[0].school.slug, "ysgol-y-bont-fawr");
    let again = house.browser().open(&link).await;
    assert_eq!(again.status, 410);
    house.close().await;
}
