//! When keys are made, sign, retire and go. Pure: keys and time in, changes out.

use std::time::Duration;

use keyholder_core::application::SigningAlgorithm;
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::{KeyState, SigningKey};
use keyholder_core::time::Timestamp;

use crate::config::Config;

/// The durations of a key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs.
    pub signs: Duration,
    /// How long it is published before and after, so that every kept JWK Set knows it.
    pub overlap: Duration,
    /// The longest life of a token that it signs.
    pub longest_token: Duration,
}

impl Schedule {
    /// The schedule that the configuration asks for.
    pub fn from_config(config: &Config) -> Self {
        let longest = config.token.access_minutes.max(config.token.id_minutes);
        Self {
            signs: Duration::from_hours(24 * u64::from(config.keys.rotate_days)),
            overlap: Duration::from_hours(u64::from(config.keys.overlap_hours)),
            longest_token: Duration::from_mins(u64::from(longest)),
        }
    }
}

/// A signing key without its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTimes {
    pub id: SigningKeyId,
    pub algorithm: SigningAlgorithm,
    pub state: KeyState,
    pub active_from: Timestamp,
    pub published_until: Option<Timestamp>,
}

impl From<&SigningKey> for KeyTimes {
    fn from(key: &SigningKey) -> Self {
        Self {
            id: key.id,
            algorithm: key.algorithm,
            state: key.state,
            active_from: key.active_from,
            published_until: key.published_until,
        }
    }
}

impl KeyTimes {
    /// Whether the key stands in the published set.
    pub fn is_published(&self, now: Timestamp) -> bool {
        self.published_until.is_none_or(|until| now < until)
    }
}

/// One change of the stored keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Make { algorithm: SigningAlgorithm, state: KeyState, active_from: Timestamp },
    Activate(SigningKeyId),
    Retire { id: SigningKeyId, published_until: Timestamp },
    Delete(SigningKeyId),
}

/// Why keys are replaced before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// The successors sign once every kept JWK Set knows them.
    AfterOverlap,
    /// The keys are known to somebody else: the successors sign at once, and the former keys are no longer published, so
    /// that every token signed by them is refused from now on.
    Compromised,
}

/// The key that signs: the newest whose time has come.
pub fn signing_key(keys: &[KeyTimes], algorithm: SigningAlgorithm, now: Timestamp) -> Option<&KeyTimes> {
    keys.iter()
        .filter(|key| key.algorithm == algorithm && key.state != KeyState::Retired && key.active_from <= now)
        .max_by_key(|key| (key.active_from, key.id))
}

/// What the schedule asks for now.
pub fn due(keys: &[KeyTimes], schedule: &Schedule, now: Timestamp) -> Vec<Change> {
    let mut changes = Vec::new();
    for algorithm in SigningAlgorithm::ALL {
        let Some(active) = signing_key(keys, algorithm, now) else {
            // Nobody has seen a key for this algorithm yet, so nobody has to be waited for.
            changes.push(Change::Make { algorithm, state: KeyState::Active, active_from: now });
            continue;
        };
        if active.state == KeyState::Next {
            changes.push(Change::Activate(active.id));
        }
        let unretired = |key: &&KeyTimes| key.algorithm == algorithm && key.state != KeyState::Retired;
        let former = keys.iter().filter(unretired).filter(|key| key.active_from <= now && key.id != active.id);
        let published_until = now.plus(schedule.longest_token).plus(schedule.overlap);
        changes.extend(former.map(|key| Change::Retire { id: key.id, published_until }));
        let ends = active.active_from.plus(schedule.signs);
        let has_successor = keys.iter().filter(unretired).any(|key| key.active_from > now);
        if !has_successor && ends.minus(schedule.overlap) <= now {
            let active_from = ends.max(now.plus(schedule.overlap));
            changes.push(Change::Make { algorithm, state: KeyState::Next, active_from });
        }
    }
    changes.extend(keys.iter().filter(|key| !key.is_published(now)).map(|key| Change::Delete(key.id)));
    changes
}

/// What a rotation on demand changes.
pub fn on_demand(keys: &[KeyTimes], schedule: &Schedule, urgency: Urgency, now: Timestamp) -> Vec<Change> {
    let mut changes = Vec::new();
    for algorithm in SigningAlgorithm::ALL {
        let unretired = keys.iter().filter(|key| key.algorithm == algorithm && key.state != KeyState::Retired);
        match urgency {
            Urgency::AfterOverlap => {
                let active_from = now.plus(schedule.overlap);
                // One that comes sooner is on its way already.
                if !unretired.clone().any(|key| key.active_from > now && key.active_from <= active_from) {
                    changes.push(Change::Make { algorithm, state: KeyState::Next, active_from });
                }
            }
            Urgency::Compromised => {
                changes.extend(unretired.map(|key| Change::Retire { id: key.id, published_until: now }));
                changes.push(Change::Make { algorithm, state: KeyState::Active, active_from: now });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000_000);
    const DAY: Duration = Duration::from_hours(24);
    const SCHEDULE: Schedule =
        Schedule { signs: Duration::from_hours(24 * 90), overlap: DAY, longest_token: Duration::from_mins(10) };

    /// Applies changes as the store would.
    fn apply(keys: &mut Vec<KeyTimes>, changes: &[Change]) {
        for change in changes {
            match *change {
                Change::Make { algorithm, state, active_from } => {
                    let next = 1 + keys.iter().map(|key| key.id.as_uuid().as_u128()).max().unwrap_or(0);
                    let id = SigningKeyId::from_uuid(uuid::Uuid::from_u128(next));
                    keys.push(KeyTimes { id, algorithm, state, active_from, published_until: None });
                }
                Change::Activate(id) => keys.iter_mut().find(|key| key.id == id).unwrap().state = KeyState::Active,
                Change::Retire { id, published_until } => {
                    let key = keys.iter_mut().find(|key| key.id == id).unwrap();
                    (key.state, key.published_until) = (KeyState::Retired, Some(published_until));
                }
                Change::Delete(id) => keys.retain(|key| key.id != id),
            }
        }
    }

    fn begun() -> Vec<KeyTimes> {
        let mut keys = Vec::new();
        apply(&mut keys, &due(&[], &SCHEDULE, NOW));
        keys
    }

    #[test]
    fn each_algorithm_has_a_key_from_the_start() {
        let keys = begun();
        assert_eq!(keys.len(), 3);
        for algorithm in SigningAlgorithm::ALL {
            assert!(signing_key(&keys, algorithm, NOW).is_some());
        }
        assert_eq!(due(&keys, &SCHEDULE, NOW), []);
    }

    #[test]
    fn through_a_whole_year_every_signing_key_was_published_long_enough_before_and_after() {
        let mut keys = begun();
        let mut first_published = std::collections::HashMap::new();
        let mut last_signed = std::collections::HashMap::new();
        for hour in 0..(365 * 24) {
            let now = NOW.plus(Duration::from_hours(hour));
            let changes = due(&keys, &SCHEDULE, now);
            apply(&mut keys, &changes);
            for key in &keys {
                first_published.entry(key.id).or_insert(now);
            }
            for algorithm in SigningAlgorithm::ALL {
                let signer = signing_key(&keys, algorithm, now).unwrap();
                assert!(now.since(signer.active_from) <= SCHEDULE.signs, "no key signs too long");
                let published = first_published[&signer.id];
                assert!(published == NOW || now.since(published) >= SCHEDULE.overlap, "known before it signs");
                last_signed.insert(signer.id, now);
            }
            for (id, signed) in &last_signed {
                let still = keys.iter().any(|key| key.id == *id && key.is_published(now));
                let until = signed.plus(SCHEDULE.longest_token).plus(SCHEDULE.overlap);
                assert!(still || now > until, "published while a token signed by it may live");
            }
        }
        assert_eq!(last_signed.len(), 3 * 5, "four rotations in a year of 90-day keys");
        assert!(keys.len() <= 9, "old keys go");
    }

    #[test]
    fn a_server_that_was_off_at_the_time_of_rotation_still_overlaps() {
        let mut keys = begun();
        let late = NOW.plus(200 * DAY);
        let changes = due(&keys, &SCHEDULE, late);
        apply(&mut keys, &changes);
        let next = keys.iter().filter(|key| key.state == KeyState::Next).collect::<Vec<_>>();
        assert_eq!(next.len(), 3);
        assert!(next.iter().all(|key| key.active_from == late.plus(DAY)));
    }

    #[test]
    fn rotation_on_demand_waits_for_the_overlap_and_happens_once() {
        let mut keys = begun();
        let changes = on_demand(&keys, &SCHEDULE, Urgency::AfterOverlap, NOW.plus(DAY));
        apply(&mut keys, &changes);
        assert_eq!(keys.len(), 6);
        assert_eq!(on_demand(&keys, &SCHEDULE, Urgency::AfterOverlap, NOW.plus(DAY)), []);
        let former = signing_key(&keys, SigningAlgorithm::Rs256, NOW.plus(DAY)).unwrap().id;
        let later = signing_key(&keys, SigningAlgorithm::Rs256, NOW.plus(2 * DAY)).unwrap().id;
        assert_ne!(former, later);
    }

    #[test]
    fn compromised_keys_are_not_published_for_another_moment() {
        let mut keys = begun();
        let changes = on_demand(&keys, &SCHEDULE, Urgency::AfterOverlap, NOW.plus(DAY));
        apply(&mut keys, &changes);
        let changes = on_demand(&keys, &SCHEDULE, Urgency::Compromised, NOW.plus(DAY));
        apply(&mut keys, &changes);
        let published: Vec<_> = keys.iter().filter(|key| key.is_published(NOW.plus(DAY))).collect();
        assert_eq!(published.len(), 3);
        assert!(published.iter().all(|key| key.state == KeyState::Active && key.active_from == NOW.plus(DAY)));
    }
}
