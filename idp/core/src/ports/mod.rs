//! The ports through which the domain reaches what is outside: rows, short-lived values, the sealing key.
//!
//! Owns the traits and what they promise. The adapters are in `keyholder-store`; one conformance suite holds each of them
//! to the promises made here.

mod managed_keys;
mod plugins;
mod queries;
mod saml;
mod transaction;

use std::time::Duration;

use async_trait::async_trait;

pub use managed_keys::{ManagedKeyQueries, ManagedKeyTransaction};
pub use plugins::{PluginQueries, PluginTransaction};
pub use queries::{PersonFilter, Queries};
pub use saml::{SamlQueries, SamlTransaction};
pub use transaction::{Familiarity, SingleUse, Transaction};

/// A write: everything that happens in one transaction. Named after what it does; run as often as the database asks for.
///
/// Awaits nothing but the transaction (design, invariant 5), so that many commands can share one commit. What must be kept
/// although the caller is refused is part of the output, not an error (invariant 3): an error undoes the command.
#[async_trait]
pub trait Command: Send + Sync + 'static {
    /// What the caller learns once the change is durable.
    type Output: Send + 'static;

    /// Does it.
    async fn run(&self, transaction: &dyn Transaction) -> Result<Self::Output, StoreError>;
}

/// Why rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something unique exists already, or a reference points nowhere. Nothing was changed.
    #[error("the change conflicts with what is stored: {0}")]
    Conflict(String),
    /// The disk or a quota is full. Nothing was changed.
    #[error("there is no space left to store the change")]
    Full,
    /// The database cannot be reached or did not answer in time.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored value cannot be read: damage, or sealed under another key.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// Which kind of value.
        what: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Anything else that the database said.
    #[error("the database refused")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Values that may be lost at any time at the price of starting a sign-in again. Never decides whether something may be
/// used once (design, invariant 2).
#[async_trait]
pub trait ShortLived: Send + Sync + std::fmt::Debug {
    /// Keeps a value; the oldest go when there is no room.
    async fn put(&self, key: &[u8], value: Vec<u8>, lifetime: Duration) -> Result<(), StoreError>;
    /// The value, if it is still there.
    async fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Removes the value.
    async fn remove(&self, key: &[u8]) -> Result<(), StoreError>;
}

/// Authenticated encryption under the installation's master key.
pub trait Sealer: Send + Sync + std::fmt::Debug {
    /// Seals a value for one purpose and place. `context` is bound to it: a value sealed for one row does not open in another.
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError>;
    /// Opens what was sealed with the same context, under this master key or one that it replaced.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError>;
    /// A keyed digest that stays the same for ever, whatever happens to the master key's sealing part: for pairwise
    /// subjects and look-ups.
    fn digest(&self, context: &str, value: &[u8]) -> [u8; 32];
}

/// The value was not sealed by this key for this context, or was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open")]
pub struct SealError;
