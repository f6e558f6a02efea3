//! Keys in people's hands, and groups that ask for one.

use async_trait::async_trait;
use keyholder_core::assurance::Assurance;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{DeviceKey, Evidence};
use keyholder_core::id::{CredentialId, SchoolId};
use keyholder_core::membership::UserGroup;
use keyholder_core::person::Person;
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};

use super::fake_factors::{CODE, DIGITS, SHEET, TOUCH};
use super::{ANN, BETH, House};
use crate::wiring::SystemRandom;

/// Changes rows as a test needs them.
#[derive(Default)]
pub(crate) struct Put {
    pub(crate) group: Option<UserGroup>,
    pub(crate) keys: Vec<Credential>,
}

#[async_trait]
impl Command for Put {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        if let Some(group) = &self.group {
            transaction.put_group(group).await?;
        }
        for key in &self.keys {
            transaction.insert_credential(key).await?;
        }
        Ok(())
    }
}

pub(crate) fn school(number: u128) -> SchoolId {
    SchoolId::from_uuid(uuid::Uuid::from_u128(number))
}

/// A key of somebody's.
pub(crate) fn key(house: &House, person: &Person, factor: &str) -> Credential {
    let now = house.app().now();
    let sheet = factor == SHEET;
    Credential {
        id: CredentialId::draw(&SystemRandom, now),
        owner: CredentialOwner::Person(person.id),
        holder: Some(person.id),
        factor: factor.to_owned(),
        lookup: None,
        label: "Phone".to_owned(),
        format: 1,
        secret: if sheet { b"one two".to_vec() } else { DIGITS.into() },
        device: (factor == CODE).then(|| DeviceKey { spki: vec![1, 2, 3] }),
        evidence: Evidence {
            possession: true,
            amr: vec!["otp".to_owned()],
            phishing_resistant: factor == TOUCH,
            recovery_only: sheet,
            ..Evidence::default()
        },
        facts: Vec::new(),
        version: 1,
        created_at: now,
        last_used_at: None,
    }
}

/// A house in which Oakfield's staff see less without a key, and Ann and Beth have keys of these factors.
pub(crate) async fn house_with_keys(restricted: &[&str], factors: &[&str]) -> House {
    let house = House::open().await;
    let mut group = house.app().store.list_groups(school(1)).await.unwrap().remove(0);
    group.needs = Assurance::MultiFactor;
    group.full = vec!["staff".to_owned(), "leads".to_owned()];
    group.restricted = restricted.iter().map(|name| (*name).to_owned()).collect();
    let mut keys = Vec::new();
    for email in [ANN, BETH] {
        let person = house.person(email).await;
        keys.extend(factors.iter().map(|factor| key(&house, &person, factor)));
    }
    house.run(Put { group: Some(group), keys }).await;
    house
}
