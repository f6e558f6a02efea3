//! Keys that schools issue.

use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::id::{ManagedKeyChangeId, ManagedKeyId};
use keyholder_core::managed_key::{ManagedKey, ManagedKeyChange, ManagedKeyChangeKind, ManagedKeyState};
use keyholder_core::ports::{ManagedKeyQueries as _, Queries as _};

use super::sample::{NOW, Sample, Serial, at, credential, sample};
use super::{execute, is_conflict, only};
use crate::SqlStore;

async fn stocked(store: &SqlStore) -> (Sample, Credential, ManagedKey) {
    let s = sample(store).await;
    let key = Credential { last_used_at: Some(NOW), ..credential(CredentialOwner::School(s.school.id), None, None) };
    let entry = ManagedKey {
        id: ManagedKeyId::draw(&Serial, NOW),
        school: s.school.id,
        factor: key.factor.clone(),
        serial: "0014".to_owned(),
        credential: Some(key.id),
        state: ManagedKeyState::InStock,
        version: 1,
        imported_at: NOW,
        changed_at: NOW,
    };
    execute!(store, t, [key], t.insert_credential(&key)).await.unwrap();
    execute!(store, t, [entry], t.insert_managed_key(&entry)).await.unwrap();
    (s, key, entry)
}

pub async fn a_managed_key_is_swapped_by_one(store: &SqlStore) {
    let (s, _, entry) = stocked(store).await;
    assert_eq!(store.list_managed_keys(s.school.id).await.unwrap(), only(&entry));
    assert_eq!(store.list_managed_keys(s.other_school.id).await.unwrap(), []);
    let issued = entry.clone().issue(s.person.id, at(1)).unwrap();
    assert!(execute!(store, t, [issued], t.swap_managed_key(&issued)).await.unwrap());
    assert!(!execute!(store, t, [issued], t.swap_managed_key(&issued)).await.unwrap(), "the version is another now");
    let found = store.list_managed_keys(s.school.id).await.unwrap();
    assert_eq!(found, [ManagedKey { version: 2, ..issued }]);
}

pub async fn a_serial_is_in_use_once_until_its_key_is_retired(store: &SqlStore) {
    let (s, _, entry) = stocked(store).await;
    let again = ManagedKey { id: ManagedKeyId::draw(&Serial, NOW), credential: None, ..entry.clone() };
    assert!(is_conflict(&execute!(store, t, [again], t.insert_managed_key(&again)).await));
    let elsewhere = ManagedKey { school: s.other_school.id, id: ManagedKeyId::draw(&Serial, NOW), ..again.clone() };
    execute!(store, t, [elsewhere], t.insert_managed_key(&elsewhere)).await.unwrap();
    let (retired, _) = entry.retire(at(1)).unwrap();
    assert!(execute!(store, t, [retired], t.swap_managed_key(&retired)).await.unwrap());
    execute!(store, t, [again], t.insert_managed_key(&again)).await.unwrap();
    assert_eq!(store.list_managed_keys(s.school.id).await.unwrap().len(), 2);
}

pub async fn the_history_of_a_key_is_kept_in_order(store: &SqlStore) {
    let (s, _, entry) = stocked(store).await;
    let change = |seconds, kind, person| ManagedKeyChange {
        id: ManagedKeyChangeId::draw(&Serial, at(seconds)),
        key: entry.id,
        at: at(seconds),
        kind,
        person,
        note: Some("left in a taxi".to_owned()),
    };
    let (first, second) =
        (change(1, ManagedKeyChangeKind::Imported, None), change(2, ManagedKeyChangeKind::Issued, Some(s.person.id)));
    execute!(store, t, [second], t.insert_managed_key_change(&second)).await.unwrap();
    execute!(store, t, [first], t.insert_managed_key_change(&first)).await.unwrap();
    assert_eq!(store.list_managed_key_changes(entry.id).await.unwrap(), [first, second]);
}

pub async fn only_a_key_of_a_school_changes_hands(store: &SqlStore) {
    let (s, key, _) = stocked(store).await;
    let (id, person) = (key.id, s.person.id);
    assert!(execute!(store, t, [], t.hold_credential(id, Some(person))).await.unwrap());
    let held = store.find_credential(id).await.unwrap().unwrap();
    assert_eq!((held.holder, held.last_used_at, &held.secret), (Some(person), None, &key.secret));
    assert!(store.list_credentials(person).await.unwrap().iter().any(|held| held.id == id));
    let own = credential(CredentialOwner::Person(person), Some(person), None);
    execute!(store, t, [own], t.insert_credential(&own)).await.unwrap();
    let (own, other) = (own.id, s.other_person.id);
    assert!(!execute!(store, t, [], t.hold_credential(own, Some(other))).await.unwrap());
}
