//! The ring over a real store.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::oidc::back::tests::bed::{FakeClock, open_store};
use crate::wiring::SystemRandom;

const DAY: Duration = Duration::from_hours(24);
const SCHEDULE: Schedule =
    Schedule { signs: Duration::from_hours(24 * 90), overlap: DAY, longest_token: Duration::from_mins(10) };

async fn open(store: &SqlStore, clock: &Arc<FakeClock>) -> KeyRing {
    KeyRing::open(store, SCHEDULE, clock.clone(), Arc::new(SystemRandom)).await.unwrap()
}

fn signer(ring: &KeyRing) -> String {
    ring.signer(SigningAlgorithm::Es256).unwrap().kid().to_owned()
}

#[actix_web::test]
async fn missing_keys_are_made_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_store(folder.path()).await;
    let clock = FakeClock::new();
    let (one, two) = futures::join!(open(&store, &clock), open(&store, &clock));
    assert_eq!(store.list_signing_keys().await.unwrap().len(), 3, "of two that start together one makes them");
    assert_eq!((signer(&one), one.jwks().etag), (signer(&two), two.jwks().etag));
}

#[actix_web::test]
async fn a_rotation_is_followed_by_every_ring_after_the_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_store(folder.path()).await;
    let clock = FakeClock::new();
    let (one, two) = (open(&store, &clock).await, open(&store, &clock).await);
    let (former, jwks) = (signer(&one), one.jwks().etag);

    KeyRing::rotate(&store, &SCHEDULE, Urgency::AfterOverlap, &SystemRandom, clock.now()).await.unwrap();
    for ring in [&one, &two] {
        ring.refresh(&store).await.unwrap();
        assert_ne!(ring.jwks().etag, jwks, "the next keys are published");
        assert_eq!(signer(ring), former, "and do not sign yet");
    }
    clock.advance(DAY);
    let next = signer(&one);
    assert_ne!(next, former);
    assert_eq!(next, signer(&two), "nobody has to tell the other one");

    one.tend(&store).await.unwrap();
    assert_eq!(one.public().len(), 6, "the former keys are published while their tokens live");
    clock.advance(DAY + Duration::from_mins(11));
    one.tend(&store).await.unwrap();
    assert_eq!(one.public().len(), 3);
}

#[actix_web::test]
async fn compromised_keys_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_store(folder.path()).await;
    let clock = FakeClock::new();
    let ring = open(&store, &clock).await;
    let stolen = ring.signer(SigningAlgorithm::EdDsa).unwrap();
    let forged = keyholder_oidc::jws::sign(&stolen, "JWT", &serde_json::json!({})).unwrap();
    let accepts = |ring: &KeyRing| {
        keyholder_oidc::jws::verify(&forged, &ring.public(), &keyholder_oidc::jws::JwsAlgorithm::OURS).is_ok()
    };
    assert!(accepts(&ring));
    KeyRing::rotate(&store, &SCHEDULE, Urgency::Compromised, &SystemRandom, clock.now()).await.unwrap();
    ring.refresh(&store).await.unwrap();
    assert!(!accepts(&ring));
    assert_ne!(ring.signer(SigningAlgorithm::EdDsa).unwrap().kid(), stolen.kid());
}

#[actix_web::test]
async fn the_schedule_is_followed_under_a_lease() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_store(folder.path()).await;
    let clock = FakeClock::new();
    let (one, two) = (open(&store, &clock).await, open(&store, &clock).await);
    clock.advance(89 * DAY);
    let other = TakeLease { holder: "somebody else".into(), now: clock.now(), until: clock.now().plus(LEASE) };
    assert!(store.execute(other).await.unwrap());
    one.tend(&store).await.unwrap();
    assert_eq!(store.list_signing_keys().await.unwrap().len(), 3, "the other node is at it");
    clock.advance(LEASE);
    futures::try_join!(one.tend(&store), two.tend(&store)).unwrap();
    assert_eq!(store.list_signing_keys().await.unwrap().len(), 6);
}
