//! A school of two hundred behind one address signs in on a Monday morning; somebody who guesses is slowed down.

use std::fmt::Write as _;

use futures::stream::{StreamExt as _, iter};
use keyholder_tests::{Browser, Keyholder, PASSWORD, Page, RelyingApplication};

/// [`PASSWORD`] as another system stored it: PBKDF2 with few rounds, so that the first sign-in of each is cheap to check.
const IMPORTED: &str = "$pbkdf2-sha256$i=1000,l=32$a2V5aG9sZGVyLXRlc3RzIQ$wOEB9BrKlvqT/XYE8qxsCsgw2qFtzZgB2xb6tDIuBzU";
const STAFF: usize = 200;

async fn try_password(application: &RelyingApplication, email: &str, password: &str) -> Page {
    let browser = Browser::default();
    let page = browser.open(application.request().url()).await;
    Keyholder::type_password(&browser, &page, email, password).await
}

#[tokio::test]
async fn two_hundred_staff_behind_one_address_with_typos_all_get_in() {
    let keyholder = Keyholder::start().await;
    let mut people = String::new();
    for number in 0..STAFF {
        writeln!(
            people,
            r#"{{"email": "staff{number}@oakfield.example", "given_name": "Staff", "family_name": "Number {number}", "password_hash": "{IMPORTED}", "memberships": [{{"school": "oakfield", "group": "teachers"}}]}}"#
        )
        .unwrap();
    }
    keyholder.write("staff.jsonl", &people);
    keyholder.run(&["person", "import", keyholder.path("staff.jsonl").to_str().unwrap()]).await;
    let application = &RelyingApplication::new(&keyholder, "oakfield-app");
    let signed_in = iter(0..STAFF)
        .map(|number| async move {
            let email = format!("staff{number}@oakfield.example");
            if number % 10 == 0 {
                let typo = try_password(application, &email, "grey heron by teh lock").await;
                assert_ne!(typo.status, 429, "blocked at the typo of {number}");
            }
            try_password(application, &email, PASSWORD).await.parameter("code").is_some()
        })
        .buffer_unordered(4)
        .filter(|signed_in| std::future::ready(*signed_in))
        .count()
        .await;
    assert_eq!(signed_in, STAFF);
}

#[tokio::test]
async fn somebody_who_guesses_is_slowed_down_and_others_are_not() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let mut throttled = None;
    for attempt in 0..40 {
        let page =
            try_password(&application, "teacher@oakfield.example", &format!("a guess in the dark {attempt}")).await;
        if page.status == 429 {
            throttled = Some(page);
            break;
        }
    }
    let page = throttled.expect("forty guesses at one account are too many");
    assert!(page.headers.contains_key("retry-after"));
    // Even the right password, until the time is over: else the answer would tell which one it is.
    assert_eq!(try_password(&application, "teacher@oakfield.example", PASSWORD).await.status, 429);
    let colleague = try_password(&application, "colleague@oakfield.example", PASSWORD).await;
    assert!(colleague.parameter("code").is_some(), "{}", colleague.text());
}
