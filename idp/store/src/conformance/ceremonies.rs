//! Ceremonies with factor plugins, and what is counted against keys.

use futures::future::join_all;
use keyholder_core::ceremony::{Ceremony, CeremonyInFull, Ending};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::flow::Flow;
use keyholder_core::lockout::{Diagnosis, Failures};
use keyholder_core::ports::Queries as _;

use super::sample::{NOW, Sample, at, ceremony, credential, flow, sample};
use super::{execute, is_conflict, only};
use crate::SqlStore;

/// A school with a flow, a key, and a ceremony in that flow.
async fn waiting(store: &SqlStore) -> (Sample, Flow, Credential, Ceremony) {
    let s = sample(store).await;
    let (begun, key) = (flow(), credential(CredentialOwner::Person(s.person.id), Some(s.person.id), None));
    let open = ceremony(&s.session, Some(begun.id), &key);
    execute!(store, t, [begun, key, open], async move {
        t.insert_flow(&begun).await?;
        t.insert_credential(&key).await?;
        t.insert_ceremony(&open).await
    })
    .await
    .unwrap();
    (s, begun, key, open)
}

fn swapped(ceremony: Ceremony) -> Ceremony {
    Ceremony { version: ceremony.version + 1, ..ceremony }
}

pub async fn a_ceremony_is_what_was_stored(store: &SqlStore) {
    let (_, _, _, open) = waiting(store).await;
    assert_eq!(store.find_ceremony(open.id).await.unwrap(), Some(open.clone()));
    assert!(is_conflict(&execute!(store, t, [open], t.insert_ceremony(&open)).await));
    let mut next = open.clone();
    next.contents.step.state = b"another".to_vec();
    next.contents.step.reply_tag = None;
    next.contents.label = Some("Phone".to_owned());
    next.contents.ending = Some(Ending::Declined);
    next.reply_tag = None;
    next.expires_at = at(600);
    assert!(execute!(store, t, [next], t.swap_ceremony(&next)).await.unwrap());
    assert_eq!(store.find_ceremony(open.id).await.unwrap(), Some(swapped(next)));
}

pub async fn a_ceremony_is_found_with_its_session_and_the_key_asked_for(store: &SqlStore) {
    let (s, _, key, open) = waiting(store).await;
    let other = credential(CredentialOwner::Person(s.person.id), Some(s.person.id), None);
    let failed = Failures::none(key.id, NOW).after_failure(NOW, Diagnosis::NotMade);
    execute!(store, t, [other, failed], async move {
        t.insert_credential(&other).await?;
        t.put_failures(&failed).await
    })
    .await
    .unwrap();
    let found = |key: &Credential, failures: Option<&Failures>| {
        let (ceremony, session) = (open.clone(), Some(s.session.clone()));
        Some(CeremonyInFull { ceremony, session, key: Some(key.clone()), failures: failures.cloned() })
    };
    let listed = store.list_credentials_in_full(s.person.id).await.unwrap();
    let plain: Vec<Credential> = listed.iter().map(|one| one.credential.clone()).collect();
    assert_eq!(plain, store.list_credentials(s.person.id).await.unwrap());
    for one in &listed {
        assert_eq!(one.failures, (one.credential.id == key.id).then(|| failed.clone()));
    }
    assert_eq!(listed.len(), 2);
    assert_eq!(store.find_ceremony_in_full(open.id, key.id).await.unwrap(), found(&key, Some(&failed)));
    assert_eq!(store.find_ceremony_in_full(open.id, other.id).await.unwrap(), found(&other, None));
    execute!(store, t, [other], t.delete_credential(other.id)).await.unwrap();
    assert_eq!(store.find_ceremony_in_full(open.id, other.id).await.unwrap().unwrap().key, None);
    let unknown = ceremony(&s.session, None, &key);
    assert_eq!(store.find_ceremony_in_full(unknown.id, key.id).await.unwrap(), None);
}

pub async fn a_ceremony_is_swapped_by_one(store: &SqlStore) {
    let (_, _, _, open) = waiting(store).await;
    let swaps = join_all((0..32_u8).map(|number| {
        let mut next = open.clone();
        next.contents.step.state = vec![number];
        async move { execute!(store, t, [next], t.swap_ceremony(&next)).await.unwrap().then_some(number) }
    }))
    .await;
    let winners: Vec<u8> = swaps.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.find_ceremony(open.id).await.unwrap().unwrap().contents.step.state, winners);
}

pub async fn a_ceremony_that_ended_stays_ended(store: &SqlStore) {
    let (_, _, _, open) = waiting(store).await;
    let ended = Ceremony { ended_at: Some(at(1)), ..open.clone() };
    assert!(execute!(store, t, [ended], t.swap_ceremony(&ended)).await.unwrap());
    let again = Ceremony { version: open.version + 1, ..open.clone() };
    assert!(!execute!(store, t, [again], t.swap_ceremony(&again)).await.unwrap());
    assert_eq!(store.find_ceremony(open.id).await.unwrap().unwrap().ended_at, Some(at(1)));
}

pub async fn an_open_ceremony_is_found_by_session_flow_and_factor(store: &SqlStore) {
    let (s, begun, key, open) = waiting(store).await;
    let (session, within) = (s.session.id, Some(begun.id));
    let mut newer = ceremony(&s.session, Some(begun.id), &key);
    newer.created_at = at(1);
    let enrolment = ceremony(&s.session, None, &key);
    for one in [&newer, &enrolment] {
        execute!(store, t, [one], t.insert_ceremony(&one)).await.unwrap();
    }
    let find = |session, within, factor, now| async move {
        store.find_open_ceremony(session, within, factor, now).await.unwrap().map(|found| found.id)
    };
    assert_eq!(find(session, within, "soft-key", at(2)).await, Some(newer.id));
    assert_eq!(find(session, None, "soft-key", at(2)).await, Some(enrolment.id));
    assert_eq!(find(session, within, "security-key", at(2)).await, None);
    assert_eq!(find(session, within, "soft-key", at(300)).await, None);
    let other = keyholder_core::id::SessionId::from_uuid(uuid::Uuid::from_u128(1));
    assert_eq!(find(other, within, "soft-key", at(2)).await, None);
    let listed = store.list_open_ceremonies(s.person.id, at(2)).await.unwrap();
    assert_eq!(listed[0].id, newer.id);
    let of_flow: Vec<_> = store.list_ceremonies_of_flow(begun.id).await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(of_flow, [newer.id, open.id]);
    assert!(listed.len() == 3 && listed.iter().any(|one| one.id == open.id));
    assert!(store.list_open_ceremonies(s.other_person.id, at(2)).await.unwrap().is_empty());
}

pub async fn a_ceremony_is_found_by_its_reply_tag_while_it_is_open(store: &SqlStore) {
    let (s, _, key, open) = waiting(store).await;
    let tag = open.reply_tag.clone().unwrap();
    assert_eq!(store.find_ceremony_by_reply_tag(&tag, at(1)).await.unwrap(), Some(open.clone()));
    assert_eq!(store.find_ceremony_by_reply_tag(&tag, open.expires_at).await.unwrap(), None);
    assert_eq!(store.find_ceremony_by_reply_tag(b"another", at(1)).await.unwrap(), None);
    let mut same = ceremony(&s.session, None, &key);
    same.reply_tag = open.reply_tag.clone();
    assert!(is_conflict(&execute!(store, t, [same], t.insert_ceremony(&same)).await));
    let ended = Ceremony { ended_at: Some(at(2)), ..open };
    assert!(execute!(store, t, [ended], t.swap_ceremony(&ended)).await.unwrap());
    assert_eq!(store.find_ceremony_by_reply_tag(&tag, at(3)).await.unwrap(), None);
    execute!(store, t, [same], t.insert_ceremony(&same)).await.unwrap();
}

pub async fn open_ceremonies_end_with_their_session(store: &SqlStore) {
    let (s, _, key, open) = waiting(store).await;
    let mut kept_session = super::sample::session(&s.person);
    kept_session.token = super::sample::token();
    let kept = ceremony(&kept_session, None, &key);
    execute!(store, t, [kept_session, kept], async move {
        t.insert_session(&kept_session).await?;
        t.insert_ceremony(&kept).await
    })
    .await
    .unwrap();
    let id = s.session.id;
    assert!(execute!(store, t, [], t.end_session(id, at(2))).await.unwrap());
    assert_eq!(store.find_ceremony(open.id).await.unwrap().unwrap().ended_at, Some(at(2)));
    // Whoever held it reads again: the swap is lost.
    assert!(!execute!(store, t, [open], t.swap_ceremony(&open)).await.unwrap());
    assert_eq!(store.list_open_ceremonies(s.person.id, at(3)).await.unwrap(), only(&kept));
    let person = s.person.id;
    execute!(store, t, [], t.end_sessions_of(person, None, at(4))).await.unwrap();
    assert_eq!(store.find_ceremony(kept.id).await.unwrap().unwrap().ended_at, Some(at(4)));
}

pub async fn open_ceremonies_of_a_person_end_together(store: &SqlStore) {
    let (s, _, key, open) = waiting(store).await;
    let mut theirs = ceremony(&s.session, None, &key);
    theirs.person = s.other_person.id;
    execute!(store, t, [theirs], t.insert_ceremony(&theirs)).await.unwrap();
    let person = s.person.id;
    execute!(store, t, [], t.end_ceremonies_of(person, at(2))).await.unwrap();
    assert_eq!(store.find_ceremony(open.id).await.unwrap().unwrap().ended_at, Some(at(2)));
    assert_eq!(store.find_ceremony(theirs.id).await.unwrap(), Some(theirs));
}

pub async fn failures_are_counted_for_each_key_and_go_with_it(store: &SqlStore) {
    let (_, _, key, _) = waiting(store).await;
    let id = key.id;
    assert!(store.list_failures(&[id]).await.unwrap().is_empty());
    let mut failures = Failures::none(id, NOW);
    for diagnosis in [Diagnosis::Made, Diagnosis::NotMade, Diagnosis::NotMade, Diagnosis::NotMade, Diagnosis::NotMade] {
        failures = failures.after_failure(at(1), diagnosis);
        execute!(store, t, [failures], t.put_failures(&failures)).await.unwrap();
    }
    assert_eq!(store.list_failures(&[id]).await.unwrap(), only(&failures));
    assert!(store.list_failures(&[]).await.unwrap().is_empty());
    assert!(execute!(store, t, [], t.delete_credential(id)).await.unwrap());
    assert!(store.list_failures(&[id]).await.unwrap().is_empty());
}
