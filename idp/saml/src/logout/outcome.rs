//! Who is to be told that a session ended, and what came of telling them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Participant;
use crate::messages::{NestedStatus, Status, TopStatus};
use crate::service_provider::{LogoutBinding, ServiceProvider};

/// How the participants of a session are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In this order: those that can be told behind the browser's back first.
    pub tell: Vec<Telling>,
    /// Those that have no endpoint for it, or are not registered any more. Their sessions go on until they end by
    /// themselves.
    pub unreachable: Vec<Participant>,
}

/// One participant to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub participant: Participant,
    pub binding: LogoutBinding,
    /// Where the request goes.
    pub address: String,
}

/// What came of telling one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It said that the session is over.
    SignedOut,
    /// It said that it is not, or not everywhere; or said nothing.
    Failed,
    /// It cannot be told.
    Unreachable,
}

/// Plans whom to tell: every participant but the one that asked (saml-profiles-2.0-os 4.4.3.3), each session there
/// once. Where no browser waits, only those that can be told behind its back.
pub fn plan(
    participants: &[Participant],
    asked_by: Option<&Participant>,
    find: impl Fn(&str) -> Option<ServiceProvider>,
    front: Front,
) -> Plan {
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for participant in participants.iter().filter(|one| Some(*one) != asked_by) {
        if !seen.insert((&participant.provider, &participant.name_id.value, &participant.session_index)) {
            continue;
        }
        let provider = find(&participant.provider);
        let reachable = LogoutBinding::ALL
            .into_iter()
            .filter(|binding| front == Front::Available || *binding == LogoutBinding::Soap)
            .find_map(|binding| Some((binding, provider.as_ref()?.metadata.single_logout_service(binding)?)));
        match reachable {
            Some((binding, service)) => {
                let (participant, address) = (participant.clone(), service.location.clone());
                plan.tell.push(Telling { participant, binding, address });
            }
            None => plan.unreachable.push(participant.clone()),
        }
    }
    plan.tell.sort_by_key(|telling| telling.binding);
    plan
}

/// Whether a browser waits that can carry messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    Available,
    None,
}

/// The status of the answer to whoever asked: all are signed out, or it says that not all are (saml-core-2.0-os
/// 3.7.3.2).
pub fn status_of(outcomes: impl IntoIterator<Item = Outcome>) -> Status {
    if outcomes.into_iter().all(|outcome| outcome == Outcome::SignedOut) {
        Status::SUCCESS
    } else {
        Status::new(TopStatus::Success, NestedStatus::PartialLogout)
    }
}
