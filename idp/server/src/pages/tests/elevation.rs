//! **Elevate your access** and **Step down**: what the pages and the applications see, and that it ends by the clock.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::application::{ClientAuthentication, GrantType, RelyingApplication, SecretHash};
use keyholder_core::audit::AuditKind;
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};
use keyholder_core::session::Session;
use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::applications::REVISION;
use crate::digest::hash_token;
use crate::web::testing::fake_factors::CODE;
use crate::web::testing::keys::house_with_keys;
use crate::web::testing::{ANN, Browser, House, Page, asks, session_cookie, with_fields};

const SECRET: &str = "a secret of the tests";
/// Of the challenge that `asks` sends (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const OFFERED: &str = "/elevate?";
const RAISED: &str = "action=\"/step-down\"";
const TAB: &str = "/account/security-keys";

/// An application as it is from now on.
struct Register(RelyingApplication);

#[async_trait]
impl Command for Register {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_application(&self.0).await?;
        transaction.raise_revision(REVISION).await
    }
}

/// A house in which whoever uses no key sees less, and Ann has a soft key. The application may refresh and introspect.
async fn house() -> House {
    let house = house_with_keys(&["staff"], &[CODE]).await;
    let app = house.app();
    let mut application = (*app.applications.find(app, "safeguarding").await.unwrap().unwrap()).clone();
    application.client.authentication =
        ClientAuthentication::ClientSecretBasic { secret: SecretHash(hash_token(SECRET)) };
    application.client.grant_types.push(GrantType::RefreshToken);
    application.client.scopes.push("offline_access".into());
    house.run(Register(application)).await;
    app.applications.refresh(&app.store).await.unwrap();
    house
}

async fn session_of(house: &House, email: &str) -> Session {
    let person = house.person(email).await;
    house.app().store.list_live_sessions(person.id, house.app().now()).await.unwrap().remove(0)
}

/// Uses the key from the page that offers it. Each code counts once: `more` makes one of its own.
async fn elevate(browser: &Browser, page: &Page, more: &str) -> Page {
    let asked = browser.open(&page.link(OFFERED)).await;
    assert!(asked.has("Two Factor Authentication"), "the key alone is asked for: {}", asked.text);
    browser.submit(&asked, "/factor", &[("f-code", &format!("246810{more}"))]).await
}

/// What an application has of a sign-in.
struct Tokens(Value);

impl Tokens {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }
}

async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Value {
    let request = browser.request(Method::POST, path).basic_auth("safeguarding", Some(SECRET));
    let answer = with_fields(request, fields).send().await.unwrap();
    assert!(answer.status().as_u16() < 500, "{answer:?}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// The application asks for a sign-in, and gets one without a question. Its tokens go on without the session (`offline_access`) or not.
async fn sign_in(browser: &Browser, scope: &str) -> Tokens {
    let asked = asks("safeguarding", "&school=oakfield").replace("scope=openid+email", &format!("scope={scope}"));
    let answered = browser.open(&asked).await;
    redeem(browser, &answered).await
}

async fn redeem(browser: &Browser, answered: &Page) -> Tokens {
    let back = Url::parse(&answered.path).unwrap_or_else(|_| panic!("{} {}", answered.path, answered.text));
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap_or_else(|| panic!("{back}")).1.into_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://app.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = Tokens(post(browser, "/oidc/token", &fields).await);
    assert!(tokens.0["access_token"].is_string(), "{}", tokens.0);
    tokens
}

async fn refresh(browser: &Browser, tokens: &Tokens) -> Tokens {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.text("refresh_token"))];
    Tokens(post(browser, "/oidc/token", &fields).await)
}

/// Whether userinfo and introspection still take the access token: they must agree.
async fn counts(browser: &Browser, tokens: &Tokens) -> bool {
    let token = tokens.text("access_token");
    let userinfo = browser.request(Method::GET, "/oidc/userinfo").bearer_auth(token).send().await.unwrap();
    let introspection = post(browser, "/oidc/introspect", &[("token", token)]).await;
    let active = introspection["active"].as_bool().unwrap();
    assert_eq!(userinfo.status().as_u16(), if active { 200 } else { 401 });
    active
}

#[actix_web::test]
async fn elevating_asks_for_the_key_alone_and_comes_back_to_the_page() {
    let house = house().await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/account").await;
    assert!(page.has("Elevate your access") && !page.has(RAISED), "{}", page.text);
    let before = session_cookie(&browser);
    let back = elevate(&browser, &page, "").await;
    assert_eq!((back.status, back.path.as_str()), (200, "/account"), "{}", back.text);
    assert!(back.has(RAISED) && !back.has(OFFERED) && back.has("30 minutes"), "{}", back.text);
    assert_ne!(session_cookie(&browser), before, "a fresh token");
    assert!(house.events(ANN).await.contains(&AuditKind::Elevated));
    house.pass(Duration::from_secs(29 * 60 + 1));
    assert!(browser.open("/").await.has("less than a minute"), "{}", browser.open("/").await.text);
    house.close().await;
}

#[actix_web::test]
async fn elevating_leads_to_pages_of_ours_and_nowhere_else() {
    let house = house().await;
    for (number, to) in
        ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"].iter().enumerate()
    {
        let browser = house.signed_in(ANN).await;
        let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
        let asked = browser.open(&format!("/elevate?{query}")).await;
        let back = browser.submit(&asked, "/factor", &[("f-code", &format!("246810{number}"))]).await;
        assert_eq!(back.path, "/", "{to}");
        let raised = browser.open("/").await;
        let stepped = browser.submit(&raised, "/step-down", &[("to", to)]).await;
        assert_eq!(stepped.path, "/", "{to}");
    }
    house.close().await;
}

#[actix_web::test]
async fn whoever_has_no_key_is_offered_nothing_and_told_why() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    for path in ["/", "/account"] {
        let page = browser.open(path).await;
        assert!(!page.has(OFFERED) && !page.has(RAISED), "{}", page.text);
    }
    let told = browser.open("/elevate").await;
    assert!(
        (400..500).contains(&told.status) && told.has("<h1>"),
        "no loop, no question: {} {}",
        told.status,
        told.text
    );
    house.close().await;
}

/// What an application got by the password alone, and by the key afterwards.
async fn without_and_with_the_key(browser: &Browser) -> (Tokens, Tokens) {
    let asked = browser.open(&asks("safeguarding", "&school=oakfield")).await;
    let answered = browser.submit(&asked, "/factor/continue", &[]).await;
    let without = redeem(browser, &answered).await;
    let page = browser.open("/account").await;
    elevate(browser, &page, "").await;
    (without, sign_in(browser, "openid+email").await)
}

#[actix_web::test]
async fn stepping_down_ends_what_the_key_opened_and_nothing_else() {
    let house = house().await;
    let browser = house.signed_in(ANN).await;
    let (without, with) = without_and_with_the_key(&browser).await;
    let offline = sign_in(&browser, "openid+email+offline_access").await;
    for tokens in [&without, &with, &offline] {
        assert!(counts(&browser, tokens).await);
    }

    let page = browser.open("/account").await;
    let stepped = browser.submit(&page, "/step-down", &[]).await;
    assert_eq!(stepped.path, "/account");
    assert!(stepped.has(OFFERED) && !stepped.has(RAISED), "{}", stepped.text);
    assert!(house.events(ANN).await.contains(&AuditKind::SteppedDown));
    let session = session_of(&house, ANN).await;
    assert_eq!((session.proofs.len(), session.elevated_until), (1, None));
    for tokens in [&with, &offline] {
        assert!(!counts(&browser, tokens).await);
        assert_eq!(refresh(&browser, tokens).await.text("error"), "invalid_grant");
    }
    assert!(counts(&browser, &without).await, "what the password opened stays open");
    // The keys are closed again, and the application asks again.
    assert!(browser.open(TAB).await.has("You can look, but not change anything yet"));
    assert!(browser.open(&asks("safeguarding", "&school=oakfield")).await.has("Two Factor Authentication"));

    // Once more changes nothing, and is no second event.
    let again = browser.submit(&page, "/step-down", &[]).await;
    assert_eq!(again.status, 200);
    let events = house.events(ANN).await;
    assert_eq!(events.iter().filter(|kind| **kind == AuditKind::SteppedDown).count(), 1);
    house.close().await;
}

#[actix_web::test]
async fn nobody_is_stepped_down_by_a_page_of_somebody_else() {
    let house = house().await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/account").await;
    let raised = elevate(&browser, &page, "").await;
    let (_, fields) = raised.form("/step-down");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (site, fields) in [("same-origin", &[("to", "/")][..]), ("cross-site", fields.as_slice())] {
        let request = browser.request(Method::POST, "/step-down").header("sec-fetch-site", site);
        let answer = browser.send("/step-down", with_fields(request, fields)).await;
        assert_eq!(answer.status, 403, "{site}: {}", answer.text);
    }
    // Reading the form's address is no step.
    assert_eq!(browser.open("/step-down").await.path, "/");
    assert!(session_of(&house, ANN).await.elevated_until.is_some());
    assert_eq!(house.browser().open("/step-down").await.status, 200, "a stranger is asked who they are");
    house.close().await;
}

#[actix_web::test]
async fn no_token_outlives_the_elevation() {
    let house = house().await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/account").await;
    elevate(&browser, &page, "").await;
    let early = sign_in(&browser, "openid+email+offline_access").await;
    house.pass(Duration::from_mins(28));
    let refreshed = refresh(&browser, &early).await;
    let late = sign_in(&browser, "openid+email").await;
    for tokens in [&refreshed, &late] {
        assert_eq!(tokens.0["expires_in"], 120, "not longer than the elevation: {}", tokens.0);
    }
    house.pass(Duration::from_secs(119));
    for tokens in [&refreshed, &late] {
        assert!(counts(&browser, tokens).await);
    }
    assert!(browser.open(TAB).await.has("/add/"));

    house.pass(Duration::from_secs(1));
    for tokens in [&early, &refreshed, &late] {
        assert!(!counts(&browser, tokens).await);
    }
    // A confidential client keeps its refresh token.
    assert_eq!(refresh(&browser, &early).await.text("error"), "invalid_grant");
    let page = browser.open("/account").await;
    assert!(page.has(OFFERED) && !page.has(RAISED), "{}", page.text);
    let tab = browser.open(TAB).await;
    assert!(tab.has("You can look, but not change anything yet") && !tab.has("/add/"), "{}", tab.text);
    let asked = browser.open(&asks("safeguarding", "&school=oakfield")).await;
    assert!(asked.has("Two Factor Authentication"), "{}", asked.text);
    // And again for as long, with another code.
    let back = elevate(&browser, &page, "1").await;
    assert!(back.has(RAISED) && back.has("30 minutes"), "{}", back.text);
    assert!(counts(&browser, &sign_in(&browser, "openid+email").await).await);
    house.close().await;
}

#[actix_web::test]
async fn a_grant_that_was_made_without_the_key_is_not_raised_by_it() {
    let house = house().await;
    let browser = house.signed_in(ANN).await;
    let (without, with) = without_and_with_the_key(&browser).await;
    let acr = async |tokens: &Tokens| {
        post(&browser, "/oidc/introspect", &[("token", tokens.text("access_token"))]).await["acr"].clone()
    };
    assert_eq!(acr(&with).await, keyholder_core::assurance::ACR_MULTI_FACTOR);
    assert_ne!(acr(&without).await, keyholder_core::assurance::ACR_MULTI_FACTOR);
    house.close().await;
}
