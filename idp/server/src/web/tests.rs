//! What holds for every request.
#![allow(clippy::unwrap_used, reason = "tests")]

use reqwest::Method;

use super::testing::{ANN, House, with_fields};

#[tokio::test]
async fn pages_cannot_be_framed_and_run_nothing_foreign() {
    let house = House::open().await;
    let page = house.browser().open("/").await;
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'nonce-"] {
        assert!(policy.contains(part), "{policy}");
    }
    // Chromium applies form-action to every redirect after the form, and a sign-in ends at an application.
    assert!(!policy.contains("form-action"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.headers.get("strict-transport-security").is_none(), "the issuer is http");
    let help = house.browser().open("/help").await;
    assert!(help.header("content-security-policy").contains("form-action 'self'"));
    assert_eq!(help.header("cross-origin-opener-policy"), "same-origin");
    house.close().await;
}

#[tokio::test]
async fn nonces_and_references_are_new_each_time() {
    let house = House::open().await;
    let browser = house.browser();
    let (first, second) = (browser.open("/help").await, browser.open("/help").await);
    assert_ne!(first.header("content-security-policy"), second.header("content-security-policy"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    house.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_a_page_with_a_reference_and_a_way_home() {
    let house = House::open().await;
    let mut browser = house.browser();
    browser.language = "cy";
    let page = browser.open("/no/such/page?secret=1").await;
    assert_eq!(page.status, 404);
    assert!(page.has("lang=\"cy\"") && page.has(page.header("x-request-id")), "{}", page.text);
    assert_eq!(page.link("/"), page.link("/"));
    let wrong_method = browser.send("/help", browser.request(Method::DELETE, "/help")).await;
    assert_eq!(wrong_method.status, 405);
    assert!(wrong_method.has("<html"));
    house.close().await;
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let house = House::open().await;
    let browser = house.browser();
    let (head, get) = (browser.send("/help", browser.request(Method::HEAD, "/help")).await, browser.get("/help").await);
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), get.header("content-type"));
    house.close().await;
}

#[tokio::test]
async fn forms_that_could_be_read_in_two_ways_are_refused_with_a_page() {
    let house = House::open().await;
    let browser = house.browser();
    let page = browser.open("/").await;
    let (action, _) = page.form("/email");
    let raw = |body: Vec<u8>| {
        let request =
            browser.request(Method::POST, &action).header("content-type", "application/x-www-form-urlencoded");
        request.body(body)
    };
    let bad: [(&[u8], u16); 4] = [
        (b"email=a%40b.example&email=c%40d.example", 400),
        (b"email=a%40b.example%00", 400),
        (b"email=%ff%fe%40b.example", 400),
        (b"email=%zz", 400),
    ];
    for (body, status) in bad {
        let answer = browser.send(&action, raw(body.to_vec())).await;
        assert_eq!(answer.status, status, "{body:?}");
        assert!(answer.has("<html"));
    }
    let answer = browser.send(&action, raw(vec![b'a'; 20_000])).await;
    assert_eq!(answer.status, 413);
    assert!(answer.has("<html"));
    let json = browser.request(Method::POST, &action).header("content-type", "application/json").body("{}");
    assert_eq!(browser.send(&action, json).await.status, 400);
    house.close().await;
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_whatever_it_carries() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/sign-out").await;
    let (action, fields) = page.form("/sign-out");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let foreign = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ];
    for (name, value) in foreign {
        let request = with_fields(browser.request(Method::POST, &action).header(name, value), &fields);
        assert_eq!(browser.send(&action, request).await.status, 403, "{name}: {value}");
    }
    assert_eq!(browser.open("/").await.path, "/");
    let own = with_fields(browser.request(Method::POST, &action).header("origin", super::testing::ISSUER), &fields);
    assert_eq!(browser.send(&action, own).await.status, 303);
    house.close().await;
}

/// The forms whose addresses are always the same; those of a flow and of links come beside them.
const FORMS: [&str; 10] = [
    "/saml/start",
    "/sign-out",
    "/sign-out/everywhere",
    "/account/name",
    "/account/email",
    "/account/email/withdraw",
    "/account/password",
    "/account/language",
    "/account/sign-ins/end",
    "/account/browsers/forget",
];

#[tokio::test]
async fn every_form_is_refused_from_another_site_and_without_its_token() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let link = house.password_link(ANN).await;
    for path in FORMS.into_iter().chain(["/oidc/logout/confirm", link.as_str()]) {
        let foreign = browser.request(Method::POST, path).header("sec-fetch-site", "cross-site");
        assert_eq!(browser.send(path, with_fields(foreign, &[("x", "y")])).await.status, 403, "{path}: another site");
        for token in ["", "0123456789012345678901234567890123456789012"] {
            let answer = browser.post(path, &[("form_token", token)]).await;
            assert_eq!(answer.status, 403, "{path}: the token {token:?}");
        }
    }
    // Those of a flow have an address that only its browser knows, and the browser's word on where they come from.
    let flow = house.browser().open("/").await.path;
    for step in ["email", "password", "forgot", "school", "consent"] {
        let path = format!("{flow}/{step}");
        let foreign = browser.request(Method::POST, &path).header("sec-fetch-site", "cross-site");
        assert_eq!(browser.send(&path, with_fields(foreign, &[("email", ANN)])).await.status, 403, "{step}");
        assert_eq!(browser.post(&path, &[("email", ANN)]).await.status, 403, "{step}: another browser's flow");
    }
    assert_eq!(browser.open("/account").await.path, "/account", "still signed in");
    house.close().await;
}

#[tokio::test]
async fn the_host_header_decides_nothing() {
    let house = House::open().await;
    let browser = house.browser();
    for path in ["/", "/help", "/no/such/page", "/s/oakfield", "/.well-known/openid-configuration"] {
        let request = browser
            .request(Method::GET, path)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example");
        let page = browser.send(path, request).await;
        assert!(!page.has("evil.example") && !format!("{:?}", page.headers).contains("evil.example"), "{path}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_path_with_a_control_character_is_not_found_and_one_with_others_leads_somewhere() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let elevating = browser.get("/elevate?to=%2F").await;
    let flow = elevating.header("location").to_owned();
    for path in [
        format!("{flow}/factor/%0A"),
        "/sign-in/x/factor/%0d%0aset-cookie:a=b".to_owned(),
        "/sign-in/%00".to_owned(),
        "/sign-in/%1F/email".to_owned(),
        "/account/security-keys/use/%7f".to_owned(),
        "/account/security-keys/%0a/rename".to_owned(),
        "/stop-key/%0A".to_owned(),
        "/link/%0A".to_owned(),
        "/s/%09".to_owned(),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 404, "{path}: {}", page.text);
        assert!(page.has("<h1>") && page.header("set-cookie").is_empty(), "{path}");
    }
    for path in [
        format!("{flow}/factor/caf%C3%A9"),
        "/sign-in/caf%C3%A9/email".to_owned(),
        "/sign-in/a%20b/factor".to_owned(),
        "/account/security-keys/use/%C2%85".to_owned(),
        "/account/security-keys/%250A/remove".to_owned(),
    ] {
        let page = browser.open(&path).await;
        assert!(page.status < 500, "{path}: {} {}", page.status, page.text);
    }
    let back = browser.get("/sign-in/caf%C3%A9/factor").await;
    assert_eq!((back.status, back.header("location")), (303, "/sign-in/caf%C3%A9"));
    house.close().await;
}
