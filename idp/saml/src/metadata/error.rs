//! Why metadata is not taken.

use crate::gate::GateError;
use crate::messages::ReadError;
use crate::verify::{KeyError, VerifyError};
use crate::xml::ValueError;

/// Why metadata is not taken. The copy before it stays in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    #[error("{0}")]
    Gate(#[from] GateError),
    /// The document could not be read to its end.
    #[error("the document cannot be read: {0}")]
    Io(std::io::ErrorKind),
    /// One part of an aggregate is larger than any entity is.
    #[error("a part of the document is too long")]
    TooLong,
    #[error("{0}")]
    Content(#[from] ReadError),
    /// Unsigned where a key is pinned, or signed by another key.
    #[error("the signature does not count: {0}")]
    Signature(#[from] VerifyError),
    #[error("there is no validUntil, and metadata that is fetched or signed must have one")]
    NoValidUntil,
    #[error("the validUntil has passed")]
    Expired,
    /// Longer than is accepted: whoever held back a revocation could go on with this for as long.
    #[error("the validUntil is too far away")]
    ValidTooLong,
    #[error("the entityID is not the one expected")]
    EntityId,
    /// It would stand for ourselves.
    #[error("the entityID is our own")]
    OwnEntityId,
    #[error("the entityID is longer than 1024 characters")]
    LongEntityId,
    #[error("there is no service provider that speaks SAML 2.0")]
    NoServiceProvider,
    #[error("there is more than one service provider, and none was asked for")]
    Several,
    #[error("there is no AssertionConsumerService that takes POST")]
    NoAssertionConsumerService,
    /// Not https (http on loopback alone), or with a user, a fragment, or characters that no address has.
    #[error("the address of an endpoint is not accepted: {0}")]
    Endpoint(String),
    #[error("a certificate is not accepted: {0}")]
    Certificate(#[from] KeyError),
    /// Of our own metadata.
    #[error("a value cannot be written: {0}")]
    Value(#[from] ValueError),
    #[error("the metadata cannot be signed: {0}")]
    Sign(#[from] crate::signer::SignError),
}
