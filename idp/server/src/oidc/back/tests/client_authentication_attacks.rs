//! Clients that are not who they say: RFC 6749 2.3, RFC 7523 3, RFC 8725.

use std::time::Duration;

use keyholder_core::application::*;
use keyholder_oidc::jws::{self, PrivateKey};
use serde_json::{Value, json};

use super::bed::*;
use crate::digest::hash_token;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A request that succeeds once the client is authenticated.
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn register(bed: &Bed, client_id: &str, authentication: ClientAuthentication) -> RelyingApplication {
    let tweak = |client: &mut OidcClient| {
        client.authentication = authentication;
        client.grant_types = vec![GrantType::ClientCredentials];
        client.scopes = vec!["registers".into()];
    };
    bed.register(client_id, tweak).await
}

fn secret() -> SecretHash {
    SecretHash(hash_token(SECRET))
}

#[actix_web::test]
async fn each_method_is_accepted_where_it_is_registered_and_nowhere_else() {
    let bed = Bed::open().await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    register(&bed, "post", ClientAuthentication::ClientSecretPost { secret: secret() }).await;
    let public = |client: &mut OidcClient| client.authentication = ClientAuthentication::None;
    bed.register("public", public).await;

    for client_id in ["basic", "post", "public"] {
        let by_basic = bed.post("/oidc/token", &[("Authorization", &basic(client_id, SECRET))], &[GRANT]).await;
        let by_post = bed.post("/oidc/token", &[], &[GRANT, ("client_id", client_id), ("client_secret", SECRET)]).await;
        let by_name = bed.post("/oidc/token", &[], &[GRANT, ("client_id", client_id)]).await;
        match client_id {
            "basic" => assert_eq!(by_basic.status, 200),
            _ => by_basic.assert_error(401, "invalid_client"),
        }
        match client_id {
            "post" => assert_eq!(by_post.status, 200),
            _ => by_post.assert_error(401, "invalid_client"),
        }
        match client_id {
            // Who it is is believed; what it asks for is not for public clients.
            "public" => by_name.assert_error(400, "unauthorized_client"),
            _ => by_name.assert_error(401, "invalid_client"),
        }
    }
}

#[actix_web::test]
async fn a_wrong_secret_is_refused_with_a_challenge_only_where_basic_was_used() {
    let bed = Bed::open().await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    register(&bed, "post", ClientAuthentication::ClientSecretPost { secret: secret() }).await;
    for (client_id, secret) in [("basic", "wrong"), ("unknown", SECRET), ("basic", "")] {
        let answer = bed.post("/oidc/token", &[("Authorization", &basic(client_id, secret))], &[GRANT]).await;
        answer.assert_error(401, "invalid_client");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
    }
    for secret in ["wrong", &SECRET.to_uppercase(), &format!("{SECRET} ")] {
        let answer = bed.post("/oidc/token", &[], &[GRANT, ("client_id", "post"), ("client_secret", secret)]).await;
        answer.assert_error(401, "invalid_client");
        assert_eq!(answer.header("www-authenticate"), None);
    }
}

#[actix_web::test]
async fn two_kinds_of_credentials_in_one_request_are_refused() {
    let bed = Bed::open().await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    let header = basic("basic", SECRET);
    for more in [
        &[("client_secret", SECRET)][..],
        &[("client_assertion", "a.b.c"), ("client_assertion_type", ASSERTION_TYPE)],
        &[("client_assertion_type", ASSERTION_TYPE)],
        &[("client_id", "other")],
    ] {
        let form: Vec<_> = [GRANT].iter().chain(more).copied().collect();
        bed.post("/oidc/token", &[("Authorization", &header)], &form).await.assert_error(400, "invalid_request");
    }
    let twice = [("Authorization", header.as_str()), ("Authorization", &basic("other", SECRET))];
    bed.post("/oidc/token", &twice, &[GRANT]).await.assert_error(400, "invalid_request");
    let same = bed.post("/oidc/token", &[("Authorization", &header)], &[GRANT, ("client_id", "basic")]).await;
    assert_eq!(same.status, 200);
}

#[actix_web::test]
async fn malformed_headers_are_refused() {
    let bed = Bed::open().await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    for header in
        ["Basic", "Basic ", "Basic !!!", "Basic YmFzaWM=", "Bearer abc", "Basic OnNlY3JldA==", "Basic JTAwOng="]
    {
        bed.post("/oidc/token", &[("Authorization", header)], &[GRANT]).await.assert_error(401, "invalid_client");
    }
    bed.post("/oidc/token", &[], &[GRANT]).await.assert_error(401, "invalid_client");
}

#[actix_web::test]
async fn sloppy_bodies_are_refused() {
    let bed = Bed::open().await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    let header = basic("basic", SECRET);
    let form =
        [("Authorization", header.as_str()), ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")];
    let call = async |body: &str| bed.call(actix_web::http::Method::POST, "/oidc/token", &form, body).await;
    assert_eq!(call("grant_type=client_credentials").await.status, 200);
    for body in [
        "grant_type=client_credentials&grant_type=client_credentials",
        "grant_type=client_credentials&scope=a&scope=a",
        "grant_type=client_credentials%00",
        "grant_type=client_credentials&x=%ff",
        "",
    ] {
        call(body).await.assert_error(400, "invalid_request");
    }
    call(&format!("grant_type=client_credentials&x={}", "x".repeat(64 * 1024)))
        .await
        .assert_error(400, "invalid_request");
    call("grant_type=password").await.assert_error(400, "unsupported_grant_type");
    let json = [("Authorization", header.as_str()), ("Content-Type", "application/json")];
    let answer = bed.call(actix_web::http::Method::POST, "/oidc/token", &json, r#"{"grant_type":"x"}"#).await;
    answer.assert_error(400, "invalid_request");
    // Credentials in the address are not looked at.
    let path = "/oidc/token?client_id=basic&client_secret=x&grant_type=client_credentials";
    bed.post(path, &[], &[]).await.assert_error(401, "invalid_client");
}

/// A client with a key, and the claims of an assertion that is right.
struct Signing {
    key: PrivateKey,
}

impl Signing {
    async fn register(bed: &Bed) -> Self {
        let (key, _) = PrivateKey::generate(SigningAlgorithm::Es256, "client-key".into()).unwrap();
        let jwks = JwksSource::Inline(json!({"keys": [key.public_jwk()]}).to_string());
        register(bed, "signing", ClientAuthentication::PrivateKeyJwt { jwks }).await;
        Self { key }
    }

    fn claims(bed: &Bed, jti: &str) -> Value {
        let now = keyholder_core::time::Clock::now(&*bed.clock).as_seconds();
        json!({"iss": "signing", "sub": "signing", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti})
    }

    async fn send(&self, bed: &Bed, typ: &str, claims: &Value) -> Answer {
        let assertion = jws::sign(&self.key, typ, claims).unwrap();
        send(bed, &assertion).await
    }
}

async fn send(bed: &Bed, assertion: &str) -> Answer {
    let form = [GRANT, ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
    bed.post("/oidc/token", &[], &form).await
}

#[actix_web::test]
async fn an_assertion_counts_once_and_names_us() {
    let bed = Bed::open().await;
    let client = Signing::register(&bed).await;
    let assertion = jws::sign(&client.key, "JWT", &Signing::claims(&bed, "1")).unwrap();
    assert_eq!(send(&bed, &assertion).await.status, 200);
    send(&bed, &assertion).await.assert_error(401, "invalid_client");

    let mut to_the_endpoint = Signing::claims(&bed, "2");
    to_the_endpoint["aud"] = json!(["https://other.example", format!("{ISSUER}/oidc/token")]);
    assert_eq!(client.send(&bed, "JWT", &to_the_endpoint).await.status, 200);
    // The same jti in another assertion is a replay as well.
    to_the_endpoint["exp"] = json!(START.as_seconds() + 61);
    client.send(&bed, "JWT", &to_the_endpoint).await.assert_error(401, "invalid_client");
}

#[actix_web::test]
async fn parallel_uses_of_one_assertion_succeed_once() {
    let bed = Bed::open().await;
    let client = Signing::register(&bed).await;
    let assertion = jws::sign(&client.key, "JWT", &Signing::claims(&bed, "1")).unwrap();
    let answers = futures::future::join_all((0..8).map(|_| send(&bed, &assertion))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[actix_web::test]
async fn wrong_claims_in_an_assertion_are_refused() {
    let bed = Bed::open().await;
    bed.register("other", |_| {}).await;
    let client = Signing::register(&bed).await;
    let now = START.as_seconds();
    for (number, (claim, value)) in [
        ("iss", json!("other")),
        ("iss", Value::Null),
        ("sub", json!("other")),
        ("aud", json!("https://other.example")),
        ("aud", json!(format!("{ISSUER}/"))),
        ("aud", json!("http://evil.example:8080")),
        ("aud", Value::Null),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 311)),
        ("exp", json!("4000000000")),
        ("exp", Value::Null),
        ("iat", json!(now + 11)),
        ("nbf", json!(now + 11)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("j".repeat(300))),
        ("jti", json!(7)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = Signing::claims(&bed, &format!("jti-{number}"));
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            _ => claims[claim] = value.clone(),
        }
        let answer = client.send(&bed, "JWT", &claims).await;
        assert_eq!(answer.status, 401, "{claim} {value}: {}", answer.body);
    }
}

#[actix_web::test]
async fn a_request_object_or_another_kind_of_token_is_no_assertion() {
    let bed = Bed::open().await;
    let client = Signing::register(&bed).await;
    for (number, typ) in
        ["oauth-authz-req+jwt", "application/OAUTH-AUTHZ-REQ+jwt", "dpop+jwt", "at+jwt"].iter().enumerate()
    {
        let claims = Signing::claims(&bed, &format!("{number}"));
        client.send(&bed, typ, &claims).await.assert_error(401, "invalid_client");
    }
}

#[actix_web::test]
async fn forged_assertions_are_refused() {
    let bed = Bed::open().await;
    let client = Signing::register(&bed).await;
    let claims = Signing::claims(&bed, "1");
    // Somebody else's key under the client's kid.
    let (attacker, _) = PrivateKey::generate(SigningAlgorithm::Es256, "client-key".into()).unwrap();
    send(&bed, &jws::sign(&attacker, "JWT", &claims).unwrap()).await.assert_error(401, "invalid_client");
    // The client's key under an unknown kid.
    let (_, der) = PrivateKey::generate(SigningAlgorithm::Es256, "x".into()).unwrap();
    let unknown = PrivateKey::from_pkcs8(SigningAlgorithm::Es256, "../../client-key".into(), &der).unwrap();
    send(&bed, &jws::sign(&unknown, "JWT", &claims).unwrap()).await.assert_error(401, "invalid_client");
    // alg none, and our own key.
    let encode = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let none = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims.to_string()));
    send(&bed, &none).await.assert_error(401, "invalid_client");
    let ours = bed.app.keys.signer(SigningAlgorithm::Es256).unwrap();
    send(&bed, &jws::sign(&ours, "JWT", &claims).unwrap()).await.assert_error(401, "invalid_client");
    for junk in ["", "x", "a.b.c", "..", "\u{1F511}"] {
        assert!(send(&bed, junk).await.status.is_client_error());
    }
    assert_eq!(client.send(&bed, "JWT", &claims).await.status, 200, "the forgeries did not spend the jti");
}

#[actix_web::test]
async fn an_assertion_for_a_client_with_another_method_is_refused() {
    let bed = Bed::open().await;
    let client = Signing::register(&bed).await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    let mut claims = Signing::claims(&bed, "1");
    claims["iss"] = json!("basic");
    claims["sub"] = json!("basic");
    client.send(&bed, "JWT", &claims).await.assert_error(401, "invalid_client");
    // And the other way round.
    bed.post("/oidc/token", &[("Authorization", &basic("signing", SECRET))], &[GRANT])
        .await
        .assert_error(401, "invalid_client");
}

#[actix_web::test]
async fn failures_of_one_client_are_written_down_once_a_minute() {
    use keyholder_core::ports::Queries;
    let bed = Bed::open().await;
    register(&bed, "basic", ClientAuthentication::ClientSecretBasic { secret: secret() }).await;
    let fail = async || bed.post("/oidc/token", &[("Authorization", &basic("basic", "wrong"))], &[GRANT]).await;
    let written = async || bed.app.store.list_unsealed_audit(10).await.unwrap().len();
    let before = written().await;
    for _ in 0..3 {
        fail().await;
    }
    assert_eq!(written().await, before + 1);
    bed.clock.advance(Duration::from_mins(2));
    fail().await;
    assert_eq!(written().await, before + 2);
}
