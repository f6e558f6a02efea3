//! What becomes of a managed key, at the level of its rows.

use std::sync::Arc;
use std::time::Duration;

use keyholder_core::assurance::{Assurance, Proof, Reach};
use keyholder_core::credential::CredentialOwner;
use keyholder_core::factor::{Evidence, NewCredential};
use keyholder_core::managed_key::ManagedKeyChangeKind::{Imported, Issued, Retired, Returned};
use keyholder_core::ports::Queries as _;
use keyholder_core::session::Place;

use super::*;
use crate::web::testing::{ANN, House};
use crate::wiring::SystemRandom;

fn key(serial: &str) -> (String, NewCredential) {
    let new = NewCredential {
        lookup: Some(serial.as_bytes().to_vec()),
        suggested_label: format!("Token {serial}"),
        format: 1,
        data: b"seed".to_vec(),
        device: None,
        evidence: Evidence { possession: true, amr: vec!["otp".into()], ..Evidence::default() },
        consume: Vec::new(),
        facts: vec![("serial".into(), serial.into())],
        effects: Vec::new(),
    };
    (serial.to_owned(), new)
}

fn surroundings(house: &House) -> super::super::person_commands::Surroundings {
    super::super::person_commands::Surroundings {
        now: house.app().now(),
        random: Arc::new(SystemRandom),
        issuer: house.app().config.issuer().to_owned(),
    }
}

struct Stock {
    house: House,
    school: School,
}

impl Stock {
    async fn with(serials: &[&str]) -> Self {
        let house = House::open().await;
        let school = house.app().store.list_memberships(house.person(ANN).await.id).await.unwrap().remove(0).school;
        let keys = serials.iter().map(|serial| key(serial)).collect();
        house
            .run(Import { school: school.id, factor: "soft-key".into(), keys, surroundings: surroundings(&house) })
            .await;
        Self { house, school }
    }

    async fn entry(&self, serial: &str) -> ManagedKey {
        find(&self.house.app().store, &self.school, serial).await.unwrap()
    }

    async fn step(&self, serial: &str, step: Step) -> Outcome {
        self.house.pass(Duration::from_secs(1));
        let key = self.entry(serial).await;
        let (school, note) = (self.school.name.clone(), Some("at the office".to_owned()));
        self.house.run(Change { key, school, step, note, surroundings: surroundings(&self.house) }).await
    }
}

#[tokio::test]
async fn a_key_goes_from_the_box_to_the_bin_and_its_history_says_so() {
    let stock = Stock::with(&["0014"]).await;
    let store = &stock.house.app().store;
    let ann = stock.house.person(ANN).await;
    assert_eq!(
        stock.step("0014", Step::TakeBack).await,
        Outcome::WrongState(keyholder_core::managed_key::WrongState::InStock)
    );
    assert_eq!(stock.step("0014", Step::Issue(ann.id)).await, Outcome::Done);
    assert!(matches!(stock.step("0014", Step::Issue(ann.id)).await, Outcome::WrongState(_)));
    let held = store.list_credentials(ann.id).await.unwrap();
    assert_eq!((held.len(), held[0].owner), (1, CredentialOwner::School(stock.school.id)));
    assert_eq!(stock.step("0014", Step::TakeBack).await, Outcome::Done);
    assert!(store.list_credentials(ann.id).await.unwrap().is_empty());
    assert_eq!(stock.step("0014", Step::Retire).await, Outcome::Done);
    assert!(matches!(stock.step("0014", Step::Issue(ann.id)).await, Outcome::WrongState(_)));
    let entry = stock.entry("0014").await;
    assert_eq!((entry.state, entry.credential), (ManagedKeyState::Retired, None));
    let history = store.list_managed_key_changes(entry.id).await.unwrap();
    let kinds: Vec<_> = history.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [Imported, Issued, Returned, Retired]);
}

#[tokio::test]
async fn a_key_is_issued_to_members_of_its_school_alone() {
    let stock = Stock::with(&["0014"]).await;
    let mut stranger = stock.house.person(ANN).await;
    stranger.id = keyholder_core::id::PersonId::draw(&SystemRandom, stock.house.app().now());
    assert_eq!(stock.step("0014", Step::Issue(stranger.id)).await, Outcome::NoMember);
    assert_eq!(stock.entry("0014").await.state, ManagedKeyState::InStock);
}

#[tokio::test]
async fn what_was_proved_with_a_key_counts_no_more_once_it_is_returned() {
    let stock = Stock::with(&["0014"]).await;
    let app = stock.house.app();
    let ann = stock.house.person(ANN).await;
    stock.step("0014", Step::Issue(ann.id)).await;
    let _browser = stock.house.signed_in(ANN).await;
    let now = app.now();
    let session = app.store.list_live_sessions(ann.id, now).await.unwrap().remove(0);
    let key = stock.entry("0014").await.credential.unwrap();
    let evidence = Evidence { possession: true, amr: vec!["otp".into()], ..Evidence::default() };
    let proof = Proof::of_factor(now, key, &evidence, Reach::School(stock.school.id));
    let raised = session.elevate(proof, now.plus(Duration::from_mins(30)));
    stock.house.run(Swap(raised)).await;
    let place = Place { school: stock.school.id, elevation: Duration::from_mins(30) };
    let reached = async || app.store.list_live_sessions(ann.id, now).await.unwrap().remove(0).assurance_in(place, now);
    assert_eq!(reached().await, Assurance::MultiFactor);
    stock.step("0014", Step::TakeBack).await;
    assert_eq!(reached().await, Assurance::SingleFactor);
}

struct Swap(keyholder_core::session::Session);

#[async_trait::async_trait]
impl keyholder_core::ports::Command for Swap {
    type Output = ();

    async fn run(
        &self,
        transaction: &dyn keyholder_core::ports::Transaction,
    ) -> Result<(), keyholder_core::ports::StoreError> {
        assert!(transaction.swap_session(&self.0).await?);
        Ok(())
    }
}

#[test]
fn a_file_that_no_plugin_is_handed_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.xml");
    let file = fs::File::create(&path).unwrap();
    file.set_len(4 << 20).unwrap();
    assert!(check_size(&path).is_ok());
    file.set_len((4 << 20) + 1).unwrap();
    let refused = check_size(&path).unwrap_err().to_string();
    assert!(refused.contains("larger than 4 MiB") && refused.contains("in parts"), "{refused}");
}
