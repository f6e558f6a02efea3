//! The sealed form of a backup: a head, then chunks of authenticated encryption.
//!
//! Head: `keyholder-backup`, version, way of locking, length of the key material, key material. Chunks: AES-256-GCM (NIST SP
//! 800-38D) over 64 KiB each, under a key that no other file has. The nonce is the number of the chunk and whether it is the
//! last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its
//! Nonce-Reuse Misuse-Resistance"), the head is associated data: nothing can be altered, reordered, left out or cut off.

use std::io::{self, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use keyholder_core::ports::{SealError, Sealer};
use keyholder_core::random::{Random, draw_bytes};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

const MARK: &[u8; 16] = b"keyholder-backup";
const VERSION: u8 = 1;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const KEY: usize = 32;
const SALT: usize = 16;
/// What the file's key is sealed for.
const CONTEXT: &str = "backup";
/// argon2id: 256 MiB and three passes, about a second. A backup is stolen whole, and guessed at without anybody noticing.
const MEMORY_KIB: u32 = 256 * 1024;
const PASSES: u32 = 3;
/// What a head may ask for, so that a forged one cannot exhaust the machine.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;

/// With what a backup is locked.
#[derive(Clone, Copy)]
pub enum Lock<'a> {
    /// The installation's master key.
    Master(&'a dyn Sealer),
    Passphrase(&'a SecretString),
}

impl std::fmt::Debug for Lock<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Master(_) => "Master",
            Self::Passphrase(_) => "Passphrase",
        })
    }
}

/// Why a sealed file does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenBackupError {
    #[error("it is no backup of Keyholder, or its beginning is damaged")]
    NotABackup,
    #[error("a newer version of Keyholder made it (form {0}); restore it with that version")]
    NewerForm(u8),
    #[error("it was sealed under another master key, or its beginning is damaged")]
    OtherMasterKey,
    #[error("it is locked with a passphrase; give `--passphrase-file`")]
    NeedsPassphrase,
    #[error("it is locked with the master key, not with a passphrase; leave `--passphrase-file` out")]
    NeedsMasterKey,
    #[error("the passphrase is another, or its beginning is damaged")]
    OtherPassphrase,
    #[error("it is damaged after {at} bytes")]
    Damaged { at: u64 },
    #[error("it is cut off: its end is missing")]
    CutOff,
    #[error("it cannot be read")]
    Io(#[from] io::Error),
}

/// Seals what is written into it.
pub(super) struct SealingWriter<W> {
    target: W,
    cipher: Cipher,
    plain: Vec<u8>,
}

struct Cipher {
    key: LessSafeKey,
    head: Vec<u8>,
    chunk: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Within,
    Last,
}

impl Cipher {
    fn new(key: &[u8; KEY], head: Vec<u8>) -> Result<Self, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError)?;
        Ok(Self { key: LessSafeKey::new(key), head, chunk: 0 })
    }

    fn nonce(&self, place: Place) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        for (byte, number) in nonce.iter_mut().zip(self.chunk.to_be_bytes()) {
            *byte = number;
        }
        if let (Place::Last, Some(byte)) = (place, nonce.last_mut()) {
            *byte = 1;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, mut chunk: Vec<u8>, place: Place) -> io::Result<Vec<u8>> {
        let sealed = self.key.seal_in_place_append_tag(self.nonce(place), Aad::from(&self.head), &mut chunk);
        sealed.map_err(|_| io::Error::other("a chunk cannot be sealed"))?;
        self.chunk += 1;
        Ok(chunk)
    }

    fn open(&mut self, mut chunk: Vec<u8>, place: Place) -> Option<Vec<u8>> {
        let opened = self.key.open_in_place(self.nonce(place), Aad::from(&self.head), &mut chunk);
        let length = opened.ok()?.len();
        chunk.truncate(length);
        self.chunk += 1;
        Some(chunk)
    }
}

impl<W: Write> SealingWriter<W> {
    /// Writes the head.
    pub(super) fn begin(mut target: W, lock: Lock<'_>, random: &dyn Random) -> io::Result<Self> {
        let (way, material, key) = match lock {
            Lock::Master(sealer) => {
                let key = Zeroizing::new(draw_bytes::<KEY>(random));
                let sealed = sealer.seal(CONTEXT, key.as_ref()).map_err(io::Error::other)?;
                (1, sealed, key)
            }
            Lock::Passphrase(passphrase) => {
                let salt = draw_bytes::<SALT>(random);
                let mut material = salt.to_vec();
                material.extend_from_slice(&MEMORY_KIB.to_be_bytes());
                material.extend_from_slice(&PASSES.to_be_bytes());
                let key = derive(passphrase, &salt, MEMORY_KIB, PASSES);
                (2, material, key.ok_or_else(|| io::Error::other("no key can be derived from the passphrase"))?)
            }
        };
        let mut head = MARK.to_vec();
        head.extend_from_slice(&[VERSION, way]);
        head.extend_from_slice(&u16::try_from(material.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend_from_slice(&material);
        target.write_all(&head)?;
        let cipher = Cipher::new(&key, head).map_err(io::Error::other)?;
        Ok(Self { target, cipher, plain: Vec::with_capacity(CHUNK) })
    }

    /// Writes the last chunk and gives back where everything went.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let last = std::mem::take(&mut self.plain);
        self.target.write_all(&self.cipher.seal(last, Place::Last)?)?;
        Ok(self.target)
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk leaves only when more follows: the last one is marked as such.
        if self.plain.len() == CHUNK && !bytes.is_empty() {
            let chunk = std::mem::replace(&mut self.plain, Vec::with_capacity(CHUNK));
            self.target.write_all(&self.cipher.seal(chunk, Place::Within)?)?;
        }
        let taken = bytes.len().min(CHUNK - self.plain.len());
        self.plain.extend(bytes.iter().take(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Opens chunk by chunk. What it hands out is authentic, but not known to be whole before it has answered `None`.
pub(super) struct OpeningReader<R> {
    source: R,
    cipher: Cipher,
    way: u8,
    at: u64,
    /// The next chunk, read ahead to know whether the one before is the last; `None` when all was handed out.
    ahead: Option<Vec<u8>>,
}

impl<R: Read> OpeningReader<R> {
    /// Reads the head.
    pub(super) fn begin(mut source: R, lock: Lock<'_>) -> Result<Self, OpenBackupError> {
        let mut head = vec![0; MARK.len() + 4];
        read_exactly(&mut source, &mut head)?;
        let (mark, rest) = head.split_first_chunk::<16>().ok_or(OpenBackupError::NotABackup)?;
        let &[version, way, high, low] = rest else { return Err(OpenBackupError::NotABackup) };
        if mark != MARK {
            return Err(OpenBackupError::NotABackup);
        }
        if version != VERSION {
            return Err(OpenBackupError::NewerForm(version));
        }
        let mut material = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        read_exactly(&mut source, &mut material)?;
        head.extend_from_slice(&material);
        let key = match (way, lock) {
            (1, Lock::Master(sealer)) => {
                let key = sealer.open(CONTEXT, &material).map_err(|_| OpenBackupError::OtherMasterKey)?;
                let key = Zeroizing::new(key);
                Zeroizing::new(key.as_slice().try_into().map_err(|_| OpenBackupError::OtherMasterKey)?)
            }
            (2, Lock::Passphrase(passphrase)) => {
                read_passphrase_key(passphrase, &material).ok_or(OpenBackupError::NotABackup)?
            }
            (1, Lock::Passphrase(_)) => return Err(OpenBackupError::NeedsMasterKey),
            (2, Lock::Master(_)) => return Err(OpenBackupError::NeedsPassphrase),
            _ => return Err(OpenBackupError::NotABackup),
        };
        let at = u64::try_from(head.len()).unwrap_or(0);
        let cipher = Cipher::new(&key, head).map_err(|_| OpenBackupError::NotABackup)?;
        let mut reader = Self { source, cipher, way, at, ahead: None };
        reader.ahead = Some(reader.read_chunk()?);
        Ok(reader)
    }

    /// The next chunk; `None` at the end.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, OpenBackupError> {
        let Some(sealed) = self.ahead.take() else { return Ok(None) };
        let following = self.read_chunk()?;
        let place = if following.is_empty() { Place::Last } else { Place::Within };
        let length = sealed.len();
        let kept = sealed.clone();
        let Some(plain) = self.cipher.open(sealed, place) else {
            return Err(self.refusal(kept, place));
        };
        self.at += u64::try_from(length).unwrap_or(0);
        self.ahead = (place == Place::Within).then_some(following);
        Ok(Some(plain))
    }

    /// Says as well as can be known what is wrong with a chunk.
    fn refusal(&mut self, sealed: Vec<u8>, place: Place) -> OpenBackupError {
        if sealed.len() < CHUNK + TAG && place == Place::Within {
            return OpenBackupError::Damaged { at: self.at };
        }
        // One that opens as a chunk within has lost those that followed.
        if place == Place::Last && self.cipher.open(sealed, Place::Within).is_some() {
            return OpenBackupError::CutOff;
        }
        if self.cipher.chunk == 0 && self.way == 2 {
            return OpenBackupError::OtherPassphrase;
        }
        OpenBackupError::Damaged { at: self.at }
    }

    fn read_chunk(&mut self) -> Result<Vec<u8>, OpenBackupError> {
        let mut chunk = Vec::with_capacity(CHUNK + TAG);
        let most = u64::try_from(CHUNK + TAG).unwrap_or(u64::MAX);
        self.source.by_ref().take(most).read_to_end(&mut chunk)?;
        Ok(chunk)
    }
}

fn read_exactly(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), OpenBackupError> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => OpenBackupError::NotABackup,
        _ => OpenBackupError::Io(error),
    })
}

fn read_passphrase_key(passphrase: &SecretString, material: &[u8]) -> Option<Zeroizing<[u8; KEY]>> {
    let (salt, rest) = material.split_first_chunk::<SALT>()?;
    let (memory, passes) = rest.split_first_chunk::<4>()?;
    let (memory, passes) = (u32::from_be_bytes(*memory), u32::from_be_bytes(passes.try_into().ok()?));
    if memory > MOST_MEMORY_KIB || passes > MOST_PASSES {
        return None;
    }
    derive(passphrase, salt, memory, passes)
}

/// RFC 9106.
fn derive(passphrase: &SecretString, salt: &[u8; SALT], memory_kib: u32, passes: u32) -> Option<Zeroizing<[u8; KEY]>> {
    let params = Params::new(memory_kib, passes, 1, Some(KEY)).ok()?;
    let mut key = Zeroizing::new([0; KEY]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(passphrase.expose_secret().as_bytes(), salt, key.as_mut()).ok()?;
    Some(key)
}
