//! `keyholder person import`: people from a file of JSON lines, one person a line.
//!
//! The whole file is checked first, and a mistake in any line means that nothing is written. Then it is written in batches, so
//! that sign-ins wait for none of it long; a file that was interrupted is simply imported again, since what is there already
//! is left as it is.

mod batch;
mod line;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use keyholder_core::ports::Queries;
use keyholder_store::SqlStore;

pub(super) use self::batch::{Batch, Tally};
pub(super) use self::line::{Place, School, Wanted, WantedMembership, check_name};
use super::apply::Mode;
use super::context::Context;
use super::error::CliError;
use crate::config::faults::{Fault, Faults};
use crate::config::load::describe;

/// How many people share one transaction.
const BATCH: usize = 200;
/// How many mistakes are told.
const TOLD: usize = 100;

/// Imports a file and prints what it did.
pub(super) async fn run(context: &mut Context, file: &Path, mode: Mode) -> Result<(), CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::Refused(format!("{} cannot be read: {}", file.display(), describe(&error))))?;
    let store = context.open_store().await?;
    let outcome = import(context, &store, file, &text, mode).await;
    store.close().await;
    let tally = outcome?;
    let outcome = if mode == Mode::DryRun { " (dry run: nothing was changed)" } else { "" };
    context.say(&format!("{tally}{outcome}"))
}

async fn import(context: &Context, store: &SqlStore, file: &Path, text: &str, mode: Mode) -> Result<Tally, CliError> {
    let schools = load_schools(store).await?;
    let people = line::read_all(text, &schools).map_err(|faults| told(file, faults))?;
    let mut tally = Tally::default();
    for people in people.chunks(BATCH) {
        let command = Batch {
            people: people.to_vec(),
            mode,
            now: context.clock.now(),
            random: context.random.clone(),
            source: "keyholder person import",
            invite: false,
        };
        match store.execute(command).await {
            Ok(done) => tally.add(&done),
            Err(error) => {
                let line = people.first().map_or(0, |person| person.place.line);
                let problem = format!("stopped at line {line}, everything before it is stored; import the file again");
                return Err(CliError::Refused(format!("{problem}: {error}")));
            }
        }
    }
    Ok(tally)
}

fn told(file: &Path, mut faults: Vec<Fault>) -> CliError {
    let more = faults.len().saturating_sub(TOLD);
    faults.truncate(TOLD);
    if more > 0 {
        faults.push(Fault {
            origin: crate::config::faults::Origin::Nowhere,
            key: String::new(),
            problem: format!("and {more} more mistakes"),
        });
    }
    CliError::Faults(Faults { file: Some(file.to_owned()), faults })
}

/// Every school with its groups and pupil scopes, by slug.
pub(super) async fn load_schools(store: &SqlStore) -> Result<BTreeMap<String, School>, CliError> {
    let mut schools = BTreeMap::new();
    for school in store.list_schools().await? {
        let groups = store.list_groups(school.id).await?;
        let scopes = store.list_pupil_scopes(school.id).await?;
        schools.insert(school.slug.clone(), School { id: school.id, groups, scopes });
    }
    Ok(schools)
}
