//! Revocation: RFC 7009.

use keyholder_core::application::{ClientAuthentication, OidcClient};

use super::bed::*;

const PATH: &str = "/oidc/revoke";

#[actix_web::test]
async fn a_revoked_access_token_is_dead_and_the_grant_goes_on() {
    let bed = Bed::open().await;
    let owner = bed.register("owner", |_| {}).await;
    let (_, answer) = bed.sign_in(&owner, "openid").await;
    let token = answer.text("access_token");
    assert_eq!(bed.as_client(PATH, &owner, &[("token", &token)]).await.status, 200);
    bed.userinfo(&token).await.assert_error(401, "invalid_token");
    assert_eq!(bed.as_client("/oidc/introspect", &owner, &[("token", &token)]).await.json()["active"], false);
    let next = bed.refresh(&owner, &answer.text("refresh_token")).await;
    assert_eq!(bed.userinfo(&next.text("access_token")).await.status, 200);
}

#[actix_web::test]
async fn a_revoked_refresh_token_takes_its_access_tokens_along() {
    let bed = Bed::open().await;
    let public = |client: &mut OidcClient| client.authentication = ClientAuthentication::None;
    let owner = bed.register("owner", public).await;
    let (_, answer) = bed.sign_in(&owner, "openid").await;
    let form = [("token", &*answer.text("refresh_token")), ("token_type_hint", "access_token")];
    assert_eq!(bed.as_client(PATH, &owner, &form).await.status, 200, "a wrong hint does not matter");
    bed.userinfo(&answer.text("access_token")).await.assert_error(401, "invalid_token");
    bed.refresh(&owner, &answer.text("refresh_token")).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn another_clients_tokens_are_left_alone_and_unknown_ones_are_fine() {
    let bed = Bed::open().await;
    let owner = bed.register("owner", |_| {}).await;
    let other = bed.register("other", |_| {}).await;
    let (_, answer) = bed.sign_in(&owner, "openid").await;
    for token in [answer.text("access_token"), answer.text("refresh_token"), "junk".into()] {
        let told = bed.as_client(PATH, &other, &[("token", &token)]).await;
        assert_eq!((told.status.as_u16(), told.body.as_str()), (200, ""));
    }
    assert_eq!(bed.userinfo(&answer.text("access_token")).await.status, 200);
    assert_eq!(bed.refresh(&owner, &answer.text("refresh_token")).await.status, 200);
    bed.post(PATH, &[], &[("token", "x")]).await.assert_error(401, "invalid_client");
    bed.as_client(PATH, &owner, &[]).await.assert_error(400, "invalid_request");
}
