//! Refresh tokens: RFC 6749 6 and 10.4, RFC 9700 4.14, `OpenID` Connect Core 12.

use std::time::Duration;

use keyholder_core::application::{ClientAuthentication, OfferedTo, RefreshRotation, RelyingApplication};
use keyholder_core::id::SchoolId;
use keyholder_core::membership::Membership;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries;

use super::bed::*;

async fn public(bed: &Bed) -> RelyingApplication {
    bed.register("public", |client| client.authentication = ClientAuthentication::None).await
}

#[actix_web::test]
async fn a_public_clients_token_is_rotated_and_true_reuse_ends_the_family() {
    let bed = Bed::open().await;
    let application = public(&bed).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    let second = bed.refresh(&application, &first.text("refresh_token")).await;
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
    // The successor was used: presenting the former one again means that two have it.
    let third = bed.refresh(&application, &second.text("refresh_token")).await;
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
    bed.refresh(&application, &third.text("refresh_token")).await.assert_error(400, "invalid_grant");
    bed.userinfo(&third.text("access_token")).await.assert_error(401, "invalid_token");
    let audit = bed.app.store.list_audit_of_person(bed.person.id, 10).await.unwrap();
    assert!(audit.iter().any(|event| event.kind == keyholder_core::audit::AuditKind::RefreshTokenReused));
}

#[actix_web::test]
async fn a_lost_answer_is_given_again_for_thirty_seconds() {
    let bed = Bed::open().await;
    let application = public(&bed).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    let lost = bed.refresh(&application, &first.text("refresh_token")).await;
    bed.clock.advance(Duration::from_secs(29));
    let again = bed.refresh(&application, &first.text("refresh_token")).await;
    assert_eq!(lost.text("refresh_token"), again.text("refresh_token"));
    assert_eq!(bed.refresh(&application, &again.text("refresh_token")).await.status, 200);
}

#[actix_web::test]
async fn after_thirty_seconds_the_former_token_is_reuse() {
    let bed = Bed::open().await;
    let application = public(&bed).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    let second = bed.refresh(&application, &first.text("refresh_token")).await;
    bed.clock.advance(Duration::from_secs(30));
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
    bed.refresh(&application, &second.text("refresh_token")).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn parallel_refreshes_get_one_successor() {
    let bed = Bed::open().await;
    let application = public(&bed).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    let token = first.text("refresh_token");
    let answers = futures::future::join_all((0..8).map(|_| bed.refresh(&application, &token))).await;
    let successors: std::collections::HashSet<_> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
    assert_eq!(successors.len(), 1);
}

#[actix_web::test]
async fn a_confidential_clients_token_goes_on_unless_it_asked_for_rotation() {
    let bed = Bed::open().await;
    let keeping = bed.register("keeping", |_| {}).await;
    let (_, first) = bed.sign_in(&keeping, "openid").await;
    for _ in 0..2 {
        let answer = bed.refresh(&keeping, &first.text("refresh_token")).await;
        assert_eq!((answer.status.as_u16(), answer.json().get("refresh_token")), (200, None));
    }
    let rotating = bed.register("rotating", |client| client.refresh_rotation = RefreshRotation::Always).await;
    let (_, first) = bed.sign_in(&rotating, "openid").await;
    let second = bed.refresh(&rotating, &first.text("refresh_token")).await;
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
}

#[actix_web::test]
async fn another_client_cannot_use_the_token_nor_end_the_family() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let thief = bed.register("thief", |_| {}).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    bed.refresh(&thief, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
    assert_eq!(bed.refresh(&application, &first.text("refresh_token")).await.status, 200);
}

#[actix_web::test]
async fn scopes_are_narrowed_but_never_widened() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, first) = bed.sign_in(&application, "openid email").await;
    let token = first.text("refresh_token");
    let ask = |scope| [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
    for wider in ["openid email groups", "profile", "openid  Email", "unknown"] {
        bed.token(&application, &ask(wider)).await.assert_error(400, "invalid_scope");
    }
    let narrow = bed.token(&application, &ask("email")).await;
    assert_eq!(narrow.text("scope"), "email");
    assert!(narrow.json().get("id_token").is_none(), "an ID token goes with openid");
    bed.userinfo(&narrow.text("access_token")).await.assert_error(403, "insufficient_scope");
    assert_eq!(bed.refresh(&application, &token).await.text("scope"), "openid email", "the token keeps its scopes");
}

#[actix_web::test]
async fn the_id_token_at_refresh_has_the_same_subject_and_sign_in_but_no_nonce() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    bed.clock.advance(Duration::from_mins(20));
    let second = bed.refresh(&application, &first.text("refresh_token")).await;
    let (before, after) = (bed.verify(&first.text("id_token")), bed.verify(&second.text("id_token")));
    for claim in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
        assert_eq!(before.claims.get(claim), after.claims.get(claim), "{claim}");
    }
    assert_eq!(before.text("nonce"), Some("n-1"));
    assert_eq!(after.claims.get("nonce"), None);
    assert_eq!(after.seconds("iat"), Some(START.as_seconds() + 1200));
}

/// Refreshing and userinfo fail after this change.
async fn dies_by(scopes: &str, change: impl AsyncFnOnce(&Bed, &RelyingApplication)) {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, first) = bed.sign_in(&application, scopes).await;
    assert_eq!(bed.userinfo(&first.text("access_token")).await.status, 200);
    change(&bed, &application).await;
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
    bed.userinfo(&first.text("access_token")).await.assert_error(401, "invalid_token");
}

#[actix_web::test]
async fn a_token_dies_with_its_session() {
    dies_by("openid", async |bed, _| {
        bed.write(Seed { ended_sessions: vec![bed.session.id], ..Seed::default() }).await;
    })
    .await;
}

#[actix_web::test]
async fn a_token_dies_when_its_session_was_idle_for_too_long() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    bed.clock.advance(Duration::from_hours(8));
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn an_offline_token_outlives_its_session() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (_, first) = bed.sign_in(&application, "openid offline_access").await;
    bed.write(Seed { ended_sessions: vec![bed.session.id], ..Seed::default() }).await;
    assert_eq!(bed.refresh(&application, &first.text("refresh_token")).await.status, 200);
    assert_eq!(bed.userinfo(&first.text("access_token")).await.status, 200);
}

#[actix_web::test]
async fn a_token_dies_with_its_membership_although_the_person_belongs_elsewhere() {
    dies_by("openid offline_access", async |bed, _| {
        let ended = Membership { ends_at: Some(START), ..bed.membership.clone() };
        bed.write(Seed { memberships: vec![ended], ..Seed::default() }).await;
    })
    .await;
}

#[actix_web::test]
async fn a_token_dies_when_the_person_is_disabled() {
    dies_by("openid offline_access", async |bed, _| {
        let disabled = Person { disabled_at: Some(START), ..bed.person.clone() };
        bed.write(Seed { people: vec![disabled], ..Seed::default() }).await;
    })
    .await;
}

#[actix_web::test]
async fn a_token_dies_when_the_application_no_longer_serves_the_school() {
    dies_by("openid offline_access", async |bed, application| {
        let elsewhere = OfferedTo::Schools(vec![SchoolId::from_uuid(id(2))]);
        let moved = RelyingApplication { offered_to: elsewhere, ..application.clone() };
        bed.write(Seed { applications: vec![moved], ..Seed::default() }).await;
    })
    .await;
}

#[actix_web::test]
async fn a_token_dies_when_the_grant_is_ended() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let (grant, first) = bed.sign_in(&application, "openid").await;
    bed.write(Seed { ended_grants: vec![grant.id], ..Seed::default() }).await;
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn nothing_outlives_the_elevation() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    let until = START.plus(Duration::from_mins(4));
    let (_, code) =
        bed.code(&application, "openid offline_access", |grant, _| grant.elevated_until = Some(until)).await;
    let first = bed.redeem(&application, &code).await;
    assert_eq!(first.json()["expires_in"], 240);
    bed.clock.advance(Duration::from_mins(3));
    let second = bed.refresh(&application, &first.text("refresh_token")).await;
    assert_eq!(second.json()["expires_in"], 60);
    for token in ["access_token", "id_token"] {
        assert_eq!(bed.verify(&second.text(token)).seconds("exp"), Some(until.as_seconds()));
    }
    bed.clock.advance(Duration::from_mins(1));
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
    bed.userinfo(&second.text("access_token")).await.assert_error(401, "invalid_token");
}

#[actix_web::test]
async fn an_expired_or_unknown_token_is_refused() {
    let bed = Bed::open().await;
    let application = bed.register("app", |_| {}).await;
    bed.refresh(&application, "never given").await.assert_error(400, "invalid_grant");
    let (_, code) = bed
        .code(&application, "openid offline_access", |grant, _| grant.expires_at = START.plus(Duration::from_hours(1)))
        .await;
    let first = bed.redeem(&application, &code).await;
    bed.clock.advance(Duration::from_hours(1));
    bed.refresh(&application, &first.text("refresh_token")).await.assert_error(400, "invalid_grant");
}

#[actix_web::test]
async fn a_client_that_is_not_registered_for_refreshing_gets_no_token() {
    let bed = Bed::open().await;
    let application = bed.register("app", |client| client.grant_types.truncate(1)).await;
    let (_, first) = bed.sign_in(&application, "openid").await;
    assert!(first.json().get("refresh_token").is_none());
}
