//! SAML 2.0: service providers, keys, persistent identifiers, who was told of a session.

use keyholder_core::application::OfferedTo;
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::KeyState;
use keyholder_core::ports::{Queries as _, SamlQueries as _};
use keyholder_core::saml::{
    MetadataFailure, MetadataSource, NameIdOwner, SamlKey, SamlKeyPurpose, SamlMetadata, SamlParticipant,
    ServiceProvider,
};
use serde_json::json;

use super::sample::{NOW, Serial, application, at, sample};
use super::{execute, is_conflict, only};
use crate::SqlStore;

pub async fn an_entity_id_belongs_to_one_application(store: &SqlStore) {
    let s = sample(store).await;
    let saml = ServiceProvider {
        entity_id: "https://sp.example/metadata".to_owned(),
        registration: json!({ "acs": ["https://sp.example/acs"] }),
    };
    let mut provider = s.application.clone();
    provider.saml = Some(saml.clone());
    execute!(store, t, [provider], t.put_application(&provider)).await.unwrap();
    assert_eq!(store.find_application(provider.id).await.unwrap(), Some(provider.clone()));

    let mut second = application("second", OfferedTo::Trust(s.trust.id));
    second.saml = Some(saml);
    assert!(is_conflict(&execute!(store, t, [second], t.put_application(&second)).await));
    provider.saml = None;
    execute!(store, t, [provider], t.put_application(&provider)).await.unwrap();
    execute!(store, t, [second], t.put_application(&second)).await.unwrap();
}

pub async fn a_saml_key_changes_its_state_and_nothing_else(store: &SqlStore) {
    let key = SamlKey {
        id: SigningKeyId::draw(&Serial, NOW),
        purpose: SamlKeyPurpose::Messages,
        state: KeyState::Next,
        private_der: b"private".to_vec(),
        certificate: b"certificate".to_vec(),
        created_at: NOW,
        published_until: None,
    };
    execute!(store, t, [key], t.insert_saml_key(&key)).await.unwrap();
    assert_eq!(store.list_saml_keys().await.unwrap(), only(&key));
    let retired = SamlKey { state: KeyState::Retired, published_until: Some(at(60)), ..key.clone() };
    let altered = SamlKey { certificate: b"another".to_vec(), private_der: b"another".to_vec(), ..retired.clone() };
    execute!(store, t, [altered], t.update_saml_key(&altered)).await.unwrap();
    assert_eq!(store.list_saml_keys().await.unwrap(), only(&retired));
    execute!(store, t, [key], t.delete_saml_key(key.id)).await.unwrap();
    assert_eq!(store.list_saml_keys().await.unwrap(), []);
    assert!(is_conflict(&execute!(store, t, [key], t.update_saml_key(&key)).await));
}

pub async fn a_person_has_one_name_id_at_an_application(store: &SqlStore) {
    let s = sample(store).await;
    let owner = NameIdOwner { application: s.application.id, person: s.person.id, school: None };
    assert_eq!(store.find_name_id(owner).await.unwrap(), None);
    execute!(store, t, [owner], t.insert_name_id(owner, "abc", NOW)).await.unwrap();
    assert_eq!(store.find_name_id(owner).await.unwrap().as_deref(), Some("abc"));
    assert!(is_conflict(&execute!(store, t, [owner], t.insert_name_id(owner, "abd", NOW)).await));

    let other = NameIdOwner { person: s.other_person.id, ..owner };
    assert!(is_conflict(&execute!(store, t, [other], t.insert_name_id(other, "abc", NOW)).await));
    let in_school = NameIdOwner { school: Some(s.school.id), ..owner };
    execute!(store, t, [in_school], t.insert_name_id(in_school, "abe", NOW)).await.unwrap();
    assert_eq!(store.find_name_id(owner).await.unwrap().as_deref(), Some("abc"));
    assert_eq!(store.find_name_id(in_school).await.unwrap().as_deref(), Some("abe"));
}

pub async fn a_participant_goes_with_its_grant(store: &SqlStore) {
    let s = sample(store).await;
    let participant = SamlParticipant {
        grant: s.grant.id,
        session: s.grant.session,
        application: s.application.id,
        name_id: "abc".to_owned(),
        session_index: "_1".to_owned(),
        reached_by_soap: true,
        told: json!({ "provider": "https://sp.example/metadata" }),
    };
    execute!(store, t, [participant], t.insert_participant(&participant)).await.unwrap();
    assert_eq!(store.list_participants(s.grant.session).await.unwrap(), only(&participant));
    assert_eq!(store.list_participants_named(s.application.id, "abc").await.unwrap(), only(&participant));
    assert_eq!(store.list_participants_named(s.application.id, "ABC").await.unwrap(), []);
    let id = s.application.id;
    assert!(execute!(store, t, [id], t.delete_application(id)).await.unwrap());
    assert_eq!(store.list_participants(s.grant.session).await.unwrap(), []);
}

pub async fn a_source_of_metadata_is_one_for_each_application_and_goes_with_it(store: &SqlStore) {
    let s = sample(store).await;
    let id = s.application.id;
    let well = SamlMetadata {
        application: id,
        source: MetadataSource {
            address: "https://federation.example/metadata.xml".parse().unwrap(),
            entity_id: Some("https://sp.example/metadata".to_owned()),
            certificates: vec!["AAAA".to_owned()],
        },
        fetched_at: NOW,
        next_refresh: at(60),
        failure: None,
    };
    assert_eq!(store.find_saml_metadata(id).await.unwrap(), None);
    execute!(store, t, [well], t.put_saml_metadata(&well)).await.unwrap();
    assert_eq!(store.find_saml_metadata(id).await.unwrap(), Some(well.clone()));

    let failure = MetadataFailure { since: at(60), attempts: 2, error: "the address did not answer".to_owned() };
    let failing = SamlMetadata { next_refresh: at(120), failure: Some(failure), ..well.clone() };
    execute!(store, t, [failing], t.put_saml_metadata(&failing)).await.unwrap();
    assert_eq!(store.list_saml_metadata().await.unwrap(), only(&failing));
    // Applications that are written again keep theirs.
    let application = s.application.clone();
    execute!(store, t, [application], t.put_application(&application)).await.unwrap();
    assert_eq!(store.list_saml_metadata().await.unwrap(), only(&failing));

    execute!(store, t, [id], t.delete_saml_metadata(id)).await.unwrap();
    assert_eq!(store.list_saml_metadata().await.unwrap(), []);
    execute!(store, t, [well], t.put_saml_metadata(&well)).await.unwrap();
    assert!(execute!(store, t, [id], t.delete_application(id)).await.unwrap());
    assert_eq!(store.list_saml_metadata().await.unwrap(), []);
    let stray = well;
    assert!(is_conflict(&execute!(store, t, [stray], t.put_saml_metadata(&stray)).await));
}
