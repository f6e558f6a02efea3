//! The log: lines of text for people, or JSON for machines, on standard error.
//!
//! Secrets have no `Display` and a redacted `Debug`, so they cannot stand here.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogConfig, LogFormat};

/// What libraries say about their own doings; a directive of the operator's goes before.
const QUIETER: &str = "actix_server=warn";

/// Starts the log. A second start changes nothing: tests share one process.
pub fn start(config: &LogConfig) {
    // The configuration was checked; should it still not be read, more is said rather than less.
    let level = format!("{QUIETER},{}", config.level);
    let filter = EnvFilter::builder().parse(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(true);
    let started = match config.format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    drop(started);
}

#[cfg(test)]
mod tests;
