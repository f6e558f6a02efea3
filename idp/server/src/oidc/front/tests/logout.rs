//! `/oidc/logout`

use keyholder_oidc::jws;
use keyholder_oidc::sid::Sid;
use serde_json::json;

use super::*;

/// How the application knows a session.
fn sid(world: &World, session: SessionId, subject: &str) -> Sid {
    Sid::new(world.app().sealer.as_ref(), session, application().id, subject)
}

/// An ID token of ours for the application, issued in this session and long expired.
fn hint(world: &World, session: SessionId, client_id: &str, subject: &str) -> String {
    let key = world.app().keys.signer(SigningAlgorithm::Es256).unwrap();
    let claims = json!({
        "iss": ISSUER, "sub": subject, "aud": client_id, "iat": NOW - 7200, "exp": NOW - 6600,
        "sid": sid(world, session, subject),
    });
    jws::sign(&key, "JWT", &claims).unwrap()
}

fn logout(fields: &[(&str, &str)]) -> String {
    format!("/oidc/logout?{}", encode(fields))
}

#[actix_web::test]
async fn a_token_of_this_session_signs_out_without_a_question() {
    let world = World::new().await;
    let hint = hint(&world, session().id, CLIENT, "public-subject");
    let address = logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", "s")]);
    let answer = world.get(&address, Browser::SignedIn).await;
    assert_eq!(answer.location.as_deref(), Some("https://app.example/bye?state=s"));
    assert!(world.session_ended().await);
    assert!(answer.cookies.iter().any(|cookie| cookie.starts_with(cookies::SESSION) && cookie.contains("Max-Age=0")));
    world.stop().await;
}

#[actix_web::test]
async fn a_token_of_another_session_asks() {
    let world = World::new().await;
    let hint = hint(&world, SessionId::from_uuid(Uuid::from_u128(10)), CLIENT, "public-subject");
    let answer = world.get(&logout(&[("id_token_hint", &hint)]), Browser::SignedIn).await;
    assert_eq!((answer.status, answer.location), (StatusCode::OK, None));
    assert!(!world.session_ended().await);
    world.stop().await;
}

#[actix_web::test]
async fn a_link_on_any_site_only_asks() {
    let world = World::new().await;
    for fields in [&[][..], &[("client_id", CLIENT)], &[("client_id", CLIENT), ("post_logout_redirect_uri", BYE)]] {
        let answer = world.get(&logout(fields), Browser::SignedIn).await;
        assert_eq!((answer.status, answer.location), (StatusCode::OK, None));
    }
    assert!(!world.session_ended().await);
    world.stop().await;
}

#[actix_web::test]
async fn the_confirmation_signs_out_and_leads_back() {
    let world = World::new().await;
    let asked =
        world.get(&logout(&[("client_id", CLIENT), ("post_logout_redirect_uri", BYE)]), Browser::SignedIn).await;
    let token = asked.field("form_token").unwrap();
    let fields = [("form_token", token.as_str()), ("client_id", CLIENT), ("post_logout_redirect_uri", BYE)];
    let answer = world.post("/oidc/logout/confirm", Browser::SignedIn, &fields).await;
    assert!(world.session_ended().await);
    let then = world.get(&answer.location.unwrap(), Browser::SignedOut).await;
    assert_eq!(then.location.as_deref(), Some(BYE));
    world.stop().await;
}

#[actix_web::test]
async fn a_confirmation_that_no_page_of_ours_posted_is_refused() {
    let world = World::new().await;
    for token in ["", "forged"] {
        let answer = world.post("/oidc/logout/confirm", Browser::SignedIn, &[("form_token", token)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let asked = world.get(&logout(&[]), Browser::SignedIn).await;
    let body = encode(&[("form_token", &asked.field("form_token").unwrap())]);
    let elsewhere = with_cookies(TestRequest::post().uri("/oidc/logout/confirm"), Browser::SignedIn)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .insert_header(("sec-fetch-site", "cross-site"))
        .set_payload(body);
    assert_eq!(world.send(elsewhere).await.status, StatusCode::FORBIDDEN);
    assert!(!world.session_ended().await);
    world.stop().await;
}

#[actix_web::test]
async fn no_address_that_is_not_registered_is_gone_to() {
    let world = World::new().await;
    let hint = hint(&world, session().id, CLIENT, "public-subject");
    for address in ["https://evil.example/", "//evil.example", "https://app.example/bye/", CALLBACK] {
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", address)];
        let answer = world.get(&logout(&fields), Browser::SignedIn).await;
        assert_eq!((answer.status, answer.location), (StatusCode::OK, None), "{address}");
    }
    // And not without anybody who asks for it.
    let answer = world.get(&logout(&[("post_logout_redirect_uri", BYE)]), Browser::SignedOut).await;
    assert_eq!((answer.status, answer.location), (StatusCode::OK, None));
    world.stop().await;
}

#[actix_web::test]
async fn whoever_is_signed_out_already_is_led_back_at_once() {
    let world = World::new().await;
    let fields = [("client_id", CLIENT), ("post_logout_redirect_uri", BYE)];
    let answer = world.get(&logout(&fields), Browser::SignedOut).await;
    assert_eq!(answer.location.as_deref(), Some(BYE));
    world.stop().await;
}

#[actix_web::test]
async fn a_posted_request_goes_on_by_get() {
    let world = World::new().await;
    let answer = world.post("/oidc/logout", Browser::SignedOut, &[("client_id", CLIENT), ("state", "s")]).await;
    assert_eq!(answer.location.as_deref(), Some("/oidc/logout?client_id=safeguarding&state=s"));
    assert!(!world.session_ended().await);
    world.stop().await;
}

#[actix_web::test]
async fn the_pages_are_in_the_language_that_was_asked_for() {
    let world = World::new().await;
    let asked = world.get(&logout(&[("ui_locales", "cy")]), Browser::SignedIn).await;
    assert!(asked.body.contains("lang=\"cy\""), "{}", asked.body);
    world.stop().await;
}

/// An application with a front-channel address, used in the session.
async fn with_front_channel() -> World {
    let mut application = application();
    application.client.frontchannel_logout_uri = Some(Url::parse("https://app.example/out?a=b").unwrap());
    let world = World::with(application, vec![1, 2]).await;
    let request = super::request(&[]);
    world.follow(&request, Browser::SignedIn).await.parameter("code").unwrap();
    world
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

#[actix_web::test]
async fn the_applications_of_the_session_are_loaded_in_frames_before_the_browser_goes_on() {
    let world = with_front_channel().await;
    let hint = hint(&world, session().id, CLIENT, "public-subject");
    let address = logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE), ("state", "s")]);
    let answer = world.get(&address, Browser::SignedIn).await;
    assert_eq!((answer.status, answer.location.as_deref()), (StatusCode::OK, None));
    assert!(world.session_ended().await);
    let issuer: String = form_urlencoded::byte_serialize(ISSUER.as_bytes()).collect();
    let frame = format!(
        "https://app.example/out?a=b&iss={issuer}&sid={}",
        sid(&world, session().id, "public-subject").as_str()
    );
    let page = answer.body.replace("&amp;", "&").replace("&#x3D;", "=").replace("&#x3d;", "=");
    assert!(page.contains(&format!("src=\"{frame}\"")), "{page}");
    let policy = header(&answer, "content-security-policy").unwrap();
    assert!(policy.ends_with("; frame-src https://app.example"), "{policy}");
    assert_eq!(header(&answer, "refresh"), Some("0; url=https://app.example/bye?state=s"));
    assert!(page.contains("href=\"https://app.example/bye?state=s\""));
    // Once more: nobody is signed in, so there is nothing to load.
    let again = world.get(&address, Browser::SignedOut).await;
    assert_eq!(again.location.as_deref(), Some("https://app.example/bye?state=s"));
    world.stop().await;
}

#[actix_web::test]
async fn an_application_is_loaded_once_for_each_subject_by_which_it_knows_the_person() {
    let mut several =
        RelyingApplication { offered_to: OfferedTo::Trust(TrustId::from_uuid(Uuid::from_u128(1))), ..application() };
    several.client.frontchannel_logout_uri = Some(Url::parse("https://app.example/out").unwrap());
    let world = World::with(several, vec![1, 2]).await;
    for school in ["oakfield", "brook", "brook"] {
        let request = super::request(&[("school", school), ("prompt", "none")]);
        world.follow(&request, Browser::SignedIn).await.parameter("code").unwrap();
    }
    let grants = world.app().store.list_grants_of_session(session().id).await.unwrap();
    let hint = hint(&world, session().id, CLIENT, &grants[0].subject);
    let answer = world.get(&logout(&[("id_token_hint", &hint)]), Browser::SignedIn).await;
    let page = answer.body.replace("&#x3D;", "=").replace("&#x3d;", "=");
    assert_eq!((grants.len(), page.matches("<iframe").count()), (3, 2), "{page}");
    for grant in grants {
        let sid = sid(&world, session().id, &grant.subject);
        assert_eq!(page.matches(&format!("sid={}\"", sid.as_str())).count(), 1, "{page}");
    }
    world.stop().await;
}

#[actix_web::test]
async fn a_browser_goes_on_only_to_a_registered_address_after_the_frames() {
    let world = with_front_channel().await;
    let hint = hint(&world, session().id, CLIENT, "public-subject");
    let address = logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://evil.example/bye")]);
    let answer = world.get(&address, Browser::SignedIn).await;
    assert_eq!((answer.status, header(&answer, "refresh")), (StatusCode::OK, None));
    assert!(answer.body.contains("<iframe") && !answer.body.contains("href=\"https://evil"));
    world.stop().await;
}

#[actix_web::test]
async fn the_confirmation_loads_the_frames_too() {
    let world = with_front_channel().await;
    let asked = world.get(&logout(&[("client_id", CLIENT)]), Browser::SignedIn).await;
    assert!(!asked.body.contains("<iframe"));
    let token = asked.field("form_token").unwrap();
    let answer = world
        .post(super::super::CONFIRM_LOGOUT, Browser::SignedIn, &[("client_id", CLIENT), ("form_token", &token)])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("<iframe") && world.session_ended().await);
    assert!(answer.cookies.iter().any(|cookie| cookie.starts_with(cookies::SESSION) && cookie.contains("Max-Age=0")));
    world.stop().await;
}

#[actix_web::test]
async fn a_hint_that_somebody_else_signed_only_asks() {
    let world = World::new().await;
    let (key, _) = jws::PrivateKey::generate(SigningAlgorithm::Es256, "x".into()).unwrap();
    let claims = json!({
        "iss": ISSUER, "sub": "public-subject", "aud": CLIENT, "iat": NOW, "exp": NOW + 600,
        "sid": sid(&world, session().id, "public-subject"),
    });
    let forged = jws::sign(&key, "JWT", &claims).unwrap();
    let address = logout(&[("id_token_hint", &forged), ("post_logout_redirect_uri", BYE)]);
    let answer = world.get(&address, Browser::SignedIn).await;
    assert_eq!((answer.status, answer.location), (StatusCode::OK, None));
    assert!(!world.session_ended().await);
    world.stop().await;
}
