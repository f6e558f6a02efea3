//! Codes: RFC 6749 4.1.2 and 10.5, RFC 7636, RFC 9700 2.1.1 and 4.5.

use std::time::Duration;

use keyholder_core::application::{ClientAuthentication, GrantType};
use keyholder_core::ports::Queries;

use super::bed::*;

#[actix_web::test]
async fn a_code_is_redeemed_once_and_a_replay_ends_what_it_gave() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (grant, code) = bed.code(&application, "openid", |_, _| {}).await;
    let first = bed.redeem(&application, &code).await;
    assert_eq!(bed.userinfo(&first.text("access_token")).await.status, 200);

    bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
    assert!(bed.app.store.find_grant(grant.id).await.unwrap().unwrap().ended_at.is_some());
    bed.userinfo(&first.text("access_token")).await.assert_error(401, "invalid_token");
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
    let audit = bed.app.store.list_audit_of_person(bed.person.id, 10).await.unwrap();
    assert!(audit.iter().any(|event| event.kind == keyholder_core::audit::AuditKind::CodeReplayed));
}

#[actix_web::test]
async fn a_replay_after_the_code_expired_still_ends_the_grant() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    let first = bed.redeem(&application, &code).await;
    bed.clock.advance(Duration::from_mins(5));
    bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
    bed.userinfo(&first.text("access_token")).await.assert_error(401, "invalid_token");
}

#[actix_web::test]
async fn of_parallel_redemptions_exactly_one_succeeds() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    let answers = futures::future::join_all((0..8).map(|_| bed.redeem(&application, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[actix_web::test]
async fn a_wrong_verifier_burns_the_code() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let wrong = "w".repeat(43);
    for verifier in [wrong.as_str(), "", "short", CHALLENGE, &format!("{VERIFIER}="), &VERIFIER.to_uppercase()] {
        let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
        let mut form = redemption(&code);
        form[3].1 = verifier;
        bed.token(&application, &form).await.assert_error(400, "invalid_grant");
        bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
    }
}

#[actix_web::test]
async fn a_missing_verifier_is_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    bed.token(&application, &redemption(&code)[..3]).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, payload| payload.code_challenge = None).await;
    bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn only_a_confidential_client_may_go_without_pkce() {
    let bed = Bed::open().await;
    let confidential = bed.register("confidential", |_| {}).await;
    let strict = bed.register("strict", |client| client.require_pkce = true).await;
    let public = bed.register("public", |client| client.authentication = ClientAuthentication::None).await;
    for (application, status) in [(&confidential, 200), (&strict, 400), (&public, 400)] {
        let (_, code) = bed.code(application, "openid", |_, payload| payload.code_challenge = None).await;
        assert_eq!(bed.token(application, &redemption(&code)[..3]).await.status, status);
    }
}

#[actix_web::test]
async fn a_code_of_another_client_is_refused_and_burnt() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let thief = bed.register("thief", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    bed.redeem(&thief, &code).await.assert_error(400, "invalid_grant");
    bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn an_expired_code_is_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    bed.clock.advance(Duration::from_mins(1));
    bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn another_redirect_uri_is_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    for other in ["https://app.example/callback/", "https://APP.example/callback", "https://evil.example/", ""] {
        let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
        let mut form = redemption(&code);
        form[2].1 = other;
        bed.token(&application, &form).await.assert_error(400, "invalid_grant");
    }
}

#[actix_web::test]
async fn an_unknown_code_and_one_without_its_grant_type_are_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    bed.redeem(&application, "never given").await.assert_error(400, "invalid_grant");
    let unregistered = bed.register("none", |client| client.grant_types = vec![GrantType::ClientCredentials]).await;
    let (_, code) = bed.code(&unregistered, "openid", |_, _| {}).await;
    bed.redeem(&unregistered, &code).await.assert_error(400, "unauthorized_client");
}

#[actix_web::test]
async fn a_code_gives_nothing_once_the_session_ended() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, code) = bed.code(&application, "openid", |_, _| {}).await;
    bed.write(Seed { ended_sessions: vec![bed.session.id], ..Seed::default() }).await;
    bed.redeem(&application, &code).await.assert_error(400, "invalid_grant");
}
