//! `/oidc/authorize`

use keyholder_oidc::code::{CodePayload, storage_key};

use super::*;

#[actix_web::test]
async fn a_request_begins_a_sign_in() {
    let world = World::new().await;
    let answer = world.get(&request(&[]), Browser::SignedOut).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location.unwrap().starts_with("/sign-in/"));
    world.stop().await;
}

#[actix_web::test]
async fn whoever_is_signed_in_gets_a_code_whose_grant_is_kept() {
    let world = World::new().await;
    let answer = world.follow(&request(&[("nonce", "n")]), Browser::SignedIn).await;
    assert!(answer.location.as_ref().unwrap().starts_with(&format!("{CALLBACK}?code=")), "{:?}", answer.location);
    assert_eq!(answer.parameter("state").as_deref(), Some("st"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    let kept = world.app().short_lived.find(&storage_key(&answer.parameter("code").unwrap())).await.unwrap().unwrap();
    let payload: CodePayload = serde_json::from_slice(&kept).unwrap();
    assert_eq!((payload.nonce.as_deref(), payload.redirect_uri.as_str()), (Some("n"), CALLBACK));
    let grant = world.app().store.find_grant(payload.grant).await.unwrap().unwrap();
    assert_eq!((grant.session, grant.school, grant.subject.as_str()), (session().id, school_id(1), "public-subject"));
    assert_eq!((grant.offline, grant.expires_at), (false, session().expires_at));
    world.stop().await;
}

#[actix_web::test]
async fn offline_access_outlives_the_session() {
    let world = World::new().await;
    let answer = world.follow(&request(&[("scope", "openid offline_access")]), Browser::SignedIn).await;
    let kept = world.app().short_lived.find(&storage_key(&answer.parameter("code").unwrap())).await.unwrap().unwrap();
    let payload: CodePayload = serde_json::from_slice(&kept).unwrap();
    let grant = world.app().store.find_grant(payload.grant).await.unwrap().unwrap();
    assert!(grant.offline && grant.expires_at > session().expires_at);
    world.stop().await;
}

#[actix_web::test]
async fn a_flow_is_answered_once() {
    let world = World::new().await;
    let begun = world.get(&request(&[]), Browser::SignedIn).await.location.unwrap();
    let first = world.get(&begun, Browser::SignedIn).await;
    assert!(first.parameter("code").is_some());
    let second = world.follow(&begun, Browser::SignedIn).await;
    assert_eq!((second.parameter("code"), second.status), (None, StatusCode::CONFLICT));
    world.stop().await;
}

#[actix_web::test]
async fn of_two_tabs_that_end_one_flow_exactly_one_gets_a_code() {
    let world = World::new().await;
    let begun = world.get(&request(&[]), Browser::SignedIn).await.location.unwrap();
    let tab = || world.get(&begun, Browser::SignedIn);
    let (one, two, three) = futures::join!(tab(), tab(), tab());
    let codes = [one, two, three].iter().filter(|answer| answer.parameter("code").is_some()).count();
    assert_eq!(codes, 1);
    world.stop().await;
}

#[actix_web::test]
async fn form_post_is_a_page_that_posts_the_code() {
    let world = World::new().await;
    let answer = world.follow(&request(&[("response_mode", "form_post")]), Browser::SignedIn).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(&format!("action=\"{CALLBACK}\"")), "{}", answer.body);
    assert_eq!(answer.field("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.field("state").as_deref(), Some("st"));
    assert!(answer.field("code").is_some());
    assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
    world.stop().await;
}

#[actix_web::test]
async fn an_error_about_client_or_address_is_a_page() {
    let world = World::new().await;
    for change in [
        ("client_id", ""),
        ("client_id", "other"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "https://app.example/callback/../x"),
    ] {
        let answer = world.get(&request(&[change]), Browser::SignedIn).await;
        assert_eq!((answer.status, answer.location), (StatusCode::BAD_REQUEST, None), "{change:?}");
        assert!(!answer.body.contains("//evil.example"), "{change:?}");
    }
    world.stop().await;
}

#[actix_web::test]
async fn a_repeated_parameter_is_a_page() {
    let world = World::new().await;
    let twice = format!("{}&redirect_uri={CALLBACK}", request(&[]));
    let answer = world.get(&twice, Browser::SignedIn).await;
    assert_eq!((answer.status, answer.location), (StatusCode::BAD_REQUEST, None));
    world.stop().await;
}

#[actix_web::test]
async fn other_errors_go_to_the_application() {
    let world = World::new().await;
    let answer = world.get(&request(&[("code_challenge_method", "plain")]), Browser::SignedIn).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location.as_ref().unwrap().starts_with(CALLBACK));
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.parameter("state").as_deref(), Some("st"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    world.stop().await;
}

#[actix_web::test]
async fn a_posted_request_goes_on_by_get_with_the_cookies_that_only_a_get_brings() {
    let world = World::new().await;
    let sent = request(&[("nonce", "a b")]);
    let fields: Vec<(String, String)> =
        Url::parse(ISSUER).unwrap().join(&sent).unwrap().query_pairs().into_owned().collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = world.post("/oidc/authorize", Browser::SignedOut, &fields).await;
    assert_eq!((answer.status, answer.cookies), (StatusCode::SEE_OTHER, vec![]));
    let again = answer.location.unwrap();
    assert!(world.follow(&again, Browser::SignedIn).await.parameter("code").is_some());
    let json = TestRequest::post().uri("/oidc/authorize").insert_header((CONTENT_TYPE, "application/json"));
    assert_eq!(world.send(json.set_payload("{}")).await.status, StatusCode::BAD_REQUEST);
    world.stop().await;
}

#[actix_web::test]
async fn asking_silently_without_a_session_leaves_nothing_behind() {
    let world = World::new().await;
    let begun = world.get(&request(&[("prompt", "none")]), Browser::SignedOut).await.location.unwrap();
    for _ in 0..2 {
        let answer = world.get(&begun, Browser::SignedOut).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
    }
    assert_eq!(
        world
            .app()
            .store
            .list_unsealed_audit(100)
            .await
            .unwrap()
            .iter()
            .filter(|event| event.application.is_some())
            .count(),
        0
    );
    world.stop().await;
}

#[actix_web::test]
async fn asking_silently_with_a_session_gets_a_code() {
    let world = World::new().await;
    assert!(world.follow(&request(&[("prompt", "none")]), Browser::SignedIn).await.parameter("code").is_some());
    world.stop().await;
}

#[actix_web::test]
async fn an_essential_assurance_that_was_not_reached_is_an_error() {
    let world = World::new().await;
    let claims = r#"{"id_token":{"acr":{"essential":true,"value":"https://refeds.org/profile/mfa"}}}"#;
    let answer = world.follow(&request(&[("claims", claims), ("prompt", "none")]), Browser::SignedIn).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("unmet_authentication_requirements"));
    world.stop().await;
}

#[actix_web::test]
async fn a_change_of_registration_counts_once_the_cache_was_refreshed() {
    let world = World::new().await;
    assert_eq!(world.get(&request(&[]), Browser::SignedOut).await.status, StatusCode::SEE_OTHER);
    let mut moved = application();
    moved.client.redirect_uris = vec!["https://app.example/moved".into()];
    world.app().store.execute(Put(moved)).await.unwrap();
    world.app().applications.refresh(&world.app().store).await.unwrap();
    assert_eq!(world.get(&request(&[]), Browser::SignedOut).await.status, StatusCode::BAD_REQUEST);
    let there = request(&[("redirect_uri", "https://app.example/moved")]);
    assert_eq!(world.get(&there, Browser::SignedOut).await.status, StatusCode::SEE_OTHER);
    let by_id = world.app().applications.find_by_id(world.app(), application().id).await.unwrap().unwrap();
    assert_eq!(by_id.client.redirect_uris, ["https://app.example/moved"]);
    world.stop().await;
}
