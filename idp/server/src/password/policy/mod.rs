//! Which passwords may be chosen: NIST SP 800-63B-4 3.1.1.2.
//!
//! Owns the length, the characters and the blocklist. Owns no rule of composition (mixtures of letters, digits, signs)
//! and no expiry: the standard forbids both. Checked when a password is chosen, never when one is used.

use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::char::is_public_assigned;

use super::breached::{Breached, Damaged};
use super::normalise;

mod guessable;

/// What an operator may not go below: the shortest password that a second factor may complete.
pub const LEAST_MINIMUM: usize = 8;
/// A single factor needs 15, and a user without a key signs in to the restricted set with the password alone.
pub const DEFAULT_MINIMUM: usize = 15;
/// The highest minimum: every password of 64 characters must be permitted.
pub const GREATEST_MINIMUM: usize = 64;
/// The longest password, in code points.
pub const MAXIMUM: usize = 256;

/// Why a policy cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The operator's minimum is outside of what the standard permits.
    #[error("the minimum length of passwords must be from {LEAST_MINIMUM} to {GREATEST_MINIMUM}, not {0}")]
    Minimum(usize),
    /// The binary is damaged.
    #[error(transparent)]
    Breached(#[from] Damaged),
}

/// Why a password is refused; each asks something else of the person (the standard: the reason shall be given).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Use a longer one.
    #[error("shorter than {minimum} characters")]
    TooShort {
        /// The shortest permitted, in characters.
        minimum: usize,
    },
    /// Use a shorter one.
    #[error("longer than {maximum} characters")]
    TooLong {
        /// The longest permitted, in characters.
        maximum: usize,
    },
    /// Type it again without the character that cannot be printed.
    #[error("contains a character that cannot be printed")]
    Unprintable,
    /// It is among the first that an attacker tries: choose something else altogether.
    #[error("is among the commonest breached passwords")]
    Breached,
    /// It is made of the person's address or the school's name: choose words that have nothing to do with them.
    #[error("is made of the e-mail address, the school's name or the product's name")]
    Context,
    /// It is one short piece repeated, or characters in order.
    #[error("repeats one short piece or runs through characters in order")]
    Pattern,
}

/// What an attacker knows about the person before guessing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The person's e-mail address.
    pub email: &'a str,
    /// Names of the person's schools, of the trust, of the application.
    pub names: &'a [&'a str],
}

/// The rules for a new password.
#[derive(Debug, Clone)]
pub struct PasswordPolicy {
    minimum: usize,
    breached: Breached,
}

impl PasswordPolicy {
    /// A policy with this minimum length in characters ([`DEFAULT_MINIMUM`] unless the operator says otherwise).
    pub fn new(minimum: usize) -> Result<Self, PolicyError> {
        if !(LEAST_MINIMUM..=GREATEST_MINIMUM).contains(&minimum) {
            return Err(PolicyError::Minimum(minimum));
        }
        Ok(Self { minimum, breached: Breached::open()? })
    }

    /// The shortest password permitted, in characters; the page says it beforehand.
    pub fn minimum(&self) -> usize {
        self.minimum
    }

    /// Checks a password that a person chose.
    pub fn check(&self, password: &SecretString, context: &Context<'_>) -> Result<(), Refusal> {
        let too_long = Refusal::TooLong { maximum: MAXIMUM };
        let password = normalise(password.expose_secret()).ok_or(too_long)?;
        // 3.1.1.2: each Unicode code point counts as one character.
        let length = password.chars().count();
        if length < self.minimum {
            return Err(Refusal::TooShort { minimum: self.minimum });
        }
        if length > MAXIMUM {
            return Err(too_long);
        }
        // 3.1.1.2 with UAX 15 12.1: a character unassigned today may be normalised otherwise tomorrow, and the person
        // would be locked out by an update.
        if !password.chars().all(|character| is_public_assigned(character) && !character.is_control()) {
            return Err(Refusal::Unprintable);
        }
        if self.breached.contains(&password) {
            return Err(Refusal::Breached);
        }
        if guessable::is_made_of(&password, context) {
            return Err(Refusal::Context);
        }
        if guessable::is_pattern(&password) {
            return Err(Refusal::Pattern);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
