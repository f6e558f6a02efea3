//! Packages: what a plugin comes in.
//!
//! Owns the files of a package, its manifest, its settings' schema and its signature, and reads them from a folder, an archive or rows
//! (`docs/plugins/package.md`). Everything here is untrusted input with a size cap. Does not own whether a package is let in
//! ([`crate::admission`]).

mod files;
mod locale;
mod manifest;
mod schema;
mod seal;
mod signature;
mod signing;
#[cfg(test)]
mod tests;

pub use files::{ARCHIVE_EXTENSION, Files, read, read_archive, read_folder, write_archive};
pub use manifest::{Contract, ContractWorld, Formats, Manifest, Request};
pub use schema::{Property, PropertyKind, Schema, SettingFault, TextLimits};
pub use seal::write_digests;
pub(crate) use signature::signer;
pub use signature::{PublicKey, SignatureError};
pub use signing::{NewKey, SigningError, generate_key, sign};

use std::path::PathBuf;

use aws_lc_rs::digest::{Context, SHA256};

/// The manifest's file.
pub const MANIFEST: &str = "plugin.toml";
/// The signature's file.
pub const SIGNATURE: &str = "plugin.toml.minisig";
/// The component's file.
pub const WASM: &str = "plugin.wasm";
/// The file of the settings' schema.
pub const SCHEMA: &str = "config.schema.json";
/// The file for the operator.
pub const README: &str = "README.md";
/// Where texts are.
pub const LOCALES: &str = "locales/";

/// Why something is no package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("{} cannot be read", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// Not even an archive.
    #[error("it is neither a folder nor a package: {0}")]
    NotAPackage(String),
    #[error("the package has no {0}")]
    Missing(&'static str),
    /// A name that leads out of the package, a link, or what has no place in it.
    #[error("the package holds `{0}`, which has no place in it")]
    Stray(String),
    #[error("{name} is larger than {most} bytes")]
    TooLarge { name: String, most: usize },
    #[error("{0} stands twice in the package")]
    Twice(String),
    #[error("plugin.toml: {0}")]
    Manifest(String),
    #[error("config.schema.json: {0}")]
    Schema(String),
    #[error("{name}: {problem}")]
    Locale { name: String, problem: String },
    #[error("{0} is not text in UTF-8")]
    NotText(String),
    /// The file is not what the manifest says.
    #[error("{0} was altered: it is not the file that plugin.toml has the digest of")]
    Altered(String),
    #[error("plugin.toml lists {0}, which is not in the package")]
    Unlisted(String),
    #[error("plugin.toml has no digest of {0}")]
    NoDigest(String),
}

/// A package whose parts were read and belong together. Nothing was said yet about whether it is trusted.
#[derive(Clone)]
pub struct Package {
    pub manifest: Manifest,
    pub schema: Schema,
    /// Language tag and text, by tag.
    pub locales: Vec<(String, String)>,
    files: Files,
    digest: [u8; 32],
}

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Package")
            .field("id", &self.manifest.id)
            .field("version", &self.manifest.version)
            .finish_non_exhaustive()
    }
}

impl Package {
    /// Reads the parts and checks each digest that the manifest has.
    ///
    /// # Errors
    /// What is missing, malformed, too large, altered or out of place.
    pub fn from_files(files: Files) -> Result<Self, PackageError> {
        let manifest = Manifest::parse(files.text(MANIFEST)?.ok_or(PackageError::Missing(MANIFEST))?)?;
        if files.get(WASM).is_none() {
            return Err(PackageError::Missing(WASM));
        }
        check_digests(&manifest, &files)?;
        let schema = match files.text(SCHEMA)? {
            Some(text) => Schema::parse(text).map_err(PackageError::Schema)?,
            None => Schema::default(),
        };
        files.text(README)?;
        let locales = read_locales(&files)?;
        let digest = digest(&files);
        Ok(Self { manifest, schema, locales, files, digest })
    }

    /// The component.
    pub fn wasm(&self) -> &[u8] {
        self.files.get(WASM).unwrap_or_default()
    }

    /// The manifest, byte for byte.
    pub fn manifest_bytes(&self) -> &[u8] {
        self.files.get(MANIFEST).unwrap_or_default()
    }

    /// The text of the detached signature.
    pub fn signature(&self) -> Option<&str> {
        self.files.get(SIGNATURE).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// SHA-256 over all files but the signature: for each, in the order of the names' bytes, length and name, length and
    /// content, the lengths as 64 bits, big-endian.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// All files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Whether the manifest carries the digests of all other files, as one that is signed must.
    pub fn is_sealed(&self) -> bool {
        self.manifest.files.is_some()
    }
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref());
    digest
}

/// In hexadecimal, small letters.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest(files: &Files) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut add = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    for (name, content) in files.iter().filter(|(name, _)| *name != SIGNATURE) {
        add(name.as_bytes());
        add(content);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

fn check_digests(manifest: &Manifest, files: &Files) -> Result<(), PackageError> {
    let Some(listed) = &manifest.files else { return Ok(()) };
    for (name, content) in files.iter().filter(|(name, _)| *name != MANIFEST && *name != SIGNATURE) {
        let digest = listed.get(name).ok_or_else(|| PackageError::NoDigest(name.to_owned()))?;
        if *digest != hexadecimal(&sha256(content)) {
            return Err(PackageError::Altered(name.to_owned()));
        }
    }
    match listed.keys().find(|name| files.get(name).is_none()) {
        Some(name) => Err(PackageError::Unlisted(name.clone())),
        None => Ok(()),
    }
}

fn read_locales(files: &Files) -> Result<Vec<(String, String)>, PackageError> {
    let mut locales = Vec::new();
    for (name, _) in files.iter() {
        let Some(tag) = name.strip_prefix(LOCALES).and_then(|rest| rest.strip_suffix(".ftl")) else { continue };
        let text = files.text(name)?.unwrap_or_default();
        let problem = |problem: String| PackageError::Locale { name: name.to_owned(), problem };
        tag.parse::<unic_langid::LanguageIdentifier>().map_err(|_| problem("its name is no language tag".into()))?;
        locale::check(text).map_err(problem)?;
        locales.push((tag.to_owned(), text.to_owned()));
    }
    if locales.iter().any(|(tag, _)| tag == "en") { Ok(locales) } else { Err(PackageError::Missing("locales/en.ftl")) }
}
