//! The commonest breached passwords (NIST SP 800-63B-4 3.1.1.2: verifiers shall compare against a blocklist).
//!
//! Owns the look-up in the embedded set. Where the set comes from is told in `idp/server/data/README.md`; it is made by
//! `cargo xtask breached`. The set is read in place from the binary, so that only the pages a look-up touches are
//! resident, and it is exact: nobody is refused by accident.

use std::fmt;

use fst::Set;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

const EMBEDDED: &[u8] = include_bytes!("../../../data/breached.fst");

/// The embedded set is damaged: the binary is.
#[derive(Debug, thiserror::Error)]
#[error("the embedded list of breached passwords is damaged")]
pub struct Damaged(#[from] fst::Error);

/// The set of the commonest breached passwords of 8 characters or more.
#[derive(Clone)]
pub struct Breached(Set<&'static [u8]>);

impl Breached {
    /// Opens the embedded set. Reads its header only.
    pub fn open() -> Result<Self, Damaged> {
        Ok(Self(Set::new(EMBEDDED)?))
    }

    /// Whether the whole password is one of them, upper and lower case alike.
    pub fn contains(&self, password: &str) -> bool {
        self.0.contains(fold(password).as_bytes())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Breached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Breached({})", self.len())
    }
}

/// Must stay the same as `fold` in `xtask/src/breached.rs`.
fn fold(password: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(4 * password.len()));
    folded.extend(password.nfc().flat_map(char::to_lowercase));
    folded
}

#[cfg(test)]
mod tests;
