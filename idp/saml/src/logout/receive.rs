//! Messages about logout that come in.

use std::time::Duration;

use keyholder_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Outcome, Participant};
use crate::checks::{Arrival, REQUEST_LIFETIME};
use crate::encryption::{DecryptError, decrypt_name_id};
use crate::gate::is_name;
use crate::inbound::Inbound;
use crate::messages::{
    Header, LogoutRequest, LogoutResponse, NameId, NestedStatus, Principal, ReadError, Status, TopStatus,
};
use crate::names::ASSERTION;
use crate::service_provider::ServiceProvider;
use crate::verify::{Verified, VerifyError};

/// A logout that a service provider asked for, and may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedLogout {
    /// The service provider's entity id.
    pub provider: String,
    /// Our entity id, under which it asked.
    pub issuer: String,
    /// The request's id, which the answer names.
    pub id: String,
    pub name_id: NameId,
    /// The sessions meant; none means all of the person's at this service provider.
    pub session_indexes: Vec<String>,
    pub relay_state: Option<String>,
    pub expires_at: Timestamp,
}

impl CheckedLogout {
    /// What must be inserted once, and until when it has to be remembered.
    pub fn replay_mark(&self) -> (String, Timestamp) {
        (format!("saml-logout {} {}", self.provider, self.id), self.expires_at)
    }
}

/// Why a message about logout ends nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Shown as a page, or answered by a SOAP fault.
    #[error("the message cannot be trusted: {0}")]
    Untrusted(#[from] Untrusted),
    /// May be answered: the request is the service provider's own.
    #[error("the logout is refused: {}", .0.refusal)]
    Refused(Box<Refused>),
}

/// A refusal, and the request that the answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub in_response_to: String,
    pub relay_state: Option<String>,
    pub refusal: Refusal,
}

/// What makes a message unfit for any answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("{0}")]
    Message(#[from] ReadError),
    #[error("the Issuer is another service provider")]
    Issuer,
    #[error("the service provider's metadata has expired")]
    MetadataExpired,
    /// saml-profiles-2.0-os 4.4.4.1, 4.4.4.2: messages about logout are authenticated.
    #[error("the message is not signed")]
    Unsigned,
    #[error("the signature does not count: {0}")]
    Signature(#[from] VerifyError),
    #[error("the ID is not an xs:ID of at most 256 characters")]
    Id,
    #[error("the Destination is another address")]
    Destination,
    #[error("the message names no Destination")]
    DestinationMissing,
    #[error("the IssueInstant is too long ago")]
    Stale,
    #[error("the IssueInstant is in the future")]
    Future,
    #[error("the NotOnOrAfter has passed")]
    Expired,
    #[error("the RelayState is too long or has a control character")]
    RelayState,
    /// Nobody asked, or somebody else was asked.
    #[error("the InResponseTo names no request that we sent to this service provider")]
    InResponseTo,
}

/// Why a service provider may not have this logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the Version is not 2.0")]
    Version,
    #[error("the subject is named by an extension")]
    OpaquePrincipal,
    #[error("the EncryptedID cannot be read: {0}")]
    Encrypted(DecryptError),
    #[error("the NameID names nobody who signed in to this service provider")]
    UnknownPrincipal,
    #[error("the SessionIndex names no session of this person at this service provider")]
    UnknownSession,
    #[error("the identity provider could not do it")]
    Internal,
}

impl Refusal {
    /// The status of the answer (saml-core-2.0-os 3.2.2.2).
    pub fn status(self) -> Status {
        match self {
            Self::Version => Status { top: TopStatus::VersionMismatch, nested: None, message: None },
            Self::OpaquePrincipal => Status::new(TopStatus::Requester, NestedStatus::RequestUnsupported),
            // One status, whatever is wrong with what was encrypted, and that of a name which nobody has (see `encryption::decrypt`).
            Self::Encrypted(_) | Self::UnknownPrincipal | Self::UnknownSession => {
                Status::new(TopStatus::Requester, NestedStatus::UnknownPrincipal)
            }
            Self::Internal => Status { top: TopStatus::Responder, nested: None, message: None },
        }
    }
}

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By Redirect or POST.
    Browser,
    /// As a SOAP request.
    Soap,
    /// As the answer to a SOAP request of ours.
    Back,
}

/// What of a message's beginning is checked whatever it is.
fn check_header(header: &Header, provider: &ServiceProvider, arrival: &Arrival<'_>, way: Way) -> Result<(), Untrusted> {
    let metadata = &provider.metadata;
    if header.issuer != metadata.entity_id {
        return Err(Untrusted::Issuer);
    }
    if metadata.valid_until.is_some_and(|end| arrival.now >= end) {
        return Err(Untrusted::MetadataExpired);
    }
    if !is_name(&header.id) {
        return Err(Untrusted::Id);
    }
    match (header.destination.as_deref(), way) {
        // The answer to what we posted ourselves came back on the same connection: its destination is nobody's address.
        (_, Way::Back) => {}
        (Some(destination), _) if destination != arrival.endpoint => return Err(Untrusted::Destination),
        // saml-bindings-2.0-os 3.4.5.2, 3.5.5.2 demand it of the browser's messages, 3.2 does not of SOAP.
        (None, Way::Browser) => return Err(Untrusted::DestinationMissing),
        _ => {}
    }
    let skew = skew(provider);
    if header.issue_instant > arrival.now.plus(skew) {
        return Err(Untrusted::Future);
    }
    if arrival.now >= header.issue_instant.plus(REQUEST_LIFETIME).plus(skew) {
        return Err(Untrusted::Stale);
    }
    if arrival.relay_state.is_some_and(|state| !crate::checks::is_relay_state(state)) {
        return Err(Untrusted::RelayState);
    }
    Ok(())
}

fn skew(provider: &ServiceProvider) -> Duration {
    Duration::from_secs(provider.settings.clock_skew_seconds.into())
}

fn verify(message: &Inbound, provider: &ServiceProvider) -> Result<Verified, Untrusted> {
    if !message.is_signed() {
        return Err(Untrusted::Unsigned);
    }
    Ok(message.verify(&provider.metadata.signing_keys())?)
}

/// Verifies, reads and checks a `LogoutRequest`, and opens its `EncryptedID`. [`named`] says which sessions it ends.
pub fn receive_request(
    message: &Inbound,
    provider: &ServiceProvider,
    arrival: &Arrival<'_>,
    way: Way,
) -> Result<CheckedLogout, Rejection> {
    let verified = verify(message, provider)?;
    let request = LogoutRequest::read(verified.root()).map_err(Untrusted::Message)?;
    check_header(&request.header, provider, arrival, way)?;
    // saml-core-2.0-os 3.7.1: "the time at which the request expires".
    if request.not_on_or_after.is_some_and(|end| arrival.now >= end.plus(skew(provider))) {
        return Err(Untrusted::Expired.into());
    }
    let relay_state = arrival.relay_state.map(str::to_owned);
    let refused = |refusal| {
        let in_response_to = request.header.id.clone();
        Err(Rejection::Refused(Box::new(Refused { in_response_to, relay_state: relay_state.clone(), refusal })))
    };
    if request.header.version != "2.0" {
        return refused(Refusal::Version);
    }
    let name_id = match &request.principal {
        Principal::NameId(name_id) => name_id.clone(),
        // The signature was verified above, and covers it.
        Principal::Opaque(element) if element.is(ASSERTION, "EncryptedID") => {
            match decrypt_name_id(element, arrival.decryption) {
                Ok(name_id) => name_id,
                Err(error) => return refused(Refusal::Encrypted(error)),
            }
        }
        Principal::Opaque(_) => return refused(Refusal::OpaquePrincipal),
    };
    Ok(CheckedLogout {
        provider: request.header.issuer.clone(),
        issuer: arrival.issuer.to_owned(),
        id: request.header.id.clone(),
        name_id,
        session_indexes: request.session_indexes.clone(),
        relay_state: relay_state.clone(),
        expires_at: request.header.issue_instant.plus(REQUEST_LIFETIME).plus(skew(provider)),
    })
}

/// Which of the participants a logout names: those that this very service provider was told of. Nobody ends another
/// one's.
pub fn named<'a>(request: &CheckedLogout, participants: &'a [Participant]) -> Result<Vec<&'a Participant>, Refusal> {
    let theirs = |one: &&Participant| one.provider == request.provider && one.issuer == request.issuer;
    let persons: Vec<&Participant> =
        participants.iter().filter(theirs).filter(|one| request.name_id.names(&one.name_id)).collect();
    if persons.is_empty() {
        return Err(Refusal::UnknownPrincipal);
    }
    if request.session_indexes.is_empty() {
        return Ok(persons);
    }
    let sessions: Vec<&Participant> =
        persons.into_iter().filter(|one| request.session_indexes.contains(&one.session_index)).collect();
    if sessions.is_empty() { Err(Refusal::UnknownSession) } else { Ok(sessions) }
}

/// A request of ours that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The id of our request.
    pub id: String,
    /// The entity id of the service provider that was asked.
    pub provider: String,
}

/// Verifies, reads and checks a `LogoutResponse`: the request that it answers, and what came of it.
pub fn receive_response<'a>(
    message: &Inbound,
    provider: &ServiceProvider,
    arrival: &Arrival<'_>,
    way: Way,
    pending: &'a [Pending],
) -> Result<(&'a Pending, Outcome), Untrusted> {
    // saml-profiles-2.0-os 4.4.4.2: the responder authenticates itself "either by signing ... or using any other binding-supported
    // mechanism". The answer to what we posted ourselves comes from the registered address, under its TLS.
    let verified;
    let root = if way == Way::Back && !message.is_signed() {
        message.unverified()
    } else {
        verified = verify(message, provider)?;
        verified.root()
    };
    let response = LogoutResponse::read(root)?;
    check_header(&response.header, provider, arrival, way)?;
    let asked = response
        .in_response_to
        .as_deref()
        .and_then(|id| pending.iter().find(|asked| asked.id == id && asked.provider == response.header.issuer));
    let outcome = if response.status.is_success() { Outcome::SignedOut } else { Outcome::Failed };
    Ok((asked.ok_or(Untrusted::InResponseTo)?, outcome))
}
