//! Codes and tokens: what they are worth, to whom, and for how often.

use futures::future::join_all;
use keyholder_tests::{Browser, Keyholder, PASSWORD, RelyingApplication, SignedIn};

const TEACHER: &str = "teacher@oakfield.example";

async fn sign_in(application: &RelyingApplication) -> SignedIn {
    application.sign_in(&Browser::default(), TEACHER, PASSWORD).await
}

/// A code that nobody redeemed yet, with its verifier.
async fn code(application: &RelyingApplication) -> (String, String) {
    let (request, browser) = (application.request(), Browser::default());
    let page = browser.open(request.url()).await;
    let page = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
    (application.code(&request, &page), request.verifier)
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_a_replay_ends_what_it_gave() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let (code, verifier) = code(&application).await;
    let first = SignedIn::from_answer(&application.redeem(&code, &verifier).await);
    assert_eq!(application.userinfo(&first.access_token).await.status, 200);
    let replay = application.redeem(&code, &verifier).await;
    assert_eq!((replay.status, replay.error()), (400, "invalid_grant"));
    assert_eq!(application.userinfo(&first.access_token).await.status, 401);
    assert_eq!(application.introspect(&first.access_token).await.json["active"], false);
}

#[tokio::test]
async fn of_parallel_redemptions_exactly_one_succeeds() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let (code, verifier) = code(&application).await;
    let answers = join_all((0..20).map(|_| application.redeem(&code, &verifier))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[tokio::test]
async fn a_wrong_verifier_burns_the_code() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let (code, verifier) = code(&application).await;
    assert_eq!(application.redeem(&code, &"a".repeat(43)).await.error(), "invalid_grant");
    assert_eq!(application.redeem(&code, &verifier).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_another_client() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let (code, verifier) = code(&application).await;
    let mut thief = RelyingApplication::new(&keyholder, "trust-app");
    assert_eq!(thief.redeem(&code, &verifier).await.error(), "invalid_grant");
    thief.redirect_uri.clone_from(&application.redirect_uri);
    assert_eq!(thief.redeem(&code, &verifier).await.error(), "invalid_grant");
    let mut guesser = application.clone();
    guesser.secret = Some("0".repeat(64));
    let answer = guesser.redeem(&code, &verifier).await;
    assert_eq!((answer.status, answer.error()), (401, "invalid_client"));
}

#[tokio::test]
async fn a_request_that_cannot_be_trusted_is_answered_by_a_page() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let hostile = [
        "https://oakfield-app.example/callback/",
        "https://oakfield-app.example/Callback",
        "https://OAKFIELD-APP.example/callback",
        "https://oakfield-app.example:443/callback",
        "https://oakfield-app.example:8443/callback",
        "http://oakfield-app.example/callback",
        "https://oakfield-app.example/callback?x=1",
        "https://oakfield-app.example/callback#x",
        "https://oakfield-app.example/callback?",
        "https://oakfield-app.example/a/../callback",
        "https://oakfield-app.example/./callback",
        "https://oakfield-app.example//callback",
        "https://oakfield-app.example/%63allback",
        "https://oakfield-app.example/callback%2f..",
        "https://oakfield-app.example\\@evil.example/callback",
        "https://oakfield-app.example@evil.example/callback",
        "https://evil.example/callback",
        "https://evil.oakfield-app.example/callback",
        "https://oakfield-app.example.evil.example/callback",
        "https://oakfield-app.example./callback",
        "https://user@oakfield-app.example/callback",
        "https://user:pass@oakfield-app.example/callback",
        "https://127.0.0.1/callback",
        "http://localhost/callback",
        "http://127.0.0.1.evil.example/callback",
        "//oakfield-app.example/callback",
        "/callback",
        "javascript:alert(1)//oakfield-app.example/callback",
        "data:text/html,x",
        "https://*.example/callback",
        " https://oakfield-app.example/callback",
        "https://oakfield-app.example/callback ",
        "https://oakfield-app.example/callback\n",
        "https:/oakfield-app.example/callback",
        "",
    ];
    for redirect_uri in hostile {
        let page = Browser::default().open(application.request().with("redirect_uri", redirect_uri).url()).await;
        assert_eq!(page.status, 400, "{redirect_uri:?} led to {}", page.url);
    }
    for request in [application.request().with("client_id", "nobody"), application.request().without("redirect_uri")] {
        let page = Browser::default().open(request.url()).await;
        assert_eq!(page.status, 400, "{}", page.url);
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example%2F", application.request().url());
    assert_eq!(Browser::default().open(twice).await.status, 400);
}

#[tokio::test]
async fn proof_key_rules_are_kept() {
    let keyholder = Keyholder::start().await;
    let public = RelyingApplication::new(&keyholder, "public-app").public();
    let refused = [
        public.request().without("code_challenge").without("code_challenge_method"),
        public.request().with("code_challenge_method", "plain"),
        public.request().without("code_challenge_method"),
        public.request().with("code_challenge", "short"),
    ];
    for request in refused {
        let page = Browser::default().open(request.url()).await;
        assert_eq!(
            page.parameter("error").as_deref(),
            Some("invalid_request"),
            "{:?} {}",
            request.parameters,
            page.url
        );
    }
    let signed_in = sign_in(&public).await;
    assert_eq!(public.userinfo(&signed_in.access_token).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_goes_on_without_the_person() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app").with_scope("openid profile offline_access");
    let signed_in = application.sign_in(&Browser::default(), TEACHER, PASSWORD).await;
    let refresh_token = signed_in.refresh_token.clone().expect("a refresh token");
    let again = application.refresh(&refresh_token).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let fresh = again.json["access_token"].as_str().unwrap();
    assert_eq!(application.userinfo(fresh).await.json["name"], "Tess Teacher");

    let other = RelyingApplication::new(&keyholder, "trust-app");
    assert_eq!(other.refresh(&refresh_token).await.error(), "invalid_grant");
    let wider =
        [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str()), ("scope", "openid email groups")];
    assert_eq!(application.post("/oidc/token", &wider).await.error(), "invalid_scope");
    assert_eq!(application.refresh(&refresh_token).await.status, 200);
}

#[tokio::test]
async fn a_public_clients_lost_answer_signs_nobody_out_but_reuse_does() {
    let keyholder = Keyholder::start().await;
    let public = RelyingApplication::new(&keyholder, "public-app").public().with_scope("openid offline_access");
    let first = public.sign_in(&Browser::default(), TEACHER, PASSWORD).await.refresh_token.unwrap();
    let token = |answer: &keyholder_tests::Answer| answer.json["refresh_token"].as_str().unwrap().to_owned();
    let second = token(&public.refresh(&first).await);
    assert_ne!(first, second, "a public client's token is replaced");
    // The answer was lost: the same successor comes again.
    assert_eq!(token(&public.refresh(&first).await), second);
    let third = token(&public.refresh(&second).await);
    // Now the first one is somebody else's.
    assert_eq!(public.refresh(&first).await.error(), "invalid_grant");
    assert_eq!(public.refresh(&third).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_revoked_token_is_dead_at_once() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app").with_scope("openid offline_access");
    let signed_in = application.sign_in(&Browser::default(), TEACHER, PASSWORD).await;
    let refresh_token = signed_in.refresh_token.clone().unwrap();
    assert_eq!(application.introspect(&signed_in.access_token).await.json["active"], true);
    // Another client neither learns of the token nor ends it (RFC 7662 4, RFC 7009 2.1).
    let other = RelyingApplication::new(&keyholder, "trust-app");
    assert_eq!(other.introspect(&signed_in.access_token).await.json, serde_json::json!({ "active": false }));
    other.revoke(&refresh_token).await;
    assert_eq!(application.introspect(&refresh_token).await.json["active"], true);

    assert_eq!(application.revoke(&refresh_token).await.status, 200);
    assert_eq!(application.refresh(&refresh_token).await.error(), "invalid_grant");
    assert_eq!(application.userinfo(&signed_in.access_token).await.status, 401);
    assert_eq!(application.introspect(&signed_in.access_token).await.json["active"], false);
    // RFC 7009 2.2: a token that is not known is no error.
    assert_eq!(application.revoke("unknown").await.status, 200);
}

#[tokio::test]
async fn a_disabled_persons_tokens_and_sessions_end() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app").with_scope("openid offline_access");
    let browser = Browser::default();
    let signed_in = application.sign_in(&browser, TEACHER, PASSWORD).await;
    keyholder.run(&["person", "disable", TEACHER]).await;
    assert_eq!(application.userinfo(&signed_in.access_token).await.status, 401);
    assert_eq!(application.refresh(&signed_in.refresh_token.unwrap()).await.error(), "invalid_grant");
    let page = browser.open(application.request().with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn forged_access_tokens_open_nothing() {
    let keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let signed_in = sign_in(&application).await;
    let parts: Vec<&str> = signed_in.access_token.split('.').collect();
    // {"alg":"none","typ":"at+jwt"} and {"alg":"HS256","typ":"at+jwt"}
    let (none, hmac) = ("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9");
    let forged = [
        format!("{none}.{}.", parts[1]),
        format!("{hmac}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len())),
        // Another kind of token of ours.
        signed_in.id_token.clone(),
        "a.b.c".to_owned(),
    ];
    for token in forged {
        assert_eq!(application.userinfo(&token).await.status, 401, "{token}");
        assert_eq!(application.introspect(&token).await.json["active"], false, "{token}");
    }
}
