//! One person, two schools: what one school's application learns says nothing of the other.

use keyholder_tests::{Browser, Keyholder, PASSWORD, RelyingApplication};

const BOTH: &str = "both@trust.example";

#[tokio::test]
async fn one_browser_signs_in_to_two_schools_and_neither_token_names_the_other() {
    let keyholder = Keyholder::start().await;
    let (oakfield, bryn) =
        (RelyingApplication::new(&keyholder, "oakfield-app"), RelyingApplication::new(&keyholder, "bryn-app"));
    let browser = Browser::default();
    let at_oakfield = oakfield.sign_in(&browser, BOTH, PASSWORD).await;
    let at_bryn = bryn.sign_in_silently(&browser).await;
    for (application, signed_in, own, other) in
        [(&oakfield, &at_oakfield, "Oakfield", "bryn"), (&bryn, &at_bryn, "Bryn", "oakfield")]
    {
        let user = application.userinfo(&signed_in.access_token).await;
        let introspected = application.introspect(&signed_in.access_token).await;
        assert!(user.json["school"]["name"].as_str().unwrap().contains(own));
        let access_token = signed_in.access_token.split('.').nth(1).unwrap();
        let access_token = String::from_utf8(decode(access_token)).unwrap();
        for text in [signed_in.claims.to_string(), user.body, introspected.body, access_token] {
            let text = text.to_lowercase().replace(&format!("{other}-app"), "");
            assert!(!text.contains(other), "{text}");
        }
    }
}

#[tokio::test]
async fn an_application_of_several_schools_asks_which_and_gets_a_subject_for_each() {
    let keyholder = Keyholder::start().await;
    let trust = RelyingApplication::new(&keyholder, "trust-app");
    let browser = Browser::default();
    let mut subjects = Vec::new();
    for (school, name) in [("oakfield", "Oakfield Primary"), ("bryn", "Ysgol y Bryn")] {
        let request = trust.request().with("prompt", "select_account");
        let mut page = browser.open(request.url()).await;
        if !page.forms().iter().any(|form| form.buttons.contains(&"school".to_owned())) {
            page = Keyholder::type_password(&browser, &page, BOTH, PASSWORD).await;
        }
        assert!(page.says("Oakfield Primary") && page.says("Ysgol y Bryn"), "{}", page.text());
        let page = browser.submit(&page, &[("school", school)]).await;
        let signed_in = trust.finish(&request, &page).await;
        let user = trust.userinfo(&signed_in.access_token).await;
        assert_eq!(user.json["school"]["name"], name);
        subjects.push(user.json["sub"].as_str().unwrap().to_owned());
    }
    assert_ne!(subjects[0], subjects[1]);
}

#[tokio::test]
async fn the_request_may_name_the_school() {
    let keyholder = Keyholder::start().await;
    let trust = RelyingApplication::new(&keyholder, "trust-app");
    let request = trust.request().with("school", "bryn");
    let browser = Browser::default();
    let page = browser.open(request.url()).await;
    let page = Keyholder::type_password(&browser, &page, BOTH, PASSWORD).await;
    let signed_in = trust.finish(&request, &page).await;
    assert_eq!(trust.userinfo(&signed_in.access_token).await.json["school"]["name"], "Ysgol y Bryn");
}

#[tokio::test]
async fn a_school_that_somebody_does_not_belong_to_is_never_entered() {
    let keyholder = Keyholder::start().await;
    let bryn = RelyingApplication::new(&keyholder, "bryn-app");
    let browser = Browser::default();
    let page = browser.open(bryn.request().url()).await;
    let page = Keyholder::type_password(&browser, &page, "teacher@oakfield.example", PASSWORD).await;
    // The person learns why, and how to go on; the application learns it when they go back.
    assert_eq!((page.parameter("code"), page.url.path().ends_with("/leave")), (None, false), "{}", page.url);
    let away = browser.click(&page, "/leave").await;
    assert_eq!(away.parameter("error").as_deref(), Some("access_denied"), "{}", away.url);

    // A form that names a school which was not offered.
    let trust = RelyingApplication::new(&keyholder, "trust-app");
    let browser = Browser::default();
    let page = browser.open(trust.request().url()).await;
    let page = Keyholder::type_password(&browser, &page, BOTH, PASSWORD).await;
    let page = browser.submit(&page, &[("school", "elsewhere")]).await;
    assert_eq!(page.parameter("code"), None, "{}", page.url);
}

fn decode(part: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, part).unwrap()
}
