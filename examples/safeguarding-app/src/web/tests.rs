use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, call_service, init_service};
use clap::Parser as _;
use serde_json::json;

use super::*;
use crate::assurance::ACR_MULTI_FACTOR;
use crate::claims::Person;
use crate::config::Flags;

const NOW: i64 = 1_000_000;

fn application() -> Data<Application> {
    let flags = [
        "safeguarding-app",
        "--issuer",
        "http://localhost:1",
        "--client-id",
        "all",
        "--client",
        "oakfield-primary:oak:s",
    ];
    Data::new(Application::new(Flags::try_parse_from(flags).unwrap().check().unwrap(), || NOW).unwrap())
}

fn person(acr: &str) -> Person {
    Person {
        subject: "subject-1".to_owned(),
        name: Some("<b>Ann</b> Other".to_owned()),
        email: None,
        school: None,
        groups: vec!["Teachers".to_owned()],
        pupil_scopes: Some(Vec::new()),
        acr: Some(acr.to_owned()),
        amr: vec!["pwd".to_owned()],
        auth_time: Some(NOW - 120),
        elevated_until: None,
        sid: Some("sid-1".to_owned()),
    }
}

/// Signs somebody in; the value of the cookie.
fn sign_in(application: &Application, base: &str, acr: &str) -> String {
    let claims = json!({ "iss": "http://localhost:1", "sub": "subject-1", "aud": "all", "iat": 1, "exp": 2 });
    let part =
        |value: serde_json::Value| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, value.to_string());
    let id_token = format!("{}.{}.c2ln", part(json!({ "alg": "RS256" })), part(claims)).parse().unwrap();
    let session = Session {
        base: base.to_owned(),
        person: person(acr),
        evidence: Evidence::Tokens {
            id_token: Box::new(id_token),
            access_token: openidconnect::AccessToken::new("access-token".to_owned()),
        },
        form_token: "form-token".to_owned(),
        key_was_not_used: false,
    };
    application.sessions.begin(session)
}

struct Answer {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: String,
}

async fn send(application: &Data<Application>, request: TestRequest) -> Answer {
    let app = init_service(App::new().configure(|service| configure(service, application)).wrap(headers())).await;
    let response = call_service(&app, request.to_request()).await;
    assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
    let location = response.headers().get(header::LOCATION).map(text).unwrap_or_default();
    let cookies = response.headers().get_all(header::SET_COOKIE).map(text).collect();
    let status = response.status().as_u16();
    let body = String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap();
    Answer { status, location, cookies, body }
}

async fn get(application: &Data<Application>, path: &str, cookie: Option<(&str, &str)>) -> Answer {
    let request = TestRequest::get().uri(path);
    send(
        application,
        match cookie {
            Some((name, value)) => request.cookie(Cookie::new(name.to_owned(), value.to_owned())),
            None => request,
        },
    )
    .await
}

#[actix_web::test]
async fn nobody_sees_an_incident_without_signing_in() {
    let application = application();
    for path in ["/incidents", "/incidents/1", "/s/oakfield-primary/incidents/3"] {
        let answer = get(&application, path, None).await;
        assert_eq!(answer.status, 303);
        assert!(
            answer.location.ends_with(&format!("/sign-in?return={}", path.trim_start_matches("/s/oakfield-primary")))
        );
    }
}

#[actix_web::test]
async fn what_needs_two_factors_is_refused_with_a_way_forward() {
    let application = application();
    let id = sign_in(&application, "", "https://refeds.org/profile/sfa");
    let refused = get(&application, "/incidents/3", Some(("safeguarding-session", &id))).await;
    assert_eq!(refused.status, 403);
    for words in ["A key is needed", "/sign-in?with=key&amp;return=/incidents/3"] {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    assert!(!refused.body.contains("teaching assistant") && !refused.body.contains("weekend"));
    let list = get(&application, "/incidents", Some(("safeguarding-session", &id))).await;
    assert!(list.body.contains("Fall in the playground") && !list.body.contains("teaching assistant"));
    assert_eq!(get(&application, "/incidents/1", Some(("safeguarding-session", &id))).await.status, 200);

    // Whether the key still counts is asked of the provider, which does not answer here: nothing is shown.
    let with_key = sign_in(&application, "", ACR_MULTI_FACTOR);
    let unsure = get(&application, "/incidents/3", Some(("safeguarding-session", &with_key))).await;
    assert_eq!(unsure.status, 503);
    assert!(!unsure.body.contains("weekend"));
}

#[actix_web::test]
async fn the_interface_takes_a_bearer_token_and_nothing_else() {
    let application = application();
    let with_key = sign_in(&application, "", ACR_MULTI_FACTOR);
    assert_eq!(get(&application, "/api/incidents/3", Some(("safeguarding-session", &with_key))).await.status, 401);
    for header in ["Basic YTpi", "Bearer", "access-token"] {
        let request = TestRequest::get().uri("/api/incidents/3").insert_header(("authorization", header));
        assert_eq!(send(&application, request).await.status, 401, "{header}");
    }
    let request = TestRequest::get().uri("/api/incidents/3").insert_header(("authorization", "Bearer access-token"));
    assert_eq!(send(&application, request).await.status, 503, "the provider does not answer");
}

#[actix_web::test]
async fn a_session_of_one_school_opens_nothing_at_another() {
    let application = application();
    let id = sign_in(&application, "/s/oakfield-primary", ACR_MULTI_FACTOR);
    assert_eq!(get(&application, "/incidents/1", Some(("safeguarding-session", &id))).await.status, 303);
    let cookie = Some(("safeguarding-session-oakfield-primary", id.as_str()));
    assert_eq!(get(&application, "/s/oakfield-primary/incidents/1", cookie).await.status, 200);
}

#[actix_web::test]
async fn every_page_is_drawn_and_a_name_is_text() {
    let application = application();
    let id = sign_in(&application, "", "https://refeds.org/profile/sfa");
    let home = get(&application, "/", Some(("safeguarding-session", &id))).await;
    assert!(home.body.contains("&lt;b&gt;Ann&lt;/b&gt; Other") && !home.body.contains("<b>"));
    for words in ["Teachers", "Without a key", "password", "2 minutes ago", "All pupils of the school"] {
        assert!(home.body.contains(words), "{words}");
    }
    assert!(get(&application, "/", None).await.body.contains("Sign in with Keyholder"));
    assert!(get(&application, "/signed-out", None).await.body.contains("You are signed out"));
    assert_eq!(get(&application, "/s/oakfield-primary", None).await.location, "/s/oakfield-primary/");
    for path in ["/nothing", "/incidents/99", "/incidents/+1"] {
        let status = get(&application, path, Some(("safeguarding-session", &id))).await.status;
        assert_eq!(status, 404, "{path}");
    }
}

#[actix_web::test]
async fn signing_out_needs_the_form_of_this_session() {
    let application = application();
    let id = sign_in(&application, "", ACR_MULTI_FACTOR);
    let post = |token: &str| {
        let cookie = Cookie::new("safeguarding-session", id.clone());
        TestRequest::post().uri("/sign-out").cookie(cookie).set_form([("form_token", token)])
    };
    assert_eq!(send(&application, post("guessed")).await.status, 403);
    assert_eq!(
        send(
            &application,
            TestRequest::post().uri("/sign-out").cookie(Cookie::new("safeguarding-session", id.clone()))
        )
        .await
        .status,
        403
    );
    assert!(application.sessions.find(&id, "").is_some());
    // The provider of this test does not answer: the session ends all the same.
    let answer = send(&application, post("form-token")).await;
    assert_eq!((answer.status, answer.location.as_str()), (303, "/signed-out"));
    assert!(application.sessions.find(&id, "").is_none());
    assert!(answer.cookies[0].contains("Max-Age=0"));
}

#[actix_web::test]
async fn an_answer_that_nobody_asked_for_signs_nobody_in() {
    let application = application();
    for query in ["", "?code=c", "?code=c&state=s", "?code=c&code=d&state=s", "?error=access_denied&state=s"] {
        let answer = get(&application, &format!("/callback{query}"), Some(("safeguarding-browser", "b"))).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.cookies.is_empty());
    }
}

#[actix_web::test]
async fn a_provider_that_does_not_answer_is_named_as_the_cause() {
    let answer = get(&application(), "/sign-in", None).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("does not answer"));
}

#[actix_web::test]
async fn a_logout_token_ends_only_what_it_names() {
    let application = application();
    let id = sign_in(&application, "", ACR_MULTI_FACTOR);
    application.sessions.end_named("/s/oakfield-primary", Some("sid-1"), None);
    application.sessions.end_named("", Some("another"), Some("subject-1"));
    assert!(application.sessions.find(&id, "").is_some());
    application.sessions.end_named("", Some("sid-1"), None);
    assert!(application.sessions.find(&id, "").is_none());
    let id = sign_in(&application, "", ACR_MULTI_FACTOR);
    application.sessions.end_named("", None, Some("subject-1"));
    assert!(application.sessions.find(&id, "").is_none());
}

#[actix_web::test]
async fn a_frame_of_the_provider_ends_the_session_that_it_names() {
    let application = application();
    let id = sign_in(&application, "", ACR_MULTI_FACTOR);
    let issuer = application.provider.issuer().to_owned();
    for query in ["", "?sid=sid-1", "?iss=https://evil.example&sid=sid-1", "?iss=https://evil.example"] {
        assert_eq!(get(&application, &format!("/frontchannel-logout{query}"), None).await.status, 400, "{query}");
    }
    assert_eq!(get(&application, &format!("/frontchannel-logout?iss={issuer}&sid=another"), None).await.status, 200);
    assert!(application.sessions.find(&id, "").is_some());
    assert_eq!(get(&application, &format!("/frontchannel-logout?iss={issuer}&sid=sid-1"), None).await.status, 200);
    assert!(application.sessions.find(&id, "").is_none());
}
