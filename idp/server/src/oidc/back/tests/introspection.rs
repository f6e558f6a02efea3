//! Introspection: RFC 7662, RFC 9701.

use std::time::Duration;

use keyholder_core::application::{ClientAuthentication, OidcClient, SigningAlgorithm};
use serde_json::json;

use super::bed::*;

const PATH: &str = "/oidc/introspect";

#[actix_web::test]
async fn owner_and_audience_are_told_and_nobody_else() {
    let bed = Bed::open().await;
    let audience = |client: &mut OidcClient| client.audiences = vec!["https://registers.example".into()];
    let owner = bed.register("owner", audience).await;
    let registers = bed.register("registers", audience).await;
    let stranger = bed.register("stranger", |_| {}).await;
    let (grant, answer) = bed.sign_in(&owner, "openid email").await;
    let token = answer.text("access_token");
    for caller in [&owner, &registers] {
        let told = bed.as_client(PATH, caller, &[("token", &token)]).await.json();
        assert_eq!(told["active"], true);
        assert_eq!(told["scope"], "openid email");
        assert_eq!((&told["client_id"], &told["sub"]), (&json!("owner"), &json!("subject-1")));
        assert_eq!(told["aud"], json!([ISSUER, "https://registers.example"]));
        assert_eq!((&told["acr"], &told["amr"]), (&json!("https://refeds.org/profile/sfa"), &json!(["pwd"])));
        assert_eq!((&told["exp"], &told["token_type"]), (&json!(START.as_seconds() + 600), &json!("Bearer")));
        assert_eq!(told["sid"], json!(bed.sid(&grant)));
    }
    let refused = bed.as_client(PATH, &stranger, &[("token", &token)]).await;
    assert_eq!((refused.status.as_u16(), refused.json()), (200, json!({"active": false})));
}

#[actix_web::test]
async fn public_and_unauthenticated_callers_are_refused() {
    let bed = Bed::open().await;
    let public = bed.register("public", |client| client.authentication = ClientAuthentication::None).await;
    let (_, answer) = bed.sign_in(&public, "openid").await;
    bed.as_client(PATH, &public, &[("token", &answer.text("access_token"))]).await.assert_error(401, "invalid_client");
    bed.post(PATH, &[], &[("token", "x")]).await.assert_error(401, "invalid_client");
    let owner = bed.register("owner", |_| {}).await;
    bed.as_client(PATH, &owner, &[]).await.assert_error(400, "invalid_request");
}

#[actix_web::test]
async fn what_does_not_count_is_inactive_without_a_reason() {
    let bed = Bed::open().await;
    let owner = bed.register("owner", |_| {}).await;
    let (_, first) = bed.sign_in(&owner, "openid").await;
    let inactive = async |token: &str| {
        assert_eq!(bed.as_client(PATH, &owner, &[("token", token)]).await.json(), json!({"active": false}));
    };
    inactive("junk").await;
    inactive(&first.text("id_token")).await;
    let (grant, second) = bed.sign_in(&owner, "openid").await;
    bed.write(Seed { ended_grants: vec![grant.id], ..Seed::default() }).await;
    inactive(&second.text("access_token")).await;
    inactive(&second.text("refresh_token")).await;
    bed.clock.advance(Duration::from_mins(10));
    inactive(&first.text("access_token")).await;
    bed.write(Seed { ended_sessions: vec![bed.session.id], ..Seed::default() }).await;
    inactive(&first.text("refresh_token")).await;
}

#[actix_web::test]
async fn a_refresh_token_is_shown_to_its_owner_only() {
    let bed = Bed::open().await;
    let owner = bed.register("owner", |_| {}).await;
    let stranger = bed.register("stranger", |_| {}).await;
    let (_, answer) = bed.sign_in(&owner, "openid").await;
    let token = answer.text("refresh_token");
    let told = bed.as_client(PATH, &owner, &[("token", &token)]).await.json();
    assert_eq!((&told["active"], &told["client_id"], told.get("token_type")), (&json!(true), &json!("owner"), None));
    let refused = bed.as_client(PATH, &stranger, &[("token", &token)]).await;
    assert_eq!(refused.json(), json!({"active": false}));
}

#[actix_web::test]
async fn answers_are_signed_for_who_registered_or_asks_for_that() {
    let bed = Bed::open().await;
    let signed = |client: &mut OidcClient| client.introspection_signed_response_alg = Some(SigningAlgorithm::Es256);
    let owner = bed.register("owner", signed).await;
    let (_, answer) = bed.sign_in(&owner, "openid").await;
    let told = bed.as_client(PATH, &owner, &[("token", &answer.text("access_token"))]).await;
    assert_eq!(told.header("content-type"), Some("application/token-introspection+jwt"));
    let token = bed.verify(&told.body);
    assert!(token.header.is_typ("token-introspection+jwt"));
    assert_eq!((token.text("iss"), token.text("aud")), (Some(ISSUER), Some("owner")));
    assert_eq!(token.claims["token_introspection"]["active"], true);
    assert!(
        !token.claims.contains_key("sub") && !token.claims.contains_key("exp"),
        "it is no access token (RFC 9701 5)"
    );

    let plain = bed.register("plain", |_| {}).await;
    let header = basic(&plain.client.client_id, SECRET);
    let headers = [("Authorization", header.as_str()), ("Accept", "application/token-introspection+jwt")];
    let asked = bed.post(PATH, &headers, &[("token", "junk")]).await;
    assert_eq!(bed.verify(&asked.body).claims["token_introspection"], json!({"active": false}));
}
