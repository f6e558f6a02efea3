//! How many wrong answers a key bears.
//!
//! Owns what is counted against one key, and when it has to wait. Nobody is locked out for good, and other keys of the person
//! go on working. Does not own the throttle of a person and a network, which counts beside it.

use std::time::Duration;

use crate::id::CredentialId;
use crate::time::Timestamp;

/// Wrong answers within [`WINDOW`] after which a key waits.
pub const TRIES: u32 = 5;
/// Wrong answers further apart than this do not add up.
pub const WINDOW: Duration = Duration::from_mins(15);
/// How long it waits: the first time, the second, and from then on.
pub const WAITS: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)];
/// After so long without a wrong answer, waiting begins with the shortest again.
pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);
/// The least time between two searches for the clock that a wrong code fits.
pub const BETWEEN_DIAGNOSES: Duration = Duration::from_mins(5);
/// How many of them there are in a day.
pub const DIAGNOSES_A_DAY: u32 = 10;

const DAY: Duration = Duration::from_hours(24);

/// What is counted against one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    pub credential: CredentialId,
    /// Since `window_started_at`.
    pub failures: u32,
    pub window_started_at: Timestamp,
    /// How often it had to wait, one after the other.
    pub locks: u32,
    pub locked_until: Option<Timestamp>,
    /// Since `diagnoses_since`.
    pub diagnoses: u32,
    pub diagnosed_at: Option<Timestamp>,
    pub diagnoses_since: Timestamp,
}

/// Whether a wrong answer was searched for the clock that it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnosis {
    Made,
    NotMade,
}

impl Failures {
    /// Of a key that did not fail yet.
    pub fn none(credential: CredentialId, now: Timestamp) -> Self {
        Self {
            credential,
            failures: 0,
            window_started_at: now,
            locks: 0,
            locked_until: None,
            diagnoses: 0,
            diagnosed_at: None,
            diagnoses_since: now,
        }
    }

    /// Until when the key waits, where it does.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until)
    }

    /// Whether a wrong code may be searched for the clock that it fits.
    pub fn may_diagnose(&self, now: Timestamp) -> bool {
        let rested = self.diagnosed_at.is_none_or(|last| now.since(last) >= BETWEEN_DIAGNOSES);
        rested && (self.diagnoses < DIAGNOSES_A_DAY || now.since(self.diagnoses_since) >= DAY)
    }

    /// After one more wrong answer.
    #[must_use]
    pub fn after_failure(mut self, now: Timestamp, diagnosis: Diagnosis) -> Self {
        let quiet = now.since(self.window_started_at.max(self.locked_until.unwrap_or(self.window_started_at)));
        if quiet >= FORGOTTEN_AFTER {
            self.locks = 0;
        }
        if now.since(self.window_started_at) >= WINDOW {
            (self.failures, self.window_started_at) = (0, now);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= TRIES {
            let wait = usize::try_from(self.locks).ok().and_then(|nth| WAITS.get(nth)).or(WAITS.last());
            self.locked_until = wait.map(|wait| now.plus(*wait));
            self.locks = self.locks.saturating_add(1);
            (self.failures, self.window_started_at) = (0, now);
        }
        if diagnosis == Diagnosis::Made {
            if now.since(self.diagnoses_since) >= DAY {
                (self.diagnoses, self.diagnoses_since) = (0, now);
            }
            self.diagnoses = self.diagnoses.saturating_add(1);
            self.diagnosed_at = Some(now);
        }
        self
    }

    /// After a right answer: wrong ones no longer count. Diagnoses do, since a right answer is no reason for more of them.
    #[must_use]
    pub fn after_success(self) -> Self {
        Self { failures: 0, locks: 0, locked_until: None, ..self }
    }

    /// Whether there is nothing that a right answer would change.
    pub fn is_clear(&self) -> bool {
        self.failures == 0 && self.locks == 0 && self.locked_until.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn later(minutes: u64) -> Timestamp {
        NOW.plus(Duration::from_mins(minutes))
    }

    fn none() -> Failures {
        Failures::none(CredentialId::from_uuid(uuid::Uuid::from_u128(1)), NOW)
    }

    fn fail(mut failures: Failures, times: u32, now: Timestamp) -> Failures {
        for _ in 0..times {
            failures = failures.after_failure(now, Diagnosis::NotMade);
        }
        failures
    }

    #[test]
    fn a_key_waits_after_five_wrong_answers_longer_each_time_and_never_for_good() {
        let four = fail(none(), 4, NOW);
        assert_eq!(four.waits_until(NOW), None);
        let mut failures = fail(four, 1, NOW);
        assert_eq!(failures.waits_until(NOW), Some(later(1)));
        assert_eq!(failures.waits_until(later(1)), None);
        for (at, until) in [(1, 6), (6, 21), (21, 36), (36, 51)] {
            failures = fail(failures, 5, later(at));
            assert_eq!(failures.waits_until(later(at)), Some(later(until)));
        }
        let next_day = later(51 + 24 * 60);
        assert_eq!(fail(failures, 5, next_day).waits_until(next_day), Some(next_day.plus(WAITS[0])));
    }

    #[test]
    fn wrong_answers_far_apart_do_not_add_up() {
        let mut failures = none();
        for nth in 0..20 {
            failures = fail(failures, 1, later(nth * 5));
            assert_eq!(failures.waits_until(later(nth * 5)), None);
        }
    }

    #[test]
    fn a_right_answer_forgives_the_wrong_ones() {
        let forgiven = fail(none(), 5, NOW).after_success();
        assert!(forgiven.is_clear());
        assert_eq!(fail(forgiven, 4, NOW).waits_until(NOW), None);
    }

    #[test]
    fn a_diagnosis_is_made_every_five_minutes_and_ten_times_a_day() {
        let mut failures = none();
        for nth in 0..10 {
            assert!(failures.may_diagnose(later(nth * 5)));
            failures = failures.after_failure(later(nth * 5), Diagnosis::Made);
            assert!(!failures.may_diagnose(later(nth * 5 + 4)));
        }
        assert!(!failures.may_diagnose(later(23 * 60)));
        assert!(!failures.clone().after_success().may_diagnose(later(23 * 60)));
        assert!(failures.may_diagnose(later(24 * 60)));
        let next_day = failures.after_failure(later(24 * 60), Diagnosis::Made);
        assert!(next_day.may_diagnose(later(24 * 60 + 5)));
    }
}
