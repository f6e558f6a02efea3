//! `keyholder doctor`: what is well, what is not, and what to do. Works beside a running server and changes nothing.

mod checks;
mod machine;
mod mail;
mod saml;

use std::path::PathBuf;
use std::process::ExitCode;

use super::context::Context;
use super::error::CliError;
use crate::config::load::{ConfigError, Loaded};

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ok,
    Warning,
    Failed,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    level: Level,
    subject: &'static str,
    text: String,
}

/// The report as it grows.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, level: Level, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { level, subject, text: text.into() });
    }

    fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.add(Level::Ok, subject, text);
    }

    fn warning(&mut self, subject: &'static str, text: impl Into<String>) {
        self.add(Level::Warning, subject, text);
    }

    fn failed(&mut self, subject: &'static str, text: impl Into<String>) {
        self.add(Level::Failed, subject, text);
    }

    fn worst(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
    }
}

/// Examines everything. Exit code 0: all well, 1: warnings, 2: something failed.
pub(super) async fn run(context: &mut Context, loaded: &Loaded, mail: Option<String>) -> Result<ExitCode, CliError> {
    let mut report = Report::default();
    checks::configuration(&mut report, loaded);
    machine::files(&mut report, &context.config);
    machine::certificate(&mut report, &context.config, context.clock.now());
    checks::data(&mut report, context).await;
    mail::mail(&mut report, context, mail.as_deref()).await;
    for finding in &report.findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Failed => "failed",
        };
        context.say(&format!("{level:<8} {:<13} {}", finding.subject, finding.text))?;
    }
    Ok(match report.worst() {
        Level::Ok => ExitCode::SUCCESS,
        Level::Warning => ExitCode::from(1),
        Level::Failed => ExitCode::from(2),
    })
}

/// What is told where the configuration itself cannot be used.
pub(super) fn no_configuration(error: &ConfigError, file: Option<&PathBuf>) -> String {
    let place = file.map(|file| format!(" {}", file.display())).unwrap_or_default();
    format!("failed   configuration{place} {error}")
}

/// An error with its causes, on one line.
fn sentence(error: &dyn std::error::Error) -> String {
    crate::workers::describe(error)
}
