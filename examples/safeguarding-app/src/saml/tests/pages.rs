//! Over HTTP: who may answer what, how often, and in which browser.

use std::io::Read as _;

use actix_web::body::to_bytes;
use actix_web::cookie::Cookie;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser as _;
use flate2::read::DeflateDecoder;
use url::Url;

use super::super::logout::Named;
use super::idp::*;
use crate::config::Flags;
use crate::web::{Application, configure};

const SESSION: &str = "safeguarding-session-over-saml";
const BROWSER: &str = "safeguarding-browser-over-saml";

fn application() -> Data<Application> {
    let (idp, key, certificate) = (path_of("idp.xml"), path_of("key.pem"), path_of("certificate.pem"));
    let flags = [
        "safeguarding-app",
        "--issuer",
        "http://localhost:1",
        "--saml-idp-metadata",
        &idp,
        "--saml-key",
        &key,
        "--saml-certificate",
        &certificate,
    ];
    Data::new(Application::new(Flags::try_parse_from(flags).unwrap().check().unwrap(), crate::unix_now).unwrap())
}

/// A browser: what it was told to keep, and where it was sent last.
#[derive(Default, Clone)]
struct Browser {
    session: Option<String>,
    /// Binds a sign-in to it.
    bound: Option<String>,
    status: u16,
    location: String,
    body: String,
}

impl Browser {
    async fn send(&mut self, application: &Data<Application>, mut request: TestRequest, with_cookies: bool) {
        for (name, value) in [(SESSION, &self.session), (BROWSER, &self.bound)] {
            if let (true, Some(value)) = (with_cookies, value) {
                request = request.cookie(Cookie::new(name, value.clone()));
            }
        }
        let app = init_service(actix_web::App::new().configure(|service| configure(service, application))).await;
        let response = call_service(&app, request.to_request()).await;
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = Cookie::parse(cookie.to_str().unwrap()).unwrap();
            let kept = if cookie.name() == SESSION { &mut self.session } else { &mut self.bound };
            *kept = Some(cookie.value().to_owned());
        }
        self.status = response.status().as_u16();
        self.location = response.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        self.body = String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap();
    }

    async fn get(&mut self, application: &Data<Application>, path: &str) {
        self.send(application, TestRequest::get().uri(&format!("/s/over-saml{path}")), true).await;
    }

    /// The identity provider's page posts; cookies do not come from another site.
    async fn post(&mut self, application: &Data<Application>, response: &str, relay_state: &str) {
        let form = [("SAMLResponse", field(response)), ("RelayState", relay_state.to_owned())];
        self.send(application, TestRequest::post().uri("/s/over-saml/saml/acs").set_form(form), false).await;
    }

    async fn follow(&mut self, application: &Data<Application>) {
        let location = self.location.clone();
        self.send(application, TestRequest::get().uri(&location), true).await;
    }

    /// The request with which it was sent to the identity provider: text, id, and `RelayState`.
    fn asked(&self) -> (String, String, String) {
        let address = Url::parse(&self.location).unwrap();
        assert_eq!((address.host_str(), address.path()), (Some("localhost"), "/saml/sso"));
        let one = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert!(!one("Signature").is_empty());
        let mut text = String::new();
        let packed = STANDARD.decode(one("SAMLRequest")).unwrap();
        DeflateDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        let id = roxmltree::Document::parse(&text).unwrap().root_element().attribute("ID").unwrap().to_owned();
        (text, id, one("RelayState"))
    }

    /// Signs in with a sign-in of that class.
    async fn sign_in(&mut self, application: &Data<Application>, path: &str, class: &str) {
        self.get(application, path).await;
        let (_, id, state) = self.asked();
        self.post(application, &answer(&id, class), &state).await;
        assert_eq!(self.status, 303, "{}", self.body);
        self.follow(application).await;
    }
}

fn answer(request_id: &str, class: &str) -> String {
    let mut said = Said::to(request_id);
    said.id = format!("_a{request_id}");
    said.statements = statement(class, now() + 3600);
    said.signed()
}

fn refusal(request_id: &str, code: &str) -> String {
    Said::to(request_id).response("", "").replace("status:Success", &format!("status:{code}"))
}

#[actix_web::test]
async fn a_sign_in_leads_to_the_page_that_was_wanted() {
    let (application, mut browser) = (application(), Browser::default());
    browser.get(&application, "/incidents/1").await;
    browser.follow(&application).await;
    let (text, id, state) = browser.asked();
    assert!(!text.contains("RequestedAuthnContext") && id.len() > 27, "{text}");
    browser.post(&application, &answer(&id, SFA), &state).await;
    assert!(browser.session.is_none(), "a form of another site begins no session");
    browser.follow(&application).await;
    assert_eq!((browser.status, browser.location.as_str()), (303, "/s/over-saml/incidents/1"));
    browser.get(&application, "/").await;
    for words in [
        "Ann &lt;b&gt; Other",
        "School 199901",
        "incidents-read",
        "Without a key",
        "2 minutes ago",
        "does not say which",
    ] {
        assert!(browser.body.contains(words), "{words}: {}", browser.body);
    }
}

#[actix_web::test]
async fn an_answer_belongs_to_the_browser_that_asked() {
    let (application, mut browser) = (application(), Browser::default());
    browser.get(&application, "/sign-in").await;
    let (_, id, state) = browser.asked();
    let mut other = Browser::default();
    other.get(&application, "/sign-in").await;
    other.post(&application, &answer(&id, SFA), &state).await;
    other.follow(&application).await;
    assert_eq!((other.status, &other.session), (400, &None), "login CSRF");
    let mut without = Browser::default();
    without.get(&application, &format!("/saml/continue?state={state}")).await;
    assert_eq!((without.status, &without.session), (400, &None));
    browser.get(&application, &format!("/saml/continue?state={state}")).await;
    assert!(browser.session.is_some(), "whose it is may still come");
}

#[actix_web::test]
async fn an_answer_counts_once() {
    let (application, mut browser) = (application(), Browser::default());
    browser.get(&application, "/sign-in").await;
    let (_, id, state) = browser.asked();
    let response = answer(&id, SFA);
    browser.post(&application, &response, &state).await;
    assert_eq!(browser.status, 303);
    let first = browser.location.clone();
    let mut again = Browser::default();
    again.post(&application, &response, &state).await;
    assert_eq!(again.status, 502, "the same assertion");
    let mut said = Said::to(&id);
    "_another".clone_into(&mut said.id);
    again.post(&application, &said.signed(), &state).await;
    assert_eq!(again.status, 400, "another answer to the same request");
    browser.follow(&application).await;
    assert!(browser.session.is_some());
    browser.location = first;
    browser.follow(&application).await;
    assert_eq!(browser.status, 400);
    browser.post(&application, &response, &state).await;
    assert_eq!(browser.status, 400, "the request is gone");
}

#[actix_web::test]
async fn the_same_assertion_answers_no_second_request() {
    let (application, mut browser) = (application(), Browser::default());
    browser.get(&application, "/sign-in").await;
    let (_, first, _) = browser.asked();
    browser.get(&application, "/sign-in").await;
    let (_, _, second) = browser.asked();
    browser.post(&application, &answer(&first, SFA), &second).await;
    assert_eq!(browser.status, 502);
}

#[actix_web::test]
async fn a_response_that_nobody_asked_for_only_makes_it_ask() {
    let (application, mut browser) = (application(), Browser::default());
    let mut said = Said::to("");
    said.in_response_to = None;
    browser.post(&application, &said.signed(), "/incidents/3").await;
    assert_eq!((browser.status, browser.location.as_str()), (303, "/s/over-saml/sign-in?return=/"));
    assert!(browser.session.is_none());
    browser.follow(&application).await;
    browser.asked();
}

#[actix_web::test]
async fn what_needs_two_factors_is_opened_once_for_each_time_that_the_provider_says_so() {
    let (application, mut browser) = (application(), Browser::default());
    browser.sign_in(&application, "/sign-in?return=/incidents/3", SFA).await;
    browser.follow(&application).await;
    assert_eq!(browser.status, 403);
    assert!(browser.body.contains("A key is needed") && !browser.body.contains("weekend"));

    browser.get(&application, "/sign-in?with=key&return=/incidents/3").await;
    let (text, id, state) = browser.asked();
    assert!(
        text.contains(MFA) && text.contains("Comparison=\"exact\"") && text.contains("IsPassive=\"false\""),
        "{text}"
    );
    browser.post(&application, &answer(&id, MFA), &state).await;
    browser.follow(&application).await;
    browser.follow(&application).await;
    assert!(browser.body.contains("weekend"), "{}", browser.body);

    // Again: asked without a page whether it still counts. It does.
    browser.get(&application, "/incidents/4").await;
    let (text, id, state) = browser.asked();
    assert!(text.contains(MFA) && text.contains("IsPassive=\"true\""), "{text}");
    browser.post(&application, &answer(&id, MFA), &state).await;
    browser.follow(&application).await;
    browser.follow(&application).await;
    assert!(browser.body.contains("The phone was not searched"), "{}", browser.body);

    // And no more.
    browser.get(&application, "/incidents/3").await;
    let (_, id, state) = browser.asked();
    browser.post(&application, &refusal(&id, "NoPassive"), &state).await;
    browser.follow(&application).await;
    browser.follow(&application).await;
    assert_eq!(browser.status, 403);
    assert!(!browser.body.contains("weekend") && !browser.body.contains("You signed in again"), "{}", browser.body);
    browser.get(&application, "/").await;
    assert!(browser.body.contains("Without a key"), "the session goes on");
}

#[actix_web::test]
async fn whoever_has_no_key_goes_on_without() {
    let (application, mut browser) = (application(), Browser::default());
    browser.sign_in(&application, "/sign-in", SFA).await;
    browser.get(&application, "/sign-in?with=key&return=/incidents/3").await;
    let (_, id, state) = browser.asked();
    browser.post(&application, &refusal(&id, "NoAuthnContext"), &state).await;
    browser.follow(&application).await;
    browser.follow(&application).await;
    assert!(browser.body.contains("You signed in again, but without your key."), "{}", browser.body);
    let mut stranger = Browser::default();
    stranger.get(&application, "/sign-in").await;
    let (_, id, state) = stranger.asked();
    stranger.post(&application, &refusal(&id, "RequestDenied"), &state).await;
    stranger.follow(&application).await;
    assert_eq!(stranger.status, 403);
    assert!(stranger.body.contains("You are not signed in"));
}

#[actix_web::test]
async fn an_answer_with_less_than_was_asked_for_opens_nothing() {
    let (application, mut browser) = (application(), Browser::default());
    browser.sign_in(&application, "/sign-in?with=key&return=/incidents/3", SFA).await;
    browser.follow(&application).await;
    assert_eq!(browser.status, 403);
    assert!(browser.body.contains("without your key"), "{}", browser.body);
}

fn logout_request(change: impl FnOnce(String) -> String) -> String {
    change(format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Destination=\"{APP}/saml/slo\" ID=\"_logout\" IssueInstant=\"{}\" \
         NotOnOrAfter=\"{}\" Version=\"2.0\"><saml:Issuer>{ENTITY_ID}</saml:Issuer><saml:NameID>person-1</saml:NameID>\
         <samlp:SessionIndex>index-1</samlp:SessionIndex></samlp:LogoutRequest>",
        instant(now()),
        instant(now() + 300)
    ))
}

/// As the query of a signed address.
fn signed_query(xml: &str, key: &Key) -> String {
    let mut packed = Vec::new();
    flate2::read::DeflateEncoder::new(xml.as_bytes(), flate2::Compression::default()).read_to_end(&mut packed).unwrap();
    let mut address = Url::parse("http://localhost/").unwrap();
    address.query_pairs_mut().append_pair("SAMLRequest", &STANDARD.encode(packed)).append_pair("RelayState", "handle");
    samael::crypto::sign_url(address, &key.openssl()).unwrap().query().unwrap().to_owned()
}

#[actix_web::test]
async fn the_provider_signs_people_out_of_the_sessions_that_it_names() {
    let (application, mut browser) = (application(), Browser::default());
    browser.sign_in(&application, "/sign-in", SFA).await;
    let mut messenger = Browser::default();
    let other = logout_request(|xml| xml.replace("index-1", "index-2").replace("_logout", "_other"));
    messenger.get(&application, &format!("/saml/slo?{}", signed_query(&other, &IDP))).await;
    assert_eq!(messenger.status, 303);
    browser.get(&application, "/incidents").await;
    assert_eq!(browser.status, 200, "another session was named");

    let query = signed_query(&logout_request(|xml| xml), &IDP);
    messenger.get(&application, &format!("/saml/slo?{query}")).await;
    assert_eq!(messenger.status, 303, "{}", messenger.body);
    let answered = Url::parse(&messenger.location).unwrap();
    assert_eq!((answered.path(), answered.host_str()), ("/saml/slo", Some("localhost")));
    let one = |name: &str| answered.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(one("RelayState").as_deref(), Some("handle"));
    let mut text = String::new();
    let packed = STANDARD.decode(one("SAMLResponse").unwrap()).unwrap();
    DeflateDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.contains("InResponseTo=\"_logout\"") && text.contains("status:Success"), "{text}");
    browser.get(&application, "/incidents").await;
    assert_eq!(browser.status, 303, "signed out");
    messenger.get(&application, &format!("/saml/slo?{query}")).await;
    assert_eq!(messenger.status, 502, "seen before");
}

#[test]
fn a_logout_request_is_believed_only_from_the_provider_and_now() {
    let provider = provider();
    let check = |query: &str| provider.check_logout(query, now());
    let good = signed_query(&logout_request(|xml| xml), &IDP);
    let named =
        Named { id: "_logout".to_owned(), name_id: "person-1".to_owned(), session_indexes: vec!["index-1".to_owned()] };
    assert_eq!(check(&good), Ok((named, Some("handle".to_owned()))));

    assert_eq!(check(&signed_query(&logout_request(|xml| xml), &STRANGER)), Err("signature"));
    let without = |name: &str| good.split('&').filter(|pair| !pair.starts_with(name)).collect::<Vec<_>>().join("&");
    assert_eq!(check(&without("SigAlg")), Err("not signed"));
    assert_eq!(check(&without("Signature")), Err("not signed"));
    assert_eq!(check(&without("RelayState")), Err("signature"));
    assert_eq!(check(&good.replace("rsa-sha256", "hmac-sha256")), Err("not signed"));
    assert_eq!(check(&good.replace("handle", "another")), Err("signature"));
    assert_eq!(check(&format!("{good}&RelayState=b")), Err("RelayState twice"));
    assert_eq!(check(&format!("{good}&SAMLRequest=b")), Err("not one SAMLRequest"));
    let (old, soon) = (instant(now() - 1000), instant(now() + 1000));
    let changes = [
        (ENTITY_ID.to_owned(), "http://other".to_owned(), "Issuer"),
        (format!("{APP}/saml/slo"), "http://other".to_owned(), "Destination"),
        (format!("IssueInstant=\"{}\"", instant(now())), format!("IssueInstant=\"{old}\""), "IssueInstant"),
        (format!("IssueInstant=\"{}\"", instant(now())), format!("IssueInstant=\"{soon}\""), "IssueInstant"),
        ("NotOnOrAfter=\"".to_owned(), "NotOnOrAfter=\"x".to_owned(), "NotOnOrAfter"),
        ("LogoutRequest".to_owned(), "ManageNameIDRequest".to_owned(), "not a logout request"),
    ];
    for (from, to, why) in changes {
        let request = logout_request(|xml| xml);
        // The second may have turned since.
        if request.contains(&from) {
            assert_eq!(check(&signed_query(&request.replace(&from, &to), &IDP)), Err(why));
        }
    }
}

#[actix_web::test]
async fn signing_out_here_goes_on_to_the_provider() {
    let (application, mut browser) = (application(), Browser::default());
    browser.sign_in(&application, "/sign-in", SFA).await;
    browser.get(&application, "/").await;
    let token =
        browser.body.split_once("name=\"form_token\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let form = TestRequest::post().uri("/s/over-saml/sign-out").set_form([("form_token", token)]);
    browser.send(&application, form, true).await;
    let address = Url::parse(&browser.location).unwrap();
    assert_eq!(address.path(), "/saml/slo");
    let packed = address.query_pairs().find(|(key, _)| key == "SAMLRequest").unwrap().1.into_owned();
    let mut text = String::new();
    DeflateDecoder::new(STANDARD.decode(packed).unwrap().as_slice()).read_to_string(&mut text).unwrap();
    let (name, index) = (text.find("person-1").unwrap(), text.find(">index-1<").unwrap());
    assert!(name < index, "saml-core-2.0-os 3.7.1: SessionIndex behind the identifier");
    browser.get(&application, "/saml/slo?SAMLResponse=x").await;
    assert_eq!(browser.location, "/s/over-saml/signed-out");
    browser.get(&application, "/incidents").await;
    assert_eq!(browser.status, 303);
}

#[actix_web::test]
async fn what_belongs_to_openid_connect_is_not_there() {
    let (application, mut browser) = (application(), Browser::default());
    for path in
        ["/callback?code=c&state=s", "/api/incidents/1", "/frontchannel-logout?iss=http://localhost:1/&sid=index-1"]
    {
        browser.get(&application, path).await;
        assert!([400, 401, 404].contains(&browser.status), "{path}: {}", browser.status);
    }
}
