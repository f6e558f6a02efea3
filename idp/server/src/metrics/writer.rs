//! What the store's writer counts.

use std::fmt;

use keyholder_store::{BATCH_BOUNDS, WriterFigures};
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::counted;

pub(super) fn register(registry: &mut Registry, figures: &WriterFigures) {
    registry.register("keyholder_store_commits", "Transactions committed", counted(figures.commits));
    registry.register("keyholder_store_failed_commits", "Transactions that failed", counted(figures.failed_commits));
    registry.register("keyholder_store_commands", "Commands committed", counted(figures.commands));
    registry.register("keyholder_store_batch_size", "Commands in one transaction", BatchSizes(*figures));
    let waiting = ConstGauge::new(i64::try_from(figures.waiting).unwrap_or(i64::MAX));
    registry.register("keyholder_store_queue_waiting", "Commands that wait for the writer", waiting);
}

/// How many commands shared a transaction.
#[derive(Debug)]
struct BatchSizes(WriterFigures);

impl EncodeMetric for BatchSizes {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let bounds = BATCH_BOUNDS.iter().map(|bound| f64::from(u32::try_from(*bound).unwrap_or(u32::MAX)));
        let mut buckets: Vec<_> = bounds.zip(self.0.batches).collect();
        buckets.push((f64::INFINITY, 0));
        #[allow(clippy::cast_precision_loss, reason = "a sum of commands stays far below 2^52")]
        let sum = self.0.commands as f64;
        encoder.encode_histogram::<[(&str, &str); 0]>(sum, self.0.commits, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
