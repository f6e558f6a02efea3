//! A sign-in with a password, seen from the browser and from the application.

use keyholder_tests::{Browser, Keyholder, PASSWORD, RelyingApplication};

const TEACHER: &str = "teacher@oakfield.example";

#[tokio::test]
async fn an_application_learns_who_signed_in_where_and_how() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let request = application.request();
    let browser = Browser::default();
    let page = browser.open(request.url()).await;
    assert!(page.says("Oakfield Safeguarding"), "the page says what the sign-in is for: {}", page.text());
    let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
    let signed_in = application.finish(&request, &page).await;

    let claims = &signed_in.claims;
    assert_eq!(claims["iss"], keyholder.issuer.as_str());
    assert_eq!(claims["nonce"].as_str(), request.value("nonce"));
    assert_eq!(claims["acr"], "https://refeds.org/profile/sfa");
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    let user = application.userinfo(&signed_in.access_token).await;
    assert_eq!(user.status, 200, "{}", user.body);
    assert_eq!(user.json["sub"], claims["sub"]);
    assert_eq!(user.json["name"], "Tess Teacher");
    assert_eq!(user.json["school"]["name"], "Oakfield Primary");
    assert_eq!(user.json["scopes_of_pupils"], serde_json::json!([{ "kind": "year-group", "name": "Year 6" }]));
    // Nobody answered a mail at this address yet.
    assert_eq!(user.json["email_verified"], false);
    // The restricted set: no key was used.
    assert_eq!(user.json["groups"], serde_json::json!(["oakfield-staff"]));
}

#[tokio::test]
async fn a_second_application_asks_for_no_password_until_it_insists() {
    let keyholder = Keyholder::start().await;
    let (first, second) =
        (RelyingApplication::new(&keyholder, "oakfield-app"), RelyingApplication::new(&keyholder, "trust-app"));
    let browser = Browser::default();
    let one = first.sign_in(&browser, TEACHER, PASSWORD).await;
    let other = second.sign_in_silently(&browser).await;
    assert_eq!(one.claims["auth_time"], other.claims["auth_time"]);

    let page = browser.open(second.request().with("prompt", "login").url()).await;
    assert!(!page.forms().is_empty(), "prompt=login shows a page");
    // A colleague at the same computer.
    let page = browser.open(second.request().with("prompt", "none").with("login_hint", "x").url()).await;
    assert!(page.parameter("code").is_some(), "the session is still there: {}", page.url);
}

#[tokio::test]
async fn without_a_session_prompt_none_is_answered_to_the_application() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let request = application.request().with("prompt", "none");
    let page = Browser::default().open(request.url()).await;
    assert!(page.url.as_str().starts_with(&application.redirect_uri));
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(page.parameter("state").as_deref(), request.value("state"));
    assert_eq!(page.parameter("iss").as_deref(), Some(keyholder.issuer.as_str()));
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let mut answers = Vec::new();
    for email in [TEACHER, "nobody@oakfield.example", "new.person@oakfield.example"] {
        let browser = Browser::default();
        let page = browser.open(application.request().url()).await;
        let page = Keyholder::type_password(&browser, &page, email, "wrong horse by the lock").await;
        answers.push((page.status, page.text().replace(email, "ADDRESS")));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn a_typo_costs_one_more_try() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let request = application.request();
    let browser = Browser::default();
    let page = browser.open(request.url()).await;
    let wrong = Keyholder::type_password(&browser, &page, TEACHER, "grey heron by the loch").await;
    let page = browser.submit(&wrong, &[("password", PASSWORD)]).await;
    application.finish(&request, &page).await;
}

#[tokio::test]
async fn pages_speak_the_readers_language() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    for (browser, expected) in
        [(Browser::new("cy"), "cy"), (Browser::new("fr,cy;q=0.8"), "cy"), (Browser::new("de"), "en")]
    {
        let page = browser.open(application.request().url()).await;
        assert_eq!(page.language(), expected);
    }
    let page = Browser::new("en").open(application.request().with("ui_locales", "cy en").url()).await;
    assert_eq!(page.language(), "cy");
}

#[tokio::test]
async fn a_sign_in_belongs_to_the_browser_that_began_it() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let victim = Browser::default();
    let page = victim.open(application.request().url()).await;
    // An attacker who got the address cannot go on with it, and neither can a browser without cookies.
    let stranger = Browser::default();
    stranger.open(application.request().url()).await;
    assert!(stranger.open(page.url.as_str()).await.forms().iter().all(|form| form.method == "GET"));
    let refused = Browser::default();
    let page = refused.send(page.form_with(&[("email", "")]), &[("email", TEACHER)]).await;
    assert!(page.status >= 400, "{}", page.text());
    assert!(page.says("cookies"), "{}", page.text());
}

#[tokio::test]
async fn cookies_cannot_be_read_tossed_or_fixed() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    browser.open(application.request().url()).await;
    let before = browser.cookie_header(&keyholder.issuer);
    application.sign_in(&browser, TEACHER, PASSWORD).await;
    assert_ne!(before, browser.cookie_header(&keyholder.issuer));
    for cookie in browser.set_cookies() {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }

    // A session that somebody planted before the sign-in is worth nothing after it.
    let attacker = browser.copy();
    let page = browser.open(application.request().with("prompt", "login").url()).await;
    let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
    assert!(page.parameter("code").is_some(), "{} {}", page.url, page.text());
    let page = attacker.open(application.request().with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn two_tabs_sign_in_at_once() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    let (one, other) = (application.request(), application.request());
    let (first, second) = (browser.open(one.url()).await, browser.open(other.url()).await);
    let page = Keyholder::type_password(&browser, &first, TEACHER, PASSWORD).await;
    application.finish(&one, &page).await;
    let page = Keyholder::type_password(&browser, &second, TEACHER, PASSWORD).await;
    application.finish(&other, &page).await;
}

#[tokio::test]
async fn the_back_button_leads_to_a_page_with_a_way_forward() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let request = application.request();
    let browser = Browser::default();
    let page = browser.open(request.url()).await;
    let password = browser.submit(&page, &[("email", TEACHER)]).await;
    let page = browser.submit(&password, &[("password", PASSWORD)]).await;
    let code = application.code(&request, &page);

    let again = browser.submit(&password, &[("password", PASSWORD)]).await;
    assert_eq!(again.parameter("code"), None, "no second answer from one sign-in: {}", again.url);
    assert!(!again.heading().is_empty());
    // The first answer still stands.
    assert_eq!(application.redeem(&code, &request.verifier).await.status, 200);
}

#[tokio::test]
async fn pages_cannot_be_framed_and_run_nothing_foreign() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let page = Browser::default().open(application.request().url()).await;
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(directive), "{policy}");
    }
    // Chromium applies it to every hop of a redirect: it would break the way back to the application.
    assert!(!policy.contains("form-action") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("cache-control").contains("no-store"));
    assert!(page.all("script:not([src])").is_empty() && page.all("[style]").is_empty() && page.all("style").is_empty());
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    application.sign_in(&browser, TEACHER, PASSWORD).await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (header, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-nothing", "")] {
        let post = http
            .post(keyholder.url("/sign-out"))
            .header(header, value)
            .header("cookie", browser.cookie_header(&keyholder.issuer).unwrap());
        let response = post
            .header("content-type", "application/x-www-form-urlencoded")
            .body("form_token=guessed")
            .send()
            .await
            .unwrap();
        assert!(response.status().is_client_error(), "{header}: {}", response.status());
    }
    application.sign_in_silently(&browser).await;
}

#[tokio::test]
async fn the_host_header_decides_nothing() {
    let keyholder = Keyholder::start().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = RelyingApplication::new(&keyholder, "oakfield-app").request();
    for url in [keyholder.url("/.well-known/openid-configuration"), request.url()] {
        let asked = http
            .get(url)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .send()
            .await
            .unwrap();
        let headers = format!("{:?}", asked.headers());
        assert!(!headers.contains("evil") && !asked.text().await.unwrap().contains("evil"));
    }
}

#[tokio::test]
async fn consent_is_asked_once_and_may_be_refused() {
    let keyholder = Keyholder::start().await;
    let guest = RelyingApplication::new(&keyholder, "guest-app").with_scope("openid profile email");
    let browser = Browser::default();
    let request = guest.request();
    let page = browser.open(request.url()).await;
    let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
    assert!(page.says("Trip Planner"), "{}", page.text());
    let denied = browser.submit(&page, &[("answer", "deny")]).await;
    assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));

    let request = guest.request();
    let page = browser.open(request.url()).await;
    let page = browser.submit(&page, &[("answer", "allow")]).await;
    guest.finish(&request, &page).await;
    guest.sign_in_silently(&browser).await;
    // More than was agreed to is asked for again.
    let wider = guest.clone().with_scope("openid profile email groups");
    let page = browser.open(wider.request().with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn signing_out_at_the_application_ends_the_session_and_its_tokens() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    let signed_in = application.sign_in(&browser, TEACHER, PASSWORD).await;
    let page = browser.open(application.end_session_url(&signed_in.id_token)).await;
    assert_eq!(page.url.host_str(), Some("oakfield-app.example"), "{}", page.text());
    assert_eq!((page.url.path(), page.parameter("state").as_deref()), ("/signed-out", Some("after")));
    let page = browser.open(application.request().with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(application.userinfo(&signed_in.access_token).await.status, 401);

    // Nobody is sent where no application registered.
    let elsewhere = application.end_session_url(&signed_in.id_token).replace("oakfield-app.example", "evil.example");
    assert_eq!(browser.open(elsewhere).await.url.host_str(), Some("localhost"));
}

#[tokio::test]
async fn sign_out_everywhere_reaches_every_browser() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let (here, there) = (Browser::default(), Browser::default());
    application.sign_in(&here, TEACHER, PASSWORD).await;
    application.sign_in(&there, TEACHER, PASSWORD).await;
    let home = here.open(keyholder.url("/")).await;
    here.send(home.form_to("/everywhere"), &[]).await;
    for browser in [&here, &there] {
        let page = browser.open(application.request().with("prompt", "none").url()).await;
        assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
    }
}
