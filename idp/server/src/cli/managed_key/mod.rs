//! `keyholder managed-key`: the keys that a school issues to its staff, from the box to the bin.
//!
//! Owns arguments and words. What each step changes is in [`commands`]; the keys themselves come out of a factor plugin.

mod commands;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use keyholder_core::factor::{Fault, Imported};
use keyholder_core::managed_key::{ManagedKey, ManagedKeyChangeKind, ManagedKeyState};
use keyholder_core::ports::{ManagedKeyQueries as _, Queries as _};
use keyholder_core::school::School;
use keyholder_store::SqlStore;

use self::commands::{Change, Import, Outcome, Step};
use super::context::{Context, load_person, load_school};
use super::error::CliError;
use super::london::date_of;
use crate::config::faults::suggestion;
use crate::plugins::{self, Surroundings};

/// The fact in which a factor tells what stands on a key.
const SERIAL: &str = "serial";
/// The most bytes of a file of keys: what the host of the plugins takes ([`keyholder_plugin_host::SEED_FILE`]).
const MOST: u64 = keyholder_plugin_host::SEED_FILE as u64;

/// `keyholder managed-key ...`.
#[derive(Debug, Subcommand)]
pub(super) enum ManagedKeyCommand {
    /// Take keys into a school's inventory, from the file that came with them (PSKC or CSV).
    Import {
        file: PathBuf,
        /// Slug of the school that owns them.
        #[arg(long)]
        school: String,
        /// The factor plugin that reads the file.
        #[arg(long, default_value = "keyboard-key")]
        factor: String,
        /// A file with the pre-shared key or pass phrase of a protected file.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// Import what can be read although something else in the file cannot.
        #[arg(long)]
        skip_problems: bool,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// List a school's keys.
    List {
        #[arg(long)]
        school: String,
    },
    /// Show what happened to one key.
    History {
        serial: String,
        #[arg(long)]
        school: String,
    },
    /// Hand a key to a member of staff.
    Issue {
        serial: String,
        email: String,
        #[arg(long)]
        school: String,
        #[arg(long)]
        note: Option<String>,
    },
    /// Take a key back into stock.
    Return {
        serial: String,
        #[arg(long)]
        school: String,
        #[arg(long)]
        note: Option<String>,
    },
    /// Take a key out of use for good: lost, broken, worn out.
    Retire {
        serial: String,
        #[arg(long)]
        school: String,
        #[arg(long)]
        note: Option<String>,
    },
}

pub(super) async fn run(context: &mut Context, command: ManagedKeyCommand) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let lines = carry_out(context, &store, command).await;
    store.close().await;
    for line in lines? {
        context.say(&line)?;
    }
    Ok(())
}

async fn carry_out(context: &Context, store: &SqlStore, command: ManagedKeyCommand) -> Result<Vec<String>, CliError> {
    match command {
        ManagedKeyCommand::Import { file, school, factor, secret_file, skip_problems, dry_run } => {
            let school = load_school(store, &school).await?;
            let found = read(context, store, &factor, &file, secret_file.as_deref()).await?;
            import(context, store, (&school, factor), found, skip_problems, dry_run).await
        }
        ManagedKeyCommand::List { school } => list(store, &load_school(store, &school).await?).await,
        ManagedKeyCommand::History { serial, school } => {
            history(store, &find(store, &load_school(store, &school).await?, &serial).await?).await
        }
        ManagedKeyCommand::Issue { serial, email, school, note } => {
            let school = load_school(store, &school).await?;
            let person = load_person(store, &email).await?;
            let said = format!("key {serial} is with {} now", person.email);
            step(context, store, (&school, &serial), Step::Issue(person.id), note, said).await
        }
        ManagedKeyCommand::Return { serial, school, note } => {
            let said = format!("key {serial} is in stock again");
            step(context, store, (&load_school(store, &school).await?, &serial), Step::TakeBack, note, said).await
        }
        ManagedKeyCommand::Retire { serial, school, note } => {
            let said = format!("key {serial} is out of use for good");
            step(context, store, (&load_school(store, &school).await?, &serial), Step::Retire, note, said).await
        }
    }
}

/// Said before any plugin is run.
fn check_size(file: &Path) -> Result<(), CliError> {
    let found = fs::metadata(file);
    let size = found.map_err(|error| CliError::Refused(format!("{} cannot be read: {error}", file.display())))?.len();
    if size > MOST {
        return Err(CliError::Refused(format!(
            "{} is larger than {} MiB, the most that a plugin is handed: import it in parts",
            file.display(),
            MOST >> 20
        )));
    }
    Ok(())
}

/// The keys of a file, as the factor plugin reads them.
async fn read(
    context: &Context,
    store: &SqlStore,
    factor: &str,
    file: &Path,
    secret_file: Option<&Path>,
) -> Result<Imported, CliError> {
    let refused = |text: String| CliError::Refused(text);
    check_size(file)?;
    let content = fs::read(file).map_err(|error| refused(format!("{} cannot be read: {error}", file.display())))?;
    let secret = match secret_file {
        Some(path) => {
            let text =
                fs::read(path).map_err(|error| refused(format!("{} cannot be read: {error}", path.display())))?;
            Some(zeroize::Zeroizing::new(text.trim_ascii_end().to_vec()))
        }
        None => None,
    };
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("keys");
    let surroundings = Surroundings::new(context.clock.clone(), context.random.clone(), context.sealer()?);
    let opened = plugins::open(&context.config, store, surroundings).await;
    let opened = opened.map_err(|error| refused(format!("plugins cannot be run: {error}")))?;
    let factors = opened.factors();
    if factors.find(factor).is_none() {
        let known = factors.list();
        let hint = suggestion(factor, known.iter().map(|known| known.id.as_str()));
        return Err(refused(format!("there is no factor `{factor}`{hint}")));
    }
    match factors.import_seeds(factor, name, &content, secret.as_ref().map(|secret| secret.as_slice())).await {
        Ok(imported) => Ok(imported),
        Err(Fault::NotInstalled(_)) => Err(refused(format!("the factor `{factor}` reads no files of keys"))),
        Err(error) => Err(refused(format!("{} was not read: {error}", file.display()))),
    }
}

async fn import(
    context: &Context,
    store: &SqlStore,
    (school, factor): (&School, String),
    found: Imported,
    skip_problems: bool,
    dry_run: bool,
) -> Result<Vec<String>, CliError> {
    let mut lines: Vec<String> = found.problems.iter().map(|(place, why)| format!("{place}: {why}")).collect();
    let problems = lines.len();
    let kept = store.list_managed_keys(school.id).await?;
    let in_use = |serial: &str| {
        kept.iter().any(|key| key.factor == factor && key.serial == serial && key.state != ManagedKeyState::Retired)
    };
    let mut keys = Vec::new();
    for key in found.keys {
        let serial = serial_of(&key.facts, &key.suggested_label);
        let elsewhere = match &key.lookup {
            Some(lookup) => store.find_credential_by_lookup(&factor, lookup).await?.is_some(),
            None => false,
        };
        if in_use(&serial) || elsewhere {
            lines.push(format!("{serial}: is in an inventory already, nothing to do"));
        } else {
            lines.push(format!("{serial}: {}", if dry_run { "would be imported" } else { "imported" }));
            keys.push((serial, key));
        }
    }
    let count = keys.len();
    if problems > 0 && !skip_problems && !dry_run {
        let told = lines.get(..problems).unwrap_or_default().join("\n");
        return Err(CliError::Refused(format!(
            "nothing was imported, since part of the file cannot be read (import the rest with --skip-problems):\n{told}"
        )));
    }
    if !dry_run && count > 0 {
        let import = Import { school: school.id, factor, keys, surroundings: context.surroundings() };
        store.execute(import).await?;
    }
    let done = if dry_run { "would be imported" } else { "were imported" };
    lines.push(format!("{count} keys {done} for {}, {problems} passed over", school.name));
    Ok(lines)
}

fn serial_of(facts: &[(String, String)], label: &str) -> String {
    facts.iter().find(|(name, _)| name == SERIAL).map_or_else(|| label.to_owned(), |(_, serial)| serial.clone())
}

async fn list(store: &SqlStore, school: &School) -> Result<Vec<String>, CliError> {
    let mut lines = Vec::new();
    for key in store.list_managed_keys(school.id).await? {
        let state = match key.state {
            ManagedKeyState::InStock => "in stock".to_owned(),
            ManagedKeyState::Retired => "retired".to_owned(),
            ManagedKeyState::Issued { to } => match store.find_person(to).await? {
                Some(person) => format!("with {}", person.email),
                None => "with somebody who is gone".to_owned(),
            },
        };
        lines.push(format!("{:<16}  {:<14}  {state}, since {}", key.serial, key.factor, date_of(key.changed_at)));
    }
    if lines.is_empty() {
        lines.push(format!("{} has no managed keys", school.name));
    }
    Ok(lines)
}

async fn history(store: &SqlStore, key: &ManagedKey) -> Result<Vec<String>, CliError> {
    let mut lines = Vec::new();
    for change in store.list_managed_key_changes(key.id).await? {
        let what = match change.kind {
            ManagedKeyChangeKind::Imported => "imported",
            ManagedKeyChangeKind::Issued => "issued to",
            ManagedKeyChangeKind::Returned => "returned by",
            ManagedKeyChangeKind::Retired => "retired",
        };
        let person = match change.person {
            Some(id) => store.find_person(id).await?.map(|person| format!(" {}", person.email)),
            None => None,
        };
        let note = change.note.map(|note| format!("  ({note})")).unwrap_or_default();
        lines.push(format!("{}  {what}{}{note}", date_of(change.at), person.unwrap_or_default()));
    }
    Ok(lines)
}

/// The key with a serial: the one in use, else the one retired last.
async fn find(store: &SqlStore, school: &School, serial: &str) -> Result<ManagedKey, CliError> {
    let keys = store.list_managed_keys(school.id).await?;
    let named = keys.iter().filter(|key| key.serial == serial);
    let best = named.max_by_key(|key| (key.state != ManagedKeyState::Retired, key.changed_at));
    best.cloned().ok_or_else(|| {
        let hint = suggestion(serial, keys.iter().map(|key| key.serial.as_str()));
        CliError::Refused(format!("{} has no key `{serial}`{hint}", school.name))
    })
}

async fn step(
    context: &Context,
    store: &SqlStore,
    (school, serial): (&School, &str),
    step: Step,
    note: Option<String>,
    said: String,
) -> Result<Vec<String>, CliError> {
    let key = find(store, school, serial).await?;
    let change = Change { key, school: school.name.clone(), step, note, surroundings: context.surroundings() };
    match store.execute(change).await? {
        Outcome::Done => Ok(vec![said]),
        Outcome::WrongState(why) => Err(CliError::Refused(why.to_string())),
        Outcome::NoMember => {
            Err(CliError::Refused(format!("that person does not belong to {} now: nothing was changed", school.name)))
        }
        Outcome::Moved => Err(CliError::Refused("the key was changed by somebody else meanwhile; look again".into())),
    }
}
