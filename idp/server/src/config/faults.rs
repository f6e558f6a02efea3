//! Mistakes in files that operators write: where, which key, what is wrong and what is expected.
//!
//! Shared by the configuration and by `keyholder apply`. A file is read to its end, so that all its mistakes are told at once.

use std::fmt;
use std::path::PathBuf;

/// A place in a file; the first line and column are 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    /// In characters.
    pub column: usize,
}

impl Place {
    /// The place of a byte in a text.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    File(Place),
    /// The name of the environment variable.
    Environment(String),
    /// Nowhere: it is missing.
    Nowhere,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub origin: Origin,
    /// The full key, such as `mail.port`; empty where there is none.
    pub key: String,
    /// What is wrong and what is expected: one clause.
    pub problem: String,
}

/// The mistakes of one file and the environment, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    pub file: Option<PathBuf>,
    pub faults: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            if number > 0 {
                writeln!(formatter)?;
            }
            match (&fault.origin, &self.file) {
                (Origin::File(place), Some(file)) => {
                    write!(formatter, "{}:{}:{}: ", file.display(), place.line, place.column)?;
                }
                (Origin::File(place), None) => write!(formatter, "line {}, column {}: ", place.line, place.column)?,
                (Origin::Environment(name), _) => write!(formatter, "environment variable {name}: ")?,
                (Origin::Nowhere, Some(file)) => write!(formatter, "{}: ", file.display())?,
                (Origin::Nowhere, None) => {}
            }
            if !fault.key.is_empty() {
                write!(formatter, "`{}`: ", fault.key)?;
            }
            formatter.write_str(&fault.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// "; did you mean `x`?" where one of the known names is near, else nothing.
pub fn suggestion<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase()), name))
        // Beyond a third of the name's letters it is another word.
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names in back quotes, with commas.
pub fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
