//! What the file gives away.

use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use keyholder_core::application::SigningAlgorithm;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::Evidence;
use keyholder_core::id::{CredentialId, OutboxId, PersonId, PluginId, PluginVersionId, SigningKeyId};
use keyholder_core::key::{KeyState, SigningKey};
use keyholder_core::locale::Language;
use keyholder_core::outbox::{Delivery, OutboxMessage};
use keyholder_core::person::{Email, Person};
use keyholder_core::plugin::{Choice, Origin, Plugin, Switch};
use keyholder_core::ports::{Command, PluginQueries as _, Queries as _, SamlQueries as _, StoreError, Transaction};
use keyholder_core::saml::{SamlKey, SamlKeyPurpose};
use keyholder_core::time::Timestamp;

use super::sealing::{ceremony, session};
use crate::seal::MasterKey;
use crate::store::tests::SystemRandom;
use crate::{SqlStore, SqliteOptions};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const SECRET: &str = "this-is-the-secret-of-a-key";

/// Writes the secret into every sealed column.
struct KeepSecrets(PersonId);

#[async_trait]
impl Command for KeepSecrets {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction
            .insert_person(&Person {
                id: self.0,
                subject: "subject".to_owned(),
                email: Email::parse("ann@oakfield.example").unwrap(),
                email_verified_at: None,
                given_name: "Ann".to_owned(),
                family_name: "Price".to_owned(),
                language: None,
                disabled_at: None,
                email_changed_at: None,
                key_stopped_at: None,
                created_at: NOW,
            })
            .await?;
        transaction
            .insert_credential(&Credential {
                id: CredentialId::draw(&SystemRandom, NOW),
                owner: CredentialOwner::Person(self.0),
                holder: Some(self.0),
                factor: "soft-key".to_owned(),
                lookup: None,
                label: "this-is-a-label".to_owned(),
                format: 1,
                secret: SECRET.as_bytes().to_vec(),
                device: None,
                evidence: Evidence::default(),
                facts: Vec::new(),
                version: 1,
                created_at: NOW,
                last_used_at: None,
            })
            .await?;
        let session = session(self.0);
        transaction.insert_session(&session).await?;
        transaction.insert_ceremony(&ceremony(&session, SECRET)).await?;
        transaction
            .insert_signing_key(&SigningKey {
                id: SigningKeyId::draw(&SystemRandom, NOW),
                algorithm: SigningAlgorithm::Es256,
                state: KeyState::Active,
                private_der: SECRET.as_bytes().to_vec(),
                created_at: NOW,
                active_from: NOW,
                published_until: None,
            })
            .await?;
        transaction
            .insert_saml_key(&SamlKey {
                id: SigningKeyId::draw(&SystemRandom, NOW),
                purpose: SamlKeyPurpose::Messages,
                state: KeyState::Active,
                private_der: SECRET.as_bytes().to_vec(),
                certificate: b"certificate".to_vec(),
                created_at: NOW,
                published_until: None,
            })
            .await?;
        let mut settings = serde_json::Map::new();
        settings.insert("key".to_owned(), SECRET.into());
        transaction
            .insert_plugin(&Plugin {
                id: PluginId::draw(&SystemRandom, NOW),
                name: "soft-key".to_owned(),
                switch: Switch::On,
                active: PluginVersionId::draw(&SystemRandom, NOW),
                choice: Choice::Newest,
                origin: Origin::Bundled,
                floor: None,
                settings,
                version: 1,
                created_at: NOW,
                updated_at: NOW,
            })
            .await?;
        transaction
            .insert_outbox(&OutboxMessage {
                id: OutboxId::draw(&SystemRandom, NOW),
                delivery: Delivery::Mail {
                    to: "ann@oakfield.example".to_owned(),
                    language: Language::En,
                    mail: serde_json::json!({ "link": SECRET }),
                },
                due_at: NOW,
                attempts: 0,
                created_at: NOW,
            })
            .await
    }
}

fn contains(folder: &std::path::Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        // The file of the master key holds what it holds.
        path.extension().is_none_or(|extension| extension != "key")
            && fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn secrets_are_not_readable_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let key = Arc::new(MasterKey::load_or_create(&folder.path().join("master.key"), Arc::new(SystemRandom)).unwrap());
    let path = folder.path().join("keyholder.db");
    let store = SqlStore::open(&SqliteOptions::server(&path), key).await.unwrap();
    store.execute(KeepSecrets(PersonId::draw(&SystemRandom, NOW))).await.unwrap();
    // What is not sealed is found, so the search finds what there is: in the log first, later in the file.
    assert!(contains(folder.path(), "this-is-a-label"));
    assert!(!contains(folder.path(), SECRET));
    store.close().await;
    assert!(contains(folder.path(), "this-is-a-label"));
    assert!(!contains(folder.path(), SECRET));
}

#[tokio::test]
async fn a_sealed_value_does_not_open_under_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let key =
        |name: &str| Arc::new(MasterKey::load_or_create(&folder.path().join(name), Arc::new(SystemRandom)).unwrap());
    let options = SqliteOptions::server(folder.path().join("keyholder.db"));
    let person = PersonId::draw(&SystemRandom, NOW);
    let store = SqlStore::open(&options, key("first.key")).await.unwrap();
    store.execute(KeepSecrets(person)).await.unwrap();
    store.close().await;
    let store = SqlStore::open(&options, key("second.key")).await.unwrap();
    assert!(matches!(store.list_credentials(person).await, Err(StoreError::Corrupt { .. })));
    assert!(matches!(store.list_signing_keys().await, Err(StoreError::Corrupt { .. })));
    assert!(matches!(store.list_saml_keys().await, Err(StoreError::Corrupt { .. })));
    assert!(matches!(store.list_plugins().await, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn after_sealing_again_the_former_key_may_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("master.key");
    let path = folder.path().join("keyholder.db");
    let person = PersonId::draw(&SystemRandom, NOW);
    let key = Arc::new(MasterKey::load_or_create(&file, Arc::new(SystemRandom)).unwrap());
    let server = SqlStore::open(&SqliteOptions::server(&path), key).await.unwrap();
    server.execute(KeepSecrets(person)).await.unwrap();

    // Beside the server, as the command line does it.
    let rotated = Arc::new(MasterKey::rotate(&file, Arc::new(SystemRandom)).unwrap());
    let beside = SqlStore::open(&SqliteOptions::beside(&path), rotated).await.unwrap();
    assert_eq!(beside.reseal().await.unwrap(), 6);
    beside.close().await;
    MasterKey::forget_former(&file, Arc::new(SystemRandom)).unwrap();

    // The server that ran all along reads what was sealed with a key that it did not know.
    assert_eq!(server.list_credentials(person).await.unwrap()[0].secret, SECRET.as_bytes());
    server.close().await;
    let key = Arc::new(MasterKey::load(&file, Arc::new(SystemRandom)).unwrap());
    let store = SqlStore::open(&SqliteOptions::server(&path), key).await.unwrap();
    assert_eq!(store.list_credentials(person).await.unwrap()[0].secret, SECRET.as_bytes());
    assert_eq!(store.list_open_ceremonies(person, NOW).await.unwrap()[0].contents.step.state, SECRET.as_bytes());
    assert_eq!(store.list_signing_keys().await.unwrap()[0].private_der, SECRET.as_bytes());
    assert_eq!(store.list_plugins().await.unwrap()[0].settings["key"], SECRET);
}
