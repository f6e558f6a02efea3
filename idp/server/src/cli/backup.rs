//! `keyholder backup` and `keyholder restore`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::ports::{Command, Sealer, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_store::Access;
use secrecy::{ExposeSecret as _, SecretString};

use super::context::Context;
use super::error::CliError;
use super::london::utc;
use crate::audit::{About, event_at};
use crate::backup::{Existing, Lock, Making, Restoring, make, restore};
use crate::config::load::describe;
use crate::serve::{DataError, DataFolder};

/// The shortest passphrase: it can be guessed at for years.
const SHORTEST_PASSPHRASE: usize = 15;

/// `keyholder backup FILE`.
#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// Where the backup goes; must not exist.
    file: PathBuf,
    /// A file with a passphrase to lock the backup with, instead of the master key.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// `keyholder restore FILE`.
#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// The backup.
    file: PathBuf,
    /// The data directory to restore into; else the configuration's.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A copy of the master key, to be put into the data directory where none is.
    #[arg(long, value_name = "FILE")]
    master_key: Option<PathBuf>,
    /// The file with the passphrase that the backup is locked with.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Put the database that is there aside.
    #[arg(long)]
    replace: bool,
}

pub(super) async fn back_up(context: &mut Context, arguments: &BackupArguments) -> Result<(), CliError> {
    let data = context.data();
    data.must_exist()?;
    let sealer = context.sealer()?;
    let passphrase = arguments.passphrase_file.as_deref().map(read_passphrase).transpose()?;
    if passphrase.as_ref().is_some_and(|text| text.expose_secret().chars().count() < SHORTEST_PASSPHRASE) {
        return Err(CliError::Refused(format!(
            "the passphrase is too short; it needs {SHORTEST_PASSPHRASE} characters, and should be drawn at random"
        )));
    }
    let making = Making {
        data: &data,
        file: &arguments.file,
        lock: passphrase.as_ref().map_or(Lock::Master(sealer.as_ref()), Lock::Passphrase),
        sealer: sealer.as_ref(),
        random: context.random.as_ref(),
        now: context.clock.now(),
        issuer: context.config.issuer(),
    };
    let manifest = make(&making).await?;
    note(context, &data, sealer.clone(), AuditKind::BackupMade, manifest.made_at).await?;
    let (file, kib) = (arguments.file.display(), manifest.bytes.div_ceil(1024));
    context.say(&format!("{file} holds the database as of {} ({kib} KiB)", utc(manifest.made_at)))?;
    context.say("the master key is not in it; without that key it is worth nothing, so keep a copy in another place")
}

pub(super) async fn put_back(context: &mut Context, arguments: &RestoreArguments) -> Result<(), CliError> {
    let data = arguments.data.as_deref().map_or_else(|| context.data(), DataFolder::new);
    let placed = match &arguments.master_key {
        Some(file) => place_master_key(&data, file)?,
        None => None,
    };
    let restored = restore_into(context, arguments, &data).await;
    if let (Err(_), Some(placed)) = (&restored, placed) {
        // A refused restore leaves the folder as it was.
        fs::remove_file(placed)?;
    }
    restored
}

async fn restore_into(context: &mut Context, arguments: &RestoreArguments, data: &DataFolder) -> Result<(), CliError> {
    let sealer = data.existing_sealer(context.master_key.as_ref(), context.random.clone()).map_err(|error| match error {
        DataError::MasterKey(keyholder_store::seal::MasterKeyError::Missing(path)) => CliError::Refused(format!(
            "there is no master key in {}, and none is in the backup; put your copy there, or name it with `--master-key`",
            path.display()
        )),
        error => error.into(),
    })?;
    let passphrase = arguments.passphrase_file.as_deref().map(read_passphrase).transpose()?;
    let restoring = Restoring {
        file: &arguments.file,
        data,
        lock: passphrase.as_ref().map_or(Lock::Master(sealer.as_ref()), Lock::Passphrase),
        sealer: sealer.as_ref(),
        existing: if arguments.replace { Existing::PutAside } else { Existing::Refuse },
        now: context.clock.now(),
    };
    let restored = restore(&restoring).await?;
    let manifest = &restored.manifest;
    note(context, data, sealer.clone(), AuditKind::BackupRestored, manifest.made_at).await?;
    context.say(&format!(
        "the database of {} is restored into {} (made by version {}, issuer {})",
        utc(manifest.made_at),
        data.path().display(),
        manifest.version,
        manifest.issuer
    ))?;
    if let Some(folder) = &restored.put_aside {
        context.say(&format!("the database that was there is in {}", folder.display()))?;
    }
    context.say(
        "what was done since the backup is undone: people disabled, passwords changed, sessions ended, keys replaced",
    )
}

/// Leaves word in the audit log. What was done stays done where that cannot be, such as in a database that has yet to be
/// migrated.
async fn note(
    context: &mut Context,
    data: &DataFolder,
    sealer: Arc<dyn Sealer>,
    kind: AuditKind,
    made_at: Timestamp,
) -> Result<(), CliError> {
    let detail = format!("as of {}", utc(made_at));
    let about = About { detail: Some(&detail), ..About::default() };
    let event = event_at(context.random.as_ref(), context.clock.now(), kind, about);
    let noted = async {
        let store = data.open_store(Access::Beside, sealer).await?;
        let noted = store.execute(Note(event)).await;
        store.close().await;
        Ok::<_, CliError>(noted?)
    };
    match noted.await {
        Ok(()) => Ok(()),
        Err(error) => context.say(&format!("this is not in the audit log: {}", error.sentence())),
    }
}

struct Note(AuditEvent);

#[async_trait]
impl Command for Note {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_audit(&self.0).await
    }
}

/// Puts a copy of the master key where the server looks for it; what is there is not replaced.
fn place_master_key(data: &DataFolder, file: &Path) -> Result<Option<PathBuf>, CliError> {
    let target = data.master_key();
    let text = fs::read(file).map_err(|error| {
        CliError::Refused(format!("the master key {} cannot be read: {}", file.display(), describe(&error)))
    })?;
    if let Ok(there) = fs::read(&target) {
        return if there == text {
            Ok(None)
        } else {
            Err(CliError::Refused(format!("{} is another master key; move it away first", target.display())))
        };
    }
    data.prepare()?;
    let mut key = fs::File::options().write(true).create_new(true).mode(0o600).open(&target)?;
    key.write_all(&text)?;
    key.sync_all()?;
    Ok(Some(target))
}

fn read_passphrase(file: &Path) -> Result<SecretString, CliError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CliError::Refused(format!("the passphrase file {} cannot be read: {}", file.display(), describe(&error)))
    })?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}
