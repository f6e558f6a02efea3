//! How often a person is asked for a key, and how often a fault stands in the log.
//!
//! Owns counters of this process, in bounded memory. What they hold back costs nobody anything but time, so that losing them with the
//! process does no harm.
//!
//! # Threats, and the numbers against them
//!
//! *Whoever guessed a password makes rows and calls of plugins without end*: each step-up that is begun is a flow, a ceremony and a call. A
//! session begins [`FREE`] within [`PERIOD`] without asking anybody; beyond that, all sessions of the person in one network share [`MOST`].
//! So its owner, in a session of their own, is asked for the key whatever a stranger with the password does, even from the same network; a
//! stranger pays for each further handful with another sign-in, which its owner gets a mail about. What stays open in one session is
//! bounded in its rows (`commands::Begin`): the oldest there ends, and never one of another session.
//!
//! *A plugin that fails writes the log full.* Of each factor one fault a minute is written, with the number of those that were not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyholder_core::id::{PersonId, SessionId};
use keyholder_core::time::Timestamp;

use crate::throttle::{Remembered, network, whole_minutes};

/// Within which beginnings are counted.
const PERIOD: Duration = Duration::from_mins(10);
/// What one session begins without a look at the others.
const FREE: u32 = 20;
/// What the sessions of a person in one network begin together, the free ones included.
const MOST: u32 = 120;
/// The time between two faults of a factor in the log.
const QUIET: Duration = Duration::from_mins(1);
/// Bounds of the memory.
const MOST_COUNTED: usize = 50_000;
const MOST_FACTORS: usize = 256;

/// Whose beginnings are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Session(SessionId),
    Person(PersonId, IpAddr),
}

#[derive(Debug)]
struct Counted {
    since: Timestamp,
    times: u32,
}

#[derive(Debug)]
struct Faults {
    written_at: Option<Timestamp>,
    unwritten: u64,
}

/// The counters.
#[derive(Debug)]
pub struct Bounds {
    begun: Mutex<Remembered<Whose, Counted>>,
    faults: Mutex<Remembered<String, Faults>>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            begun: Mutex::new(Remembered::new(MOST_COUNTED, PERIOD)),
            faults: Mutex::new(Remembered::new(MOST_FACTORS, QUIET * 60)),
        }
    }
}

impl Bounds {
    /// Counts a beginning; the minutes to wait, one at least, where there were too many.
    pub(super) fn begin(
        &self,
        session: SessionId,
        person: PersonId,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), u32> {
        let mut begun = lock(&self.begun);
        let address = address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), network);
        let of_session = count(&mut begun, Whose::Session(session), now).times;
        let all = count(&mut begun, Whose::Person(person, address), now);
        if of_session <= FREE || all.times <= MOST {
            return Ok(());
        }
        let wait = all.since.plus(PERIOD).since(now);
        Err(whole_minutes(wait))
    }

    /// Whether a fault of this factor is written now: how many were not since the last that was.
    pub(super) fn write_fault(&self, factor: &str, now: Timestamp) -> Option<u64> {
        let mut faults = lock(&self.faults);
        let known = faults.note(factor.to_owned(), now, || Faults { written_at: None, unwritten: 0 });
        if known.written_at.is_some_and(|at| now.since(at) < QUIET) {
            known.unwritten += 1;
            return None;
        }
        known.written_at = Some(now);
        Some(std::mem::take(&mut known.unwritten))
    }
}

fn count(begun: &mut Remembered<Whose, Counted>, whose: Whose, now: Timestamp) -> &Counted {
    let counted = begun.note(whose, now, || Counted { since: now, times: 0 });
    if now.since(counted.since) >= PERIOD {
        *counted = Counted { since: now, times: 0 };
    }
    counted.times = counted.times.saturating_add(1);
    counted
}

fn lock<T>(counters: &Mutex<T>) -> MutexGuard<'_, T> {
    // Counters that are off by one after a panic are better than none.
    counters.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn session(number: u128) -> SessionId {
        SessionId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn person() -> PersonId {
        PersonId::from_uuid(uuid::Uuid::from_u128(1))
    }

    const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));

    #[test]
    fn beginnings_without_end_are_put_off_and_never_those_of_another_session() {
        let bounds = Bounds::default();
        for nth in 0..MOST {
            assert_eq!(bounds.begin(session(1), person(), HERE, NOW), Ok(()), "{nth}");
        }
        assert_eq!(bounds.begin(session(1), person(), HERE, NOW.plus(Duration::from_secs(541))), Err(1));
        assert_eq!(bounds.begin(session(1), person(), HERE, NOW), Err(10));
        // The owner, in the same network; and a stranger, with another sign-in for each handful.
        for other in [2, 3] {
            for nth in 0..FREE {
                assert_eq!(bounds.begin(session(other), person(), HERE, NOW), Ok(()), "{nth}");
            }
            assert_eq!(bounds.begin(session(other), person(), HERE, NOW), Err(10));
        }
        let elsewhere = Some(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)));
        assert_eq!(bounds.begin(session(2), person(), elsewhere, NOW), Ok(()), "each network has its own count");
        assert_eq!(bounds.begin(session(1), person(), HERE, NOW.plus(PERIOD)), Ok(()));
    }

    #[test]
    fn of_the_faults_of_a_factor_one_a_minute_is_written_with_the_number_of_the_others() {
        let bounds = Bounds::default();
        assert_eq!(bounds.write_fault("one", NOW), Some(0));
        for _ in 0..500 {
            assert_eq!(bounds.write_fault("one", NOW.plus(Duration::from_secs(59))), None);
        }
        assert_eq!(bounds.write_fault("two", NOW), Some(0));
        assert_eq!(bounds.write_fault("one", NOW.plus(QUIET)), Some(500));
        assert_eq!(bounds.write_fault("one", NOW.plus(QUIET * 2)), Some(0));
    }
}
