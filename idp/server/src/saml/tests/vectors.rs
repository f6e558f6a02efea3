//! Every attack of `tests/vectors/saml`, told to the whole server: the files name its addresses and its hour.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_saml::certificate::Certificate;
use keyholder_saml::redirect::{self, Parameter};
use url::Url;

use super::provider::{ACS, Provider};
use super::reading::plain;
use crate::saml::path;
use crate::web::testing::{ANN, Browser, House, Page};

fn files(kind: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/saml")).join(kind);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{}", folder.display());
    let name = |path: &PathBuf| format!("{kind}/{}", path.file_name().unwrap().to_string_lossy());
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// The service provider of the files, in a house that they mean.
async fn house(must_sign: bool) -> (House, Provider) {
    let mut provider = plain(|_| {});
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/saml/keys");
    let certificate = std::fs::read(format!("{folder}/service-provider.certificate.der")).unwrap();
    provider.registered.metadata.signing = vec![Certificate::from_der(certificate).unwrap()];
    provider.registered.metadata.authn_requests_signed = must_sign;
    let house = House::with(|config| config.issuer = Url::parse("https://id.example").unwrap()).await;
    provider.register(&house).await;
    (house, provider)
}

async fn post(browser: &Browser, message: &[u8]) -> Page {
    browser.post(path::SSO, &[("SAMLRequest", &STANDARD.encode(message)), ("RelayState", "state")]).await
}

/// A page for the person alone: no message leaves for anywhere.
fn is_page_alone(page: &Page) -> bool {
    (400..500).contains(&page.status) && page.header("location").is_empty() && !page.has("name=\"SAMLResponse\"")
}

#[actix_web::test]
async fn no_message_that_the_gate_refuses_gets_further() {
    let (house, _) = house(false).await;
    let browser = house.signed_in(ANN).await;
    for (name, message) in files("gate") {
        assert!(is_page_alone(&post(&browser, &message).await), "{name}");
        let page = browser.post(path::SLO, &[("SAMLRequest", &STANDARD.encode(&message))]).await;
        assert!(is_page_alone(&page), "{name} as a logout");
    }
    house.close().await;
}

#[actix_web::test]
async fn no_signature_but_the_service_providers_own_over_all_of_it_begins_a_sign_in() {
    let (house, _) = house(true).await;
    let browser = house.signed_in(ANN).await;
    for (name, message) in files("signature") {
        assert!(is_page_alone(&post(&browser, &message).await), "{name}");
    }
    for (name, query) in files("redirect") {
        let query = String::from_utf8(query).unwrap();
        if query.len() > usize::from(u16::MAX) {
            // Longer than any address that a browser, or this test's, sends.
            continue;
        }
        let page = browser.get(&format!("{}?{}", path::SSO, query.trim_end())).await;
        assert!(is_page_alone(&page), "{name}: {} {}", page.status, page.text);
    }
    house.close().await;
}

#[actix_web::test]
async fn a_request_is_answered_at_the_registered_address_or_nowhere() {
    let (house, _) = house(false).await;
    let browser = house.signed_in(ANN).await;
    let mut begun = Vec::new();
    for (name, message) in files("request") {
        let page = post(&browser, &message).await;
        if page.status == 303 {
            begun.push(name);
            continue;
        }
        if is_page_alone(&page) {
            continue;
        }
        assert_eq!(page.status, 200, "{name}: {}", page.text);
        let (action, fields) = page.form("sp.example");
        assert_eq!(action, ACS, "{name}");
        let answer = fields.iter().find(|(field, _)| field == "SAMLResponse").unwrap();
        let answer = String::from_utf8(STANDARD.decode(&answer.1).unwrap()).unwrap();
        assert!(!answer.contains("Signature") && !answer.contains("Assertion"), "{name}: {answer}");
        assert!(!answer.contains("status:Success"), "{name}: {answer}");
    }
    assert_eq!(begun, ["request/good.xml", "request/no-destination.xml"]);
    house.close().await;
}

#[actix_web::test]
async fn relay_state_comes_back_as_it_was_or_is_refused_and_leads_nowhere() {
    let (house, provider) = house(false).await;
    let browser = house.signed_in(ANN).await;
    for (name, text) in files("relay-state") {
        let text = String::from_utf8(text).unwrap();
        let mut request = provider.request(&house);
        request.header.destination = None;
        let message = request.write().unwrap().canonical();
        let query = redirect::query(Parameter::Request, &message, Some(&text), None).unwrap();
        let by_get = browser.open(&format!("{}?{query}", path::SSO)).await;
        request.header.id = format!("{}-posted", request.header.id);
        let message = STANDARD.encode(request.write().unwrap().canonical());
        let posted = browser.post(path::SSO, &[("SAMLRequest", &message), ("RelayState", &text)]).await;
        let by_post = match posted.header("location") {
            "" => posted,
            next => browser.open(next).await,
        };
        for (page, way) in [(by_get, "by GET"), (by_post, "by POST")] {
            if is_page_alone(&page) {
                assert!(text.len() > 1024 || text.contains(char::is_control), "{name} {way}: {}", page.text);
                continue;
            }
            let (action, fields) = page.form("sp.example");
            assert_eq!((page.status, action.as_str()), (200, ACS), "{name} {way}");
            let back =
                fields.iter().find(|(field, _)| field == "RelayState").map(|(_, value)| value.replace("&#x60;", "`"));
            assert_eq!(back.as_ref(), Some(&text), "{name} {way}");
            assert!(text.len() < 20 || !page.has(&text) || !text.contains(['<', '"']), "{name} {way}: unescaped");
        }
    }
    house.close().await;
}

#[actix_web::test]
async fn a_body_that_no_message_needs_is_not_read() {
    let (house, _) = house(false).await;
    let browser = house.signed_in(ANN).await;
    let flood = "A".repeat(crate::web::LARGEST_BODY);
    for address in [path::SSO, path::SLO] {
        let page = browser.post(address, &[("SAMLRequest", &flood)]).await;
        assert!(is_page_alone(&page), "{address}: {}", page.status);
        let request = browser.request(reqwest::Method::POST, address).header("content-type", "text/xml");
        let page = browser.send(address, request.body(flood.clone() + "A")).await;
        assert!((400..500).contains(&page.status), "{address}: {}", page.status);
    }
    house.close().await;
}
