//! Walks a chain and finds the first event that is not as it was sealed.
//!
//! Owns what counts as a break. What it cannot see is a chain whose end was cut off: whoever wants to know of that keeps
//! the head that `keyholder audit verify` prints, outside of this machine.

use std::fmt;

use keyholder_core::audit::ChainLink;
use keyholder_store::operation::{AuditRow, Values};

use super::chain::{commit, follow};

/// A walk along one chain.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    head: Option<ChainLink>,
    /// Events whose values were truncated.
    pub removed: u64,
    /// Events whose values were there and agreed.
    pub verified: u64,
}

/// The first event that does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    pub sequence: i64,
    pub flaw: Flaw,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    Missing,
    /// Its values are not those that were committed to.
    Altered,
    /// It does not follow the one before: altered, or put somewhere else.
    Unlinked,
    /// Parts of it are missing or cannot be read.
    Damaged,
    /// Its values are gone although those of an older event are there: truncation takes the beginning only.
    RemovedOutOfOrder,
}

impl fmt::Display for Break {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequence = self.sequence;
        match self.flaw {
            Flaw::Missing => write!(formatter, "event {sequence} is missing"),
            Flaw::Altered => write!(formatter, "event {sequence} was altered after it was sealed"),
            Flaw::Unlinked => write!(formatter, "event {sequence} does not follow the one before it"),
            Flaw::Damaged => write!(formatter, "event {sequence} is damaged or lacks a part"),
            Flaw::RemovedOutOfOrder => {
                write!(formatter, "the values of event {sequence} were removed, and not by truncation")
            }
        }
    }
}

impl Walk {
    /// Goes on from a link that is taken for granted.
    pub fn after(link: ChainLink) -> Self {
        Self { head: Some(link), ..Self::default() }
    }

    /// The last link that agreed.
    pub fn head(&self) -> Option<&ChainLink> {
        self.head.as_ref()
    }

    /// Takes the next sealed row, in the order of sequence numbers.
    pub fn step(&mut self, row: &AuditRow) -> Result<(), Break> {
        let expected = self.head.as_ref().map_or(0, |link| link.sequence).saturating_add(1);
        let sequence = row.sequence.unwrap_or_default();
        let broken = |flaw| Break { sequence, flaw };
        if sequence < expected {
            return Err(broken(Flaw::Unlinked));
        }
        if sequence > expected {
            return Err(Break { sequence: expected, flaw: Flaw::Missing });
        }
        let commitment = row.commitment.as_deref().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let commitment = commitment.ok_or(broken(Flaw::Damaged))?;
        let link = follow(self.head.as_ref(), commitment);
        if row.chain.as_deref() != Some(&link.chain[..]) {
            return Err(broken(Flaw::Unlinked));
        }
        match &row.values {
            Values::Present(event) if commit(event) == commitment => self.verified += 1,
            Values::Present(_) => return Err(broken(Flaw::Altered)),
            Values::Removed(_) if self.verified > 0 => return Err(broken(Flaw::RemovedOutOfOrder)),
            Values::Removed(_) => self.removed += 1,
            Values::Damaged => return Err(broken(Flaw::Damaged)),
        }
        self.head = Some(link);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
