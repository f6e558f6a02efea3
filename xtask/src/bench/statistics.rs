//! Latencies of one operation.

use std::time::Duration;

/// Latencies, sorted.
#[derive(Debug, Clone, Default)]
pub(super) struct Latencies(Vec<u32>);

impl Latencies {
    /// From microseconds in any order.
    pub(super) fn from_micros(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        Self(micros)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest latency that is not exceeded by `permille` thousandths of all, in milliseconds (nearest rank).
    pub(super) fn percentile_ms(&self, permille: usize) -> Option<f64> {
        let rank = (self.0.len() * permille).div_ceil(1000).max(1);
        self.0.get(rank - 1).map(|micros| f64::from(*micros) / 1000.0)
    }
}

/// A latency as it is kept: whole microseconds.
pub(super) fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// The middle one of some measurements.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, reason = "tests")]

    use super::*;

    #[test]
    fn percentiles_are_measured_latencies_by_nearest_rank() {
        let latencies = Latencies::from_micros((1..=1000).rev().map(|number| number * 1000).collect());
        assert_eq!(latencies.percentile_ms(500).unwrap(), 500.0);
        assert_eq!(latencies.percentile_ms(990).unwrap(), 990.0);
        assert_eq!(latencies.percentile_ms(1000).unwrap(), 1000.0);
    }

    #[test]
    fn one_latency_is_every_percentile_and_none_has_none() {
        let one = Latencies::from_micros(vec![1500]);
        assert_eq!((one.percentile_ms(1), one.percentile_ms(990)), (Some(1.5), Some(1.5)));
        assert_eq!(Latencies::default().percentile_ms(500), None);
    }

    #[test]
    fn the_tail_of_a_small_sample_is_its_slowest() {
        let latencies = Latencies::from_micros(vec![1000, 1000, 9000]);
        assert_eq!(latencies.percentile_ms(990), Some(9.0));
    }

    #[test]
    fn the_median_does_not_follow_an_outlier() {
        assert_eq!(median(vec![900.0, 30.0, 31.0]), Some(31.0));
        assert_eq!(median(Vec::new()), None);
    }
}
