//! The table: what was measured beside the goals and the peer.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::load::Measured;

/// The goals of the project's performance page, as CPU time of one operation in microseconds.
pub(super) mod goals {
    /// 70,000 a second and core.
    pub(in super::super) const DISCOVERY: f64 = 14.3;
    pub(in super::super) const JWKS: f64 = 14.3;
    /// 3,600: five sixths of what the signature alone allows.
    pub(in super::super) const CLIENT_CREDENTIALS_RS256: f64 = 280.0;
    /// 17,000, ES256 and `EdDSA`.
    pub(in super::super) const CLIENT_CREDENTIALS: f64 = 60.0;
    /// 20,000.
    pub(in super::super) const USERINFO: f64 = 50.0;
    pub(in super::super) const INTROSPECTION: f64 = 50.0;
    pub(in super::super) const SIGN_IN: f64 = 15_000.0;
    pub(in super::super) const SIGN_IN_WITHOUT_HASH: f64 = 1_500.0;
    /// A verification in the sandbox with all that the host does for it.
    pub(in super::super) const TOTP: f64 = 100.0;
    /// 2,000, of which the signature alone, 231 µs, leaves room for 4,300.
    pub(in super::super) const SAML_SIGN_ON: f64 = 500.0;
    /// Durable exchanges a second, 64 at once.
    pub(in super::super) const EXCHANGES_A_SECOND: f64 = 4_000.0;
    pub(in super::super) const START_EXISTING_MS: f64 = 40.0;
    pub(in super::super) const START_FRESH_MS: f64 = 400.0;
    /// Until all bundled plugins are compiled from nothing.
    pub(in super::super) const READY_FRESH_MS: f64 = 3_000.0;
    pub(in super::super) const IDLE_MIB: f64 = 25.0;
    /// The buffers of the hash come on top: 19 MiB for each thread that hashes.
    pub(in super::super) const LOADED_MIB: f64 = 40.0;
    /// How many times its idle p99 a token may take while sign-ins saturate the machine.
    pub(in super::super) const SATURATED_TIMES: f64 = 2.0;
}

/// An operation.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) operation: String,
    pub(super) cpu_us: Option<f64>,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) goal_cpu_us: Option<f64>,
    pub(super) peer_cpu_us: Option<f64>,
}

impl Row {
    pub(super) fn new(operation: &str, measured: &Measured, goal_cpu_us: Option<f64>) -> Self {
        Self {
            operation: operation.to_owned(),
            cpu_us: Some(measured.cpu_us()),
            p50_ms: measured.latencies.percentile_ms(500),
            p99_ms: measured.latencies.percentile_ms(990),
            goal_cpu_us,
            peer_cpu_us: None,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "operation": self.operation,
            "cpu_us": rounded(self.cpu_us),
            "p50_ms": rounded(self.p50_ms),
            "p99_ms": rounded(self.p99_ms),
            "goal_cpu_us": rounded(self.goal_cpu_us),
            "peer_cpu_us": rounded(self.peer_cpu_us),
        })
    }
}

/// Something that is not the cost of an operation.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) goal: Option<String>,
}

/// All that was measured.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) figures: Vec<Figure>,
}

impl Report {
    pub(super) fn figure(&mut self, what: &str, value: f64, unit: &'static str, goal: Option<String>) {
        self.figures.push(Figure { what: what.to_owned(), value, unit, goal });
    }

    /// Notes what the same operation costs the peer.
    pub(super) fn peer(&mut self, operation: &str, measured: &Measured) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.operation == operation) {
            row.peer_cpu_us = Some(measured.cpu_us());
        }
    }

    pub(super) fn to_json(&self) -> Value {
        self.rows.iter().map(Row::to_json).collect()
    }

    /// The table, in Markdown.
    pub(super) fn table(&self) -> String {
        let mut text =
            String::from("| operation | CPU µs | goal | peer | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|---:|\n");
        for row in &self.rows {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} |",
                row.operation,
                number(row.cpu_us),
                number(row.goal_cpu_us),
                number(row.peer_cpu_us),
                number(row.p50_ms),
                number(row.p99_ms)
            );
        }
        text.push_str("\n| figure | measured | goal |\n|---|---:|---:|\n");
        for figure in &self.figures {
            let goal = figure.goal.as_deref().unwrap_or("-");
            let _ = writeln!(text, "| {} | {} {} | {goal} |", figure.what, number(Some(figure.value)), figure.unit);
        }
        text
    }
}

/// Three digits after the point: a nanosecond, a microsecond.
fn rounded(value: Option<f64>) -> Option<f64> {
    value.map(|value| (value * 1000.0).round() / 1000.0)
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 1.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let row = Row { operation: "discovery".into(), cpu_us: Some(12.34567), ..Row::default() };
        let mut report = Report { rows: vec![row], figures: Vec::new() };
        report.figure("resident memory, idle", 24.55, "MiB", Some("25 MiB".into()));
        report
    }

    #[test]
    fn a_row_has_every_key_also_where_nothing_was_measured() {
        let json = report().to_json();
        let expected = json!([{
            "operation": "discovery", "cpu_us": 12.346, "p50_ms": null, "p99_ms": null, "goal_cpu_us": null, "peer_cpu_us": null
        }]);
        assert_eq!(json, expected);
    }

    #[test]
    fn the_table_says_where_there_is_no_figure() {
        let table = report().table();
        assert!(table.contains("| discovery | 12.3 | - | - | - | - |"), "{table}");
        assert!(table.contains("| resident memory, idle | 24.6 MiB | 25 MiB |"), "{table}");
    }
}
