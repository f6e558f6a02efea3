//! The data directory: what stands where, and that nobody else on the machine can read it.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyholder_core::ports::Sealer;
use keyholder_core::random::Random;
use keyholder_store::seal::{MasterKey, MasterKeyError};
use keyholder_store::{Access, OpenError, SqlStore, SqliteOptions};
use secrecy::SecretString;

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Nothing was made there yet.
    #[error("there is no data in {}; `keyholder init` makes it", .0.display())]
    Missing(PathBuf),
    /// The folder cannot be made, or this user may not write there.
    #[error("the data directory {} cannot be written", path.display())]
    NotWritable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The database is there, the key that sealed it is not.
    #[error("the master key {} is missing, but a database is there: put the key back, since what it sealed opens with no other", .0.display())]
    MasterKeyMissing(PathBuf),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl DataError {
    /// Whether the database is open in a server.
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::Open(OpenError::InUse(_)))
    }
}

/// The data directory.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// The folder at this path, which may not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.path.join("keyholder.db")
    }

    /// Where copies of the database go.
    pub fn backups(&self) -> PathBuf {
        self.path.join("backups")
    }

    /// Makes the folder and those in it, for this user alone, and finds out whether it can be written.
    pub fn prepare(&self) -> Result<(), DataError> {
        let not_writable = |source| DataError::NotWritable { path: self.path.clone(), source };
        for folder in [&self.path, &self.backups(), &self.path.join("mails")] {
            if !folder.is_dir() {
                fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(not_writable)?;
            }
        }
        // The only sure way to find out: permissions alone do not tell of read-only file systems.
        let probe = self.path.join(format!(".writable-{}", std::process::id()));
        fs::File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(not_writable)
    }

    /// Fails where no database was made yet.
    pub fn must_exist(&self) -> Result<(), DataError> {
        if self.database().is_file() { Ok(()) } else { Err(DataError::Missing(self.path.clone())) }
    }

    /// The key that seals: the one given, else the file's, which is made where there is none and no database either.
    pub fn sealer(&self, given: Option<&SecretString>, random: Arc<dyn Random>) -> Result<Arc<dyn Sealer>, DataError> {
        if let Some(text) = given {
            return Ok(Arc::new(MasterKey::from_text(text, random)?));
        }
        let file = self.master_key();
        // A new key beside old rows would only show later, row by row, as damage.
        if self.database().exists() && !file.exists() {
            return Err(DataError::MasterKeyMissing(file));
        }
        Ok(Arc::new(MasterKey::load_or_create(&file, random)?))
    }

    /// The key that seals, which must be there: the one given, else the file's.
    pub fn existing_sealer(
        &self,
        given: Option<&SecretString>,
        random: Arc<dyn Random>,
    ) -> Result<Arc<dyn Sealer>, DataError> {
        Ok(match given {
            Some(text) => Arc::new(MasterKey::from_text(text, random)?),
            None => Arc::new(MasterKey::load(&self.master_key(), random)?),
        })
    }

    /// Opens the database.
    pub async fn open_store(&self, access: Access, sealer: Arc<dyn Sealer>) -> Result<SqlStore, DataError> {
        let path = self.database();
        let options = match access {
            Access::Server => SqliteOptions { backups: Some(self.backups()), ..SqliteOptions::server(path) },
            Access::Beside => SqliteOptions::beside(path),
        };
        Ok(SqlStore::open(&options, sealer).await?)
    }
}
