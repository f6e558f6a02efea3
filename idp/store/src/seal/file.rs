//! The key file: its text, and how it is read and replaced.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use keyholder_core::random::{Random, draw_bytes};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::{KEY_ID_LENGTH, KEY_LENGTH};

/// The first word of the text.
const MARK: &str = "keyholder-master-key-1";

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is no such file.
    #[error("there is no master key in {0}")]
    Missing(PathBuf),
    /// The file cannot be read or written.
    #[error("the master key file {path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Somebody else could read the file.
    #[error("the master key file {0} can be read by others than its owner; set its mode to 0600")]
    Exposed(PathBuf),
    /// The text is no master key.
    #[error("the text is not a master key of Keyholder")]
    Malformed,
}

/// The keys of one file.
pub(super) struct Keys {
    digest_key: Zeroizing<[u8; KEY_LENGTH]>,
    digest: hmac::Key,
    /// The current one first; never empty.
    current: SealingKey,
    former: Vec<SealingKey>,
}

/// Tells one state of the file from another: it is only ever replaced as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok() }
    }

    /// The state of the file at this moment.
    pub(super) fn look(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::of)
    }
}

struct SealingKey {
    id: [u8; KEY_ID_LENGTH],
    key: Zeroizing<[u8; KEY_LENGTH]>,
}

impl SealingKey {
    fn draw(random: &dyn Random) -> Self {
        Self { id: draw_bytes(random), key: Zeroizing::new(draw_bytes(random)) }
    }
}

impl Keys {
    pub(super) fn draw(random: &dyn Random) -> Self {
        Self::assemble(Zeroizing::new(draw_bytes(random)), SealingKey::draw(random), Vec::new())
    }

    fn assemble(digest_key: Zeroizing<[u8; KEY_LENGTH]>, current: SealingKey, former: Vec<SealingKey>) -> Self {
        let digest = hmac::Key::new(hmac::HMAC_SHA256, digest_key.as_ref());
        Self { digest_key, digest, current, former }
    }

    /// Reads the text of a key file.
    pub(super) fn parse(text: &SecretString) -> Result<Self, MasterKeyError> {
        let mut words = text.expose_secret().split_whitespace();
        if words.next() != Some(MARK) {
            return Err(MasterKeyError::Malformed);
        }
        let digest = words.next().and_then(|word| word.strip_prefix("digest:")).ok_or(MasterKeyError::Malformed)?;
        let digest_key = parse_hex::<KEY_LENGTH>(digest)?;
        let mut keys = words.map(|word| {
            let (id, key) =
                word.strip_prefix("key:").and_then(|rest| rest.split_once(':')).ok_or(MasterKeyError::Malformed)?;
            Ok(SealingKey { id: *parse_hex::<KEY_ID_LENGTH>(id)?, key: parse_hex(key)? })
        });
        let current = keys.next().ok_or(MasterKeyError::Malformed)??;
        let former = keys.collect::<Result<Vec<_>, MasterKeyError>>()?;
        Ok(Self::assemble(digest_key, current, former))
    }

    /// The text of the file.
    pub(super) fn write(&self) -> SecretString {
        let mut text = String::with_capacity(1024);
        text.push_str(MARK);
        text.push_str("\ndigest:");
        push_hex(&mut text, self.digest_key.as_ref());
        for key in std::iter::once(&self.current).chain(&self.former) {
            text.push_str("\nkey:");
            push_hex(&mut text, &key.id);
            text.push(':');
            push_hex(&mut text, key.key.as_ref());
        }
        text.push('\n');
        SecretString::from(text)
    }

    /// Makes a new current key.
    pub(super) fn add(&mut self, random: &dyn Random) {
        let former = std::mem::replace(&mut self.current, SealingKey::draw(random));
        self.former.insert(0, former);
    }

    /// Drops all but the current key.
    pub(super) fn forget_former(&mut self) {
        self.former.clear();
    }

    pub(super) fn current(&self) -> ([u8; KEY_ID_LENGTH], &[u8; KEY_LENGTH]) {
        (self.current.id, &self.current.key)
    }

    pub(super) fn find(&self, id: [u8; KEY_ID_LENGTH]) -> Option<&[u8; KEY_LENGTH]> {
        std::iter::once(&self.current).chain(&self.former).find(|key| key.id == id).map(|key| &*key.key)
    }

    pub(super) fn digest(&self) -> &hmac::Key {
        &self.digest
    }
}

/// Reads the file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<(Keys, Stamp)>, MasterKeyError> {
    let failed = |source| MasterKeyError::Io { path: path.to_owned(), source };
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    check_owner_only(&metadata, path)?;
    let text = SecretString::from(io::read_to_string(file).map_err(failed)?);
    Ok(Some((Keys::parse(&text)?, Stamp::of(&metadata))))
}

#[cfg(unix)]
fn check_owner_only(metadata: &fs::Metadata, path: &Path) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let others = metadata.permissions().mode() & 0o077;
    if others == 0 { Ok(()) } else { Err(MasterKeyError::Exposed(path.to_owned())) }
}

#[cfg(not(unix))]
fn check_owner_only(_: &fs::Metadata, _: &Path) -> Result<(), MasterKeyError> {
    Ok(())
}

/// Makes the file, unless somebody else made it first.
pub(super) fn create(path: &Path, keys: &Keys) -> Result<(), MasterKeyError> {
    let failed = |source| MasterKeyError::Io { path: path.to_owned(), source };
    let temporary = write_beside(path, keys).map_err(failed)?;
    // A link, unlike a rename, does not replace what is there.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).map_err(failed)?;
    match linked {
        Ok(()) => sync_folder(path).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Replaces the file: the old text or the new one is there, whatever happens.
pub(super) fn replace(path: &Path, keys: &Keys) -> Result<(), MasterKeyError> {
    let failed = |source| MasterKeyError::Io { path: path.to_owned(), source };
    let temporary = write_beside(path, keys).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)?;
    sync_folder(path).map_err(failed)
}

fn write_beside(path: &Path, keys: &Keys) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(keys.write().expose_secret().as_bytes())?;
    file.sync_all()?;
    Ok(temporary)
}

/// Makes the file's name as durable as its content.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if cfg!(unix) => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
}

fn parse_hex<const N: usize>(text: &str) -> Result<Zeroizing<[u8; N]>, MasterKeyError> {
    let mut bytes = Zeroizing::new([0; N]);
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(MasterKeyError::Malformed);
    }
    let mut digits = text.chars().map(|digit| digit.to_digit(16).unwrap_or(0));
    for byte in bytes.iter_mut() {
        let (high, low) = (digits.next().unwrap_or(0), digits.next().unwrap_or(0));
        *byte = u8::try_from(high * 16 + low).unwrap_or(0);
    }
    Ok(bytes)
}
