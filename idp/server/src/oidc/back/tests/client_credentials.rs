//! Tokens for a client on its own account: RFC 6749 4.4, RFC 9068.

use keyholder_core::application::{ClientAuthentication, GrantType, OidcClient};
use serde_json::json;

use super::bed::*;

fn machine(client: &mut OidcClient) {
    client.grant_types = vec![GrantType::ClientCredentials];
    client.scopes = vec!["openid".into(), "groups".into(), "registers.read".into(), "registers.write".into()];
    client.audiences = vec!["https://registers.example".into()];
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[actix_web::test]
async fn a_client_gets_a_token_about_itself_and_nothing_about_people() {
    let bed = Bed::open().await;
    let application = bed.register("machine", machine).await;
    let answer = bed.token(&application, &[GRANT]).await;
    assert_eq!(answer.text("scope"), "registers.read registers.write");
    assert_eq!((answer.json().get("id_token"), answer.json().get("refresh_token")), (None, None));
    let token = bed.verify(&answer.text("access_token"));
    assert!(token.header.is_typ("at+jwt"));
    assert_eq!((token.text("sub"), token.text("client_id")), (Some("machine"), Some("machine")));
    assert_eq!(token.claims["aud"], json!("https://registers.example"));
    assert!(["acr", "amr", "auth_time"].iter().all(|claim| !token.claims.contains_key(*claim)));
    assert_eq!(bed.userinfo(&answer.text("access_token")).await.status, 401);

    let narrow = bed.token(&application, &[GRANT, ("scope", "registers.read")]).await;
    assert_eq!(narrow.text("scope"), "registers.read");
}

#[actix_web::test]
async fn scopes_of_people_and_unknown_ones_are_refused() {
    let bed = Bed::open().await;
    let application = bed.register("machine", machine).await;
    for scope in ["openid", "openid registers.read", "groups", "profile", "offline_access", "admin", " "] {
        bed.token(&application, &[GRANT, ("scope", scope)]).await.assert_error(400, "invalid_scope");
    }
}

#[actix_web::test]
async fn public_and_unregistered_clients_get_none() {
    let bed = Bed::open().await;
    let unregistered = bed.register("web", |_| {}).await;
    bed.token(&unregistered, &[GRANT]).await.assert_error(400, "unauthorized_client");
    let public = |client: &mut OidcClient| {
        machine(client);
        client.authentication = ClientAuthentication::None;
    };
    let public = bed.register("public", public).await;
    bed.token(&public, &[GRANT]).await.assert_error(400, "unauthorized_client");
}
