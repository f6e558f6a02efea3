//! Sealing: authenticated encryption under the installation's master key.
//!
//! Owns the key file and the sealed form. Does not own what is sealed, nor where it stands: the caller names a context, and
//! a value sealed for one context does not open in another.
//!
//! The key file is text: a mark of its version, one digest key, then the sealing keys, the current one first. Words are parted
//! by white space, so the same text serves as an environment variable. The digest key stays the same for ever; sealing keys
//! are added by rotation, and former ones stay until everything was sealed again.
//!
//! A sealed value is `1 | key id (4) | salt (24) | ciphertext and tag`. Key and nonce of each value are derived with
//! HKDF-SHA-256 (RFC 5869) from sealing key, salt and context; the cipher is AES-256-GCM (NIST SP 800-38D) with the context
//! as associated data. With 192 random bits a value, no number of values that can be written ever repeats a nonce.

mod file;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use keyholder_core::ports::{SealError, Sealer};
use keyholder_core::random::{Random, draw_bytes};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

pub use file::MasterKeyError;
use file::{Keys, Stamp};

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
const SALT_LENGTH: usize = 24;
const KEY_LENGTH: usize = 32;

/// The key under which everything secret in the database is sealed.
///
/// Looks whether its file changed before it seals, and when it meets a key that it does not know: another process may have
/// rotated. So from the moment of a rotation everything is sealed with the new key, in every process.
pub struct MasterKey {
    keys: RwLock<Arc<Keys>>,
    /// Where it was read from; `None` where it came from the environment.
    file: Option<KeyFile>,
    random: Arc<dyn Random>,
}

struct KeyFile {
    path: PathBuf,
    read: RwLock<Stamp>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.file.as_ref().map(|file| &file.path);
        formatter.debug_struct("MasterKey").field("path", &path).finish_non_exhaustive()
    }
}

impl MasterKey {
    /// Reads the key file, or makes one with a fresh key where there is none.
    ///
    /// # Errors
    /// A file that cannot be read or written, that others than its owner may read, or that is no key file.
    pub fn load_or_create(path: &Path, random: Arc<dyn Random>) -> Result<Self, MasterKeyError> {
        if file::read(path)?.is_none() {
            // Whoever is first wins: two processes that start together end up with the same key.
            file::create(path, &Keys::draw(random.as_ref()))?;
        }
        Self::load(path, random)
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// As [`load_or_create`](Self::load_or_create), and where there is no key file.
    pub fn load(path: &Path, random: Arc<dyn Random>) -> Result<Self, MasterKeyError> {
        let (keys, stamp) = file::read(path)?.ok_or_else(|| MasterKeyError::Missing(path.to_owned()))?;
        let file = KeyFile { path: path.to_owned(), read: RwLock::new(stamp) };
        Ok(Self { keys: RwLock::new(Arc::new(keys)), file: Some(file), random })
    }

    /// Reads the key from text in the form of the key file, for an environment variable.
    ///
    /// # Errors
    /// Text that is no key.
    pub fn from_text(text: &SecretString, random: Arc<dyn Random>) -> Result<Self, MasterKeyError> {
        Ok(Self { keys: RwLock::new(Arc::new(Keys::parse(text)?)), file: None, random })
    }

    /// Adds a new current key to the file; the former ones still open what they sealed.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn rotate(path: &Path, random: Arc<dyn Random>) -> Result<Self, MasterKeyError> {
        let (mut keys, _) = file::read(path)?.ok_or_else(|| MasterKeyError::Missing(path.to_owned()))?;
        keys.add(random.as_ref());
        file::replace(path, &keys)?;
        Self::load(path, random)
    }

    /// Removes all keys but the current one from the file. Only after everything was sealed again
    /// ([`SqlStore::reseal`](crate::SqlStore::reseal)): what a removed key sealed is lost.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn forget_former(path: &Path, random: Arc<dyn Random>) -> Result<Self, MasterKeyError> {
        let (mut keys, _) = file::read(path)?.ok_or_else(|| MasterKeyError::Missing(path.to_owned()))?;
        keys.forget_former();
        file::replace(path, &keys)?;
        Self::load(path, random)
    }

    /// The key as text, to be kept somewhere safe or put into the environment of another node.
    pub fn to_text(&self) -> SecretString {
        self.keys().write()
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys as the file has them now. Where it cannot be read, those that are known go on.
    fn fresh_keys(&self) -> Arc<Keys> {
        let Some(file) = &self.file else { return self.keys() };
        // A look costs a microsecond or two: a forged value makes no more work than that.
        let known = *file.read.read().unwrap_or_else(PoisonError::into_inner);
        if Stamp::look(&file.path).is_none_or(|now| now == known) {
            return self.keys();
        }
        let Ok(Some((keys, stamp))) = file::read(&file.path) else { return self.keys() };
        let keys = Arc::new(keys);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
        *file.read.write().unwrap_or_else(PoisonError::into_inner) = stamp;
        keys
    }

    /// Keys with the one that is asked for among them.
    fn keys_with(&self, id: [u8; KEY_ID_LENGTH]) -> Option<Arc<Keys>> {
        let known = self.keys();
        if known.find(id).is_some() {
            return Some(known);
        }
        let fresh = self.fresh_keys();
        fresh.find(id).is_some().then_some(fresh)
    }
}

/// What HKDF is asked for: a key and a nonce.
struct KeyAndNonce;

impl hkdf::KeyType for KeyAndNonce {
    fn len(&self) -> usize {
        KEY_LENGTH + NONCE_LEN
    }
}

/// Key and nonce of one value.
fn derive(
    master: &[u8; KEY_LENGTH],
    salt: &[u8; SALT_LENGTH],
    context: &str,
) -> Result<(LessSafeKey, Nonce), SealError> {
    let mut derived = Zeroizing::new([0_u8; KEY_LENGTH + NONCE_LEN]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(master)
        .expand(&[b"keyholder seal 1\0", context.as_bytes()], KeyAndNonce)
        .and_then(|okm| okm.fill(derived.as_mut()))
        .map_err(|_| SealError)?;
    let (key, nonce) = derived.split_first_chunk::<KEY_LENGTH>().ok_or(SealError)?;
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
    Ok((LessSafeKey::new(key), nonce))
}

impl Sealer for MasterKey {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let keys = self.fresh_keys();
        let (id, master) = keys.current();
        let salt: [u8; SALT_LENGTH] = draw_bytes(self.random.as_ref());
        let (key, nonce) = derive(master, &salt, context)?;
        let head = 1 + KEY_ID_LENGTH + SALT_LENGTH;
        let mut sealed = Vec::with_capacity(head + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&id);
        sealed.extend_from_slice(&salt);
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::from(context.as_bytes()), &mut body).map_err(|_| SealError)?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LENGTH>().ok_or(SealError)?;
        let (salt, body) = rest.split_first_chunk::<SALT_LENGTH>().ok_or(SealError)?;
        if version != VERSION {
            return Err(SealError);
        }
        let keys = self.keys_with(*id).ok_or(SealError)?;
        let (key, nonce) = derive(keys.find(*id).ok_or(SealError)?, salt, context)?;
        let mut body = body.to_vec();
        let length = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut body).map_err(|_| SealError)?.len();
        body.truncate(length);
        Ok(body)
    }

    fn digest(&self, context: &str, value: &[u8]) -> [u8; 32] {
        let mut mac = hmac::Context::with_key(self.keys().digest());
        // The length keeps context and value apart.
        mac.update(&(context.len() as u64).to_be_bytes());
        mac.update(context.as_bytes());
        mac.update(value);
        let mut digest = [0; 32];
        digest.copy_from_slice(mac.sign().as_ref());
        digest
    }
}

#[cfg(test)]
mod tests;
