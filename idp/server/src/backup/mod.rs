//! Backups of the database: made while the server runs, sealed, restored into a data directory.
//!
//! Owns what stands in a backup, how one is made, and what is checked before one is restored. Does not own the copy itself
//! (`keyholder_store`) nor the sealed form ([`sealed`]). The master key is in no backup: whoever finds one has neither.

pub mod sealed;

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context as Digest, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::ports::Sealer;
use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;
use keyholder_store::{DatabaseLock, OpenError};
use serde::{Deserialize, Serialize};

pub use self::sealed::{Lock, OpenBackupError};
use self::sealed::{OpeningReader, SealingWriter};
use crate::serve::{DataError, DataFolder};

/// What the probe of the master key is sealed for, and what it says.
const PROBE: (&str, &[u8]) = ("backup.probe", b"keyholder");
/// The largest manifest: it has to fit into the first chunk.
const LARGEST_MANIFEST: usize = 32 * 1024;
/// Bytes copied at once.
const PIECE: usize = 64 * 1024;

/// What a backup says about itself. It stands sealed before the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of Keyholder that made it.
    pub version: String,
    pub made_at: Timestamp,
    pub issuer: String,
    /// The migrations that the database has.
    pub migrations: Vec<String>,
    /// Length of the database in bytes.
    pub bytes: u64,
    /// SHA-256 of the database, in base64.
    pub sha256: String,
    /// A value under the master key, in base64: tells whether the key at hand is the one that the database needs.
    probe: String,
}

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} is there already; a backup replaces nothing", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not restored", path.display())]
    Unopened {
        path: PathBuf,
        #[source]
        source: OpenBackupError,
    },
    #[error("{} is not restored: {what}", path.display())]
    Unsound { path: PathBuf, what: String },
    #[error("the backup was made by a newer version of Keyholder ({version}); restore it with that version")]
    Newer { version: String },
    #[error("the backup has `{migration}`, which this version of Keyholder does not know; restore it with {version}")]
    NewerDatabase { version: String, migration: String },
    #[error("{} has a database already; `--replace` puts it aside and restores", .0.display())]
    NotEmpty(PathBuf),
    #[error(
        "the master key does not fit this backup: what the database has sealed would not open. Put the key of that time back"
    )]
    OtherMasterKey,
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Database(#[from] OpenError),
}

/// How a backup is made.
#[derive(Debug)]
pub struct Making<'a> {
    pub data: &'a DataFolder,
    /// Where it goes; must not exist.
    pub file: &'a Path,
    pub lock: Lock<'a>,
    pub sealer: &'a dyn Sealer,
    pub random: &'a dyn Random,
    pub now: Timestamp,
    pub issuer: &'a str,
}

/// Makes a backup of the database as it is at one moment. Works beside a running server.
pub async fn make(making: &Making<'_>) -> Result<Manifest, BackupError> {
    let file = making.file;
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    making.data.prepare()?;
    let copy = Scratch::database(making.data.backups().join(format!(".copy-{}.db", std::process::id())));
    let migrations = keyholder_store::copy(&making.data.database(), &copy.path)?;
    let (bytes, sha256) =
        measure(&copy.path).map_err(|source| BackupError::Read { path: copy.path.clone(), source })?;
    let failed = |source| BackupError::Write { path: file.to_owned(), source };
    let (context, plain) = PROBE;
    let probe = making.sealer.seal(context, plain).map_err(|error| failed(io::Error::other(error)))?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: making.now,
        issuer: making.issuer.to_owned(),
        migrations,
        bytes,
        sha256,
        probe: STANDARD.encode(probe),
    };
    write(making, &manifest, &copy.path).map_err(failed)?;
    Ok(manifest)
}

/// Under another name first: whatever happens, there is a whole backup of that name or none.
fn write(making: &Making<'_>, manifest: &Manifest, database: &Path) -> io::Result<()> {
    let mut name = making.file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = Scratch::file(making.file.with_file_name(name));
    match fs::remove_file(&part.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let target = File::options().write(true).create_new(true).mode(0o600).open(&part.path)?;
    let mut sealing = SealingWriter::begin(BufWriter::new(target), making.lock, making.random)?;
    let text = serde_json::to_vec(manifest).map_err(io::Error::other)?;
    if text.len() > LARGEST_MANIFEST {
        return Err(io::Error::other("the manifest is too long"));
    }
    sealing.write_all(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes())?;
    sealing.write_all(&text)?;
    io::copy(&mut File::open(database)?, &mut sealing)?;
    let target = sealing.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    target.sync_all()?;
    fs::rename(&part.path, making.file)?;
    sync_folder(making.file)
}

/// What becomes of a database that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Refuse,
    PutAside,
}

/// How a backup is restored.
#[derive(Debug)]
pub struct Restoring<'a> {
    pub file: &'a Path,
    pub data: &'a DataFolder,
    pub lock: Lock<'a>,
    /// The master key that is at hand.
    pub sealer: &'a dyn Sealer,
    pub existing: Existing,
    pub now: Timestamp,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    /// Where the database is that was there before.
    pub put_aside: Option<PathBuf>,
}

/// Restores a backup. Nothing of the data directory is touched before the whole backup was found sound.
pub async fn restore(restoring: &Restoring<'_>) -> Result<Restored, BackupError> {
    let database = restoring.data.database();
    let source =
        File::open(restoring.file).map_err(|source| BackupError::Read { path: restoring.file.to_owned(), source })?;
    restoring.data.prepare()?;
    // Kept to the end: no server may start in the middle.
    let _lock = DatabaseLock::take(&database)?;
    if database.exists() && restoring.existing == Existing::Refuse {
        return Err(BackupError::NotEmpty(restoring.data.path().to_owned()));
    }
    let scratch = Scratch::database(database.with_extension("db.restoring"));
    keyholder_store::remove(&scratch.path);
    let manifest = unpack(restoring, source, &scratch.path)?;
    check(restoring, &manifest, &scratch.path)?;
    let failed = |source| BackupError::Write { path: database.clone(), source };
    let put_aside = put_aside(restoring, &database).map_err(failed)?;
    fs::rename(&scratch.path, &database).and_then(|()| sync_folder(&database)).map_err(failed)?;
    Ok(Restored { manifest, put_aside })
}

fn unpack(restoring: &Restoring<'_>, source: File, target: &Path) -> Result<Manifest, BackupError> {
    let unopened = |source| BackupError::Unopened { path: restoring.file.to_owned(), source };
    let unsound = |what: &str| BackupError::Unsound { path: restoring.file.to_owned(), what: what.to_owned() };
    let failed = |source| BackupError::Write { path: target.to_owned(), source };
    let mut opening = OpeningReader::begin(BufReader::new(source), restoring.lock).map_err(unopened)?;
    let first = opening.next_chunk().map_err(unopened)?.unwrap_or_default();
    let (length, rest) = first.split_first_chunk::<4>().ok_or_else(|| unsound("it is empty"))?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let (text, rest) = rest.split_at_checked(length).ok_or_else(|| unsound("its manifest cannot be read"))?;
    let manifest: Manifest = serde_json::from_slice(text).map_err(|_| unsound("its manifest cannot be read"))?;
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(target).map_err(failed)?;
    file.write_all(rest).map_err(failed)?;
    while let Some(chunk) = opening.next_chunk().map_err(unopened)? {
        file.write_all(&chunk).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    Ok(manifest)
}

fn check(restoring: &Restoring<'_>, manifest: &Manifest, database: &Path) -> Result<(), BackupError> {
    let unsound = |what: String| BackupError::Unsound { path: restoring.file.to_owned(), what };
    let measured = measure(database).map_err(|source| BackupError::Read { path: database.to_owned(), source })?;
    if measured != (manifest.bytes, manifest.sha256.clone()) {
        return Err(unsound("the database in it is not the one that was put in".into()));
    }
    if release(&manifest.version) > release(env!("CARGO_PKG_VERSION")) {
        return Err(BackupError::Newer { version: manifest.version.clone() });
    }
    let (context, plain) = PROBE;
    let probe = STANDARD.decode(&manifest.probe).unwrap_or_default();
    if restoring.sealer.open(context, &probe).ok().as_deref() != Some(plain) {
        return Err(BackupError::OtherMasterKey);
    }
    let inspection = keyholder_store::inspect(database)?;
    if let Some(migration) = inspection.unknown.first() {
        return Err(BackupError::NewerDatabase { version: manifest.version.clone(), migration: migration.clone() });
    }
    match inspection.damage.first() {
        Some(damage) => Err(unsound(format!("the database in it is damaged ({damage})"))),
        None => Ok(()),
    }
}

/// The numbers of a version, to be compared.
fn release(version: &str) -> Vec<u64> {
    let numbers = version.split(['-', '+']).next().unwrap_or_default().split('.');
    numbers.map(|number| number.parse().unwrap_or(u64::MAX)).collect()
}

fn put_aside(restoring: &Restoring<'_>, database: &Path) -> io::Result<Option<PathBuf>> {
    if !database.exists() {
        return Ok(None);
    }
    let folder = restoring.data.backups().join(format!("replaced-{}", restoring.now.as_seconds()));
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    for file in keyholder_store::files_of(database) {
        if file.exists() {
            fs::rename(&file, folder.join(file.file_name().unwrap_or_default()))?;
        }
    }
    sync_folder(&folder.join("keyholder.db"))?;
    Ok(Some(folder))
}

/// Length and digest of a file.
fn measure(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut digest, mut bytes, mut piece) = (Digest::new(&SHA256), 0, vec![0; PIECE]);
    loop {
        let read = file.read(&mut piece)?;
        let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else { break };
        digest.update(part);
        bytes += u64::try_from(read).unwrap_or(0);
    }
    Ok((bytes, STANDARD.encode(digest.finish())))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// A file that goes when it was not renamed, whatever ended the work on it.
struct Scratch {
    path: PathBuf,
    remove: fn(&Path),
}

impl Scratch {
    fn file(path: PathBuf) -> Self {
        // Renamed or never made: there is nothing to remove then.
        Self { path, remove: |path| drop(fs::remove_file(path)) }
    }

    fn database(path: PathBuf) -> Self {
        Self { path, remove: keyholder_store::remove }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        (self.remove)(&self.path);
    }
}

#[cfg(test)]
mod tests;
