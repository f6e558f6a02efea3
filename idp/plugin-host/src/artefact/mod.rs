//! Compiled plugins on disk: a cache in the data directory that this server alone can fill.
//!
//! An artefact is machine code, and wasmtime does not notice a flipped byte in it. So each stands under a keyed digest of this
//! installation, bound to the component, the engine and the version of wasmtime; one whose digest does not fit is as good as none, and
//! the plugin is compiled again. Nothing that came from outside is ever taken for an artefact.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyholder_core::ports::Sealer;
use subtle::ConstantTimeEq as _;

use crate::package::hexadecimal;

/// The version whose artefacts these are; a test holds it to `Cargo.lock`.
const WASMTIME: &str = "48.0.8";
const EXTENSION: &str = "artefact";
const DIGEST: usize = 32;

/// The cache.
#[derive(Debug, Clone)]
pub struct Artefacts {
    folder: PathBuf,
    sealer: Arc<dyn Sealer>,
}

/// What an artefact is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArtefactKey {
    wasm: [u8; 32],
    engine: u64,
}

impl ArtefactKey {
    /// Of a component by its SHA-256, for the engine with this fingerprint.
    pub(crate) fn new(wasm: [u8; 32], engine: u64) -> Self {
        Self { wasm, engine }
    }

    fn name(&self) -> String {
        format!("{}-{:016x}-{WASMTIME}", hexadecimal(&self.wasm), self.engine)
    }
}

impl Artefacts {
    /// A cache in this folder, which need not exist.
    pub fn new(folder: PathBuf, sealer: Arc<dyn Sealer>) -> Self {
        Self { folder, sealer }
    }

    /// Where the artefacts are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &ArtefactKey) -> PathBuf {
        // Not `with_extension`: what stands after a dot in the version would go.
        self.folder.join(format!("{}.{EXTENSION}", key.name()))
    }

    fn digest(&self, key: &ArtefactKey, artefact: &[u8]) -> [u8; DIGEST] {
        self.sealer.digest(&format!("plugin-artefact/{}", key.name()), artefact)
    }

    /// The machine code of a plugin, exactly as it was kept. `None` where there is none, or what is there was altered.
    pub fn find(&self, key: &ArtefactKey) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut file = match fs::read(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a compiled plugin cannot be read; it is compiled again");
                return None;
            }
        };
        let (artefact, digest) = file.split_last_chunk::<DIGEST>()?;
        if bool::from(digest.ct_eq(&self.digest(key, artefact))) {
            // The very bytes that were checked: nothing is read from the disk again.
            file.truncate(file.len() - DIGEST);
            return Some(file);
        }
        tracing::warn!(file = %path.display(), "a compiled plugin was altered; it is compiled again");
        None
    }

    /// Keeps the machine code of a plugin: the file is there as a whole, or not at all.
    ///
    /// # Errors
    /// Those of the file system. Without a cache a plugin is compiled at each start.
    pub fn keep(&self, key: &ArtefactKey, artefact: &[u8]) -> io::Result<()> {
        if !self.folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        }
        let path = self.path(key);
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let written = file.write_all(artefact).and_then(|()| file.write_all(&self.digest(key, artefact)));
        drop(file);
        let kept = written.and_then(|()| fs::rename(&beside, &path));
        if kept.is_err() {
            // What was written of it is of no use to anybody.
            let _ = fs::remove_file(&beside);
        }
        kept
    }

    /// Removes every artefact but these: of plugins that are gone, and of former versions of the server.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn tidy(&self, wanted: &[ArtefactKey]) -> io::Result<()> {
        let wanted: HashSet<PathBuf> = wanted.iter().map(|key| self.path(key)).collect();
        if !self.folder.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) && !wanted.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
