//! Numbers for Prometheus, on a listener of their own ([`listen`]).
//!
//! Owns what is counted and under what names; `docs/operators.md` has the list, and a test holds one to the other. Labels are
//! of small closed sets: route patterns, methods, outcomes. Nothing here names a person, a school or an application.

pub mod listen;
mod plugins;
mod process;
mod writer;

use std::time::{Duration, Instant};

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use keyholder_core::application::SigningAlgorithm;
use keyholder_core::ports::StoreError;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use self::plugins::PluginFigures;
use crate::app::App;

type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;

/// Seconds; requests that hash a password stand in the upper half.
const DURATIONS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// What the server counts while it works.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: Counters<3>,
    durations: Family<Labels<1>, Histogram>,
    sign_ins: Counters<1>,
    tokens: Counters<1>,
    oidc_errors: Counters<1>,
    deliveries: Counters<1>,
    factors: Counters<2>,
    /// Of the sandbox, which tells of each call.
    pub plugins: PluginFigures,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            sign_ins: Family::default(),
            tokens: Family::default(),
            oidc_errors: Family::default(),
            deliveries: Family::default(),
            factors: Family::default(),
            plugins: PluginFigures::default(),
        };
        // From the start, so that a first event is a rise and not a new line.
        for outcome in SignInOutcome::ALL {
            drop(metrics.sign_ins.get_or_create(&[("outcome", outcome.name().to_owned())]));
        }
        for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
            drop(metrics.tokens.get_or_create(&[("grant_type", grant_type.to_owned())]));
        }
        for outcome in DeliveryOutcome::ALL {
            drop(metrics.deliveries.get_or_create(&[("outcome", outcome.name().to_owned())]));
        }
        for outcome in FactorOutcome::ALL {
            drop(
                metrics
                    .factors
                    .get_or_create(&[("factor", "soft-key".to_owned()), ("outcome", outcome.name().to_owned())]),
            );
        }
        drop(metrics.oidc_errors.get_or_create(&[("error", "invalid_request".to_owned())]));
        metrics
    }
}

/// A histogram of durations in seconds.
pub fn durations() -> Histogram {
    Histogram::new(DURATIONS)
}

/// How a try to sign in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInOutcome {
    SignedIn,
    /// The address or the password was wrong.
    Refused,
    Throttled,
    /// No thread was free to check the password.
    Busy,
}

impl SignInOutcome {
    const ALL: [Self; 4] = [Self::SignedIn, Self::Refused, Self::Throttled, Self::Busy];

    fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
        }
    }
}

/// What became of an answer to a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorOutcome {
    Accepted,
    Refused,
    /// The person said that it was not they.
    Declined,
    /// It was one wrong answer too many: the key waits.
    Waits,
    /// Somebody else's answer came first, twice.
    Lost,
    /// The plugin failed.
    Fault,
}

impl FactorOutcome {
    const ALL: [Self; 6] = [Self::Accepted, Self::Refused, Self::Declined, Self::Waits, Self::Lost, Self::Fault];

    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::Waits => "waits",
            Self::Lost => "lost",
            Self::Fault => "fault",
        }
    }
}

/// What became of a try to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Delivered,
    Postponed,
    GivenUp,
}

impl DeliveryOutcome {
    const ALL: [Self; 3] = [Self::Delivered, Self::Postponed, Self::GivenUp];

    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Postponed => "postponed",
            Self::GivenUp => "given-up",
        }
    }
}

/// Stands in the extensions of an answer that carries an OAuth error; the code is one of the specifications'.
#[derive(Debug, Clone, Copy)]
pub struct OidcError(pub &'static str);

/// Stands in the extensions of an answer that carries tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokensIssued(pub &'static str);

impl Metrics {
    /// Counts an answer, and what stands in its extensions.
    pub fn answered(&self, answer: &ServiceResponse, took: Duration) {
        let request = answer.request();
        let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
        let status = format!("{}xx", answer.status().as_u16() / 100);
        self.durations.get_or_create(&[("route", route.clone())]).observe(took.as_secs_f64());
        let labels = [("route", route), ("method", method(request.method()).to_owned()), ("status", status)];
        self.requests.get_or_create(&labels).inc();
        let extensions = answer.response().extensions();
        if let Some(OidcError(code)) = extensions.get() {
            self.oidc_errors.get_or_create(&[("error", (*code).to_owned())]).inc();
        }
        if let Some(TokensIssued(grant_type)) = extensions.get() {
            self.tokens.get_or_create(&[("grant_type", (*grant_type).to_owned())]).inc();
        }
    }

    /// Counts a try to sign in.
    pub fn sign_in(&self, outcome: SignInOutcome) {
        self.sign_ins.get_or_create(&[("outcome", outcome.name().to_owned())]).inc();
    }

    /// Counts an answer to a second factor. `factor`: the id of an installed plugin, of which there are few.
    pub fn factor(&self, factor: &str, outcome: FactorOutcome) {
        let labels = [("factor", factor.to_owned()), ("outcome", outcome.name().to_owned())];
        self.factors.get_or_create(&labels).inc();
    }

    /// Counts a try to deliver.
    pub fn delivery(&self, outcome: DeliveryOutcome) {
        self.deliveries.get_or_create(&[("outcome", outcome.name().to_owned())]).inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("keyholder_http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "keyholder_http_request_duration",
            "Time until the answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register("keyholder_sign_ins", "Tries to sign in with a password", self.sign_ins.clone());
        registry.register("keyholder_factor_answers", "Answers to a second factor", self.factors.clone());
        self.plugins.register(registry);
        registry.register("keyholder_tokens_issued", "Answers that carry tokens", self.tokens.clone());
        registry.register("keyholder_oidc_errors", "Errors told to applications", self.oidc_errors.clone());
        registry.register("keyholder_outbox_deliveries", "Tries to deliver", self.deliveries.clone());
    }
}

/// Methods are anybody's to invent; labels are not.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Everything, in the text format of Prometheus.
pub async fn render(app: &App) -> Result<String, StoreError> {
    let now = app.now();
    let present = app.store.present(now, app.config.session.idle()).await?;
    let mut registry = Registry::default();
    app.metrics.register(&mut registry);
    app.passwords.figures().register(&mut registry, app.passwords.waiting());
    plugins::register_load(&mut registry, app.plugins.as_ref().map(|plugins| plugins.host().load()));
    writer::register(&mut registry, &app.store.writer_figures());
    let gauges = [
        ("keyholder_outbox_waiting", "Messages that wait for delivery", present.outbox_waiting),
        ("keyholder_outbox_dead", "Messages that were given up", present.outbox_dead),
        ("keyholder_sessions_active", "Sessions that count", present.live_sessions),
        ("keyholder_audit_unsealed", "Audit events that are not sealed yet", present.unsealed_events),
    ];
    for (name, help, value) in gauges {
        registry.register(name, help, ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)));
    }
    let ages = Family::<Labels<1>, Gauge>::default();
    for algorithm in SigningAlgorithm::ALL {
        if let Some(since) = app.keys.signs_since(algorithm) {
            let age = i64::try_from(now.since(since).as_secs()).unwrap_or(i64::MAX);
            ages.get_or_create(&[("algorithm", algorithm.name().to_owned())]).set(age);
        }
    }
    registry.register_with_unit("keyholder_signing_key_age", "Since when the key signs", Unit::Seconds, ages);
    let build = Family::<Labels<1>, Gauge>::default();
    build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
    registry.register("keyholder_build_info", "The version that runs", build);
    process::register(&mut registry);
    let mut text = String::new();
    // Into memory: nothing can fail.
    let _ = prometheus_text::encode(&mut text, &registry);
    Ok(text)
}

/// What the password pool counts.
#[derive(Debug, Clone)]
pub struct PoolFigures {
    busy: Counter,
    hashing: Histogram,
}

impl Default for PoolFigures {
    fn default() -> Self {
        Self { busy: Counter::default(), hashing: durations() }
    }
}

impl PoolFigures {
    /// Counts one that found the queue full.
    pub fn refused(&self) {
        self.busy.inc();
    }

    /// Counts one password.
    pub fn hashed(&self, began: Instant) {
        self.hashing.observe(began.elapsed().as_secs_f64());
    }

    fn register(&self, registry: &mut Registry, waiting: usize) {
        let waiting = ConstGauge::new(i64::try_from(waiting).unwrap_or(i64::MAX));
        registry.register("keyholder_password_queue_waiting", "Passwords that wait for a thread", waiting);
        registry.register("keyholder_password_refused_busy", "Passwords that found the queue full", self.busy.clone());
        registry.register_with_unit(
            "keyholder_password_hash_duration",
            "Time in which one password was hashed",
            Unit::Seconds,
            self.hashing.clone(),
        );
    }
}

/// A counter with this value.
fn counted(value: u64) -> ConstCounter<u64> {
    ConstCounter::new(value)
}

#[cfg(test)]
mod tests;
