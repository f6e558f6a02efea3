//! Who may try a password how often. Asked before the hash, so that guessing costs the guesser time and us none.
//!
//! Owns the counters of this process, in bounded memory (oldest out). Does not own what the page says, nor who somebody is:
//! an account is a digest of the typed address, whether anybody has that address or not, so that unknown and known
//! addresses are alike here too.
//!
//! # Threats, and the numbers against them
//!
//! *Many passwords for one account.* Five tries are free; each further one has to wait 5 s, 10 s, 20 s and so on, at most
//! 15 minutes, counted from the last try. A guesser gets about 20 tries in the first hour and then at most 96 a day. A try
//! counts when it begins and is taken back when it succeeds, so that a hundred parallel requests are five tries as well.
//! Success clears the count; so does a day without a try. Nobody is locked out for good: NIST SP 800-63B-4 3.2.2 would
//! disable a password after 100 failures in a row, which would hand every pupil a switch for their teacher's account.
//!
//! *Keeping the owner out.* Who guesses, makes the owner wait. Therefore a browser in which this person has signed in
//! before ([`Acquaintance::Familiar`]) has a count of its own, out of reach for strangers; and the link behind **Forgot
//! Password** is open to everybody else.
//!
//! *One password for many accounts, or trying which addresses exist.* A network (IPv4 address, IPv6 /64) counts the
//! distinct accounts that failed and have not succeeded since, within an hour. Up to 50 cost nothing. Beyond it, strangers
//! in that network try one after the other, 1 s apart, and the gap doubles with each further 10 accounts, up to a minute.
//! A whole staff of 200 behind one address who sign in within 15 minutes, every tenth with a slip of the finger, stay below
//! 20 even if none of those ever tries again. Successes cost nothing, and familiar browsers never wait for their network.
//!
//! *Filling our memory.* 100,000 accounts and 4,096 networks with 256 accounts each are remembered. Whoever would push an
//! account out has to fail with 100,000 others first, from 2,000 networks.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyholder_core::time::Timestamp;

/// Tries for one account that cost nothing.
const FREE_TRIES: u32 = 5;
/// The wait before the first try that is not free; doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(5);
/// The longest wait: nobody is locked out for good.
const LONGEST_DELAY: Duration = Duration::from_mins(15);
/// An account that nobody tried for so long starts afresh.
const ACCOUNT_MEMORY: Duration = Duration::from_hours(24);
/// Distinct failing accounts of one network that cost nothing.
const FREE_ACCOUNTS: usize = 50;
/// The gap between tries of a network beyond that; doubles with each further [`ACCOUNTS_A_STEP`].
const FIRST_GAP: Duration = Duration::from_secs(1);
const ACCOUNTS_A_STEP: usize = 10;
const LONGEST_GAP: Duration = Duration::from_mins(1);
/// How long a failed account counts against its network.
const NETWORK_MEMORY: Duration = Duration::from_hours(1);
/// Bounds of the memory.
const MOST_ACCOUNTS: usize = 100_000;
const MOST_NETWORKS: usize = 4_096;
const MOST_ACCOUNTS_OF_A_NETWORK: usize = 256;

/// Somebody who wants to try a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Digest of the address's key, the same whether anybody has it.
    pub account: [u8; 32],
    /// The peer, after trusted proxies.
    pub network: IpAddr,
    /// Whether this browser has signed in as this person before.
    pub acquaintance: Acquaintance,
}

/// Whether a browser is known to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Acquaintance {
    /// This person has signed in with it before.
    Familiar,
    /// Not so, or not known.
    Stranger,
}

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tries {of}")]
pub struct Throttled {
    /// When it is worth to try again; at least a second.
    pub retry_after: Duration,
    /// Which count is full; for the audit log, not for the page.
    pub of: Count,
    /// Whether this is worth an audit event: a flood of refused tries must not become a flood of rows.
    pub news: News,
}

impl Throttled {
    /// The same for the page: whole minutes.
    pub fn minutes(&self) -> u32 {
        whole_minutes(self.retry_after)
    }
}

/// A wait as pages tell it: whole minutes, at least one, rounded up.
pub(crate) fn whole_minutes(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1)
}

/// Whether something was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The first refusal since a try was let through.
    First,
    /// One of many.
    Repeated,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Tries for one account.
    Account,
    /// Accounts tried from one network.
    Network,
}

impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Account => "for this account",
            Self::Network => "from this network",
        })
    }
}

/// The counters.
#[derive(Debug)]
pub struct Throttle {
    counters: Mutex<Counters>,
}

#[derive(Debug)]
struct Counters {
    accounts: Remembered<([u8; 32], Acquaintance), Tries>,
    networks: Remembered<IpAddr, Failing>,
}

/// Tries for one account.
#[derive(Debug)]
struct Tries {
    /// Those that have not succeeded, those in progress included.
    count: u32,
    refusal: News,
}

impl Tries {
    fn of(count: u32) -> Self {
        Self { count, refusal: News::First }
    }
}

/// The accounts of one network that failed.
#[derive(Debug)]
struct Failing {
    accounts: Remembered<[u8; 32], ()>,
    /// Before this instant no stranger tries.
    next_at: Timestamp,
    refusal: News,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl Throttle {
    /// Counters that have seen nobody.
    pub fn new() -> Self {
        let accounts = Remembered::new(MOST_ACCOUNTS, ACCOUNT_MEMORY);
        let networks = Remembered::new(MOST_NETWORKS, NETWORK_MEMORY);
        Self { counters: Mutex::new(Counters { accounts, networks }) }
    }

    /// Whether the try may go on. If so it counts, until [`succeeded`](Self::succeeded) or
    /// [`withdrawn`](Self::withdrawn) takes it back; a request that is dropped half way stays counted.
    pub fn check(&self, attempt: &Attempt, now: Timestamp) -> Result<(), Throttled> {
        let mut counters = self.counters();
        let account = (attempt.account, attempt.acquaintance);
        if let Some((tries, last)) = counters.accounts.find_mut(&account, now) {
            throttle(last.plus(delay(tries.count)), now, Count::Account, &mut tries.refusal)?;
        }
        if attempt.acquaintance == Acquaintance::Stranger
            && let Some((network, _)) = counters.networks.find_mut(&network(attempt.network), now)
            && let Some(gap) = network.gap(now)
        {
            throttle(network.next_at, now, Count::Network, &mut network.refusal)?;
            network.next_at = now.plus(gap);
            network.refusal = News::First;
        }
        let tries = counters.accounts.note(account, now, || Tries::of(0));
        *tries = Tries::of(tries.count.saturating_add(1));
        Ok(())
    }

    /// The password was wrong, or nobody has that address. The wait begins now.
    pub fn failed(&self, attempt: &Attempt, now: Timestamp) {
        let mut counters = self.counters();
        counters.accounts.note((attempt.account, attempt.acquaintance), now, || Tries::of(1));
        let fresh = || Failing {
            accounts: Remembered::new(MOST_ACCOUNTS_OF_A_NETWORK, NETWORK_MEMORY),
            next_at: now,
            refusal: News::First,
        };
        let network = counters.networks.note(network(attempt.network), now, fresh);
        network.accounts.note(attempt.account, now, || ());
    }

    /// The password was right: it costs nothing, and what failed before is forgiven. Also for who set a new password by a
    /// mailed link.
    pub fn succeeded(&self, attempt: &Attempt, now: Timestamp) {
        let mut counters = self.counters();
        counters.accounts.forget(&(attempt.account, attempt.acquaintance));
        if let Some((network, _)) = counters.networks.find_mut(&network(attempt.network), now) {
            network.accounts.forget(&attempt.account);
        }
    }

    /// The password was not looked at after all: no thread was free.
    pub fn withdrawn(&self, attempt: &Attempt, now: Timestamp) {
        let mut counters = self.counters();
        if let Some((tries, _)) = counters.accounts.find_mut(&(attempt.account, attempt.acquaintance), now) {
            tries.count = tries.count.saturating_sub(1);
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        // Counters that are off by one after a panic are better than none.
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failing {
    /// How far apart strangers have to try; `None` while they are free.
    fn gap(&mut self, now: Timestamp) -> Option<Duration> {
        let beyond = self.accounts.count(now).checked_sub(FREE_ACCOUNTS)?;
        let steps = u32::try_from(beyond / ACCOUNTS_A_STEP).unwrap_or(u32::MAX);
        Some(doubled(FIRST_GAP, steps).min(LONGEST_GAP))
    }
}

fn throttle(until: Timestamp, now: Timestamp, of: Count, refusal: &mut News) -> Result<(), Throttled> {
    if now >= until {
        return Ok(());
    }
    // Rounded up to what a `Retry-After` header can say.
    let seconds = until.since(now).as_millis().div_ceil(1000);
    let retry_after = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
    Err(Throttled { retry_after, of, news: std::mem::replace(refusal, News::Repeated) })
}

fn delay(tries: u32) -> Duration {
    tries.checked_sub(FREE_TRIES).map_or(Duration::ZERO, |beyond| doubled(FIRST_DELAY, beyond).min(LONGEST_DELAY))
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times.min(16)).unwrap_or(u32::MAX))
}

/// The network of a peer: what one customer of a provider can choose freely counts as one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            // RFC 6177 2: a site gets a /64 or more.
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        ipv4 @ IpAddr::V4(_) => ipv4,
    }
}

/// Things with the instant at which they were last noted, at most so many and so old.
#[derive(Debug)]
pub(crate) struct Remembered<K, V> {
    entries: HashMap<K, (V, Timestamp)>,
    capacity: usize,
    memory: Duration,
}

impl<K: Eq + Hash, V> Remembered<K, V> {
    pub(crate) fn new(capacity: usize, memory: Duration) -> Self {
        Self { entries: HashMap::new(), capacity, memory }
    }

    /// What is known and when it was noted, if that is not too long ago.
    fn find_mut(&mut self, key: &K, now: Timestamp) -> Option<(&mut V, Timestamp)> {
        let (value, at) = self.entries.get_mut(key)?;
        (now.since(*at) < self.memory).then_some((value, *at))
    }

    /// Notes a thing at this instant, as `fresh` if it was not known; the oldest make room.
    pub(crate) fn note(&mut self, key: K, now: Timestamp, fresh: impl Fn() -> V) -> &mut V {
        if self.entries.len() >= self.capacity && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        let memory = self.memory;
        let (value, at) = self.entries.entry(key).or_insert_with(|| (fresh(), now));
        if now.since(*at) >= memory {
            *value = fresh();
        }
        *at = now;
        value
    }

    fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// How many are not too old.
    fn count(&mut self, now: Timestamp) -> usize {
        self.drop_old(now);
        self.entries.len()
    }

    fn drop_old(&mut self, now: Timestamp) {
        let memory = self.memory;
        self.entries.retain(|_, (_, at)| now.since(*at) < memory);
    }

    /// Drops what is too old, and of the rest the oldest sixteenth, so that the walk is paid by many.
    fn make_room(&mut self, now: Timestamp) {
        self.drop_old(now);
        if self.entries.len() < self.capacity {
            return;
        }
        let mut instants: Vec<Timestamp> = self.entries.values().map(|(_, at)| *at).collect();
        let (_, newest_to_go, _) = instants.select_nth_unstable(self.capacity / 16);
        let newest_to_go = *newest_to_go;
        let mut to_go = self.capacity / 16 + 1;
        self.entries.retain(|_, (_, at)| {
            let goes = *at <= newest_to_go && to_go > 0;
            to_go -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests;
