//! People who are named by an `EncryptedID`, encrypted by `xmlsec1` for the key in our metadata.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::KeyState;
use keyholder_core::ports::{Command, SamlQueries as _, StoreError, Transaction};
use keyholder_core::random::{Random, draw_token};
use keyholder_core::saml::SamlKeyPurpose;
use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::logout::Participant;
use keyholder_saml::messages::{Header, LogoutRequest, Principal, soap};
use keyholder_saml::names::{AES128_GCM, AES256_CBC, AES256_GCM, ASSERTION, RSA_OAEP_MGF1P};
use keyholder_saml::redirect::{self, Parameter, Query};
use keyholder_saml::service_provider::{LogoutBinding, SingleLogoutService};
use keyholder_saml::signer::{Signer as _, sign_enveloped};
use keyholder_saml::xml::Element;
use secrecy::ExposeSecret as _;

use super::provider::{Provider, SP, certificate_from, certificates_for, house, posted, signer, xmlsec1};
use super::reading::{assertion, plain};
use crate::saml::keys::{self, REVISION};
use crate::saml::path;
use crate::web::testing::{ANN, Browser, House, ISSUER, Page};
use crate::wiring::SystemRandom;

const SLO: &str = "https://sp.example/slo";

fn provider() -> Provider {
    let mut provider = plain(|_| {}).with_key();
    provider.registered.metadata.single_logout_services =
        vec![SingleLogoutService { binding: LogoutBinding::Redirect, location: SLO.into(), response_location: None }];
    provider
}

async fn visit(house: &House, provider: &Provider) -> (Browser, Participant) {
    let browser = house.signed_in(ANN).await;
    let told = assertion(&browser.open(&provider.by_redirect(&provider.request(house))).await);
    let participant = Participant {
        provider: SP.into(),
        issuer: SP.into(),
        name_id: told.subject,
        session_index: told.authn.session_index,
    };
    (browser, participant)
}

async fn metadata(house: &House) -> String {
    house.browser().get(path::METADATA).await.text
}

async fn refreshed(house: &House) {
    let app = house.app();
    app.saml.refresh(&app.store, app.now()).await.unwrap();
}

/// The first key that our metadata lists to encrypt for.
async fn key(house: &House) -> Vec<u8> {
    certificates_for(&metadata(house).await, "encryption").remove(0)
}

fn encrypted(value: &str, certificate: &[u8], content: &str) -> Element {
    let name =
        format!("<saml:EncryptedID xmlns:saml=\"{ASSERTION}\"><saml:NameID>{value}</saml:NameID></saml:EncryptedID>");
    let template = format!(
        r#"<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{content}"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{RSA_OAEP_MGF1P}"/><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"#
    );
    let files = [("name.xml", name.as_bytes()), ("template.xml", template.as_bytes()), ("key.der", certificate)];
    let arguments = [
        "--pubkey-cert-der",
        "key.der",
        "--session-key",
        "aes-256",
        "--xml-data",
        "name.xml",
        "--node-xpath",
        "/*/*",
        "template.xml",
    ];
    let document = xmlsec1("--encrypt", &files, &arguments);
    let document = document.split_once("?>").map_or(document.as_str(), |(_, rest)| rest.trim());
    parse_document(document.as_bytes(), ASSERTION, "EncryptedID", &Limits::MESSAGE).unwrap().unverified().clone()
}

/// What the service provider asks.
fn request(house: &House, participant: &Participant, principal: Principal) -> Element {
    let header = Header {
        id: format!("_{}", draw_token(&SystemRandom).expose_secret()),
        version: "2.0".into(),
        issue_instant: house.app().now(),
        destination: Some(format!("{ISSUER}{}", path::SLO)),
        issuer: SP.into(),
    };
    let session_indexes = vec![participant.session_index.clone()];
    LogoutRequest { header, not_on_or_after: None, reason: None, principal, session_indexes }.write().unwrap()
}

fn by_redirect(request: &Element) -> String {
    let query = redirect::query(Parameter::Request, &request.canonical(), Some("mine"), Some(signer())).unwrap();
    format!("{}?{query}", path::SLO)
}

fn answer(page: &Page) -> String {
    let raw = page.path.strip_prefix(&format!("{SLO}?")).unwrap_or_else(|| panic!("{} {}", page.path, page.text));
    let query = Query::parse(raw).unwrap();
    assert_eq!(query.parameter(), Parameter::Response);
    String::from_utf8(query.message().to_vec()).unwrap()
}

async fn is_signed_in(browser: &Browser) -> bool {
    !browser.open("/").await.has("/email")
}

#[actix_web::test]
async fn the_metadata_lists_a_key_to_encrypt_for_and_what_is_read() {
    let house = House::open().await;
    let document = metadata(&house).await;
    let listed = certificates_for(&document, "encryption");
    assert_eq!(listed.len(), 1);
    assert!(!certificate_from(&document).contains(&listed[0]), "it signs nothing");
    let methods = document.split("<md:EncryptionMethod Algorithm=\"").skip(1);
    let methods: Vec<&str> = methods.map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(methods, [AES256_GCM, AES128_GCM, RSA_OAEP_MGF1P], "what is read, and nothing else");
    house.close().await;
}

#[actix_web::test]
async fn an_encrypted_name_ends_what_the_name_ends_by_every_binding() {
    let provider = provider();
    let house = house(&provider).await;
    for binding in LogoutBinding::ALL {
        let (browser, participant) = visit(&house, &provider).await;
        let name = encrypted(&participant.name_id.value, &key(&house).await, AES256_GCM);
        let request = request(&house, &participant, Principal::Opaque(Box::new(name)));
        let said = match binding {
            LogoutBinding::Redirect => answer(&browser.open(&by_redirect(&request)).await),
            LogoutBinding::Post => {
                let field = STANDARD.encode(sign_enveloped(request, signer()).unwrap().canonical());
                let page = house.browser().post(path::SLO, &[("SAMLRequest", &field)]).await;
                answer(&house.browser().open(page.header("location")).await)
            }
            LogoutBinding::Soap => {
                let body = soap::wrap(sign_enveloped(request, signer()).unwrap()).canonical();
                let post = browser.request(reqwest::Method::POST, path::SLO).header("content-type", "text/xml");
                browser.send(path::SLO, post.body(body)).await.text
            }
        };
        assert!(said.contains("status:Success") && !said.contains("PartialLogout"), "{binding:?}: {said}");
        assert!(!is_signed_in(&browser).await, "{binding:?}");
    }
    house.close().await;
}

#[actix_web::test]
async fn what_cannot_be_read_ends_nothing_and_is_answered_as_an_unknown_name() {
    let provider = provider();
    let house = house(&provider).await;
    let (browser, participant) = visit(&house, &provider).await;
    let name = &participant.name_id.value;
    let ours = key(&house).await;
    for (what, element) in [
        ("for somebody else", encrypted(name, signer().certificate(), AES256_GCM)),
        ("in CBC mode", encrypted(name, &ours, AES256_CBC)),
        ("of nobody", encrypted("nobody", &ours, AES256_GCM)),
    ] {
        let request = request(&house, &participant, Principal::Opaque(Box::new(element)));
        let said = answer(&browser.open(&by_redirect(&request)).await);
        assert!(said.contains("status:Requester") && said.contains("status:UnknownPrincipal"), "{what}: {said}");
        assert!(is_signed_in(&browser).await, "{what}");
    }
    let element = encrypted(name, &ours, AES256_GCM);
    let request = request(&house, &participant, Principal::Opaque(Box::new(element)));
    let unsigned = by_redirect(&request);
    let unsigned = unsigned.split("&SigAlg").next().unwrap();
    assert_eq!(browser.open(unsigned).await.status, 400, "unsigned");
    assert!(is_signed_in(&browser).await);
    house.close().await;
}

#[actix_web::test]
async fn the_key_is_replaced_between_two_logouts() {
    let provider = provider();
    let house = house(&provider).await;
    let (app, random): (_, Arc<dyn Random>) = (house.app(), Arc::new(SystemRandom));
    let for_encryption = SamlKeyPurpose::Encryption;
    let ends = async |certificate: &[u8], what: &str| {
        let (browser, participant) = visit(&house, &provider).await;
        let name = encrypted(&participant.name_id.value, certificate, AES256_GCM);
        let request = request(&house, &participant, Principal::Opaque(Box::new(name)));
        let said = answer(&browser.open(&by_redirect(&request)).await);
        assert!(said.contains("status:Success"), "{what}: {said}");
        assert!(!is_signed_in(&browser).await, "{what}");
    };
    let former = key(&house).await;
    let none = keys::switch(&app.store, random.as_ref(), app.now(), for_encryption).await;
    assert!(matches!(none, Err(keys::SamlKeyError::NoSuccessor)));
    // That of the other purpose stands in nobody's way.
    keys::prepare(&app.store, &random, app.now(), "localhost", SamlKeyPurpose::Messages).await.unwrap();
    keys::prepare(&app.store, &random, app.now(), "localhost", for_encryption).await.unwrap();
    refreshed(&house).await;
    let listed = certificates_for(&metadata(&house).await, "encryption");
    assert_eq!((listed.len(), &listed[0]), (2, &former), "most encrypt for the first");
    ends(&former, "the key in use").await;
    ends(&listed[1], "its successor").await;

    keys::switch(&app.store, random.as_ref(), app.now(), for_encryption).await.unwrap();
    refreshed(&house).await;
    assert_eq!(certificates_for(&metadata(&house).await, "encryption"), [listed[1].clone()]);
    assert_eq!(certificate_from(&metadata(&house).await).len(), 2, "the successor of the key that signs still waits");
    ends(&listed[1], "the successor in use").await;
    ends(&former, "metadata of before the change").await;
    let opening = async |after| keys::decryption(&app.store, app.now().plus(after)).await.unwrap().len();
    assert_eq!(opening(Duration::from_hours(24 * 29)).await, 2);
    assert_eq!(opening(Duration::from_hours(24 * 31)).await, 1, "a former key is gone after a month");
    house.close().await;
}

struct Delete(SigningKeyId);

#[async_trait]
impl Command for Delete {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.delete_saml_key(self.0).await?;
        transaction.raise_revision(REVISION).await
    }
}

#[actix_web::test]
async fn an_installation_of_before_gets_a_key_to_encrypt_for_by_itself() {
    let house = House::open().await;
    let signing = certificate_from(&metadata(&house).await);
    let stored = house.app().store.list_saml_keys().await.unwrap();
    let opens = stored.iter().find(|key| key.purpose == SamlKeyPurpose::Encryption).unwrap();
    house.run(Delete(opens.id)).await;
    refreshed(&house).await;
    // Whoever only signs goes on meanwhile.
    let app = house.app();
    assert!(app.saml.ready(&app.store, app.now()).await.unwrap().decryption.is_empty());
    let document = metadata(&house).await;
    assert_eq!(certificates_for(&document, "encryption").len(), 1);
    assert_eq!(certificate_from(&document), signing);
    let stored = house.app().store.list_saml_keys().await.unwrap();
    assert_eq!(stored.iter().filter(|key| key.state == KeyState::Active).count(), 3);
    house.close().await;
}

#[actix_web::test]
async fn an_encrypted_subject_is_the_one_that_is_answered_for_or_nobody() {
    let provider = provider();
    let house = house(&provider).await;
    let (browser, participant) = visit(&house, &provider).await;
    let ours = key(&house).await;
    let asks = |value: &str| {
        let subject = Some(Box::new(encrypted(value, &ours, AES256_GCM)));
        provider.by_redirect(&keyholder_saml::messages::AuthnRequest {
            opaque_subject: subject,
            ..provider.request(&house)
        })
    };
    let page = browser.open(&asks(&participant.name_id.value)).await;
    assert_eq!(assertion(&page).subject, participant.name_id);
    let signed = asks(&participant.name_id.value);
    let unsigned = signed.split("&SigAlg").next().unwrap();
    let page = browser.open(unsigned).await;
    assert!(posted(&page).contains("UnknownPrincipal"), "{}", page.text);
    house.close().await;
}
