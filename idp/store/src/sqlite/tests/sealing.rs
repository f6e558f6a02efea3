//! What is sealed opens in its own row alone: for this owner and plugin, this session, person, flow and purpose.

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::assurance::Proof;
use keyholder_core::ceremony::{Ceremony, Contents};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{Ask, Evidence, Occasion, Prompt, Purpose, Step, Text, Wait};
use keyholder_core::id::{CeremonyId, CredentialId, PersonId, SessionId, TokenHash};
use keyholder_core::person::{Email, Person};
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_core::random::draw_bytes;
use keyholder_core::session::Session;
use keyholder_core::time::Timestamp;
use sea_orm::ConnectionTrait as _;

use super::open;
use crate::SqlStore;
use crate::sqlite::transaction::SqlTransaction;
use crate::sqlite::writer::Work;
use crate::store::tests::SystemRandom;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(super) fn session(person: PersonId) -> Session {
    Session {
        id: SessionId::draw(&SystemRandom, NOW),
        person,
        token: TokenHash(draw_bytes(&SystemRandom)),
        browser: TokenHash([1; 32]),
        proofs: vec![Proof::of_password(NOW)],
        elevated_until: None,
        started_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(1)),
        ended_at: None,
        address: String::new(),
        user_agent: String::new(),
        version: 1,
    }
}

pub(super) fn ceremony(session: &Session, state: &str) -> Ceremony {
    let wait = Wait { message: Text { key: "wait".to_owned(), args: Vec::new() }, exhibits: Vec::new() };
    let occasion = Occasion {
        ceremony: String::new(),
        application: None,
        school: None,
        browser: String::new(),
        address: None,
        place: None,
        began_at: NOW,
        number: None,
    };
    let step = Step {
        state: state.as_bytes().to_vec(),
        lifetime: Step::LONGEST,
        prompts: vec![Prompt { id: "wait".to_owned(), ask: Ask::Wait(wait) }],
        problem: None,
        reply_tag: None,
        effects: Vec::new(),
    };
    Ceremony {
        id: CeremonyId::draw(&SystemRandom, NOW),
        version: 1,
        session: session.id,
        flow: None,
        person: session.person,
        factor: "soft-key".to_owned(),
        purpose: Purpose::Enrolment,
        credentials: Vec::new(),
        contents: Contents { step, occasion, label: None, ending: None },
        reply_tag: None,
        created_at: NOW,
        expires_at: NOW.plus(Step::LONGEST),
        ended_at: None,
    }
}

fn person(email: &str) -> Person {
    let id = PersonId::draw(&SystemRandom, NOW);
    Person {
        id,
        subject: id.to_string(),
        email: Email::parse(email).unwrap(),
        email_verified_at: None,
        given_name: "Ann".to_owned(),
        family_name: "Price".to_owned(),
        language: None,
        disabled_at: None,
        email_changed_at: None,
        key_stopped_at: None,
        created_at: NOW,
    }
}

struct Keep {
    people: [Person; 2],
    key: Credential,
    sessions: [Session; 2],
    waiting: Ceremony,
}

impl Keep {
    fn new() -> Self {
        let people = [person("ann@oakfield.example"), person("bob@oakfield.example")];
        let key = Credential {
            id: CredentialId::draw(&SystemRandom, NOW),
            owner: CredentialOwner::Person(people[0].id),
            holder: Some(people[0].id),
            factor: "soft-key".to_owned(),
            lookup: None,
            label: "Phone".to_owned(),
            format: 1,
            secret: b"secret".to_vec(),
            device: None,
            evidence: Evidence::default(),
            facts: Vec::new(),
            version: 1,
            created_at: NOW,
            last_used_at: None,
        };
        let sessions = [session(people[0].id), session(people[0].id)];
        let waiting = ceremony(&sessions[0], "state");
        Self { people, key, sessions, waiting }
    }
}

#[async_trait]
impl Command for Keep {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for person in &self.people {
            transaction.insert_person(person).await?;
        }
        for session in &self.sessions {
            transaction.insert_session(session).await?;
        }
        transaction.insert_credential(&self.key).await?;
        transaction.insert_ceremony(&self.waiting).await
    }
}

/// A new version of the key.
struct Swap(Credential);

#[async_trait]
impl Command for Swap {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.swap_credential(&self.0).await
    }
}

/// A hand in the file.
struct Tamper(String);

#[async_trait]
impl Work for Tamper {
    type Output = u64;
    async fn work(&self, transaction: &SqlTransaction) -> Result<u64, StoreError> {
        Ok(transaction.execute_unprepared(&self.0).await.unwrap().rows_affected())
    }
}

async fn tamper(store: &SqlStore, sql: String) {
    assert_eq!(store.work(Tamper(sql)).await.unwrap(), 1);
}

async fn kept() -> (tempfile::TempDir, SqlStore, Keep) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("keyholder.db")).await.unwrap();
    let keep = Keep::new();
    store
        .execute(Keep {
            people: keep.people.clone(),
            key: keep.key.clone(),
            sessions: keep.sessions.clone(),
            waiting: keep.waiting.clone(),
        })
        .await
        .unwrap();
    (folder, store, keep)
}

fn hex(id: uuid::Uuid) -> String {
    format!("x'{}'", id.as_simple())
}

#[tokio::test]
async fn the_secret_of_a_key_does_not_open_for_another_person_or_plugin() {
    let (_folder, store, keep) = kept().await;
    assert!(store.find_credential(keep.key.id).await.unwrap().is_some());
    let bob = hex(keep.people[1].id.as_uuid());
    for (column, value, former) in [
        ("owner_person_id", bob, hex(keep.people[0].id.as_uuid())),
        ("factor", "'recovery-code'".to_owned(), "'soft-key'".to_owned()),
        ("version", "2".to_owned(), "1".to_owned()),
    ] {
        tamper(&store, format!("UPDATE credentials SET {column} = {value}")).await;
        let found = store.find_credential(keep.key.id).await;
        assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{column}: {found:?}");
        tamper(&store, format!("UPDATE credentials SET {column} = {former}")).await;
        assert!(store.find_credential(keep.key.id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_former_secret_does_not_open_where_a_later_one_stood() {
    let (_folder, store, keep) = kept().await;
    store.work(Tamper("CREATE TABLE former AS SELECT secret FROM credentials".to_owned())).await.unwrap();
    let used = Credential { secret: b"a code is burnt".to_vec(), ..keep.key.clone() };
    assert!(store.execute(Swap(used)).await.unwrap());
    assert_eq!(store.find_credential(keep.key.id).await.unwrap().unwrap().secret, b"a code is burnt");
    tamper(&store, "UPDATE credentials SET secret = (SELECT secret FROM former)".to_owned()).await;
    assert!(matches!(store.find_credential(keep.key.id).await, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn a_step_does_not_open_for_another_session_person_plugin_or_purpose() {
    let (_folder, store, keep) = kept().await;
    let waiting = &keep.waiting;
    for (column, value, former) in [
        ("session_id", hex(keep.sessions[1].id.as_uuid()), hex(waiting.session.as_uuid())),
        ("person_id", hex(keep.people[1].id.as_uuid()), hex(waiting.person.as_uuid())),
        ("factor", "'recovery-code'".to_owned(), "'soft-key'".to_owned()),
        ("purpose", "'sign-in'".to_owned(), "'enrolment'".to_owned()),
    ] {
        tamper(&store, format!("UPDATE ceremonies SET {column} = {value}")).await;
        let found = store.find_ceremony(waiting.id).await;
        assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{column}: {found:?}");
        tamper(&store, format!("UPDATE ceremonies SET {column} = {former}")).await;
        assert_eq!(store.find_ceremony(waiting.id).await.unwrap().as_ref(), Some(waiting));
    }
}
