//! Logout by service providers, and of them.

use keyholder_saml::logout::{Participant, Reply, Telling, answer, ask};
use keyholder_saml::messages::{NestedStatus, Status, TopStatus};
use keyholder_saml::redirect::{Parameter, Query};
use keyholder_saml::service_provider::{LogoutBinding, SingleLogoutService};

use super::provider::{Provider, house, outgoing, signer};
use crate::saml::path;
use crate::web::testing::{ANN, Browser, House, ISSUER, Page};
use crate::wiring::SystemRandom;

const SLO: &str = "https://sp.example/slo";

fn provider() -> Provider {
    let mut provider = Provider::new(|_| {}).with_key();
    provider.registered.metadata.single_logout_services =
        vec![SingleLogoutService { binding: LogoutBinding::Redirect, location: SLO.into(), response_location: None }];
    provider
}

/// Somebody who is signed in to the service provider, and what that was told.
async fn visit(house: &House, provider: &Provider) -> (Browser, Participant) {
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&provider.by_redirect(&provider.request(house))).await;
    let (response, assertions) = provider.receive(house, &page).await;
    let participant = Participant {
        provider: provider.registered.metadata.entity_id.clone(),
        issuer: response.header.issuer,
        name_id: assertions[0].subject.clone(),
        session_index: assertions[0].authn.session_index.clone(),
    };
    (browser, participant)
}

/// The address of ours to which the service provider sends a browser to have somebody signed out.
fn asks(house: &House, participant: &Participant) -> (String, String) {
    // As the service provider writes it: its own name in place of ours.
    let participant = Participant { issuer: participant.provider.clone(), ..participant.clone() };
    let address = format!("{ISSUER}{}", path::SLO);
    let telling = Telling { participant, binding: LogoutBinding::Redirect, address };
    let (id, message) = ask(&telling, Some("mine"), signer(), house.app().now(), &SystemRandom).unwrap();
    (id, outgoing(message).strip_prefix(ISSUER).unwrap().to_owned())
}

async fn is_signed_in(browser: &Browser) -> bool {
    !browser.open("/").await.has("/email")
}

/// What a page that left for the service provider brings there.
fn message(page: &Page, parameter: Parameter) -> (String, Option<String>) {
    let raw = page.path.strip_prefix(&format!("{SLO}?")).unwrap_or_else(|| panic!("{} {}", page.path, page.text));
    let query = Query::parse(raw).unwrap();
    assert_eq!(query.parameter(), parameter);
    (String::from_utf8(query.message().to_vec()).unwrap(), query.relay_state().map(str::to_owned))
}

#[actix_web::test]
async fn a_service_provider_signs_somebody_out_and_is_told_so() {
    let provider = provider();
    let house = house(&provider).await;
    let (browser, participant) = visit(&house, &provider).await;
    let (id, address) = asks(&house, &participant);
    let page = browser.open(&address).await;
    let (response, relay_state) = message(&page, Parameter::Response);
    assert!(response.contains(&format!("InResponseTo=\"{id}\"")), "{response}");
    assert!(response.contains("status:Success") && !response.contains("PartialLogout"), "{response}");
    assert_eq!(relay_state.as_deref(), Some("mine"));
    assert!(!is_signed_in(&browser).await);

    let again = browser.open(&address).await;
    assert_eq!(again.status, 400, "a request counts once: {}", again.text);
    house.close().await;
}

#[actix_web::test]
async fn nobody_is_signed_out_by_whoever_may_not() {
    let provider = provider();
    let house = house(&provider).await;
    let (browser, participant) = visit(&house, &provider).await;
    let (_, address) = asks(&house, &participant);
    let unsigned = address.split("&SigAlg").next().unwrap();
    assert_eq!(browser.open(unsigned).await.status, 400, "unsigned");
    let mut altered = participant.clone();
    altered.name_id.value.push('x');
    let (response, _) = message(&browser.open(&asks(&house, &altered).1).await, Parameter::Response);
    assert!(response.contains("UnknownPrincipal"), "{response}");
    let other = Participant { session_index: "another".into(), ..participant };
    let (response, _) = message(&browser.open(&asks(&house, &other).1).await, Parameter::Response);
    assert!(response.contains("UnknownPrincipal"), "{response}");
    assert!(is_signed_in(&browser).await);
    house.close().await;
}

#[actix_web::test]
async fn signing_out_here_signs_out_there() {
    let provider = provider();
    let house = house(&provider).await;
    let (browser, participant) = visit(&house, &provider).await;
    let page = browser.open("/sign-out").await;
    let page = browser.submit(&page, "/sign-out", &[]).await;
    let next = page.header("refresh").strip_prefix("0; url=").unwrap_or_else(|| panic!("{}", page.text)).to_owned();
    assert!(!is_signed_in(&browser).await, "before anybody is told");
    let page = browser.open(&next).await;
    let (request, handle) = message(&page, Parameter::Request);
    assert!(request.contains(&participant.session_index) && request.contains(&participant.name_id.value), "{request}");

    let id = request.split("ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let reply = |in_response_to: &str, status: Status| {
        let service = SingleLogoutService {
            binding: LogoutBinding::Redirect,
            location: format!("{ISSUER}{}", path::SLO),
            response_location: None,
        };
        let reply = Reply {
            issuer: participant.provider.clone(),
            in_response_to: in_response_to.to_owned(),
            status,
            relay_state: handle.clone(),
        };
        let message = answer(&reply, &service, signer(), house.app().now(), &SystemRandom).unwrap();
        outgoing(message).strip_prefix(ISSUER).unwrap().to_owned()
    };
    let stranger = browser.open(&reply("_nobody-asked", Status::SUCCESS)).await;
    assert_eq!(stranger.status, 400, "{}", stranger.text);
    let failed = Status::new(TopStatus::Responder, NestedStatus::RequestDenied);
    let page = browser.open(&reply(&id, failed)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let again = browser.open(&reply(&id, Status::SUCCESS)).await;
    assert_eq!(again.status, 400, "the run is over: {}", again.text);
    house.close().await;
}

#[actix_web::test]
async fn others_are_told_before_the_one_that_asked_is_answered() {
    let first = provider();
    let house = house(&first).await;
    let mut second = provider();
    second.registered.metadata.entity_id = "https://second.example/metadata".into();
    second.registered.metadata.single_logout_services.clear();
    second.register_as(&house, 10).await;
    let (browser, participant) = visit(&house, &first).await;
    let mut request = second.request(&house);
    request.header.issuer = second.registered.metadata.entity_id.clone();
    request.header.id = "_second".into();
    assert_eq!(browser.open(&second.by_redirect(&request)).await.status, 200);

    let page = browser.open(&asks(&house, &participant).1).await;
    let (response, _) = message(&page, Parameter::Response);
    assert!(response.contains("PartialLogout"), "the second could not be told: {response}");
    house.close().await;
}
