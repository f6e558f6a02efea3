//! `keyholder audit`: whether the log is as it was written, the log for other programs, and its truncation.

use std::collections::HashMap;

use clap::{Subcommand, ValueEnum};
use keyholder_core::audit::AuditEvent;
use keyholder_core::id::{ApplicationId, PersonId, SchoolId};
use keyholder_core::ports::Queries as _;
use keyholder_core::time::Timestamp;
use keyholder_store::SqlStore;
use keyholder_store::operation::{AuditRow, Values};

use super::context::{Context, load_school};
use super::error::CliError;
use super::london::{Date, utc};
use crate::audit::verify::Walk;
use crate::serve::DataError;

/// Rows read at once.
const PAGE: u64 = 1000;

/// `keyholder audit ...`.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Find out whether the log is as it was written.
    Verify {
        /// Only the chain of this school.
        #[arg(long, value_name = "SLUG")]
        school: Option<String>,
    },
    /// Print the log.
    Export {
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
        /// Only the chain of this school.
        #[arg(long, value_name = "SLUG")]
        school: Option<String>,
        /// Only events of this day (in London) and later.
        #[arg(long, value_name = "DATE")]
        since: Option<Date>,
    },
    /// Remove what is personal from events of before a day (in London). It cannot be brought back; the log still verifies.
    Truncate {
        #[arg(long, value_name = "DATE")]
        before: Date,
        /// Only the chain of this school.
        #[arg(long, value_name = "SLUG")]
        school: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Csv,
    Jsonl,
}

pub(super) async fn run(context: &mut Context, command: AuditCommand) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let done = match command {
        AuditCommand::Verify { school } => verify(context, &store, school.as_deref()).await,
        AuditCommand::Export { format, school, since } => {
            export(context, &store, format, school.as_deref(), since.map(Date::begins)).await
        }
        AuditCommand::Truncate { before, school } => truncate(context, &store, school.as_deref(), before).await,
    };
    store.close().await;
    done
}

/// The chains asked for, with their names.
async fn chains(store: &SqlStore, slug: Option<&str>) -> Result<Vec<(Option<SchoolId>, String)>, CliError> {
    if let Some(slug) = slug {
        return Ok(vec![(Some(load_school(store, slug).await?.id), slug.to_owned())]);
    }
    let mut chains = Vec::new();
    for chain in store.list_audit_chains().await? {
        let name = match chain {
            None => "installation".to_owned(),
            Some(id) => store.find_school(id).await?.map_or_else(|| id.to_string(), |school| school.slug),
        };
        chains.push((chain, name));
    }
    Ok(chains)
}

async fn verify(context: &mut Context, store: &SqlStore, slug: Option<&str>) -> Result<(), CliError> {
    let mut broken = Vec::new();
    for (chain, name) in chains(store, slug).await? {
        let mut walk = Walk::default();
        let mut after = None;
        let flaw = 'chain: loop {
            let rows = store.list_audit_rows(chain, after, PAGE).await?;
            let Some(last) = rows.last() else { break None };
            after = last.sequence;
            for row in &rows {
                if let Err(flaw) = walk.step(row) {
                    break 'chain Some(flaw);
                }
            }
        };
        let unsealed = store.list_unsealed_audit_rows(chain).await?.len();
        let tail = if unsealed > 0 { format!(", {unsealed} not sealed yet") } else { String::new() };
        if let Some(flaw) = flaw {
            context.say(&format!("{name}: BROKEN: {flaw}{tail}"))?;
            broken.push(name);
            continue;
        }
        let head = walk.head().map_or_else(
            || "no sealed event".to_owned(),
            |link| format!("head {} {}", link.sequence, hexadecimal(&link.chain)),
        );
        let (verified, removed) = (walk.verified, walk.removed);
        context.say(&format!("{name}: ok, {verified} events as written, {removed} truncated{tail}; {head}"))?;
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(CliError::Refused(format!("the audit log is broken ({})", broken.join(", "))))
}

async fn truncate(context: &mut Context, store: &SqlStore, slug: Option<&str>, before: Date) -> Result<(), CliError> {
    let before = before.begins();
    if before > context.clock.now() {
        return Err(CliError::Refused("that day is yet to come".into()));
    }
    for (chain, name) in chains(store, slug).await? {
        let removed = store.truncate_audit(chain, before).await?;
        context.say(&format!("{name}: {removed} events truncated"))?;
    }
    // Else what was removed could still be read in the free space of the file.
    keyholder_store::compact(&context.data().database()).map_err(DataError::from)?;
    Ok(())
}

/// What an exported event says.
#[derive(Debug, serde::Serialize)]
struct Line {
    sequence: Option<i64>,
    at: String,
    event: String,
    chain: String,
    application: Option<String>,
    subject: Option<String>,
    subject_email: Option<String>,
    actor: Option<String>,
    email: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
    detail: Option<String>,
    /// `whole`, `truncated`, `damaged`.
    state: &'static str,
}

const COLUMNS: [&str; 13] = [
    "sequence",
    "at",
    "event",
    "chain",
    "application",
    "subject",
    "subject_email",
    "actor",
    "email",
    "address",
    "user_agent",
    "detail",
    "state",
];

async fn export(
    context: &mut Context,
    store: &SqlStore,
    format: Format,
    slug: Option<&str>,
    since: Option<Timestamp>,
) -> Result<(), CliError> {
    let mut names = Names::default();
    for application in store.list_applications().await? {
        names.applications.insert(application.id, application.client.client_id);
    }
    if format == Format::Csv {
        context.print(&csv_line(COLUMNS.iter().copied()))?;
    }
    for (chain, name) in chains(store, slug).await? {
        let mut after = None;
        loop {
            let rows = store.list_audit_rows(chain, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            write(context, store, format, &name, since, &rows, &mut names).await?;
        }
        let rows = store.list_unsealed_audit_rows(chain).await?;
        write(context, store, format, &name, since, &rows, &mut names).await?;
    }
    Ok(())
}

async fn write(
    context: &mut Context,
    store: &SqlStore,
    format: Format,
    chain: &str,
    since: Option<Timestamp>,
    rows: &[AuditRow],
    names: &mut Names,
) -> Result<(), CliError> {
    for row in rows.iter().filter(|row| since.is_none_or(|since| row.at >= since)) {
        let line = line(store, chain, row, names).await?;
        match format {
            Format::Jsonl => {
                let text = serde_json::to_string(&line).map_err(std::io::Error::other)?;
                context.say(&text)?;
            }
            Format::Csv => context.print(&csv_line(line.cells().iter().map(String::as_str)))?,
        }
    }
    Ok(())
}

async fn line(store: &SqlStore, chain: &str, row: &AuditRow, names: &mut Names) -> Result<Line, CliError> {
    let (event, state): (Option<&AuditEvent>, _) = match &row.values {
        Values::Present(event) => (Some(event), "whole"),
        Values::Removed(event) => (Some(event), "truncated"),
        Values::Damaged => (None, "damaged"),
    };
    let personal = event.map(|event| event.personal.clone()).unwrap_or_default();
    let kind = event.and_then(|event| serde_json::to_value(event.kind).ok());
    Ok(Line {
        sequence: row.sequence,
        at: utc(row.at),
        event: kind.and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
        chain: chain.to_owned(),
        application: event.and_then(|event| event.application).map(|id| names.application(id)),
        subject_email: match personal.subject {
            Some(id) => names.email(store, id).await?,
            None => None,
        },
        subject: personal.subject.map(|id| id.to_string()),
        actor: personal.actor.map(|id| id.to_string()),
        email: personal.email,
        address: personal.address,
        user_agent: personal.user_agent,
        detail: personal.detail,
        state,
    })
}

impl Line {
    fn cells(&self) -> [String; 13] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.sequence.map(|number| number.to_string()).unwrap_or_default(),
            self.at.clone(),
            self.event.clone(),
            self.chain.clone(),
            text(&self.application),
            text(&self.subject),
            text(&self.subject_email),
            text(&self.actor),
            text(&self.email),
            text(&self.address),
            text(&self.user_agent),
            text(&self.detail),
            self.state.to_owned(),
        ]
    }
}

/// Names for identifiers, each looked up once.
#[derive(Debug, Default)]
struct Names {
    applications: HashMap<ApplicationId, String>,
    emails: HashMap<PersonId, Option<String>>,
}

impl Names {
    fn application(&self, id: ApplicationId) -> String {
        self.applications.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    async fn email(&mut self, store: &SqlStore, id: PersonId) -> Result<Option<String>, CliError> {
        if let Some(known) = self.emails.get(&id) {
            return Ok(known.clone());
        }
        let email = store.find_person(id).await?.map(|person| person.email.as_str().to_owned());
        self.emails.insert(id, email.clone());
        Ok(email)
    }
}

/// One line (RFC 4180). What a spreadsheet would take for a formula becomes text (OWASP, "CSV Injection"): names and user
/// agents are anybody's to choose.
fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells
        .map(|cell| {
            let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
            format!("\"{guard}{}\"", cell.replace('"', "\"\""))
        })
        .collect();
    cells.join(",") + "\r\n"
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_an_export_is_a_formula() {
        for cell in ["=HYPERLINK(\"http://x\")", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert!(csv_line([cell].into_iter()).starts_with("\"'"), "{cell:?}");
        }
        assert_eq!(csv_line(["a\"b", "c,d\ne"].into_iter()), "\"a\"\"b\",\"c,d\ne\"\r\n");
    }
}
