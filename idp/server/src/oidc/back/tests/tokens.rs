//! What is in tokens: `OpenID` Connect Core 2 and 3.1.3, RFC 9068.

use keyholder_core::application::{ClientAuthentication, SecretHash, SigningAlgorithm};
use keyholder_core::assurance::{ACR_MULTI_FACTOR, ACR_SINGLE_FACTOR, Method, Proof};
use serde_json::json;

use super::bed::*;

#[actix_web::test]
async fn tokens_say_who_signed_in_how_and_for_whom() {
    let bed = Bed::open().await;
    for algorithm in SigningAlgorithm::ALL {
        let name = algorithm.name();
        let tweak =
            |client: &mut keyholder_core::application::OidcClient| client.id_token_signed_response_alg = algorithm;
        let application = bed.register(name, tweak).await;
        let (grant, answer) = bed.sign_in(&application, "openid profile email groups school").await;
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
        assert_eq!((answer.text("token_type").as_str(), answer.json()["expires_in"].as_i64()), ("Bearer", Some(600)));

        let id = bed.verify(&answer.text("id_token"));
        let now = START.as_seconds();
        assert_eq!(id.header.algorithm.name(), name);
        let mut claims = id.claims.clone();
        assert!(claims.remove("at_hash").is_some());
        let expected = json!({
            "iss": ISSUER, "sub": "subject-1", "aud": [name], "exp": now + 600, "iat": now, "auth_time": now, "nonce": "n-1",
            "acr": ACR_SINGLE_FACTOR, "amr": ["pwd"], "sid": bed.sid(&grant),
        });
        assert_eq!(serde_json::Value::from(claims), expected, "facts about the person are userinfo's");

        let access = bed.verify(&answer.text("access_token"));
        assert!(access.header.is_typ("at+jwt") && !id.header.is_typ("at+jwt"));
        assert!(access.text("jti").unwrap().starts_with(&grant.id.to_string()));
        assert_eq!(access.claims["aud"], json!(ISSUER));
        assert_eq!(access.text("client_id"), Some(name));
        assert_eq!(access.text("acr"), Some(ACR_SINGLE_FACTOR));
    }
}

#[actix_web::test]
async fn acr_and_amr_tell_what_the_grant_proved() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let factor = Proof {
        method: Method::Factor,
        at: START,
        credential: None,
        amr: vec!["otp".into()],
        phishing_resistant: false,
        reach: keyholder_core::assurance::Reach::Everywhere,
        until: None,
    };
    let (_, code) = bed.code(&application, "openid groups", |grant, _| grant.proofs.push(factor)).await;
    let answer = bed.redeem(&application, &code).await;
    let id = bed.verify(&answer.text("id_token"));
    assert_eq!((id.text("acr"), &id.claims["amr"]), (Some(ACR_MULTI_FACTOR), &json!(["pwd", "otp", "mfa"])));
    let info = bed.userinfo(&answer.text("access_token")).await;
    assert_eq!(
        info.json()["groups"],
        json!(["staff", "safeguarding"]),
        "the full set with the assurance that it needs"
    );
}

#[actix_web::test]
async fn claims_asked_for_in_the_id_token_stand_there() {
    let bed = Bed::open().await;
    let application = bed.register("app", |client| client.scopes.retain(|scope| scope != "school")).await;
    let request = r#"{"id_token":{"email":null,"groups":{"essential":true},"school":null,"unknown":null}}"#;
    let (_, code) = bed.code(&application, "openid", |grant, _| grant.claims_request = Some(request.into())).await;
    let id = bed.verify(&bed.redeem(&application, &code).await.text("id_token"));
    assert_eq!(id.text("email"), Some("ann@oakfield.example"));
    assert_eq!(id.claims["groups"], json!(["staff"]));
    assert!(!id.claims.contains_key("school"), "the application is not registered for it");
    assert!(!id.claims.contains_key("name"));
}

#[actix_web::test]
async fn each_confidential_method_can_redeem() {
    let bed = Bed::open().await;
    let secret = SecretHash(crate::digest::hash_token(SECRET));
    let post = |client: &mut keyholder_core::application::OidcClient| {
        client.authentication = ClientAuthentication::ClientSecretPost { secret };
    };
    let application = bed.register("post", post).await;
    bed.sign_in(&application, "openid").await;
    let public = bed.register("public", |client| client.authentication = ClientAuthentication::None).await;
    bed.sign_in(&public, "openid").await;
}
