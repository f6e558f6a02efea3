//! What is verified where there is nothing to verify, so that a person who does not exist, or has no password, takes the
//! time of one who does.

use keyholder_core::person::StoredPassword;
use keyholder_core::random::Random;

use super::hash::{Hasher, Memory, StoredHash, Verification};

/// A hash that no password matches, at the current cost.
#[derive(Debug, Clone)]
pub(super) struct Decoy(StoredHash);

impl Decoy {
    /// `None` only where the hasher's own form does not read back.
    pub(super) fn new(hasher: &Hasher, random: &dyn Random) -> Option<Self> {
        hasher.decoy(random).map(Self)
    }

    /// Verifies a password against what is stored, or against the decoy where nothing usable is.
    pub(super) fn verify(
        &self,
        hasher: &Hasher,
        password: &secrecy::SecretString,
        stored: Option<&StoredPassword>,
        random: &dyn Random,
        memory: &mut Memory,
    ) -> Verification {
        match stored.map(|stored| StoredHash::parse(&stored.hash)) {
            Some(Ok(stored)) => hasher.verify(password, &stored, random, memory),
            unusable => {
                if let Some(Err(reason)) = unusable {
                    tracing::warn!(%reason, "a stored password cannot be used; its owner needs a new one");
                }
                hasher.verify(password, &self.0, random, memory);
                Verification::Wrong
            }
        }
    }
}
