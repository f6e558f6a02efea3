//! Sign-ins that begin at **My applications**.

use keyholder_saml::service_provider::{Encrypt, IdpInitiated};

use super::provider::{ACS, Provider, SP, house};
use crate::saml::path;
use crate::web::testing::ANN;

fn allowed(relay_state: Option<&str>) -> Provider {
    Provider::new(|settings| {
        settings.encrypt = Encrypt::Never;
        settings.idp_initiated = IdpInitiated::Allowed { relay_state: relay_state.map(str::to_owned) };
    })
}

#[actix_web::test]
async fn a_sign_in_begins_here_where_the_application_allows_it() {
    let provider = allowed(Some("/timetable"));
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    for time in ["once", "again"] {
        let home = browser.open("/").await;
        assert!(home.has("Timetables"), "{}", home.text);
        let page = browser.submit(&home, path::START, &[("provider", SP)]).await;
        assert_eq!(page.status, 200, "{time}: {}", page.text);
        let (response, assertions) = provider.receive(&house, &page).await;
        assert!(response.status.is_success());
        assert_eq!((response.in_response_to, assertions.len()), (None, 1));
        let (action, fields) = page.form("sp.example");
        assert_eq!(action, ACS);
        assert!(fields.contains(&("RelayState".into(), "/timetable".into())), "{fields:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn no_sign_in_begins_here_unless_it_is_allowed() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    let home = browser.open("/").await;
    assert!(!home.has("Timetables"), "it has no page of its own either");
    let (_, fields) = home.form("/sign-out/everywhere");
    let token = fields.into_iter().find_map(|(name, value)| (name == "form_token").then_some(value)).unwrap();
    for (name, what) in [(SP, "not allowed"), ("https://other.example", "unknown"), ("", "nothing")] {
        let page = browser.post(path::START, &[("form_token", &token), ("provider", name)]).await;
        assert_eq!(page.status, 400, "{what}");
        assert!(!page.has("name=\"SAMLResponse\""), "{what}");
    }
    house.close().await;
}

#[actix_web::test]
async fn whoever_belongs_to_no_school_of_the_application_reads_so_and_the_application_nothing() {
    let mut provider = allowed(None);
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    let home = browser.open("/").await;
    provider.school = 2;
    provider.register(&house).await;
    let page = browser.submit(&home, path::START, &[("provider", SP)]).await;
    assert_eq!(page.status, 403, "{}", page.text);
    assert!(!page.has("name=\"SAMLResponse\""), "{}", page.text);
    house.close().await;
}
