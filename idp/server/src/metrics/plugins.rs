//! What calls of plugins count.
//!
//! Labels are ids of installed plugins, names of the contract's functions and causes of the host's: few, and none of them a plugin's own
//! words.

use std::time::Duration;

use keyholder_plugin_host::{Load, Observer, Outcome};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Counters, Labels};

/// Seconds: from a code that is looked up to a call that is ended by its deadline.
const CALLS: [f64; 10] = [0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.05, 0.25];

/// Counts each call of a plugin.
#[derive(Debug, Clone)]
pub struct PluginFigures {
    calls: Counters<3>,
    faults: Counters<2>,
    durations: Family<Labels<1>, Histogram>,
}

impl Default for PluginFigures {
    fn default() -> Self {
        let figures = Self {
            calls: Family::default(),
            faults: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(CALLS)),
        };
        // From the start, so that a first fault is a rise and not a new line.
        let plugin = ("plugin", "soft-key".to_owned());
        for outcome in ["answered", "fault"] {
            let labels = [plugin.clone(), ("export", "verify".to_owned()), ("outcome", outcome.to_owned())];
            drop(figures.calls.get_or_create(&labels));
        }
        for cause in ["fuel", "deadline", "memory", "transfer", "trap", "contract", "said", "busy"] {
            drop(figures.faults.get_or_create(&[plugin.clone(), ("cause", cause.to_owned())]));
        }
        drop(figures.durations.get_or_create(&[plugin]));
        figures
    }
}

impl Observer for PluginFigures {
    fn called(&self, plugin: &str, export: &'static str, outcome: Outcome<'_>, took: Duration) {
        let plugin = ("plugin", plugin.to_owned());
        let word = match outcome {
            Outcome::Answered => "answered",
            Outcome::Faulted(cause) => {
                self.faults.get_or_create(&[plugin.clone(), ("cause", cause.label().to_owned())]).inc();
                "fault"
            }
        };
        let labels = [plugin.clone(), ("export", export.to_owned()), ("outcome", word.to_owned())];
        self.calls.get_or_create(&labels).inc();
        self.durations.get_or_create(&[plugin]).observe(took.as_secs_f64());
    }
}

impl PluginFigures {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("keyholder_plugin_calls", "Calls of plugins", self.calls.clone());
        registry.register("keyholder_plugin_faults", "Calls of plugins that failed", self.faults.clone());
        registry.register_with_unit(
            "keyholder_plugin_call_duration",
            "Time of a call, with its instance",
            Unit::Seconds,
            self.durations.clone(),
        );
    }
}

/// What the sandbox does just now; nothing where there is none.
pub(super) fn register_load(registry: &mut Registry, load: Option<Load>) {
    let Load { running, waiting, most } = load.unwrap_or(Load { running: 0, waiting: 0, most: 0 });
    let gauges = [
        ("keyholder_plugin_calls_running", "Calls of plugins that run", running),
        ("keyholder_plugin_calls_waiting", "Calls of plugins that wait for a thread", waiting),
        ("keyholder_plugin_threads", "Calls of plugins that may run at once", most),
    ];
    for (name, help, value) in gauges {
        registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    }
}
