//! What an application may ask of a sign-in: how strong, how fresh, with or without a page.

use keyholder_tests::{AuthorizationRequest, Browser, Keyholder, PASSWORD, Page, RelyingApplication};
use serde_json::json;

const TEACHER: &str = "teacher@oakfield.example";
const COLLEAGUE: &str = "colleague@oakfield.example";
const BOTH: &str = "both@trust.example";
const SFA: &str = "https://refeds.org/profile/sfa";
const MFA: &str = "https://refeds.org/profile/mfa";

/// Whether the page asks for the person again.
fn asks_who(page: &Page) -> bool {
    page.forms().iter().any(|form| form.fields.iter().any(|(name, _)| name == "email" || name == "password"))
}

fn error(page: &Page) -> Option<String> {
    page.parameter("error")
}

/// A request for an `acr` in the ID token (`OpenID` Connect Core 5.5.1.1).
fn with_acr(application: &RelyingApplication, acr: &serde_json::Value) -> AuthorizationRequest {
    application.request().with("claims", &json!({ "id_token": { "acr": acr } }).to_string())
}

#[tokio::test]
async fn a_wish_for_more_is_answered_with_what_was_reached() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    application.sign_in(&browser, TEACHER, PASSWORD).await;
    for request in [
        application.request().with("acr_values", &format!("{MFA} phr")),
        application.request().with("acr_values", "urn:nobody:knows"),
        with_acr(&application, &json!({ "value": MFA })),
        with_acr(&application, &json!({ "values": [MFA, "phr"] })),
        with_acr(&application, &json!(null)),
    ] {
        let page = browser.open(request.url()).await;
        let signed_in = application.finish(&request, &page).await;
        assert_eq!((&signed_in.claims["acr"], &signed_in.claims["amr"]), (&json!(SFA), &json!(["pwd"])));
    }
}

#[tokio::test]
async fn a_demand_that_cannot_be_met_is_an_error_with_and_without_a_page() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    for acr in [
        json!({ "essential": true, "value": MFA }),
        json!({ "essential": true, "values": ["phr", MFA] }),
        json!({ "essential": true, "value": "urn:nobody:knows" }),
    ] {
        let browser = Browser::default();
        let request = with_acr(&application, &acr);
        let page = browser.open(request.url()).await;
        let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
        assert!(page.url.as_str().starts_with(&application.redirect_uri), "{acr}: {}", page.url);
        assert_eq!(error(&page).as_deref(), Some("unmet_authentication_requirements"), "{acr}");
        assert_eq!((page.parameter("state").as_deref(), page.parameter("code")), (request.value("state"), None));
        let silent = with_acr(&application, &acr).with("prompt", "none");
        assert_eq!(error(&browser.open(silent.url()).await).as_deref(), Some("unmet_authentication_requirements"));
    }
}

#[tokio::test]
async fn a_demand_that_is_met_is_a_sign_in() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    application.sign_in(&browser, TEACHER, PASSWORD).await;
    for acr in [json!({ "essential": true, "value": SFA }), json!({ "essential": true, "values": ["phr", SFA] })] {
        // What is demanded in the claims goes before a wish in `acr_values`.
        let request = with_acr(&application, &acr).with("acr_values", MFA).with("prompt", "none");
        let page = browser.open(request.url()).await;
        assert_eq!(application.finish(&request, &page).await.claims["acr"], SFA);
    }
}

#[tokio::test]
async fn a_fresh_proof_is_asked_for_and_told() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    let first = application.sign_in(&browser, TEACHER, PASSWORD).await;

    let request = application.request().with("max_age", "3600");
    let page = browser.open(request.url()).await;
    let signed_in = application.finish(&request, &page).await;
    assert_eq!(signed_in.claims["auth_time"], first.claims["auth_time"]);

    // Core 3.1.2.1 and its errata: no age at all is `prompt=login`.
    for (name, value) in [("max_age", "0"), ("prompt", "login")] {
        let request = application.request().with(name, value);
        let page = browser.open(request.url()).await;
        assert!(asks_who(&page), "{name}={value}: {} {}", page.url, page.text());
        // Coming back to the page, or asking again, proves nothing.
        assert!(asks_who(&browser.open(page.url.as_str()).await), "{name}={value}");
        let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
        let signed_in = application.finish(&request, &page).await;
        let time = |claims: &serde_json::Value| claims["auth_time"].as_i64().unwrap();
        assert!(time(&signed_in.claims) >= time(&first.claims), "{name}={value}");
    }

    let page = browser.open(application.request().with("max_age", "0").with("prompt", "none").url()).await;
    assert_eq!(error(&page).as_deref(), Some("login_required"));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_to_the_application() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    for (name, value) in [
        ("prompt", "none login"),
        ("prompt", "none consent"),
        ("max_age", "-1"),
        ("max_age", "soon"),
        ("claims", "{"),
        ("claims", "[]"),
    ] {
        let page = Browser::default().open(application.request().with(name, value).url()).await;
        assert!(page.url.as_str().starts_with(&application.redirect_uri), "{name}={value}: {}", page.url);
        assert_eq!(error(&page).as_deref(), Some("invalid_request"), "{name}={value}");
    }
}

#[tokio::test]
async fn the_school_is_chosen_again_where_there_is_a_choice() {
    let keyholder = Keyholder::start().await;
    let trust = RelyingApplication::new(&keyholder, "trust-app");
    let browser = Browser::default();
    let request = trust.request().with("school", "bryn");
    let page = browser.open(request.url()).await;
    let page = Keyholder::type_password(&browser, &page, BOTH, PASSWORD).await;
    trust.finish(&request, &page).await;

    let page = browser.open(trust.request().with("prompt", "none").url()).await;
    assert_eq!(error(&page).as_deref(), Some("account_selection_required"));
    let request = trust.request().with("school", "bryn").with("prompt", "select_account");
    let page = browser.open(request.url()).await;
    assert!(page.says("Oakfield Primary") && page.says("Ysgol y Bryn"), "{}", page.text());
    let page = browser.submit(&page, &[("school", "oakfield")]).await;
    let signed_in = trust.finish(&request, &page).await;
    assert_eq!(trust.userinfo(&signed_in.access_token).await.json["school"]["name"], "Oakfield Primary");

    // One school is no question.
    let browser = Browser::default();
    trust.sign_in(&browser, TEACHER, PASSWORD).await;
    let request = trust.request().with("prompt", "select_account");
    let page = browser.open(request.url()).await;
    trust.finish(&request, &page).await;
}

#[tokio::test]
async fn consent_is_asked_again_when_the_application_wants_it() {
    let keyholder = Keyholder::start().await;
    let guest = RelyingApplication::new(&keyholder, "guest-app").with_scope("openid profile email");
    let browser = Browser::default();
    let request = guest.request();
    let page = browser.open(request.url()).await;
    let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
    let page = browser.submit(&page, &[("answer", "allow")]).await;
    guest.finish(&request, &page).await;
    guest.sign_in_silently(&browser).await;

    let request = guest.request().with("prompt", "consent");
    let page = browser.open(request.url()).await;
    assert!(page.says("Trip Planner"), "{} {}", page.url, page.text());
    let page = browser.submit(&page, &[("answer", "deny")]).await;
    assert_eq!(error(&page).as_deref(), Some("access_denied"));

    // Nobody has to agree to what belongs to the school.
    let own = RelyingApplication::new(&keyholder, "oakfield-app");
    let request = own.request().with("prompt", "consent");
    let page = browser.open(request.url()).await;
    own.finish(&request, &page).await;
}

#[tokio::test]
async fn an_application_that_names_somebody_gets_them_or_nobody() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    let teacher = application.sign_in(&browser, TEACHER, PASSWORD).await;
    let silent = || application.request().with("prompt", "none").with("id_token_hint", &teacher.id_token);
    let request = silent();
    let page = browser.open(request.url()).await;
    application.finish(&request, &page).await;

    let page = browser.open(application.request().with("prompt", "login").url()).await;
    Keyholder::type_password(&browser, &page, COLLEAGUE, PASSWORD).await;
    assert_eq!(error(&browser.open(silent().url()).await).as_deref(), Some("login_required"));
}
