//! Which of a person's keys may answer, by factor.

use std::cmp::Reverse;
use std::sync::Arc;

use keyholder_core::assurance::{Assurance, Proof, Reach, assess};
use keyholder_core::credential::{Credential, CredentialInFull, CredentialOwner};
use keyholder_core::factor::{Descriptor, Evidence};
use keyholder_core::flow::Aim;
use keyholder_core::flow::dispatcher::KeyAtHand;
use keyholder_core::id::{CredentialId, PersonId, SchoolId};
use keyholder_core::lockout::Failures;
use keyholder_core::ports::{Queries, StoreError};
use keyholder_core::time::Timestamp;

use crate::app::App;

/// What is wanted of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) aim: Aim,
    pub(crate) school: SchoolId,
    pub(crate) needed: Assurance,
}

/// A factor with which the person may answer.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) factor: Arc<Descriptor>,
    /// Those that do not wait; empty where all do.
    pub(crate) keys: Vec<Credential>,
    /// Where all of them wait: until when the first of them does.
    pub(crate) waits_until: Option<Timestamp>,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// Of these keys those that could be used, in whatever school.
pub(crate) fn at_hand(app: &App, keys: &[Credential]) -> Vec<KeyAtHand> {
    let known = keys.iter().filter_map(|key| Some((key, app.factors.find(&key.factor)?)));
    known.map(|(key, factor)| worth(key, &factor)).collect()
}

/// The keys of a person with what is counted against them, read once for all that a request does with them.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) keys: Vec<Credential>,
    pub(super) failures: Vec<Failures>,
}

impl Held {
    pub(crate) async fn by(app: &App, holder: PersonId) -> Result<Self, StoreError> {
        let found = app.store.list_credentials_in_full(holder).await?;
        let (keys, failures): (_, Vec<Option<Failures>>) =
            found.into_iter().map(|CredentialInFull { credential, failures }| (credential, failures)).unzip();
        Ok(Self { keys, failures: failures.into_iter().flatten().collect() })
    }
}

/// The factors with which this may be answered, the last used first.
pub(crate) fn offers(app: &App, held: &Held, wanted: &Wanted) -> Vec<Offer> {
    let Held { keys, failures } = held;
    let now = app.now();
    let mut offers: Vec<Offer> = Vec::new();
    for factor in app.factors.list() {
        let fitting = keys.iter().filter(|key| key.factor == factor.id && fits(&worth(key, &factor), wanted));
        let fitting: Vec<&Credential> = fitting.collect();
        let Some(last_used_at) = fitting.iter().map(|key| key.last_used_at).max() else { continue };
        let free: Vec<Credential> =
            fitting.iter().filter(|key| waits(failures, key.id, now).is_none()).map(|key| (*key).clone()).collect();
        let waits_until = fitting.iter().filter_map(|key| waits(failures, key.id, now)).min();
        offers.push(Offer { waits_until: waits_until.filter(|_| free.is_empty()), factor, keys: free, last_used_at });
    }
    // A stable sort: those never used stay in the order of the installation.
    offers.sort_by_key(|offer| Reverse(offer.last_used_at));
    offers
}

/// Until when a key waits, where it does.
pub(super) fn waits(failures: &[Failures], key: CredentialId, now: Timestamp) -> Option<Timestamp> {
    failures.iter().find(|failures| failures.credential == key)?.waits_until(now)
}

/// Where proofs of this key count.
pub(super) fn reach(key: &Credential) -> Reach {
    match key.owner {
        CredentialOwner::Person(_) => Reach::Everywhere,
        CredentialOwner::School(school) => Reach::School(school),
    }
}

/// What a first proof and this key are worth together, within what its factor was granted.
fn worth(key: &Credential, factor: &Descriptor) -> KeyAtHand {
    let evidence: Evidence = key.evidence.clone().within(&factor.ceiling);
    let proof = Proof::of_factor(key.created_at, key.id, &evidence, reach(key));
    let reach = proof.reach;
    KeyAtHand { worth: assess(&[Proof::of_password(key.created_at), proof]).unwrap_or_default(), reach }
}

fn fits(key: &KeyAtHand, wanted: &Wanted) -> bool {
    let reaches = match (key.reach, wanted.aim) {
        (Reach::Everywhere, _) | (Reach::KeyManagement, Aim::ManageKeys) => true,
        (Reach::School(own), Aim::Use) => own == wanted.school,
        (Reach::School(_), Aim::ManageKeys) | (Reach::KeyManagement, Aim::Use) => false,
    };
    reaches && key.worth >= wanted.needed
}
