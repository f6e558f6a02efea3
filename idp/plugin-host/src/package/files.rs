//! The files of a package, out of a folder or an archive.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path};

use keyholder_core::plugin::PluginFile;

use super::{LOCALES, MANIFEST, PackageError, README, SCHEMA, SIGNATURE, WASM};

/// How an archive's name ends.
pub const ARCHIVE_EXTENSION: &str = "keyholder-plugin";
/// Languages that a package may have.
const MOST_LOCALES: usize = 64;
const KIB: usize = 1024;

/// Files by name. Only names that have a place in a package, each within its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds a file.
    ///
    /// # Errors
    /// A name that has no place in a package or stands there already, and content beyond its size.
    pub fn add(&mut self, name: &str, content: Vec<u8>) -> Result<(), PackageError> {
        let most = most_bytes(name).ok_or_else(|| PackageError::Stray(name.to_owned()))?;
        if content.len() > most {
            return Err(PackageError::TooLarge { name: name.to_owned(), most });
        }
        if self.0.len() > MOST_LOCALES {
            return Err(PackageError::Stray(name.to_owned()));
        }
        match self.0.insert(name.to_owned(), content) {
            None => Ok(()),
            Some(_) => Err(PackageError::Twice(name.to_owned())),
        }
    }

    /// Replaces a file, or adds it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn replace(&mut self, name: &str, content: Vec<u8>) -> Result<(), PackageError> {
        self.0.remove(name);
        self.add(name, content)
    }

    /// The content of a file.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// In the order of the names' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// A file that is text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, PackageError> {
        let read = |bytes| std::str::from_utf8(bytes).map_err(|_| PackageError::NotText(name.to_owned()));
        self.get(name).map(read).transpose()
    }

    /// As they are stored.
    pub fn to_rows(&self) -> Vec<PluginFile> {
        self.iter().map(|(name, content)| PluginFile { name: name.to_owned(), content: content.to_vec() }).collect()
    }

    /// As they were stored.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn from_rows(rows: Vec<PluginFile>) -> Result<Self, PackageError> {
        let mut files = Self::default();
        rows.into_iter().try_for_each(|row| files.add(&row.name, row.content))?;
        Ok(files)
    }
}

/// The most that a file of this name may hold; `None` where it has no place in a package.
fn most_bytes(name: &str) -> Option<usize> {
    match name {
        MANIFEST | SCHEMA => Some(64 * KIB),
        SIGNATURE => Some(4 * KIB),
        // An honest JavaScript guest has 12 MB, a Python one 18 MB.
        WASM => Some(24 * KIB * KIB),
        README => Some(256 * KIB),
        _ => {
            let tag = name.strip_prefix(LOCALES)?.strip_suffix(".ftl")?;
            let plain = !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            (plain && tag.len() <= 35).then_some(128 * KIB)
        }
    }
}

/// The most that all files of an archive may hold together, its own headers included.
const MOST_ARCHIVE: u64 = 40 * 1024 * 1024;

/// Reads a folder or an archive.
///
/// # Errors
/// What cannot be read, is too large or has no place in a package.
pub fn read(path: &Path) -> Result<Files, PackageError> {
    let failed = |source| PackageError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.is_dir() {
        return read_folder(path);
    }
    let file = fs::File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > MOST_ARCHIVE {
        return Err(PackageError::NotAPackage(format!("{} is too large", path.display())));
    }
    read_archive(file)
}

/// Reads the files of a package out of a folder; whatever else lies there is no part of it.
///
/// # Errors
/// As [`read`].
pub fn read_folder(folder: &Path) -> Result<Files, PackageError> {
    let mut files = Files::default();
    let mut names: Vec<String> = [MANIFEST, SIGNATURE, WASM, SCHEMA, README].map(str::to_owned).into();
    let locales = folder.join(LOCALES);
    if locales.is_dir() {
        let failed = |source| PackageError::Io { path: locales.clone(), source };
        for entry in fs::read_dir(&locales).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_str().map(|name| format!("{LOCALES}{name}"));
            names.extend(name.filter(|name| most_bytes(name).is_some()));
        }
    }
    for name in names {
        let path = folder.join(&name);
        let failed = |source| PackageError::Io { path: path.clone(), source };
        // A link could show what the operator may read and the plugin's author may not.
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        if !metadata.is_file() {
            return Err(PackageError::Stray(name));
        }
        let content = read_capped(fs::File::open(&path).map_err(failed)?, &name).map_err(failed)?;
        files.add(&name, content)?;
    }
    Ok(files)
}

/// Reads an archive. Links, devices, names that lead out of it and whatever else has no place in a package are refused.
///
/// # Errors
/// As [`read`].
pub fn read_archive(archive: impl Read) -> Result<Files, PackageError> {
    let not_a_package = |error: io::Error| PackageError::NotAPackage(error.to_string());
    let mut files = Files::default();
    let mut archive = tar::Archive::new(archive.take(MOST_ARCHIVE));
    for entry in archive.entries().map_err(not_a_package)? {
        let entry = entry.map_err(not_a_package)?;
        let path = entry.path().map_err(not_a_package)?.into_owned();
        let shown = path.display().to_string();
        let mut parts = Vec::new();
        for part in path.components() {
            match part {
                Component::Normal(part) => {
                    parts.push(part.to_str().ok_or_else(|| PackageError::Stray(shown.clone()))?);
                }
                Component::CurDir => {}
                _ => return Err(PackageError::Stray(shown)),
            }
        }
        let name = parts.join("/");
        let kind = entry.header().entry_type();
        // `tar` writes folders as entries of their own.
        if kind.is_dir() && (name.is_empty() || format!("{name}/") == LOCALES) {
            continue;
        }
        if !kind.is_file() {
            return Err(PackageError::Stray(shown));
        }
        let content = read_capped(entry, &name).map_err(not_a_package)?;
        files.add(&name, content)?;
    }
    if files.0.is_empty() { Err(PackageError::NotAPackage("it is an empty archive".into())) } else { Ok(files) }
}

/// Reads one byte more than the name allows at most, so that [`Files::add`] refuses what is too large without reading it all.
fn read_capped(file: impl Read, name: &str) -> io::Result<Vec<u8>> {
    let most = most_bytes(name).unwrap_or_default() as u64;
    let mut content = Vec::new();
    file.take(most + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Writes an archive: the same bytes for the same files.
///
/// # Errors
/// Those of the writer.
pub fn write_archive(files: &Files, writer: impl io::Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(writer);
    archive.mode(tar::HeaderMode::Deterministic);
    for (name, content) in files.iter() {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content)?;
    }
    archive.into_inner()?.flush()
}
