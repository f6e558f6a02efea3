//! Publishers: their keys and signatures, and whom the operator trusts.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use keyholder_core::audit::AuditKind;
use keyholder_core::plugin::PublisherKey;
use keyholder_core::ports::{PluginQueries as _, StoreError};
use keyholder_plugin_host::package::{
    MANIFEST, Package, PublicKey, SIGNATURE, generate_key, read_folder, sign as make_signature, write_archive,
    write_digests,
};

use super::super::context::Context;
use super::super::error::CliError;
use super::manage::event;
use crate::plugins::commands::{Distrust, Trust};
use crate::workers::describe;

/// Where the password of a secret key comes from.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Password {
    /// Read the password of the secret key from standard input.
    #[arg(long)]
    stdin: bool,
    /// The secret key has no password: for build machines that keep the file secret themselves.
    #[arg(long)]
    no_password: bool,
}

impl Password {
    fn read(self) -> Result<Option<String>, CliError> {
        if self.no_password || !self.stdin {
            return Ok(None);
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(CliError::Refused("no password was given".into()));
        }
        Ok(Some(password.to_owned()))
    }
}

fn failed(path: &Path, problem: &dyn std::error::Error) -> CliError {
    CliError::Refused(format!("{}: {}", path.display(), describe(problem)))
}

pub(super) fn new_key(context: &mut Context, file: &Path, password: Password) -> Result<(), CliError> {
    let public_file = with_pub(file);
    for path in [file, public_file.as_path()] {
        if path.exists() {
            return Err(CliError::Refused(format!("{} exists already", path.display())));
        }
    }
    let key = generate_key(password.read()?).map_err(|error| CliError::Refused(error.to_string()))?;
    write_new(file, &key.secret, 0o600)?;
    write_new(&public_file, &key.public, 0o644)?;
    context.say(&format!("{} is the secret key: whoever has it can sign for you", file.display()))?;
    context.say(&format!("{} is the public key: operators trust it", public_file.display()))
}

fn with_pub(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".pub");
    file.with_file_name(name)
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), CliError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| failed(path, &error))
}

pub(super) fn sign(
    context: &mut Context,
    folder: &Path,
    key: &Path,
    password: Password,
    archive: Option<&Path>,
) -> Result<(), CliError> {
    let secret = fs::read_to_string(key).map_err(|error| failed(key, &error))?;
    let mut files = read_folder(folder).map_err(|error| failed(folder, &error))?;
    let manifest = write_digests(&files).map_err(|error| failed(folder, &error))?;
    let comment = "keyholder plugin";
    let signature = make_signature(manifest.as_bytes(), &secret, password.read()?, comment);
    let signature = signature.map_err(|error| failed(key, &error))?;
    let told = |error| failed(folder, &error);
    files.replace(MANIFEST, manifest.clone().into_bytes()).map_err(told)?;
    files.replace(SIGNATURE, signature.clone().into_bytes()).map_err(told)?;
    // What cannot be read again is not worth its signature.
    let package = Package::from_files(files).map_err(|error| failed(folder, &error))?;
    for (name, text) in [(MANIFEST, &manifest), (SIGNATURE, &signature)] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    context.say(&format!("{} {} is signed", package.manifest.id, package.manifest.version))?;
    if let Some(archive) = archive {
        let file = fs::File::create(archive).map_err(|error| failed(archive, &error))?;
        write_archive(package.files(), file).map_err(|error| failed(archive, &error))?;
        context.say(&format!("{} is the package", archive.display()))?;
    }
    Ok(())
}

pub(super) async fn trust(context: &mut Context, file: &Path, name: &str) -> Result<(), CliError> {
    let text = fs::read_to_string(file).map_err(|error| failed(file, &error))?;
    let key = PublicKey::parse(&text).map_err(|error| failed(file, &error))?;
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(CliError::Refused("a publisher's name is one line of at most 100 characters".into()));
    }
    let publisher = PublisherKey {
        key: key.id(),
        name: name.trim().to_owned(),
        public_key: key.text().to_owned(),
        added_at: context.clock.now(),
    };
    let said = format!("packages signed by {} ({}) may be installed", publisher.name, publisher.key);
    let audit = event(context, AuditKind::PublisherTrusted, &said);
    let store = context.open_store().await?;
    let done = async {
        // Key ids are no digests: another key may have the same, and must not take its place unseen.
        let publishers = store.list_publishers().await?;
        let other = publishers.iter().find(|one| one.key == publisher.key && one.public_key != publisher.public_key);
        if let Some(other) = other {
            return Err(CliError::Refused(format!("another key with the id {} is {}'s", other.key, other.name)));
        }
        match store.execute(Trust { publisher, audit }).await {
            Err(StoreError::Conflict(_)) => Err(CliError::Refused(format!("another publisher is called {name}"))),
            done => Ok(done?),
        }
    };
    let done = done.await;
    store.close().await;
    done?;
    context.say(&said)
}

pub(super) async fn list(context: &mut Context) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let publishers = store.list_publishers().await;
    store.close().await;
    for publisher in publishers? {
        context.say(&format!("{}  {}", publisher.key, publisher.name))?;
    }
    Ok(())
}

pub(super) async fn distrust(context: &mut Context, name: &str) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let done = async {
        let publishers = store.list_publishers().await?;
        let publisher = publishers.into_iter().find(|one| one.name == name || one.key == name);
        let publisher = publisher.ok_or_else(|| CliError::Refused(format!("there is no publisher `{name}`")))?;
        let said = format!("packages signed by {} ({}) can no longer be installed", publisher.name, publisher.key);
        let audit = event(context, AuditKind::PublisherDistrusted, &said);
        store.execute(Distrust { key: publisher.key, audit }).await?;
        Ok::<_, CliError>(said)
    };
    let done = done.await;
    store.close().await;
    context.say(&done?)
}
