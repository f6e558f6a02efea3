//! `keyholder apply`: trusts, schools, groups, pupil scopes and applications from a file, declaratively.
//!
//! What the file lists is made so; what it does not list is kept, unless `--prune` says that applications go. Every mistake
//! is told at once, with its place, and then nothing is changed. A second run finds nothing to do.

mod application;
mod document;
mod plan;
#[cfg(test)]
mod renamed_tests;
mod saml;
mod saml_fetch;
#[cfg(test)]
mod saml_fetch_tests;
#[cfg(test)]
mod saml_tests;
#[cfg(test)]
mod tests;
mod uris;
mod wanted;

use std::path::Path;

use secrecy::ExposeSecret as _;

use self::document::{Document, Entry};
pub(crate) use self::plan::{Apply, ChangeKind, Mode, Unlisted};
use self::saml_fetch::{Fetching, fetch_metadata};
use self::wanted::{Surroundings, Wanted};
use super::context::Context;
use super::error::CliError;
use crate::config::faults::{Fault, Faults};
use crate::config::load::describe;

/// Applies a file and prints the difference.
pub(super) async fn run(context: &mut Context, file: &Path, unlisted: Unlisted, mode: Mode) -> Result<(), CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::Refused(format!("{} cannot be read: {}", file.display(), describe(&error))))?;
    run_text(context, &text, file, unlisted, mode).await
}

/// Applies a text as if it stood in this file.
pub(super) async fn run_text(
    context: &mut Context,
    text: &str,
    file: &Path,
    unlisted: Unlisted,
    mode: Mode,
) -> Result<(), CliError> {
    let theme = keyholder_theme::Theme::load(context.config.theme.as_deref())?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let is_legible = |colour: &str| theme.brand_stylesheet(colour).is_some();
    let saml_entity_id = crate::saml::entity_id(&context.config);
    let around = Surroundings {
        folder,
        is_legible: &is_legible,
        random: context.random.as_ref(),
        saml_entity_id: &saml_entity_id,
        now: context.clock.now(),
    };
    let refuse = |faults| CliError::Faults(Faults { file: Some(file.to_owned()), faults });
    let mut wanted = parse(text, &around).map_err(refuse)?;
    let store = context.open_store().await?;
    let fetching = Fetching {
        outbound: &context.config.outbound,
        random: context.random.as_ref(),
        saml_entity_id: &saml_entity_id,
        now: context.clock.now(),
    };
    let applied = match fetch_metadata(&mut wanted, &store, &fetching).await {
        Ok(faults) if faults.is_empty() => {
            let command = Apply { wanted, unlisted, mode, now: context.clock.now(), random: context.random.clone() };
            store.execute(command).await.map_err(CliError::from)
        }
        Ok(faults) => Ok(Err(faults)),
        Err(error) => Err(error),
    };
    store.close().await;
    let applied = applied?.map_err(refuse)?;
    for change in applied.changes.iter().filter(|change| change.kind != ChangeKind::Unchanged) {
        context.say(&change.to_string())?;
    }
    let count = |kind| applied.changes.iter().filter(|change| change.kind == kind).count();
    let outcome = if mode == Mode::DryRun { " (dry run: nothing was changed)" } else { "" };
    context.say(&format!(
        "{} added, {} changed, {} removed, {} unchanged{outcome}",
        count(ChangeKind::Added),
        count(ChangeKind::Changed),
        count(ChangeKind::Removed),
        count(ChangeKind::Unchanged),
    ))?;
    for warning in &applied.warnings {
        context.say(&format!("warning: {warning}; it will take them for strangers"))?;
    }
    for (client_id, secret) in applied.secrets.iter().filter(|_| mode == Mode::Write) {
        context.say(&format!("secret of {client_id}, shown only now: {}", secret.expose_secret()))?;
    }
    Ok(())
}

/// Reads a file; every mistake that the file alone shows.
fn parse(text: &str, around: &Surroundings<'_>) -> Result<Wanted, Vec<Fault>> {
    let document = Document::new(text);
    let mut wanted = Wanted::default();
    {
        let root = document.root();
        if let Some(root) = &root {
            let entry = Entry::root(&document, root);
            wanted = wanted::read(&document, &entry, around);
            entry.finish();
        }
    }
    let faults = document.into_faults();
    if faults.is_empty() { Ok(wanted) } else { Err(faults) }
}
