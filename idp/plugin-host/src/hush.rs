//! How often a failing plugin is told of: a plugin that fails at every call must not write the log full.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyholder_core::time::Timestamp;

/// The time between two lines about the same trouble of a plugin.
const QUIET: Duration = Duration::from_mins(1);

/// What was told of last. As many entries as there are plugins.
#[derive(Debug, Default)]
pub(crate) struct Hush {
    told: Mutex<HashMap<(String, Trouble), Told>>,
}

/// What is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Trouble {
    Failed,
    Busy,
}

#[derive(Debug)]
struct Told {
    at: Timestamp,
    untold: u64,
}

impl Hush {
    /// Whether it is told now: how many were not since the last that was.
    pub(crate) fn tells(&self, plugin: &str, trouble: Trouble, now: Timestamp) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = told.get_mut(&(plugin.to_owned(), trouble)) else {
            told.insert((plugin.to_owned(), trouble), Told { at: now, untold: 0 });
            return Some(0);
        };
        // A clock that was put back tells as well.
        if last.at <= now && now.since(last.at) < QUIET {
            last.untold += 1;
            return None;
        }
        last.at = now;
        Some(std::mem::take(&mut last.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_keeps_failing_is_told_of_once_a_minute() {
        let (hush, now) = (Hush::default(), Timestamp::from_seconds(1_800_000_000));
        assert_eq!(hush.tells("one", Trouble::Failed, now), Some(0));
        for _ in 0..9 {
            assert_eq!(hush.tells("one", Trouble::Failed, now.plus(Duration::from_secs(59))), None);
        }
        assert_eq!(hush.tells("one", Trouble::Busy, now), Some(0));
        assert_eq!(hush.tells("two", Trouble::Failed, now), Some(0));
        assert_eq!(hush.tells("one", Trouble::Failed, now.plus(QUIET)), Some(9));
        assert_eq!(hush.tells("one", Trouble::Failed, now), Some(0));
    }
}
