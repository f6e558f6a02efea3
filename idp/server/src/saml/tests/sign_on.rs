//! Sign-ins that end at the service provider.

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::SamlQueries as _;
use keyholder_saml::attributes::Fact;
use keyholder_saml::checks::context::{PASSWORD_PROTECTED_TRANSPORT, PHISHING_RESISTANT};
use keyholder_saml::messages::{
    Comparison, NameId, NameIdFormat, NameIdPolicy, NestedStatus, RequestedAuthnContext, TopStatus,
};
use keyholder_saml::service_provider::{Encrypt, Sign};

use super::provider::{ACS, Provider, house};
use crate::saml::path;
use crate::web::testing::{ANN, Change, House, PASSWORD, Page};

async fn signed_in(house: &House, from: &str) -> Page {
    let browser = house.browser();
    browser.sign_in(from, ANN, PASSWORD).await
}

#[actix_web::test]
async fn others_verify_what_is_signed_and_read_what_is_encrypted() {
    for sign in [Sign::Response, Sign::Assertion, Sign::Both] {
        for encrypt in [Encrypt::Never, Encrypt::Always] {
            let provider = Provider::new(|settings| {
                settings.sign = sign;
                settings.encrypt = encrypt;
            })
            .with_key();
            let house = house(&provider).await;
            let request = provider.request(&house);
            let page = signed_in(&house, &provider.by_redirect(&request)).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let (response, assertions) = provider.receive(&house, &page).await;
            assert_eq!(response.in_response_to, Some(request.header.id));
            assert!(response.status.is_success());
            let [assertion] = assertions.as_slice() else { panic!("{} assertions", assertions.len()) };
            let value = |fact: Fact| {
                let name = fact.name(house.app().config.issuer());
                assertion.attributes.iter().find(|attribute| attribute.name == name).map(|found| found.values.clone())
            };
            assert_eq!(value(Fact::Surname).unwrap(), ["No. 1"]);
            assert_eq!(value(Fact::Groups).unwrap(), ["staff"]);
            assert_eq!(value(Fact::Mail), None, "the address answered no mail yet");
            assert_eq!(value(Fact::SchoolUrn), None);
            let (_, fields) = page.form("sp.example");
            assert!(fields.contains(&("RelayState".into(), "a&b=\"<c>".into())), "{fields:?}");
            house.close().await;
        }
    }
}

#[actix_web::test]
async fn the_page_that_carries_a_response_is_kept_nowhere_and_may_lead_anywhere() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let page = signed_in(&house, &provider.by_redirect(&provider.request(&house))).await;
    assert_eq!(page.header("cache-control"), "no-store");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'nonce-") && !policy.contains("form-action"), "{policy}");
    assert!(page.has("<button"), "without scripts there is a button:\n{}", page.text);
    house.close().await;
}

#[actix_web::test]
async fn a_posted_request_goes_on_by_get_with_the_session_of_the_browser() {
    let provider = Provider::new(|_| {}).with_key();
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    let field = provider.by_post(&provider.request(&house));
    // What a browser sends with a form of another site: no cookie that is SameSite=Lax.
    let stranger = house.browser();
    let answer = stranger.post(path::SSO, &[("SAMLRequest", &field), ("RelayState", "s")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let next = answer.header("location").to_owned();
    let page = browser.open(&next).await;
    let (response, assertions) = provider.receive(&house, &page).await;
    assert!(response.status.is_success() && assertions.len() == 1);

    house.pass(Duration::from_mins(10));
    assert_eq!(browser.open(&next).await.status, 400, "posted too long ago");
    house.close().await;
}

#[actix_web::test]
async fn a_passive_request_without_a_session_is_told_so_and_leaves_nothing() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let mut request = provider.request(&house);
    request.is_passive = true;
    let page = house.browser().open(&provider.by_redirect(&request)).await;
    let (response, assertions) = provider.receive(&house, &page).await;
    assert_eq!(response.status.top, TopStatus::Responder);
    assert_eq!(response.status.nested, Some(NestedStatus::NoPassive));
    assert!(assertions.is_empty());
    assert!(!super::provider::posted(&page).contains("Signature"), "nobody is known, so nothing is signed");

    let browser = house.signed_in(ANN).await;
    request.header.id = "_again".into();
    let page = browser.open(&provider.by_redirect(&request)).await;
    assert!(provider.receive(&house, &page).await.0.status.is_success());
    house.close().await;
}

#[actix_web::test]
async fn forced_authentication_asks_whoever_is_signed_in() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    house.pass(Duration::from_mins(1));
    let mut request = provider.request(&house);
    request.force_authn = true;
    let asked_at = house.app().now();
    let page = browser.open(&provider.by_redirect(&request)).await;
    assert!(page.has("/email"), "{}", page.text);
    let page = browser.submit(&page, "/email", &[("email", ANN)]).await;
    let page = browser.submit(&page, "/password", &[("password", PASSWORD)]).await;
    let (_, assertions) = provider.receive(&house, &page).await;
    assert!(assertions[0].authn.authn_instant >= asked_at);
    house.close().await;
}

#[actix_web::test]
async fn a_class_is_answered_where_it_is_reached_and_refused_where_it_cannot_be() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    for (class, comparison, wanted) in [
        (PASSWORD_PROTECTED_TRANSPORT, Comparison::Exact, Some(PASSWORD_PROTECTED_TRANSPORT)),
        (PASSWORD_PROTECTED_TRANSPORT, Comparison::Minimum, Some(PASSWORD_PROTECTED_TRANSPORT)),
        (PHISHING_RESISTANT, Comparison::Exact, None),
        (PASSWORD_PROTECTED_TRANSPORT, Comparison::Better, None),
        ("urn:example:nobody-knows", Comparison::Exact, None),
    ] {
        let mut request = provider.request(&house);
        let classes = vec![class.to_owned()];
        request.requested_authn_context = Some(RequestedAuthnContext { comparison, classes, declarations: false });
        let page = browser.open(&provider.by_redirect(&request)).await;
        let (response, assertions) = provider.receive(&house, &page).await;
        let answered = assertions.first().map(|assertion| assertion.authn.class.as_str());
        assert_eq!(answered, wanted, "{class} {comparison:?}");
        if wanted.is_none() {
            assert_eq!(response.status.nested, Some(NestedStatus::NoAuthnContext), "{class} {comparison:?}");
        }
    }
    house.close().await;
}

#[actix_web::test]
async fn a_name_id_survives_a_change_of_address_and_is_nobody_elses() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let name_id = async |email: &str| {
        let page = house.browser().sign_in(&provider.by_redirect(&provider.request(&house)), email, PASSWORD).await;
        let (_, assertions) = provider.receive(&house, &page).await;
        assertions[0].subject.clone()
    };
    let first = name_id(ANN).await;
    assert_eq!(first.format.as_deref(), Some(NameIdFormat::Persistent.uri()));
    let mut ann = house.person(ANN).await;
    ann.email = keyholder_core::person::Email::parse("ann.jones@oakfield.example").unwrap();
    house.run(Change(ann)).await;
    assert_eq!(name_id("ann.jones@oakfield.example").await, first);
    assert_ne!(name_id(crate::web::testing::BETH).await.value, first.value);
    house.close().await;
}

#[actix_web::test]
async fn an_address_is_told_only_once_it_answered_a_mail() {
    let provider = Provider::new(|settings| settings.name_id = NameIdFormat::EmailAddress);
    let house = house(&provider).await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&provider.by_redirect(&provider.request(&house))).await;
    assert_eq!(provider.receive(&house, &page).await.0.status.nested, Some(NestedStatus::RequestDenied));

    let mut ann = house.person(ANN).await;
    ann.email_verified_at = Some(house.app().now());
    house.run(Change(ann)).await;
    let page = browser.open(&provider.by_redirect(&provider.request(&house))).await;
    assert_eq!(provider.receive(&house, &page).await.1[0].subject.value, ANN);
    house.close().await;
}

#[actix_web::test]
async fn a_format_that_the_application_does_not_get_is_refused() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let mut request = provider.request(&house);
    let format = Some(NameIdFormat::EmailAddress.uri().to_owned());
    request.name_id_policy = Some(NameIdPolicy { format, sp_name_qualifier: None, allow_create: true });
    let page = house.browser().open(&provider.by_redirect(&request)).await;
    let (response, _) = provider.receive(&house, &page).await;
    assert_eq!(response.status.nested, Some(NestedStatus::InvalidNameIdPolicy));
    house.close().await;
}

#[actix_web::test]
async fn nobody_else_is_answered_for_whom_the_request_names() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let page = signed_in(&house, &provider.by_redirect(&provider.request(&house))).await;
    let ann = provider.receive(&house, &page).await.1[0].subject.clone();

    let browser = house.signed_in(crate::web::testing::BETH).await;
    let mut request = provider.request(&house);
    request.is_passive = true;
    request.subject = Some(NameId { name_qualifier: None, sp_name_qualifier: None, ..ann });
    let page = browser.open(&provider.by_redirect(&request)).await;
    let (response, assertions) = provider.receive(&house, &page).await;
    assert!(!response.status.is_success() && assertions.is_empty());
    house.close().await;
}

#[actix_web::test]
async fn what_a_service_provider_was_told_is_kept_with_the_grant() {
    let provider = Provider::new(|_| {});
    let house = house(&provider).await;
    let page = signed_in(&house, &provider.by_redirect(&provider.request(&house))).await;
    let (_, assertions) = provider.receive(&house, &page).await;
    let app = house.app();
    let registered = app.applications.find_provider(app, "https://sp.example/metadata").await.unwrap().unwrap();
    let name_id = &assertions[0].subject.value;
    let told = app.store.list_participants_named(registered.application.id, name_id).await.unwrap();
    assert_eq!(told[0].session_index, assertions[0].authn.session_index);
    assert!(house.events(ANN).await.contains(&AuditKind::GrantMade));
    assert_eq!(assertions[0].bearer.recipient, ACS);
    house.close().await;
}
