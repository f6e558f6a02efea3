//! Audit events and their chains.

use keyholder_core::audit::{AuditEvent, ChainLink};
use keyholder_core::ports::Queries as _;

use super::sample::{at, event, sample};
use super::{execute, is_conflict};
use crate::SqlStore;

fn place(sequence: i64) -> ChainLink {
    let byte = u8::try_from(sequence).unwrap();
    ChainLink { sequence, commitment: [byte; 32], chain: [byte + 100; 32] }
}

pub async fn events_of_a_person_come_newest_first(store: &SqlStore) {
    let s = sample(store).await;
    let events = [
        event(Some(s.school.id), Some(s.person.id), at(1)),
        event(None, Some(s.person.id), at(3)),
        event(Some(s.school.id), Some(s.person.id), at(2)),
        event(Some(s.school.id), Some(s.other_person.id), at(4)),
    ];
    for one in events.clone() {
        execute!(store, t, [one], t.insert_audit(&one)).await.unwrap();
    }
    let [first, second, third, _] = events;
    let newest = store.list_audit_of_person(s.person.id, 10).await.unwrap();
    assert_eq!(newest, [second.clone(), third, first.clone()]);
    assert_eq!(store.list_audit_of_person(s.person.id, 1).await.unwrap(), [second]);
    let rest = |than: &AuditEvent, limit| store.list_older_audit_of_person(s.person.id, (than.at, than.id), limit);
    assert_eq!(rest(&newest[0], 1).await.unwrap(), newest[1..2]);
    assert_eq!(rest(&newest[0], 10).await.unwrap(), newest[1..]);
    assert!(rest(&newest[2], 10).await.unwrap().is_empty());
    let unsealed = store.list_unsealed_audit(10).await.unwrap();
    assert_eq!(unsealed.len(), 4);
    assert_eq!(unsealed[0], first);
    assert!(is_conflict(&execute!(store, t, [first], t.insert_audit(&first)).await));
}

pub async fn an_event_is_sealed_once_and_a_place_in_the_chain_taken_once(store: &SqlStore) {
    let school = Some(sample(store).await.school.id);
    let (first, second) = (event(school, None, at(1)), event(school, None, at(2)));
    for one in [first.clone(), second.clone()] {
        execute!(store, t, [one], t.insert_audit(&one)).await.unwrap();
    }
    assert_eq!(execute!(store, t, [], t.last_audit_link(school)).await.unwrap(), None);
    let (id, other) = (first.id, second.id);
    execute!(store, t, [], t.seal_audit(id, &place(1))).await.unwrap();
    assert!(is_conflict(&execute!(store, t, [], t.seal_audit(id, &place(2))).await));
    assert!(is_conflict(&execute!(store, t, [], t.seal_audit(other, &place(1))).await));
    execute!(store, t, [], t.seal_audit(other, &place(2))).await.unwrap();
    assert_eq!(execute!(store, t, [], t.last_audit_link(school)).await.unwrap(), Some(place(2)));
    let chain = store.list_audit_chain(school, 1, 10).await.unwrap();
    assert_eq!(chain, [(first, place(1)), (second.clone(), place(2))]);
    assert_eq!(store.list_audit_chain(school, 2, 10).await.unwrap(), [(second, place(2))]);
    assert!(store.list_unsealed_audit(10).await.unwrap().is_empty());
}

pub async fn chains_are_apart(store: &SqlStore) {
    let s = sample(store).await;
    for school in [None, Some(s.school.id), Some(s.other_school.id)] {
        let one = event(school, None, at(1));
        let id = one.id;
        execute!(store, t, [one], t.insert_audit(&one)).await.unwrap();
        execute!(store, t, [], t.seal_audit(id, &place(1))).await.unwrap();
        assert_eq!(store.list_audit_chain(school, 0, 10).await.unwrap(), [(one, place(1))]);
        // The installation's own chain takes a place once as well.
        let another = event(school, None, at(2));
        let id = another.id;
        execute!(store, t, [another], t.insert_audit(&another)).await.unwrap();
        assert!(is_conflict(&execute!(store, t, [], t.seal_audit(id, &place(1))).await));
    }
}
