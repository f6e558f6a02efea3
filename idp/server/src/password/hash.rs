//! The stored forms of passwords: argon2id (RFC 9106) for our own, bcrypt and PBKDF2 (RFC 8018 5.2) where people came
//! from another system.
//!
//! Owns reading, verifying and making them, and the bounds within which an imported row may cost time. Does not own the
//! threads on which that happens ([`super::pool`]).
//!
//! | form | what is read |
//! |---|---|
//! | argon2id | PHC string `$argon2id$v=19$m=..,t=..,p=..$salt$hash` |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$`, 60 characters |
//! | PBKDF2 | PHC string `$pbkdf2-sha256$i=..,l=..$salt$hash`, the same with `$pbkdf2-sha256$rounds$salt$hash` as passlib writes it, Django's `pbkdf2_sha256$rounds$salt$hash`; SHA-512 likewise |
//!
//! Until its owner has signed in once, an imported hash costs what its former home chose. By the time that a wrong
//! password takes, such a row can be told from a row of ours.

use std::num::NonZeroU32;
use std::str::FromStr as _;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use keyholder_core::random::{Random, draw_bytes};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::normalise;
use crate::config::PasswordSettings;

/// The least memory in KiB (RFC 9106 4 asks for more where it can be had; OWASP's floor for two passes).
pub const LEAST_MEMORY_KIB: u32 = 19_456;
/// The most memory in KiB that a hash may take, ours or imported.
pub const GREATEST_MEMORY_KIB: u32 = 256 * 1024;
/// The most KiB that a hash may write in all its passes: about a third of a second.
pub const GREATEST_WORK_KIB: u32 = 1024 * 1024;
/// The greatest bcrypt cost: about a second.
pub const GREATEST_BCRYPT_COST: u32 = 14;
/// The most PBKDF2 rounds of an imported hash: about a second.
pub const GREATEST_ROUNDS: u32 = 3_000_000;

/// bcrypt reads no more bytes of a password than these.
const BCRYPT_BYTES: usize = 72;
/// Bytes of salt (RFC 9106 3.1: 16 is recommended) and of output.
const SALT: usize = 16;
const OUTPUT: usize = 32;

/// The settings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Too little to protect, or more than this server would verify.
    #[error("password.memory_kib must be from {LEAST_MEMORY_KIB} to {GREATEST_MEMORY_KIB}, not {0}")]
    Memory(u32),
    /// Too few to protect, or too much time.
    #[error(
        "password.passes must be at least 2, and {memory_kib} KiB times {passes} passes at most {GREATEST_WORK_KIB}"
    )]
    Passes {
        /// As set.
        memory_kib: u32,
        /// As set.
        passes: u32,
    },
}

/// The text is not a stored password that this server verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Neither argon2id, bcrypt nor PBKDF2, or damaged.
    #[error("not a hash by argon2id, bcrypt or PBKDF2")]
    Unknown,
    /// It would take too long.
    #[error("the hash costs more than this server spends on one password")]
    TooCostly,
}

/// The memory that argon2 works in, kept from one password to the next: fresh memory halves the speed. In huge pages, where there
/// are any: blocks are read all over it, and a twelfth of the time went into finding their pages.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0 = Vec::with_capacity(count);
            ask_for_huge_pages(&mut self.0);
            self.0.resize(count, Block::default());
        }
        self.0.get_mut(..count).unwrap_or_default()
    }

    /// Gives back what one costly imported hash needed.
    fn shrink(&mut self, count: usize) {
        if self.0.len() > count {
            self.0.truncate(count);
            self.0.shrink_to_fit();
        }
    }
}

/// Asks the kernel for huge pages behind memory that was not touched yet (madvise(2), `MADV_HUGEPAGE`). Where it has none, or does
/// not know them, ordinary pages do.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(memory: &mut Vec<Block>) {
    let page = rustix::param::page_size();
    let free = memory.spare_capacity_mut();
    let (start, length) = (free.as_mut_ptr().cast::<u8>(), std::mem::size_of_val(free));
    let before = start.align_offset(page).min(length);
    let whole = (length - before) / page * page;
    #[allow(unsafe_code, reason = "advice on whole pages of the vector's own memory, which changes none of its bytes")]
    // SAFETY: from `before` on there are `whole` bytes of the vector's allocation, which lives longer than this call.
    let asked = unsafe { rustix::mm::madvise(start.add(before).cast(), whole, rustix::mm::Advice::LinuxHugepage) };
    if let Err(error) = asked {
        tracing::debug!(%error, "passwords are hashed in ordinary pages");
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: &mut Vec<Block>) {}

impl std::fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Memory({} KiB)", self.0.len())
    }
}

/// A stored password, read.
#[derive(Clone, PartialEq)]
pub enum StoredHash {
    /// argon2id, version 1.3.
    Argon2id(Box<PasswordHash>, Params),
    /// bcrypt.
    Bcrypt {
        /// Binary logarithm of the rounds.
        cost: u32,
        /// 128 bits.
        salt: [u8; 16],
        /// 184 bits: bcrypt drops the last byte of 24.
        output: [u8; 23],
    },
    /// PBKDF2.
    Pbkdf2 {
        /// With SHA-256 or SHA-512.
        algorithm: pbkdf2::Algorithm,
        /// How often.
        rounds: NonZeroU32,
        /// Any bytes.
        salt: Vec<u8>,
        /// 16 to 64 bytes.
        output: Vec<u8>,
    },
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Argon2id(..) => "Argon2id",
            Self::Bcrypt { .. } => "Bcrypt",
            Self::Pbkdf2 { .. } => "Pbkdf2",
        })
    }
}

/// What was found out about a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Verification {
    /// It is the right one.
    Right {
        /// What to store instead, where the stored hash is of another kind or cost.
        rehash: Option<String>,
    },
    /// It is not.
    Wrong,
}

impl std::fmt::Debug for Verification {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Right { rehash: None } => "Right",
            Self::Right { rehash: Some(_) } => "Right, to be stored anew",
            Self::Wrong => "Wrong",
        })
    }
}

impl StoredHash {
    /// Reads a stored password, and refuses what would cost too much. An import should call it for each row.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        // Longer than any of the forms with the longest salt.
        if text.len() > 512 {
            return Err(Unusable::Unknown);
        }
        match text.split('$').nth(usize::from(text.starts_with('$'))) {
            Some("argon2id") => parse_argon2id(text),
            Some("2a" | "2b" | "2y") => parse_bcrypt(text),
            Some("pbkdf2-sha256") => parse_pbkdf2(text, pbkdf2::PBKDF2_HMAC_SHA256),
            Some("pbkdf2-sha512") => parse_pbkdf2(text, pbkdf2::PBKDF2_HMAC_SHA512),
            Some("pbkdf2_sha256") => parse_django(text, pbkdf2::PBKDF2_HMAC_SHA256),
            Some("pbkdf2_sha512") => parse_django(text, pbkdf2::PBKDF2_HMAC_SHA512),
            _ => Err(Unusable::Unknown),
        }
    }

    /// Whether these very bytes are the password.
    fn matches(&self, password: &str, memory: &mut Memory) -> bool {
        match self {
            Self::Argon2id(stored, params) => {
                let (Some(salt), Some(output)) = (&stored.salt, &stored.hash) else { return false };
                let mut computed = Zeroizing::new(vec![0; output.as_bytes().len()]);
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                let blocks = memory.blocks(params.block_count());
                argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut computed, blocks).is_ok()
                    && bool::from(computed.ct_eq(output.as_bytes()))
            }
            Self::Bcrypt { cost, salt, output } => {
                // The key is the password and a NUL, repeated until it fills 72 bytes. A NUL inside would make "otter",
                // "otter\0otter" and so on one password; makers in C stop there. No form can send one, no honest person does.
                let honest = !password.contains('\0');
                let bytes = password.as_bytes();
                let mut key = Zeroizing::new(Vec::with_capacity(BCRYPT_BYTES));
                key.extend(bytes.iter().copied().chain(std::iter::once(0)).take(BCRYPT_BYTES));
                let computed = Zeroizing::new(bcrypt::bcrypt(*cost, *salt, &key));
                let equal = computed.get(..output.len()).is_some_and(|computed| computed.ct_eq(output).into());
                honest && equal
            }
            Self::Pbkdf2 { algorithm, rounds, salt, output } => {
                pbkdf2::verify(*algorithm, *rounds, salt, password.as_bytes(), output).is_ok()
            }
        }
    }

    /// Whether every byte of such a password was verified.
    fn reads_all_of(&self, password: &str) -> bool {
        !matches!(self, Self::Bcrypt { .. }) || password.len() <= BCRYPT_BYTES
    }
}

fn parse_argon2id(text: &str) -> Result<StoredHash, Unusable> {
    let hash = PasswordHash::new(text).map_err(|_| Unusable::Unknown)?;
    let params = Params::try_from(&hash).map_err(|_| Unusable::Unknown)?;
    // A key id means a pepper that we do not have; associated data likewise.
    let ours = hash.version == Some(Version::V0x13.into()) && params.keyid().is_empty() && params.data().is_empty();
    let whole = hash.salt.is_some() && hash.hash.is_some_and(|output| output.len() >= 16);
    if !ours || !whole {
        return Err(Unusable::Unknown);
    }
    if params.m_cost() > GREATEST_MEMORY_KIB || params.m_cost().saturating_mul(params.t_cost()) > GREATEST_WORK_KIB {
        return Err(Unusable::TooCostly);
    }
    Ok(StoredHash::Argon2id(Box::new(hash), params))
}

fn parse_bcrypt(text: &str) -> Result<StoredHash, Unusable> {
    // The crate's parser knows `$2x$` as well: those hashes are of a broken maker and were told apart above.
    let parts = bcrypt::HashParts::from_str(text).map_err(|_| Unusable::Unknown)?;
    let (cost, salt) = (parts.get_cost(), parts.get_salt_raw());
    let mut output = [0; 23];
    let encoded = text.get(29..).ok_or(Unusable::Unknown)?;
    BCRYPT_BASE_64.decode_slice(encoded, &mut output).map_err(|_| Unusable::Unknown)?;
    match cost {
        ..4 => Err(Unusable::Unknown),
        4..=GREATEST_BCRYPT_COST => Ok(StoredHash::Bcrypt { cost, salt, output }),
        _ => Err(Unusable::TooCostly),
    }
}

/// base64 with the alphabet of bcrypt.
const BCRYPT_BASE_64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);

/// Standard base64, padded or not, as the PHC string format writes it.
const BASE_64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn parse_pbkdf2(text: &str, algorithm: pbkdf2::Algorithm) -> Result<StoredHash, Unusable> {
    let mut fields = text.split('$').skip(2);
    let (Some(cost), Some(salt), Some(output), None) = (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(Unusable::Unknown);
    };
    let rounds = cost.split(',').find_map(|part| part.strip_prefix("i=")).unwrap_or(cost);
    // passlib writes `.` where standard base64 has `+`.
    let decode = |text: &str| BASE_64.decode(text.replace('.', "+")).map_err(|_| Unusable::Unknown);
    pbkdf2(algorithm, rounds, decode(salt)?, decode(output)?)
}

fn parse_django(text: &str, algorithm: pbkdf2::Algorithm) -> Result<StoredHash, Unusable> {
    let mut fields = text.split('$').skip(1);
    let (Some(rounds), Some(salt), Some(output), None) = (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(Unusable::Unknown);
    };
    let output = BASE_64.decode(output).map_err(|_| Unusable::Unknown)?;
    pbkdf2(algorithm, rounds, salt.as_bytes().to_vec(), output)
}

fn pbkdf2(algorithm: pbkdf2::Algorithm, rounds: &str, salt: Vec<u8>, output: Vec<u8>) -> Result<StoredHash, Unusable> {
    let rounds: NonZeroU32 = rounds.parse().map_err(|_| Unusable::Unknown)?;
    if salt.is_empty() || !(16..=64).contains(&output.len()) {
        return Err(Unusable::Unknown);
    }
    if rounds.get() > GREATEST_ROUNDS {
        return Err(Unusable::TooCostly);
    }
    Ok(StoredHash::Pbkdf2 { algorithm, rounds, salt, output })
}

/// Makes and verifies hashes at the cost that the operator set.
#[derive(Debug, Clone)]
pub struct Hasher {
    params: Params,
}

impl Hasher {
    /// A hasher at this cost, with one lane.
    pub fn new(settings: &PasswordSettings) -> Result<Self, CostError> {
        let (memory_kib, passes) = (settings.memory_kib, settings.passes);
        if !(LEAST_MEMORY_KIB..=GREATEST_MEMORY_KIB).contains(&memory_kib) {
            return Err(CostError::Memory(memory_kib));
        }
        let refused = CostError::Passes { memory_kib, passes };
        if passes < 2 || memory_kib.saturating_mul(passes) > GREATEST_WORK_KIB {
            return Err(refused);
        }
        let params = Params::new(memory_kib, passes, 1, Some(OUTPUT)).map_err(|_| refused)?;
        Ok(Self { params })
    }

    /// KiB written for one password in all passes: the measure of its time.
    pub fn work_kib(&self) -> u32 {
        self.params.m_cost().saturating_mul(self.params.t_cost())
    }

    /// Hashes a new password. `None` where it is longer than [`super::MAXIMUM_BYTES`], which no policy permits.
    pub fn hash(&self, password: &SecretString, random: &dyn Random, memory: &mut Memory) -> Option<String> {
        let password = normalise(password.expose_secret())?;
        let salt = draw_bytes::<SALT>(random);
        let mut output = Zeroizing::new([0; OUTPUT]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let blocks = memory.blocks(self.params.block_count());
        argon2.hash_password_into_with_memory(password.as_bytes(), &salt, output.as_mut_slice(), blocks).ok()?;
        self.phc(&salt, output.as_slice())
    }

    /// A hash of the current cost that no password matches: its output is drawn, not computed.
    pub(super) fn decoy(&self, random: &dyn Random) -> Option<StoredHash> {
        let text = self.phc(&draw_bytes::<SALT>(random), &draw_bytes::<OUTPUT>(random))?;
        StoredHash::parse(&text).ok()
    }

    fn phc(&self, salt: &[u8], output: &[u8]) -> Option<String> {
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).ok()?,
            salt: Some(Salt::new(salt).ok()?),
            hash: Some(Output::new(output).ok()?),
        };
        Some(hash.to_string())
    }

    /// Verifies a password, and hashes it anew where the stored form is not the current one.
    ///
    /// The normalised form is tried first. Imported hashes were made of what was typed, so that is tried as well where
    /// it differs; for all kinds alike, so that the time tells nothing.
    pub fn verify(
        &self,
        password: &SecretString,
        stored: &StoredHash,
        random: &dyn Random,
        memory: &mut Memory,
    ) -> Verification {
        let typed = password.expose_secret();
        let Some(normalised) = normalise(typed) else { return Verification::Wrong };
        let differs = normalised.as_str() != typed;
        let right = stored.matches(&normalised, memory) || (differs && stored.matches(typed, memory));
        memory.shrink(self.params.block_count());
        if !right {
            return Verification::Wrong;
        }
        // Bytes that were not verified must not become part of the password: a slip of the finger beyond the 72nd byte
        // would lock its owner out.
        let stale = !self.is_current(stored) && stored.reads_all_of(typed) && stored.reads_all_of(&normalised);
        Verification::Right { rehash: if stale { self.hash(password, random, memory) } else { None } }
    }

    fn is_current(&self, stored: &StoredHash) -> bool {
        matches!(stored, StoredHash::Argon2id(_, params) if *params == self.params)
    }
}

#[cfg(test)]
mod tests;
