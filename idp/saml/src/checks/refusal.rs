//! Why a request is refused, and whether the service provider may be told.

use super::ReplyTo;
use crate::messages::{NestedStatus, ReadError, Status, TopStatus};
use crate::verify::VerifyError;

/// A refusal. Only [`Rejection::Refused`] carries an address, so that nothing else can be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Shown as a page: who asks, or where the answer would go, cannot be trusted.
    #[error("the request cannot be trusted: {0}")]
    Untrusted(#[from] Untrusted),
    /// May be sent to the service provider's registered address.
    #[error("the request is refused: {}", .0.refusal)]
    Refused(Box<Refused>),
}

/// What makes a request unfit for any answer to the service provider. For the log and the trace, never for the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Not a request of this protocol.
    #[error("{0}")]
    Message(#[from] ReadError),
    /// The Issuer is another one than the service provider whose rules are applied.
    #[error("the Issuer is another service provider")]
    Issuer,
    /// Its id could not be answered to.
    #[error("the ID is not an xs:ID of at most 256 characters")]
    Id,
    /// The service provider signs its requests; this one is not signed.
    #[error("the request is not signed, and this service provider's requests have to be")]
    Unsigned,
    /// It is signed, and not by a key that is registered.
    #[error("the signature does not count: {0}")]
    Signature(#[from] VerifyError),
    /// It was meant for somebody else (saml-core-2.0-os 3.2.1: "MUST discard").
    #[error("the Destination is another address")]
    Destination,
    /// A signed request has to name its destination (saml-bindings-2.0-os 3.4.5.2, 3.5.5.2).
    #[error("the request is signed and names no Destination")]
    DestinationMissing,
    /// Too old.
    #[error("the IssueInstant is too long ago")]
    Stale,
    /// From the future, by more than clocks differ.
    #[error("the IssueInstant is in the future")]
    Future,
    /// Index and address exclude each other (saml-core-2.0-os 3.4.1).
    #[error("AssertionConsumerServiceIndex stands beside AssertionConsumerServiceURL or ProtocolBinding")]
    IndexWithUrl,
    /// Not an address of the metadata, byte for byte.
    #[error("the AssertionConsumerServiceURL is not registered")]
    AcsNotRegistered,
    /// Not an index of the metadata, or of an endpoint that does not take POST.
    #[error("the AssertionConsumerServiceIndex is not registered")]
    IndexNotRegistered,
    /// Nothing is registered.
    #[error("the service provider has no AssertionConsumerService that takes POST")]
    NoAcs,
    /// The registered metadata is no longer valid.
    #[error("the service provider's metadata has expired")]
    MetadataExpired,
    /// Longer than is given back.
    #[error("the RelayState is longer than {} bytes", super::rules::LONGEST_RELAY_STATE)]
    RelayStateTooLong,
    /// A line break, or another character that forms and headers do not carry.
    #[error("the RelayState has a control character")]
    RelayStateCharacter,
}

/// A refusal and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reply_to: ReplyTo,
    pub refusal: Refusal,
}

/// Why a service provider that is known does not get what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the Version is not 2.0")]
    Version,
    #[error("the ProtocolBinding is not HTTP-POST")]
    ProtocolBinding,
    #[error("the NameIDPolicy asks for a format that this application does not get")]
    NameIdFormat,
    #[error("the NameIDPolicy names a group of service providers that this one does not belong to")]
    SpNameQualifier,
    #[error("no class of the RequestedAuthnContext can be reached")]
    AuthnContext,
    /// The sign-in would have needed a page.
    #[error("a page would be needed, and IsPassive forbids it")]
    Passive,
    /// The person did not prove who they are.
    #[error("the person could not be authenticated")]
    AuthnFailed,
    /// The person may not use this application.
    #[error("this person may not use the application")]
    Denied,
    #[error(
        "the Subject cannot be read: it is encrypted in a request that is not signed, for somebody else, or otherwise than our metadata asks"
    )]
    OpaqueSubject,
    /// The person signed in is not the one named in the request.
    #[error("the person is not the one named in the Subject")]
    UnknownPrincipal,
    /// A fault of ours.
    #[error("the identity provider could not answer")]
    Internal,
}

impl Refusal {
    /// The status of the error response (saml-core-2.0-os 3.2.2.2).
    pub fn status(self) -> Status {
        use NestedStatus as Nested;
        use TopStatus::{Requester, Responder, VersionMismatch};
        let (top, nested) = match self {
            Self::Version => return Status { top: VersionMismatch, nested: None, message: None },
            Self::ProtocolBinding => (Requester, Nested::UnsupportedBinding),
            Self::NameIdFormat | Self::SpNameQualifier => (Requester, Nested::InvalidNameIdPolicy),
            // The exact words of saml-core-2.0-os 3.3.2.2.1 name the second level only; Responder is what others send.
            Self::AuthnContext => (Responder, Nested::NoAuthnContext),
            Self::Passive => (Responder, Nested::NoPassive),
            Self::AuthnFailed => (Responder, Nested::AuthnFailed),
            Self::Denied => (Responder, Nested::RequestDenied),
            // One status, whatever is wrong with what was encrypted (see `encryption::decrypt`).
            Self::OpaqueSubject | Self::UnknownPrincipal => (Responder, Nested::UnknownPrincipal),
            Self::Internal => return Status { top: Responder, nested: None, message: None },
        };
        Status::new(top, nested)
    }
}

impl From<keyholder_core::flow::dispatcher::Refusal> for Refusal {
    fn from(refusal: keyholder_core::flow::dispatcher::Refusal) -> Self {
        use keyholder_core::flow::dispatcher::Refusal as Core;
        match refusal {
            Core::LoginRequired | Core::AccountSelectionRequired | Core::ConsentRequired => Self::Passive,
            Core::OtherPerson => Self::UnknownPrincipal,
            Core::NoMembership | Core::GroupNeedsMore(_) => Self::Denied,
            Core::AssuranceNotReached => Self::AuthnContext,
        }
    }
}
