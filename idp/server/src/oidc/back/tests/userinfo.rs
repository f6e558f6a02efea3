//! Userinfo: `OpenID` Connect Core 5.3, RFC 6750.

use std::time::Duration;

use actix_web::http::Method;
use keyholder_core::application::SigningAlgorithm;
use keyholder_core::person::Person;
use keyholder_oidc::jws;
use serde_json::{Value, json};

use super::bed::*;

const ALL: &str = "openid profile email groups school scopes_of_pupils";

#[actix_web::test]
async fn scopes_give_their_claims_about_this_school_only() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, answer) = bed.sign_in(&application, ALL).await;
    let info = bed.userinfo(&answer.text("access_token")).await;
    let expected = json!({
        "sub": "subject-1", "name": "Ann Price", "given_name": "Ann", "family_name": "Price", "locale": "cy",
        "email": "ann@oakfield.example", "email_verified": false,
        "groups": ["staff"], "school": {"id": bed.school.id.to_string(), "name": "Oakfield", "urn": "1"},
        "scopes_of_pupils": [{"kind": "year-group", "name": "Year 4"}],
        "acr": "https://refeds.org/profile/sfa", "amr": ["pwd"], "auth_time": START.as_seconds(),
    });
    assert_eq!(info.json(), expected);
    assert!(!info.body.to_lowercase().contains("elsewhere"));
    assert_eq!(info.header("cache-control"), Some("no-store"));

    let (_, answer) = bed.sign_in(&application, "openid").await;
    let least = bed.userinfo(&answer.text("access_token")).await;
    let names: Vec<String> = least.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["acr", "amr", "auth_time", "sub"]);
}

#[actix_web::test]
async fn an_address_is_verified_only_after_it_answered_a_mail() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, answer) = bed.sign_in(&application, "openid email").await;
    let verified = async || bed.userinfo(&answer.text("access_token")).await.json()["email_verified"].clone();
    assert_eq!(verified().await, Value::Bool(false));
    let answered = Person { email_verified_at: Some(START), ..bed.person.clone() };
    bed.write(Seed { people: vec![answered], ..Seed::default() }).await;
    assert_eq!(verified().await, Value::Bool(true));
}

#[actix_web::test]
async fn the_token_comes_by_header_or_form_but_never_twice_nor_in_the_address() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, answer) = bed.sign_in(&application, "openid").await;
    let token = answer.text("access_token");
    let bearer = format!("bearer {token}");
    assert_eq!(bed.call(Method::GET, "/oidc/userinfo", &[("Authorization", &bearer)], "").await.status, 200);
    assert_eq!(bed.call(Method::POST, "/oidc/userinfo", &[("Authorization", &bearer)], "").await.status, 200);
    assert_eq!(bed.post("/oidc/userinfo", &[], &[("access_token", &token)]).await.status, 200);

    let twice = bed.post("/oidc/userinfo", &[("Authorization", &bearer)], &[("access_token", &token)]).await;
    twice.assert_error(400, "invalid_request");
    let path = format!("/oidc/userinfo?access_token={token}");
    bed.call(Method::GET, &path, &[], "").await.assert_error(400, "invalid_request");
    bed.call(Method::GET, &path, &[("Authorization", &bearer)], "").await.assert_error(400, "invalid_request");
    let headers = [("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())];
    bed.call(Method::GET, "/oidc/userinfo", &headers, "").await.assert_error(400, "invalid_request");
}

#[actix_web::test]
async fn refusals_carry_a_challenge() {
    let bed = Bed::open().await;
    let bare = bed.call(Method::GET, "/oidc/userinfo", &[], "").await;
    assert_eq!(
        (bare.status.as_u16(), bare.header("www-authenticate")),
        (401, Some(&*format!("Bearer realm=\"{ISSUER}\"")))
    );
    let wrong = bed.userinfo("junk").await;
    wrong.assert_error(401, "invalid_token");
    assert!(wrong.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
}

#[actix_web::test]
async fn tokens_that_are_no_access_tokens_for_userinfo_are_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (grant, answer) = bed.sign_in(&application, "openid").await;
    let key = bed.app.keys.signer(SigningAlgorithm::Es256).unwrap();
    let good = bed.verify(&answer.text("access_token")).claims;
    let forge = |typ: &str, change: &[(&str, Value)]| {
        let mut claims = good.clone();
        claims.extend(change.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        jws::sign(&key, typ, &claims).unwrap()
    };
    assert_eq!(bed.userinfo(&forge("at+jwt", &[])).await.status, 200);
    for forged in [
        answer.text("id_token"),
        answer.text("refresh_token"),
        forge("JWT", &[]),
        forge("logout+jwt", &[]),
        forge("at+jwt", &[("iss", json!("https://other.example"))]),
        forge("at+jwt", &[("aud", json!("https://registers.example"))]),
        forge("at+jwt", &[("exp", json!(START.as_seconds()))]),
        forge("at+jwt", &[("jti", json!(format!("{}.x", bed.person.id)))]),
        forge("at+jwt", &[("jti", json!(grant.id.to_string()))]),
        forge("at+jwt", &[("client_id", json!("unknown"))]),
        format!("{}x", answer.text("access_token")),
    ] {
        bed.userinfo(&forged).await.assert_error(401, "invalid_token");
    }
    let other = bed.register("other", |_| {}).await;
    let swapped = forge("at+jwt", &[("client_id", json!(other.client.client_id))]);
    bed.userinfo(&swapped).await.assert_error(401, "invalid_token");
}

#[actix_web::test]
async fn an_expired_token_is_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, answer) = bed.sign_in(&application, "openid").await;
    bed.clock.advance(Duration::from_mins(10));
    bed.userinfo(&answer.text("access_token")).await.assert_error(401, "invalid_token");
}

#[actix_web::test]
async fn userinfo_is_signed_for_who_registered_for_it() {
    let bed = Bed::open().await;
    let signed = |client: &mut keyholder_core::application::OidcClient| {
        client.userinfo_signed_response_alg = Some(SigningAlgorithm::EdDsa);
    };
    let application = bed.register("app", signed).await;
    let (_, answer) = bed.sign_in(&application, "openid email").await;
    let info = bed.userinfo(&answer.text("access_token")).await;
    assert_eq!(info.header("content-type"), Some("application/jwt"));
    let claims = bed.verify(&info.body);
    assert_eq!((claims.text("iss"), claims.text("aud")), (Some(ISSUER), Some("app")));
    assert_eq!((claims.text("sub"), claims.text("email")), (Some("subject-1"), Some("ann@oakfield.example")));
}

#[actix_web::test]
async fn claims_asked_for_at_userinfo_are_given_there() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let request = r#"{"userinfo":{"family_name":null}}"#;
    let (_, code) = bed.code(&application, "openid", |grant, _| grant.claims_request = Some(request.into())).await;
    let answer = bed.redeem(&application, &code).await;
    let info = bed.userinfo(&answer.text("access_token")).await.json();
    assert_eq!((info["family_name"].as_str(), info.get("given_name")), (Some("Price"), None));
}
