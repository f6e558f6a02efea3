//! How strongly somebody signed in: what is asked for, reached by a second factor, and told.

use std::time::Duration;

use keyholder_core::assurance::{ACR_MULTI_FACTOR as MFA, ACR_SINGLE_FACTOR as SFA};
use keyholder_saml::checks::context::{MICROSOFT_MULTIPLE, PASSWORD_PROTECTED_TRANSPORT as PPT, PHISHING_RESISTANT};
use keyholder_saml::messages::{AuthnRequest, Comparison, NestedStatus, RequestedAuthnContext};

use super::provider::Provider;
use super::reading::{assertion, plain, read};
use crate::web::testing::fake_factors::{CODE, DIGITS};
use crate::web::testing::keys::{Put, house_with_keys, key};
use crate::web::testing::{ANN, Browser, House, PASSWORD, Page};

const KEY_PAGE: &str = "Two Factor Authentication";

/// Ann's keys are of these factors; her group asks for none.
async fn house(provider: &Provider, factors: &[&str]) -> House {
    let house = House::open().await;
    let ann = house.person(ANN).await;
    let keys = factors.iter().map(|factor| key(&house, &ann, factor)).collect();
    house.run(Put { group: None, keys }).await;
    provider.register(&house).await;
    house
}

fn asks(provider: &Provider, house: &House, comparison: Comparison, classes: &[&str]) -> AuthnRequest {
    let classes = classes.iter().map(|class| (*class).to_owned()).collect();
    let context = RequestedAuthnContext { comparison, classes, declarations: false };
    AuthnRequest { requested_authn_context: Some(context), ..provider.request(house) }
}

async fn type_code(browser: &Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, "/factor", &[("f-code", code)]).await
}

/// What came of asking in a browser that is signed in with a password.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Class(&'static str),
    /// The page asked for a key, which made it this class.
    Key(&'static str),
    Never,
}

#[actix_web::test]
async fn every_comparison_is_answered_from_what_was_proved_or_by_asking_for_a_key() {
    use Came::{Class, Key, Never};
    use Comparison::{Better, Exact, Maximum, Minimum};
    let provider = plain(|_| {});
    let cases: [(Comparison, &[&str], Came); 14] = [
        (Exact, &[SFA], Class(SFA)),
        (Exact, &[PPT], Class(PPT)),
        (Exact, &[MFA], Key(MFA)),
        (Exact, &[MICROSOFT_MULTIPLE], Key(MICROSOFT_MULTIPLE)),
        (Exact, &[PHISHING_RESISTANT], Never),
        (Minimum, &[SFA], Class(SFA)),
        (Minimum, &[MFA], Key(MFA)),
        (Minimum, &[PHISHING_RESISTANT], Never),
        (Maximum, &[MFA], Class(SFA)),
        (Maximum, &[SFA], Class(SFA)),
        (Better, &[PPT], Key(MFA)),
        (Better, &[SFA], Key(MFA)),
        (Better, &[MFA], Never),
        (Better, &[PHISHING_RESISTANT], Never),
    ];
    let house = house(&provider, &[CODE]).await;
    for (number, (comparison, classes, came)) in cases.into_iter().enumerate() {
        let browser = house.signed_in(ANN).await;
        let page = browser.open(&provider.by_redirect(&asks(&provider, &house, comparison, classes))).await;
        let what = format!("{comparison:?} {classes:?}: {}", page.text);
        match came {
            Class(class) => assert_eq!(assertion(&page).authn.class, class, "{what}"),
            Key(class) => {
                assert!(page.has(KEY_PAGE), "{what}");
                let page = type_code(&browser, &page, &format!("{DIGITS}{number}")).await;
                assert_eq!(assertion(&page).authn.class, class, "{what}");
            }
            Never => {
                let (response, assertions) = read(&page);
                assert_eq!(response.status.nested, Some(NestedStatus::NoAuthnContext), "{what}");
                assert!(assertions.is_empty(), "{what}");
            }
        }
    }
    house.close().await;
}

#[actix_web::test]
async fn what_was_proved_once_serves_the_next_request_until_it_ends() {
    let provider = plain(|_| {});
    let house = house_with_keys(&["staff"], &[CODE]).await;
    provider.register(&house).await;
    let browser = house.browser();
    let strong = || provider.by_redirect(&asks(&provider, &house, Comparison::Exact, &[MFA]));
    let page = browser.sign_in(&strong(), ANN, PASSWORD).await;
    assert!(page.has(KEY_PAGE), "{}", page.text);
    house.pass(Duration::from_mins(2));
    let first = assertion(&type_code(&browser, &page, DIGITS).await);
    assert_eq!(first.authn.class, MFA);
    assert_eq!(first.authn.authn_instant, house.app().now(), "the key was the last thing proved");

    house.pass(Duration::from_mins(10));
    let second = assertion(&browser.open(&strong()).await);
    assert_eq!((second.authn.class.as_str(), second.authn.authn_instant), (MFA, first.authn.authn_instant));

    // The group's elevation lasts 30 minutes.
    house.pass(Duration::from_mins(25));
    assert!(browser.open(&strong()).await.has(KEY_PAGE), "it counts no more");
    let mut weak = asks(&provider, &house, Comparison::Minimum, &[SFA]);
    weak.is_passive = true;
    let page = browser.open(&provider.by_redirect(&weak)).await;
    assert_eq!(assertion(&page).authn.class, SFA, "no assertion says more than what counts");
    house.close().await;
}

#[actix_web::test]
async fn a_request_that_shows_no_page_is_told_that_one_is_needed() {
    let provider = plain(|_| {});
    let house = house(&provider, &[CODE]).await;
    let browser = house.signed_in(ANN).await;
    let mut request = asks(&provider, &house, Comparison::Exact, &[MFA]);
    request.is_passive = true;
    let (response, assertions) = read(&browser.open(&provider.by_redirect(&request)).await);
    assert_eq!(response.status.nested, Some(NestedStatus::NoPassive));
    assert!(assertions.is_empty());
    house.close().await;
}

#[actix_web::test]
async fn forced_authentication_asks_for_the_key_again_as_well() {
    let provider = plain(|_| {});
    let house = house(&provider, &[CODE]).await;
    let browser = house.browser();
    let strong = asks(&provider, &house, Comparison::Exact, &[MFA]);
    let page = browser.sign_in(&provider.by_redirect(&strong), ANN, PASSWORD).await;
    assertion(&type_code(&browser, &page, DIGITS).await);

    house.pass(Duration::from_mins(1));
    let asked_at = house.app().now();
    let mut forced = asks(&provider, &house, Comparison::Exact, &[MFA]);
    forced.force_authn = true;
    let page = browser.sign_in(&provider.by_redirect(&forced), ANN, PASSWORD).await;
    assert!(page.has(KEY_PAGE), "the key of before is too old: {}", page.text);
    house.pass(Duration::from_mins(1));
    let told = assertion(&type_code(&browser, &page, "2468101").await);
    assert_eq!(told.authn.class, MFA);
    assert!(told.authn.authn_instant > asked_at);
    house.close().await;
}

#[actix_web::test]
async fn of_several_classes_the_weaker_may_be_chosen_on_the_page() {
    let provider = plain(|_| {});
    let house = house(&provider, &[CODE]).await;
    let browser = house.signed_in(ANN).await;
    let request = asks(&provider, &house, Comparison::Exact, &[MFA, SFA]);
    let page = browser.open(&provider.by_redirect(&request)).await;
    assert!(page.has(KEY_PAGE), "{}", page.text);
    let page = browser.submit(&page, "/factor/continue", &[]).await;
    assert_eq!(assertion(&page).authn.class, SFA);
    house.close().await;
}

#[actix_web::test]
async fn a_group_that_needs_a_key_needs_it_of_service_providers_too() {
    let provider = plain(|_| {});
    let house = house_with_keys(&[], &[CODE]).await;
    provider.register(&house).await;
    let browser = house.browser();
    let page = browser.sign_in(&provider.by_redirect(&provider.request(&house)), ANN, PASSWORD).await;
    assert!(page.has(KEY_PAGE), "{}", page.text);
    let told = assertion(&type_code(&browser, &page, DIGITS).await);
    assert_eq!(told.authn.class, MFA);
    house.close().await;
}
