//! Requests that nobody answers, and answers that are given once.

use keyholder_core::application::OidcClient;
use keyholder_saml::messages::AuthnRequest;

use super::provider::{ACS, Provider, house};
use crate::saml::path;
use crate::web::testing::{ANN, House, PASSWORD, Page};

async fn assert_page_alone(house: &House, address: &str, what: &str) {
    let page = house.browser().open(address).await;
    assert_refused(&page, what);
}

fn assert_refused(page: &Page, what: &str) {
    assert_eq!(page.status, 400, "{what}: {}", page.text);
    // The page may quote the address that was asked for; a form with a response it has not.
    assert!(!page.has("name=\"SAMLResponse\""), "{what}");
}

#[actix_web::test]
async fn a_request_is_answered_once() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    let address = provider.by_redirect(&provider.request(&house));
    assert_eq!(browser.open(&address).await.status, 200);
    let again = browser.open(&address).await;
    assert_eq!(again.status, 409, "{}", again.text);
    assert!(!again.has("SAMLResponse"));
    let elsewhere = house.browser().sign_in(&address, ANN, PASSWORD).await;
    assert_eq!(elsewhere.status, 409, "in another browser too");
    house.close().await;
}

#[actix_web::test]
async fn two_browsers_that_bring_one_request_at_once_get_one_answer() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let (one, other) = (house.browser(), house.browser());
    let address = provider.by_redirect(&provider.request(&house));
    let (first, second) = (one.at_password(&address, ANN).await, other.at_password(&address, ANN).await);
    let fields = [("password", PASSWORD)];
    let (first, second) =
        futures::join!(one.submit(&first, "/password", &fields), other.submit(&second, "/password", &fields));
    let answers = [first, second].iter().filter(|page| page.has("name=\"SAMLResponse\"")).count();
    assert_eq!(answers, 1);
    house.close().await;
}

#[actix_web::test]
async fn requests_that_cannot_be_trusted_see_a_page() {
    let provider = Provider::new(|_| {}).with_key();
    let house = house(&provider).await;
    let changed = |change: fn(&mut AuthnRequest)| {
        let mut request = provider.request(&house);
        change(&mut request);
        provider.by_redirect(&request)
    };
    assert_page_alone(&house, &changed(|request| request.header.issuer = "https://other.example".into()), "unknown")
        .await;
    for address in
        ["https://sp.example/ACS", "https://sp.example/acs/", "https://sp.example:443/acs", "https://evil.example/"]
    {
        let mut request = provider.request(&house);
        request.assertion_consumer_service_url = Some(address.into());
        assert_page_alone(&house, &provider.by_redirect(&request), address).await;
    }
    let destination = changed(|request| request.header.destination = Some("https://id.example/saml/sso".into()));
    assert_page_alone(&house, &destination, "destination").await;
    let good = provider.by_redirect(&provider.request(&house));
    assert_page_alone(&house, &good.replace("RelayState=a", "RelayState=b"), "altered").await;
    let repeated = format!("{good}&RelayState=b");
    assert_page_alone(&house, &repeated, "repeated").await;
    assert_page_alone(&house, &format!("{good}&SAMLResponse=AAAA"), "both").await;
    assert_page_alone(&house, path::SSO, "nothing").await;
    assert_page_alone(&house, &good.replace("SAMLRequest", "SAMLResponse"), "a response").await;
    house.close().await;
}

#[actix_web::test]
async fn a_request_without_its_signature_is_refused_where_it_has_to_be_signed() {
    let mut provider = Provider::new(|_| {}).with_key();
    provider.registered.metadata.authn_requests_signed = true;
    let house = house(&provider).await;
    provider.signs = false;
    assert_page_alone(&house, &provider.by_redirect(&provider.request(&house)), "unsigned").await;
    provider.signs = true;
    assert_eq!(house.browser().open(&provider.by_redirect(&provider.request(&house))).await.status, 200);
    house.close().await;
}

#[actix_web::test]
async fn posted_requests_are_held_to_the_same_rules() {
    let provider = Provider::new(|_| {}).with_key();
    let house = house(&provider).await;
    let browser = house.browser();
    let field = provider.by_post(&provider.request(&house));
    let both = browser.post(path::SSO, &[("SAMLRequest", &field), ("SAMLResponse", &field)]).await;
    assert_refused(&both, "both");
    assert_refused(&browser.post(path::SSO, &[("SAMLRequest", "not base64")]).await, "not base64");
    assert_refused(&browser.post(path::SSO, &[("SAMLRequest", &field), ("SAMLRequest", &field)]).await, "twice");
    let forged = browser.open(&format!("{}?request=AAAA", path::CONTINUE)).await;
    assert_refused(&forged, "a request that nobody posted");
    house.close().await;
}

#[actix_web::test]
async fn a_service_provider_that_moved_meanwhile_gets_nothing() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let browser = house.browser();
    let page = browser.at_password(&provider.by_redirect(&provider.request(&house)), ANN).await;
    let mut moved = Provider::new(|_| {});
    moved.registered.metadata.assertion_consumer_services[0].location = "https://sp.example/elsewhere".into();
    moved.register(&house).await;
    let page = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    assert_refused(&page, ACS);
    house.close().await;
}

#[actix_web::test]
async fn a_service_provider_is_no_oidc_client() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    assert!(!OidcClient::silent("timetables".into()).speaks());
    let address = "/oidc/authorize?response_type=code&client_id=timetables-9&redirect_uri=https%3A%2F%2Fsp.example%2Facs&scope=openid";
    assert_page_alone(&house, address, "no client").await;
    house.close().await;
}
