//! Short-lived values in this process: what is lost on a restart, at the price of starting a sign-in again.
//!
//! Owns the bounds. Decides nothing: whether something may be used once is a row in SQL (design, invariant 2).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::ports::{ShortLived, StoreError};
use keyholder_core::time::{Clock, Timestamp};

/// What one entry costs beside its bytes, roughly.
const OVERHEAD: usize = 200;

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Number of values.
    pub entries: usize,
    /// Bytes of keys and values, with what keeping them costs.
    pub bytes: usize,
}

impl Default for Limits {
    /// 200,000 values, 64 MiB.
    fn default() -> Self {
        Self { entries: 200_000, bytes: 64 << 20 }
    }
}

/// Short-lived values in memory. The oldest go first when there is no room.
pub struct InProcess {
    clock: Arc<dyn Clock>,
    limits: Limits,
    values: Mutex<Values>,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values = self.values();
        formatter
            .debug_struct("InProcess")
            .field("entries", &values.by_key.len())
            .field("bytes", &values.bytes)
            .finish_non_exhaustive()
    }
}

impl InProcess {
    /// Begins empty.
    pub fn new(clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self { clock, limits, values: Mutex::new(Values::default()) }
    }

    /// How many values are kept, expired ones included.
    pub fn len(&self) -> usize {
        self.values().by_key.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn values(&self) -> MutexGuard<'_, Values> {
        // Nothing in here panics half-way: each step leaves the maps in agreement.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Values {
    by_key: HashMap<Arc<[u8]>, Entry>,
    /// Serial number to key, the oldest first.
    by_age: BTreeMap<u64, Arc<[u8]>>,
    by_expiry: BTreeSet<(Timestamp, u64)>,
    next: u64,
    bytes: usize,
}

struct Entry {
    value: Vec<u8>,
    serial: u64,
    expires_at: Timestamp,
}

fn cost(key: &[u8], value: &[u8]) -> usize {
    key.len() + value.len() + OVERHEAD
}

impl Values {
    fn remove(&mut self, key: &[u8]) {
        if let Some((key, entry)) = self.by_key.remove_entry(key) {
            self.by_age.remove(&entry.serial);
            self.by_expiry.remove(&(entry.expires_at, entry.serial));
            self.bytes -= cost(&key, &entry.value);
        }
    }

    fn remove_expired(&mut self, now: Timestamp) {
        while let Some(&(expires_at, serial)) = self.by_expiry.first()
            && expires_at <= now
            && let Some(key) = self.by_age.get(&serial).cloned()
        {
            self.remove(&key);
        }
    }

    fn make_room(&mut self, needed: usize, limits: Limits) {
        while (self.bytes + needed > limits.bytes || self.by_key.len() >= limits.entries)
            && let Some(key) = self.by_age.first_key_value().map(|(_, key)| Arc::clone(key))
        {
            self.remove(&key);
        }
    }

    fn insert(&mut self, key: &[u8], value: Vec<u8>, expires_at: Timestamp) {
        let key: Arc<[u8]> = key.into();
        let serial = self.next;
        self.next += 1;
        self.bytes += cost(&key, &value);
        self.by_age.insert(serial, Arc::clone(&key));
        self.by_expiry.insert((expires_at, serial));
        self.by_key.insert(key, Entry { value, serial, expires_at });
    }
}

#[async_trait]
impl ShortLived for InProcess {
    async fn put(&self, key: &[u8], value: Vec<u8>, lifetime: Duration) -> Result<(), StoreError> {
        let now = self.clock.now();
        let needed = cost(key, &value);
        let mut values = self.values();
        values.remove(key);
        if needed > self.limits.bytes || self.limits.entries == 0 {
            return Err(StoreError::Full);
        }
        values.remove_expired(now);
        values.make_room(needed, self.limits);
        values.insert(key, value, now.plus(lifetime));
        Ok(())
    }

    async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let now = self.clock.now();
        let values = self.values();
        Ok(values.by_key.get(key).filter(|entry| now < entry.expires_at).map(|entry| entry.value.clone()))
    }

    async fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        self.values().remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
