//! Logouts that somebody has no right to, and those that not everybody answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::Queries as _;
use keyholder_saml::logout::{Outgoing, Participant, Telling, ask};
use keyholder_saml::redirect::{Parameter, Query};
use keyholder_saml::service_provider::{LogoutBinding, SingleLogoutService};
use url::Url;

use super::provider::{Provider, signer};
use super::reading::{assertion, change, plain};
use crate::saml::path;
use crate::web::testing::{ANN, Browser, House, ISSUER, Page, asks};
use crate::wiring::SystemRandom;

const ONE: &str = "https://one.example/metadata";
const OTHER: &str = "https://other.example/metadata";

/// Where a service provider takes messages about logout.
fn slo(entity_id: &str) -> String {
    entity_id.replace("metadata", "slo")
}

fn provider(entity_id: &str, binding: LogoutBinding) -> Provider {
    let mut provider = plain(|_| {}).with_key();
    provider.registered.metadata.entity_id = entity_id.into();
    provider.registered.metadata.single_logout_services =
        vec![SingleLogoutService { binding, location: slo(entity_id), response_location: None }];
    provider
}

async fn house(providers: &[&Provider]) -> House {
    let house = House::open().await;
    for (number, provider) in (9..).zip(providers) {
        provider.register_as(&house, number).await;
    }
    house
}

/// Signs in to a service provider: what that was told.
async fn visit(house: &House, provider: &Provider, browser: &Browser) -> Participant {
    let name = provider.registered.metadata.entity_id.clone();
    let mut request = provider.request(house);
    request.header.issuer.clone_from(&name);
    request.header.id = format!("{}-{}", request.header.id, name.len());
    let told = assertion(&browser.open(&provider.by_redirect(&request)).await);
    Participant { issuer: name.clone(), provider: name, name_id: told.subject, session_index: told.authn.session_index }
}

/// A request for a logout, as the service provider writes it: its own name stands in place of ours.
fn request(house: &House, participant: &Participant, binding: LogoutBinding) -> Outgoing {
    let address = format!("{ISSUER}{}", path::SLO);
    let telling = Telling { participant: participant.clone(), binding, address };
    ask(&telling, Some("mine"), signer(), house.app().now(), &SystemRandom).unwrap().1
}

fn by_redirect(house: &House, participant: &Participant) -> String {
    match request(house, participant, LogoutBinding::Redirect) {
        Outgoing::Redirect { url } => url.strip_prefix(ISSUER).unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// What a browser that left brings to a service provider.
fn brought(page: &Page, entity_id: &str) -> (Parameter, String, String) {
    let query = page.path.strip_prefix(&format!("{}?", slo(entity_id)));
    let query = Query::parse(query.unwrap_or_else(|| panic!("{} {}", page.path, page.text))).unwrap();
    let message = String::from_utf8(query.message().to_vec()).unwrap();
    (query.parameter(), message, query.relay_state().unwrap_or_default().to_owned())
}

async fn is_signed_in(browser: &Browser) -> bool {
    !browser.open("/").await.has("/email")
}

#[actix_web::test]
async fn nobody_ends_what_another_service_provider_was_told() {
    let (one, other) = (provider(ONE, LogoutBinding::Redirect), provider(OTHER, LogoutBinding::Redirect));
    let house = house(&[&one, &other]).await;
    let browser = house.signed_in(ANN).await;
    let told = visit(&house, &one, &browser).await;
    let own = visit(&house, &other, &browser).await;
    for stolen in [
        Participant { issuer: OTHER.into(), provider: OTHER.into(), ..told.clone() },
        Participant { session_index: told.session_index.clone(), ..own.clone() },
    ] {
        let (parameter, answer, _) = brought(&browser.open(&by_redirect(&house, &stolen)).await, OTHER);
        assert_eq!(parameter, Parameter::Response);
        assert!(answer.contains("UnknownPrincipal"), "{answer}");
        assert!(is_signed_in(&browser).await);
    }
    let stale = by_redirect(&house, &own);
    house.pass(Duration::from_mins(10));
    assert_eq!(browser.open(&stale).await.status, 400, "asked too long ago");
    assert!(is_signed_in(&browser).await);
    house.close().await;
}

#[actix_web::test]
async fn a_logout_by_post_is_answered_by_post() {
    let provider = provider(ONE, LogoutBinding::Post);
    let house = house(&[&provider]).await;
    let browser = house.signed_in(ANN).await;
    let told = visit(&house, &provider, &browser).await;
    let Outgoing::Post { value, .. } = request(&house, &told, LogoutBinding::Post) else { panic!("another binding") };
    let both = [("SAMLRequest", value.as_str()), ("SAMLResponse", value.as_str())];
    assert_eq!(browser.post(path::SLO, &both).await.status, 400, "one message at a time");
    // A form of another site brings no cookie: the message itself says whom it means.
    let stranger = house.browser();
    let page = stranger.post(path::SLO, &[("SAMLRequest", &value), ("RelayState", "\"><script>")]).await;
    let page = stranger.open(page.header("location")).await;
    let (action, fields) = page.form("one.example");
    assert_eq!(action, slo(ONE));
    assert!(fields.iter().any(|(name, _)| name == "SAMLResponse"), "{fields:?}");
    assert!(fields.contains(&("RelayState".into(), "\"><script>".into())), "{fields:?}");
    assert!(!page.has("\"><script>"), "{}", page.text);
    assert!(house.events(ANN).await.contains(&AuditKind::SignedOut));
    assert!(!is_signed_in(&browser).await);
    house.close().await;
}

#[actix_web::test]
async fn whoever_never_comes_back_holds_nobody_up_and_counts_as_not_signed_out() {
    let (one, other) = (provider(ONE, LogoutBinding::Redirect), provider(OTHER, LogoutBinding::Redirect));
    let house = house(&[&one, &other]).await;
    let browser = house.signed_in(ANN).await;
    let told = visit(&house, &one, &browser).await;
    visit(&house, &other, &browser).await;
    let page = browser.open(&by_redirect(&house, &told)).await;
    let (parameter, _, handle) = brought(&page, OTHER);
    assert_eq!(parameter, Parameter::Request);
    assert!(!is_signed_in(&browser).await, "whatever the other does");
    let next = format!("{}?logout={handle}", path::SLO_NEXT);
    let (parameter, answer, relay_state) = brought(&browser.open(&next).await, ONE);
    assert_eq!((parameter, relay_state.as_str()), (Parameter::Response, "mine"));
    assert!(answer.contains("PartialLogout"), "{answer}");
    let page = browser.open(&next).await;
    assert!(page.status == 200 && !page.has("SAMLResponse"), "it is answered once: {}", page.text);
    house.close().await;
}

#[actix_web::test]
async fn applications_over_openid_connect_are_told_of_a_logout_over_saml() {
    let provider = provider(ONE, LogoutBinding::Redirect);
    let house = house(&[&provider]).await;
    let told_at = |path: &str| Some(Url::parse(&format!("https://app.example/{path}")).unwrap());
    change(&house, "safeguarding", |application| {
        application.client.backchannel_logout_uri = told_at("back");
        application.client.frontchannel_logout_uri = told_at("front");
    })
    .await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open(&asks("safeguarding", "&school=oakfield")).await;
    assert!(page.path.contains("code="), "{}", page.text);
    let told = visit(&house, &provider, &browser).await;
    let page = browser.open(&by_redirect(&house, &told)).await;
    assert!(page.has("https://app.example/front"), "a frame: {}", page.text);
    assert_eq!(house.app().store.count_waiting_outbox().await.unwrap(), 1, "a notice to the back channel");
    let next = page.header("refresh").strip_prefix("0; url=").unwrap().to_owned();
    let (_, answer, _) = brought(&browser.open(&next).await, ONE);
    assert!(answer.contains("status:Success"), "{answer}");
    house.close().await;
}

#[actix_web::test]
async fn nobody_reads_on_the_way_what_another_service_provider_is_told() {
    const THIRD: &str = "https://third.example/metadata";
    let providers = [ONE, OTHER, THIRD].map(|name| provider(name, LogoutBinding::Redirect));
    let [one, other, third] = &providers;
    let house = house(&[one, other, third]).await;
    let servers_own = house.browser();
    for asked_by_server in [true, false] {
        let browser = house.signed_in(ANN).await;
        let told = visit(&house, one, &browser).await;
        visit(&house, other, &browser).await;
        visit(&house, third, &browser).await;
        let asks = by_redirect(&house, &told);
        let page = if asked_by_server {
            servers_own.open(&asks).await
        } else {
            // The second was reached with the browser, and asks on its own for what the third is told.
            let page = browser.open(&asks).await;
            let second = if page.path.starts_with(&slo(OTHER)) { OTHER } else { THIRD };
            let (parameter, _, handle) = brought(&page, second);
            assert_eq!(parameter, Parameter::Request);
            servers_own.open(&format!("{}?logout={handle}", path::SLO_NEXT)).await
        };
        let (parameter, answer, _) = brought(&page, ONE);
        assert_eq!(parameter, Parameter::Response, "no request to another");
        assert!(answer.contains("PartialLogout"), "{answer}");
        assert!(!is_signed_in(&browser).await);
    }
    house.close().await;
}

#[actix_web::test]
async fn a_session_that_ended_is_not_told_again_and_again() {
    let hangs_up = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/soap", hangs_up.local_addr().unwrap());
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    tokio::spawn(async move {
        while hangs_up.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let one = provider(ONE, LogoutBinding::Soap);
    let mut other = provider(OTHER, LogoutBinding::Soap);
    other.registered.metadata.single_logout_services[0].location = address;
    let house = House::with(|config| config.outbound.test_bed.allow_loopback = true).await;
    one.register_as(&house, 9).await;
    other.register_as(&house, 10).await;
    let browser = house.signed_in(ANN).await;
    let told = visit(&house, &one, &browser).await;
    visit(&house, &other, &browser).await;
    let asks = async || {
        let Outgoing::Soap { body, .. } = request(&house, &told, LogoutBinding::Soap) else { panic!("another") };
        let post = browser.request(reqwest::Method::POST, path::SLO).header("content-type", "text/xml");
        browser.send(path::SLO, post.body(body)).await
    };
    for time in ["once", "again"] {
        let page = asks().await;
        assert!(page.status == 200 && page.has("PartialLogout"), "{time}: {}", page.text);
        assert_eq!(house.app().store.count_waiting_outbox().await.unwrap(), 1, "{time}: one notice waits");
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{time}");
    }
    house.close().await;
}
