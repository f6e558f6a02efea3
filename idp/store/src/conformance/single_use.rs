//! What may be used once: marks, flows, mailed links.

use futures::future::join_all;
use keyholder_core::flow::{Flow, Stage};
use keyholder_core::id::SessionId;
use keyholder_core::link::LinkPurpose;
use keyholder_core::ports::{Queries as _, SingleUse, StoreError};

use super::sample::{at, flow, link, sample};
use super::{execute, is_conflict};
use crate::SqlStore;

pub async fn a_mark_is_set_by_one_of_many(store: &SqlStore) {
    assert!(!store.is_used(SingleUse::AuthorizationCode, b"code").await.unwrap());
    let uses = join_all((0..64).map(|_| async move {
        execute!(store, t, [], t.use_once(SingleUse::AuthorizationCode, b"code", at(60))).await.unwrap()
    }));
    assert_eq!(uses.await.into_iter().filter(|first| *first).count(), 1);
    assert!(store.is_used(SingleUse::AuthorizationCode, b"code").await.unwrap());
    // Long values are told apart too.
    let (long, longer) = (vec![1; 5000], vec![1; 5001]);
    assert!(execute!(store, t, [long], t.use_once(SingleUse::ClientAssertion, &long, at(60))).await.unwrap());
    assert!(execute!(store, t, [longer], t.use_once(SingleUse::ClientAssertion, &longer, at(60))).await.unwrap());
}

pub async fn marks_of_different_kinds_are_different(store: &SqlStore) {
    for kind in [
        SingleUse::AuthorizationCode,
        SingleUse::ClientAssertion,
        SingleUse::RevokedAccessToken,
        SingleUse::FlowAdopted,
        SingleUse::FactorToken,
    ] {
        assert!(execute!(store, t, [], t.use_once(kind, b"value", at(60))).await.unwrap(), "{kind:?}");
        assert!(!execute!(store, t, [], t.use_once(kind, b"value", at(60))).await.unwrap(), "{kind:?}");
    }
}

pub async fn a_mark_goes_with_the_command_that_set_it(store: &SqlStore) {
    let failed: Result<(), StoreError> = execute!(store, t, [], async move {
        assert!(t.use_once(SingleUse::AuthorizationCode, b"code", at(60)).await?);
        Err(StoreError::Conflict("something else".to_owned()))
    })
    .await;
    assert!(failed.is_err());
    assert!(!store.is_used(SingleUse::AuthorizationCode, b"code").await.unwrap());
    assert!(execute!(store, t, [], t.use_once(SingleUse::AuthorizationCode, b"code", at(60))).await.unwrap());
}

pub async fn a_flow_is_swapped_by_one(store: &SqlStore) {
    let begun = flow();
    execute!(store, t, [begun], t.insert_flow(&begun)).await.unwrap();
    assert_eq!(store.find_flow(begun.id).await.unwrap(), Some(begun.clone()));
    let swaps = join_all((0..32).map(|_| {
        let mut next = begun.clone();
        next.stage = Stage::Finished;
        async move { execute!(store, t, [next], t.swap_flow(&next)).await.unwrap() }
    }));
    assert_eq!(swaps.await.into_iter().filter(|done| *done).count(), 1);
    let found = store.find_flow(begun.id).await.unwrap().unwrap();
    assert_eq!((found.version, found.stage), (2, Stage::Finished));
}

pub async fn a_flow_is_inserted_once(store: &SqlStore) {
    let begun = flow();
    let inserts = join_all((0..32).map(|_| {
        let begun = begun.clone();
        async move { execute!(store, t, [begun], t.insert_flow(&begun)).await }
    }))
    .await;
    assert_eq!(inserts.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(inserts.iter().filter(|outcome| is_conflict(outcome)).count(), 31);
}

pub async fn a_flow_is_added_once(store: &SqlStore) {
    let begun = flow();
    let added = join_all((0..32).map(|_| {
        let begun = begun.clone();
        async move { execute!(store, t, [begun], t.add_flow(&begun)).await.unwrap() }
    }))
    .await;
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    // Nothing of it is replaced by a later one.
    let finished = Flow { stage: Stage::Finished, ..begun.clone() };
    assert!(!execute!(store, t, [finished], t.add_flow(&finished)).await.unwrap());
    assert_eq!(store.find_flow(begun.id).await.unwrap(), Some(begun));
}

fn set_password() -> LinkPurpose {
    LinkPurpose::SetPassword { resume: None }
}

pub async fn a_newer_link_kills_the_older_of_its_kind(store: &SqlStore) {
    let s = sample(store).await;
    let older = link(Some(s.person.id), set_password());
    let of_another_kind = link(Some(s.person.id), LinkPurpose::ConfirmEmail { address: "a@b.example".to_owned() });
    let of_another_person = link(Some(s.other_person.id), set_password());
    let newer = link(Some(s.person.id), LinkPurpose::SetPassword { resume: Some("flow".to_owned()) });
    for one in [older.clone(), of_another_kind.clone(), of_another_person.clone(), newer.clone()] {
        execute!(store, t, [one], t.put_link(&one)).await.unwrap();
    }
    assert_eq!(store.find_link(newer.token).await.unwrap(), Some(newer.clone()));
    assert!(store.find_link(older.token).await.unwrap().is_none_or(|link| link.used_at.is_some()));
    for (id, alive) in [(older.id, false), (of_another_kind.id, true), (of_another_person.id, true), (newer.id, true)] {
        assert_eq!(execute!(store, t, [], t.use_link(id, at(1))).await.unwrap(), alive);
    }
}

pub async fn a_link_of_the_first_run_kills_the_older_one(store: &SqlStore) {
    let (older, newer) = (link(None, LinkPurpose::FirstRun), link(None, LinkPurpose::FirstRun));
    for one in [older.clone(), newer.clone()] {
        execute!(store, t, [one], t.put_link(&one)).await.unwrap();
    }
    let (older, newer) = (older.id, newer.id);
    assert!(!execute!(store, t, [], t.use_link(older, at(1))).await.unwrap());
    assert!(execute!(store, t, [], t.use_link(newer, at(1))).await.unwrap());
}

pub async fn a_waiting_link_is_found_until_it_is_used_or_too_old(store: &SqlStore) {
    let s = sample(store).await;
    let (person, kind) = (s.person.id, "confirm-email");
    let confirm = || LinkPurpose::ConfirmEmail { address: "a@b.example".to_owned() };
    let (older, newer, theirs) =
        (link(Some(person), confirm()), link(Some(person), confirm()), link(Some(s.other_person.id), confirm()));
    for one in [older, newer.clone(), theirs, link(Some(person), set_password())] {
        execute!(store, t, [one], t.put_link(&one)).await.unwrap();
    }
    assert_eq!(store.find_waiting_link(person, kind, at(1)).await.unwrap(), Some(newer.clone()));
    assert_eq!(store.find_waiting_link(person, "first-run", at(1)).await.unwrap(), None);
    assert_eq!(store.find_waiting_link(person, kind, newer.expires_at).await.unwrap(), None);
    let id = newer.id;
    execute!(store, t, [], t.use_link(id, at(1))).await.unwrap();
    assert_eq!(store.find_waiting_link(person, kind, at(1)).await.unwrap(), None);
}

pub async fn a_link_is_used_by_one(store: &SqlStore) {
    let s = sample(store).await;
    let mailed = link(Some(s.person.id), set_password());
    execute!(store, t, [mailed], t.put_link(&mailed)).await.unwrap();
    let id = mailed.id;
    let uses = join_all((0..64).map(|_| async move { execute!(store, t, [], t.use_link(id, at(1))).await.unwrap() }));
    assert_eq!(uses.await.into_iter().filter(|used| *used).count(), 1);
    assert_eq!(store.find_link(mailed.token).await.unwrap().unwrap().used_at, Some(at(1)));
}

pub async fn an_expired_link_is_not_used(store: &SqlStore) {
    let s = sample(store).await;
    let mailed = link(Some(s.person.id), set_password());
    execute!(store, t, [mailed], t.put_link(&mailed)).await.unwrap();
    let (id, end) = (mailed.id, mailed.expires_at);
    assert!(!execute!(store, t, [], t.use_link(id, end)).await.unwrap());
}

pub async fn killed_links_are_not_used(store: &SqlStore) {
    let s = sample(store).await;
    let (mine, theirs) = (link(Some(s.person.id), set_password()), link(Some(s.other_person.id), set_password()));
    for one in [mine.clone(), theirs.clone()] {
        execute!(store, t, [one], t.put_link(&one)).await.unwrap();
    }
    let (person, mine, theirs) = (s.person.id, mine.id, theirs.id);
    execute!(store, t, [], t.kill_links(person)).await.unwrap();
    assert!(!execute!(store, t, [], t.use_link(mine, at(1))).await.unwrap());
    assert!(execute!(store, t, [], t.use_link(theirs, at(1))).await.unwrap());
}

pub async fn a_link_for_a_first_key_kills_those_of_its_session_alone(store: &SqlStore) {
    let s = sample(store).await;
    let person = s.person.id;
    let of = |session| link(Some(person), LinkPurpose::FirstKey { session });
    let (mine, theirs) =
        (SessionId::from_uuid(uuid::Uuid::from_u128(1)), SessionId::from_uuid(uuid::Uuid::from_u128(2)));
    let (older, newer, other) = (of(mine), of(mine), of(theirs));
    for one in [older.clone(), other.clone(), newer.clone()] {
        execute!(store, t, [one], t.put_link(&one)).await.unwrap();
    }
    assert_eq!(store.count_waiting_links(person, "first-key", at(1)).await.unwrap(), 2);
    assert_eq!(store.count_waiting_links(person, "first-key", newer.expires_at).await.unwrap(), 0);
    assert_eq!(store.count_waiting_links(person, "set-password", at(1)).await.unwrap(), 0);
    assert_eq!(store.count_waiting_links(s.other_person.id, "first-key", at(1)).await.unwrap(), 0);
    let (older, newer, other) = (older.id, newer.id, other.id);
    assert!(!execute!(store, t, [], t.use_link(older, at(1))).await.unwrap());
    assert!(execute!(store, t, [], t.use_link(newer, at(1))).await.unwrap());
    assert_eq!(store.count_waiting_links(person, "first-key", at(1)).await.unwrap(), 1);
    assert!(execute!(store, t, [], t.use_link(other, at(1))).await.unwrap());
}
