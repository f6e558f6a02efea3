//! ID tokens and userinfo for a client that asks for encryption (`OpenID` Connect Core 10.2, 5.3.2).

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{ContentEncryption, JwksSource, KeyManagement, ResponseEncryption};
use serde_json::{Value, json};

use super::bed::*;

const ENCRYPTION: ResponseEncryption =
    ResponseEncryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A128Gcm };

/// RFC 7518 C: Bob's public key.
fn jwks(usage: &str) -> JwksSource {
    let key = json!({
        "kty": "EC", "crv": "P-256", "kid": "bob", "use": usage,
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    });
    JwksSource::Inline(json!({ "keys": [key] }).to_string())
}

fn header(token: &str) -> Value {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 5, "{token}");
    serde_json::from_slice(&base64::Engine::decode(&URL_SAFE_NO_PAD, parts[0]).unwrap()).unwrap()
}

#[actix_web::test]
async fn id_tokens_and_userinfo_are_encrypted_for_a_client_that_asks_for_it() {
    let bed = Bed::open().await;
    let application = bed
        .register("sealed", |client| {
            client.jwks = Some(jwks("enc"));
            client.id_token_encrypted_response = Some(ENCRYPTION);
            client.userinfo_encrypted_response = Some(ENCRYPTION);
        })
        .await;
    let (_, answer) = bed.sign_in(&application, "openid email").await;
    let refreshed = bed.refresh(&application, &answer.text("refresh_token")).await;
    let userinfo = bed.userinfo(&answer.text("access_token")).await;
    assert_eq!(userinfo.header("content-type"), Some("application/jwt"));
    assert!(!userinfo.body.contains("oakfield"));
    for token in [answer.text("id_token"), refreshed.text("id_token"), userinfo.body] {
        let header = header(&token);
        let said = ["alg", "enc", "cty", "kid"].map(|name| header[name].as_str().unwrap().to_owned());
        assert_eq!(said, ["ECDH-ES", "A128GCM", "JWT", "bob"]);
    }
    // Access tokens are for others to read.
    bed.verify(&answer.text("access_token"));
}

#[actix_web::test]
async fn a_client_whose_key_cannot_be_encrypted_to_gets_no_plain_token_and_keeps_its_code() {
    let bed = Bed::open().await;
    let mut application = bed
        .register("sealed", |client| {
            client.jwks = Some(jwks("sig"));
            client.id_token_encrypted_response = Some(ENCRYPTION);
        })
        .await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    let answer = bed.redeem(&application, &code).await;
    assert_eq!(answer.status.as_u16(), 500, "{}", answer.body);
    assert!(!answer.body.contains("id_token"));
    application.client.jwks = Some(jwks("enc"));
    bed.write(Seed { applications: vec![application.clone()], ..Seed::default() }).await;
    header(&bed.redeem(&application, &code).await.text("id_token"));
}
