//! Logout by service providers, and of them.

use keyholder_saml::logout::{Participant, Reply, Telling, answer, ask};
use keyholder_saml::messages::{NestedStatus, Status, TopStatus};
use keyholder_saml::redirect::{Parameter, Query};
use keyholder_saml::service_provider::{LogoutBinding, SingleLogoutService};

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyholder_core::outbox::Lane;
use keyholder_core::ports::Queries as _;
use keyholder_saml::inbound::Inbound;
use keyholder_saml::logout::{Outgoing, answer_soap};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::provider::{Provider, house, house_with, outgoing, signer};
use crate::saml::path;
use crate::web::testing::{ANN, Browser, House, ISSUER, Page};
use crate::wiring::SystemRandom;
use crate::workers::outbox::{Post, deliver_due};

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
    second.registered.metadata.single_logout_services.clear();
    let (browser, participant) = visit(&house, &first).await;
    visit_second(&house, &browser, second).await;

    let page = browser.open(&asks(&house, &participant).1).await;
    let (response, _) = message(&page, Parameter::Response);
    assert!(response.contains("PartialLogout"), "the second could not be told: {response}");
    house.close().await;
}

/// Signs whoever is in the browser in to another service provider as well.
async fn visit_second(house: &House, browser: &Browser, mut second: Provider) {
    second.registered.metadata.entity_id = "https://second.example/metadata".into();
    second.register_as(house, 10).await;
    let mut request = second.request(house);
    request.header.issuer = second.registered.metadata.entity_id.clone();
    request.header.id = "_second".into();
    assert_eq!(browser.open(&second.by_redirect(&request)).await.status, 200);
}

/// What the service provider posts to have somebody signed out behind the browser's back.
fn asks_by_soap(house: &House, participant: &Participant) -> String {
    let participant = Participant { issuer: participant.provider.clone(), ..participant.clone() };
    let address = format!("{ISSUER}{}", path::SLO);
    let telling = Telling { participant, binding: LogoutBinding::Soap, address };
    match ask(&telling, None, signer(), house.app().now(), &SystemRandom).unwrap().1 {
        Outgoing::Soap { body, .. } => body,
        other => panic!("{other:?}"),
    }
}

async fn post_soap(house: &House, body: String) -> Page {
    let stranger = house.browser();
    let request = stranger.request(Method::POST, path::SLO).header("content-type", "text/xml; charset=utf-8");
    stranger.send(path::SLO, request.body(body)).await
}

#[actix_web::test]
async fn a_service_provider_signs_somebody_out_behind_the_browsers_back() {
    let provider = provider();
    let house = house(&provider).await;
    let (browser, participant) = visit(&house, &provider).await;
    let body = asks_by_soap(&house, &participant);
    for (change, what) in [
        (body.replace("</samlp:LogoutRequest>", "<samlp:Extensions/></samlp:LogoutRequest>"), "altered"),
        (body.replace("soap:Body", "soap:Other"), "no body"),
        (format!("<!DOCTYPE x>{body}"), "a document type"),
        (
            asks_by_soap(&house, &Participant { provider: "https://other.example".into(), ..participant.clone() }),
            "another",
        ),
    ] {
        let page = post_soap(&house, change).await;
        assert_eq!(page.status, 500, "{what}: {}", page.text);
        assert!(page.has("faultcode") && is_signed_in(&browser).await, "{what}: {}", page.text);
    }
    let page = post_soap(&house, body.clone()).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/xml; charset=utf-8"), "{}", page.text);
    assert!(page.has("status:Success") && !page.has("PartialLogout"), "{}", page.text);
    assert!(!is_signed_in(&browser).await);
    assert_eq!(post_soap(&house, body).await.status, 500, "a request counts once");
    house.close().await;
}

/// A service provider that is called, and what it was told.
struct Called {
    address: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl Called {
    /// One that signs people out.
    async fn open(issuer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/soap", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = told.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !String::from_utf8_lossy(&request).contains("</soap:Envelope>") {
                    let mut part = [0; 4096];
                    let read = stream.read(&mut part).await.unwrap();
                    assert!(read > 0, "the request ended early");
                    request.extend_from_slice(&part[..read]);
                }
                let request = String::from_utf8(request).unwrap();
                let (head, body) = request.split_once("\r\n\r\n").unwrap();
                assert!(head.to_lowercase().contains("soapaction: \"http://www.oasis-open.org/committees/security\""));
                let message = Inbound::from_soap(body.as_bytes(), "LogoutRequest").unwrap();
                assert!(message.is_signed());
                let reply = Reply {
                    issuer: issuer.into(),
                    in_response_to: message.unverified().attribute("ID").unwrap().into(),
                    status: Status::SUCCESS,
                    relay_state: None,
                };
                let now = keyholder_core::time::Timestamp::from_millis(1_800_000_000_000);
                let answer = answer_soap(&reply, signer(), now, &SystemRandom).unwrap();
                kept.lock().unwrap().push(body.to_owned());
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
                stream.write_all((head + &answer).as_bytes()).await.unwrap();
            }
        });
        Self { address, told }
    }
}

fn provider_by_soap(address: &str) -> Provider {
    let mut provider = provider();
    provider.registered.metadata.single_logout_services = vec![SingleLogoutService {
        binding: LogoutBinding::Soap,
        location: address.to_owned(),
        response_location: None,
    }];
    provider
}

#[actix_web::test]
async fn a_service_provider_with_a_soap_endpoint_is_told_at_once_and_once() {
    let called = Called::open(super::provider::SP).await;
    let provider = provider_by_soap(&called.address);
    let house = house_with(&provider, |config| config.outbound.test_bed.allow_loopback = true).await;
    let (browser, participant) = visit(&house, &provider).await;
    let page = browser.open("/sign-out").await;
    let page = browser.submit(&page, "/sign-out", &[]).await;
    assert_eq!(page.path, "/signed-out", "no browser has to go there");
    let told = called.told.lock().unwrap().clone();
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert!(told.contains(&participant.session_index) && told.contains(&participant.name_id.value), "{told}");
    assert_eq!(house.app().store.count_waiting_outbox().await.unwrap(), 0, "nothing is left to tell");
    house.close().await;
}

#[actix_web::test]
async fn whoever_did_not_answer_is_told_later() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/soap", nobody.local_addr().unwrap());
    drop(nobody);
    let first = provider();
    let house = house_with(&first, |config| config.outbound.test_bed.allow_loopback = true).await;
    let (browser, participant) = visit(&house, &first).await;
    visit_second(&house, &browser, provider_by_soap(&address)).await;
    let page = post_soap(&house, asks_by_soap(&house, &participant)).await;
    assert!(page.status == 200 && page.has("PartialLogout"), "the second did not answer: {}", page.text);
    assert_eq!(house.app().store.count_waiting_outbox().await.unwrap(), 1);
    house.close().await;
}

#[actix_web::test]
async fn a_session_that_ends_without_its_browser_is_told_by_the_outbox() {
    let called = Called::open(super::provider::SP).await;
    let provider = provider_by_soap(&called.address);
    let house = house_with(&provider, |config| config.outbound.test_bed.allow_loopback = true).await;
    let (left_open, participant) = visit(&house, &provider).await;
    let elsewhere = house.signed_in(ANN).await;
    let page = elsewhere.open("/").await;
    elsewhere.submit(&page, "/sign-out/everywhere", &[]).await;
    assert!(!is_signed_in(&left_open).await);
    let deliver = async || deliver_due(&Post::of(house.app()), "test", Lane::Notices).await.unwrap();
    assert_eq!(deliver().await, 0, "whoever signed out would be told first");
    house.pass(Duration::from_secs(11));
    assert_eq!((deliver().await, deliver().await), (1, 0));
    let told = called.told.lock().unwrap().clone();
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert!(told.contains(&participant.session_index), "{told}");
    assert_eq!(house.app().store.count_waiting_outbox().await.unwrap(), 0);
    house.close().await;
}
