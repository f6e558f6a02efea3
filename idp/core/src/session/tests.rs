//! What a session's proofs are worth, where and until when.

use uuid::Uuid;

use super::*;
use crate::assurance::Method;
use crate::id::CredentialId;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const HALF: Duration = Duration::from_mins(30);

fn school(n: u128) -> SchoolId {
    SchoolId::from_uuid(Uuid::from_u128(n))
}

fn place(n: u128) -> Place {
    Place { school: school(n), elevation: HALF }
}

fn proof(reach: Reach, at: Timestamp) -> Proof {
    Proof {
        method: Method::Factor,
        at,
        credential: Some(CredentialId::from_uuid(Uuid::from_u128(9))),
        amr: vec!["otp".into()],
        phishing_resistant: false,
        reach,
        until: None,
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_uuid(Uuid::from_u128(1)),
        person: PersonId::from_uuid(Uuid::from_u128(2)),
        token: TokenHash([0; 32]),
        browser: TokenHash([1; 32]),
        proofs: vec![Proof::of_password(NOW)],
        elevated_until: None,
        started_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(12)),
        ended_at: None,
        address: String::new(),
        user_agent: String::new(),
        version: 1,
    }
}

#[test]
fn a_factor_counts_until_the_elevation_ends() {
    let end = NOW.plus(HALF);
    let elevated = session().elevate(proof(Reach::Everywhere, NOW), end);
    assert_eq!(elevated.assurance_in(place(1), NOW), Assurance::MultiFactor);
    assert_eq!(elevated.elevated_in(place(1), NOW), Some(end));
    assert_eq!(elevated.assurance_in(place(1), end), Assurance::SingleFactor, "at the very end");
    assert_eq!(elevated.elevated_in(place(1), end), None);
    assert_eq!(elevated.manages_keys_until(end), None);
    let short = Place { elevation: Duration::from_mins(5), ..place(1) };
    assert_eq!(elevated.elevated_in(short, NOW), Some(NOW.plus(Duration::from_mins(5))), "each school its own time");
}

#[test]
fn stepping_down_leaves_the_first_proof_alone() {
    let down = session().elevate(proof(Reach::Everywhere, NOW), NOW.plus(HALF)).step_down();
    assert_eq!(down, session());
}

#[test]
fn a_managed_key_counts_in_its_school_alone_and_manages_no_keys() {
    let elevated = session().elevate(proof(Reach::School(school(1)), NOW), NOW.plus(HALF));
    assert_eq!(elevated.assurance_in(place(1), NOW), Assurance::MultiFactor);
    assert_eq!(elevated.assurance_in(place(2), NOW), Assurance::SingleFactor);
    assert_eq!(elevated.elevated_in(place(2), NOW), None);
    assert_eq!(elevated.manages_keys_until(NOW), None);
}

#[test]
fn a_recovery_code_opens_the_keys_and_no_application() {
    let elevated = session().elevate(proof(Reach::KeyManagement, NOW), NOW.plus(HALF));
    assert_eq!(elevated.assurance_in(place(1), NOW), Assurance::SingleFactor);
    assert_eq!(elevated.manages_keys_until(NOW), Some(NOW.plus(HALF)));
}

#[test]
fn a_managed_key_does_not_lengthen_what_ones_own_key_opened() {
    let later = NOW.plus(Duration::from_mins(20));
    let managed = Proof {
        credential: Some(CredentialId::from_uuid(Uuid::from_u128(10))),
        ..proof(Reach::School(school(1)), later)
    };
    let both = session().elevate(proof(Reach::Everywhere, NOW), NOW.plus(HALF)).elevate(managed, later.plus(HALF));
    assert_eq!(both.manages_keys_until(later), Some(NOW.plus(HALF)));
    assert_eq!(both.manages_keys_until(NOW.plus(HALF)), None);
}

#[test]
fn a_weaker_key_does_not_lengthen_what_a_stronger_one_reached() {
    let later = NOW.plus(Duration::from_mins(20));
    let weaker =
        Proof { credential: Some(CredentialId::from_uuid(Uuid::from_u128(10))), ..proof(Reach::Everywhere, later) };
    let strong = Proof { phishing_resistant: true, ..proof(Reach::Everywhere, NOW) };
    let both = session().elevate(strong, NOW.plus(HALF)).elevate(weaker, later.plus(HALF));
    assert_eq!(both.assurance_in(place(1), later), Assurance::PhishingResistant);
    assert_eq!(both.elevated_in(place(1), later), Some(NOW.plus(HALF)));
    assert_eq!(both.elevated_in(place(1), NOW.plus(HALF)), Some(later.plus(HALF)));
}

#[test]
fn using_a_key_again_replaces_its_proof() {
    let later = NOW.plus(Duration::from_mins(20));
    let twice = session()
        .elevate(proof(Reach::Everywhere, NOW), NOW.plus(HALF))
        .elevate(proof(Reach::Everywhere, later), later.plus(HALF));
    assert_eq!(twice.proofs.len(), 2);
    assert_eq!(twice.elevated_in(place(1), later), Some(later.plus(HALF)));
}

#[test]
fn the_permission_for_a_first_key_proves_nothing_and_ends() {
    let permitted = session().permit_first_key(Method::FirstKey, NOW);
    assert_eq!(permitted.enrols_first_key(NOW), Some(Method::FirstKey));
    assert_eq!(
        permitted.clone().permit_first_key(Method::AccessPass, NOW).enrols_first_key(NOW),
        Some(Method::AccessPass)
    );
    assert_eq!(permitted.enrols_first_key(NOW.plus(FIRST_KEY)), None);
    assert_eq!(session().enrols_first_key(NOW), None);
    assert_eq!(permitted.proofs_in(place(1), NOW), session().proofs);
    assert_eq!(permitted.manages_keys_until(NOW), None);
    assert_eq!(permitted.authenticated_at(), NOW);
}

#[test]
fn what_a_key_that_is_gone_proved_raises_nothing() {
    let gone = proof(Reach::Everywhere, NOW).credential.unwrap();
    let alone = session().elevate(proof(Reach::Everywhere, NOW), NOW.plus(HALF));
    let elsewhere = alone.clone().forget_key(gone, false);
    assert_eq!((elsewhere.elevated_until, elsewhere.manages_keys_until(NOW)), (None, None));
    let here = alone.clone().forget_key(gone, true);
    assert_eq!(here.manages_keys_until(NOW), Some(NOW.plus(HALF)), "a lost phone is replaced in one go");
    assert_eq!(here.assurance_in(place(1), NOW), Assurance::SingleFactor);
    // Another key holds up what it reached itself, and no more.
    let (other, minute) = (CredentialId::from_uuid(Uuid::from_u128(10)), Duration::from_mins(1));
    let both = alone.elevate(Proof { credential: Some(other), ..proof(Reach::Everywhere, NOW) }, NOW.plus(minute));
    assert_eq!(both.elevated_until, Some(NOW.plus(HALF)));
    assert_eq!(both.clone().forget_key(gone, false).elevated_until, Some(NOW.plus(minute)));
    assert_eq!(both.step_down().forget_key(gone, false).elevated_until, None);
}
