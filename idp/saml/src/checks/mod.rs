//! A request for a sign-in is held against what is known of the service provider (saml-profiles-2.0-os 4.1.4.1).
//!
//! [`check`] is an ordered table of [`rules`] and makes what the flow keeps ([`CheckedRequest`]) and what the sign-in
//! is asked for (core's `Ask`). Owns neither the bytes ([`crate::inbound`]) nor the flow, nor the answer
//! ([`crate::respond`]). That a request is answered once is a unique insert of [`CheckedRequest::replay_mark`], which
//! is the caller's.

pub mod context;
mod refusal;
mod rules;

use std::time::Duration;

use keyholder_core::flow::{Ask, AskedAssurance, Interaction, LIFETIME, Weight};
use keyholder_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use refusal::{Refusal, Refused, Rejection, Untrusted};
pub(crate) use rules::is_relay_state;

use crate::encryption::{DecryptionKey, decrypt_name_id};
use crate::inbound::Inbound;
use crate::messages::{AuthnRequest, NameId, NameIdFormat, ReadError, read};
use crate::names::ASSERTION;
use crate::service_provider::ServiceProvider;
use context::RequestedContext;

/// For how long after its `IssueInstant` a request counts. A request waits for nobody: the browser brings it at once,
/// or after an address bar was restored.
pub const REQUEST_LIFETIME: Duration = Duration::from_mins(5);

/// What came of a message's signature. A wrong one never gets here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// One of the service provider's keys made it, over everything that is read.
    Verified,
    Absent,
}

/// What a request is held against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Our entity id for this service provider.
    pub issuer: &'a str,
    /// The address at which the request arrived, as our metadata has it.
    pub endpoint: &'a str,
    /// The service provider registered under the request's Issuer.
    pub provider: &'a ServiceProvider,
    /// What came of the request's signature.
    pub signature: Signature,
    pub relay_state: Option<&'a str>,
    pub now: Timestamp,
}

/// Where an answer goes. Made from stored metadata alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    /// The registered address.
    pub assertion_consumer_service: String,
    /// The request's id; none where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_response_to: Option<String>,
    /// Given back as it came; nobody is ever redirected to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_state: Option<String>,
}

/// What a flow keeps of a checked request until it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedRequest {
    /// The service provider's entity id.
    pub provider: String,
    /// Our entity id, under which it asked.
    pub issuer: String,
    pub reply_to: ReplyTo,
    pub name_id: NameIdFormat,
    /// The classes that it asked for, where it asked for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<RequestedContext>,
    /// Whom it wants to see signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<NameId>,
    /// When the request itself stops to count.
    pub expires_at: Timestamp,
}

/// A request that passed every rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub request: CheckedRequest,
    pub ask: Ask,
}

impl CheckedRequest {
    /// What must be inserted once, in the transaction that answers, and until when it has to be remembered: a request is answered
    /// once (saml-profiles-2.0-os 4.1.4.5 asks it of assertions; a request that is replayed would sign somebody in unasked). That is
    /// as long as the request counts and a flow that began with it may take.
    pub fn replay_mark(&self) -> Option<(String, Timestamp)> {
        let id = self.reply_to.in_response_to.as_ref()?;
        Some((format!("saml-request {} {id}", self.provider), self.expires_at.plus(LIFETIME)))
    }
}

/// Where and when a request arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Our entity id for this service provider.
    pub issuer: &'a str,
    /// The address at which the request arrived, as our metadata has it.
    pub endpoint: &'a str,
    pub relay_state: Option<&'a str>,
    /// Ours, that open an `EncryptedID`: see [`names_encrypted`].
    pub decryption: &'a [DecryptionKey],
    pub now: Timestamp,
}

/// Whether a message names somebody by an `EncryptedID`: whoever receives it needs the keys, and does it off the async workers.
pub fn names_encrypted(message: &Inbound) -> bool {
    message.unverified().count(ASSERTION, "EncryptedID") > 0
}

/// The service provider that a message says it comes from; whose metadata and keys it is to be held against.
pub fn issuer_of(message: &Inbound) -> Result<String, ReadError> {
    let issuer = read::exactly_one(message.unverified(), ASSERTION, "Issuer")?;
    read::text(issuer, "Issuer")
}

/// Verifies a request where it is signed, reads it from what was signed, and checks it. A wrong signature is refused
/// even where none is needed: somebody altered something.
pub fn receive(message: &Inbound, provider: &ServiceProvider, arrival: &Arrival<'_>) -> Result<Checked, Rejection> {
    let verified;
    let (root, signature) = if message.is_signed() {
        verified = message.verify(&provider.metadata.signing_keys()).map_err(Untrusted::Signature)?;
        (verified.root(), Signature::Verified)
    } else {
        (message.unverified(), Signature::Absent)
    };
    let mut request = AuthnRequest::read(root).map_err(Untrusted::Message)?;
    let Arrival { issuer, endpoint, relay_state, decryption, now } = *arrival;
    // Nobody uses our private key who has not signed.
    if let (Some(opaque), Signature::Verified) = (&request.opaque_subject, signature)
        && let Ok(name) = decrypt_name_id(opaque, decryption)
    {
        request = AuthnRequest { subject: Some(name), opaque_subject: None, ..request };
    }
    check(&request, &Context { issuer, endpoint, provider, signature, relay_state, now })
}

/// Checks a request. Rules about who asks and where the answer goes come first: before they hold, nobody is told but
/// the person before the screen.
pub fn check(request: &AuthnRequest, context: &Context<'_>) -> Result<Checked, Rejection> {
    for rule in rules::TRUST {
        rule(request, context)?;
    }
    let service = rules::assertion_consumer_service(request, context)?;
    let reply_to = ReplyTo {
        assertion_consumer_service: service.location.clone(),
        in_response_to: Some(request.header.id.clone()),
        relay_state: rules::relay_state(context)?,
    };
    accept(request, context, &reply_to).map_err(|refusal| Rejection::Refused(Box::new(Refused { reply_to, refusal })))
}

/// The rules of which the service provider may be told.
fn accept(request: &AuthnRequest, context: &Context<'_>, reply_to: &ReplyTo) -> Result<Checked, Refusal> {
    for rule in rules::REFUSALS {
        rule(request, context)?;
    }
    let name_id = rules::name_id_policy(request, context)?;
    let requested = rules::requested_authn_context(request, context)?;
    let ask = Ask {
        interaction: if request.is_passive { Interaction::Forbidden } else { Interaction::Allowed },
        // Saml-core-2.0-os 3.4.1, ForceAuthn: "rather than rely on a previous security context".
        proof_not_before: request.force_authn.then_some(context.now),
        subject: rules::named_subject(request),
        login_hint: rules::login_hint(request),
        assurance: requested
            .as_ref()
            .map(|requested| AskedAssurance { classes: requested.acceptable(), weight: Weight::Essential }),
        ..Ask::default()
    };
    let request = CheckedRequest {
        provider: context.provider.metadata.entity_id.clone(),
        issuer: context.issuer.to_owned(),
        reply_to: reply_to.clone(),
        name_id,
        context: requested,
        subject: request.subject.clone(),
        expires_at: rules::expires_at(request, context),
    };
    Ok(Checked { request, ask })
}

/// What a sign-in that begins here keeps (saml-profiles-2.0-os 4.1.5): no request, hence nothing to answer to.
/// `None` where the application does not allow it.
pub fn unsolicited(provider: &ServiceProvider, issuer: &str, now: Timestamp) -> Option<CheckedRequest> {
    let crate::service_provider::IdpInitiated::Allowed { relay_state } = &provider.settings.idp_initiated else {
        return None;
    };
    let service = provider.metadata.default_assertion_consumer_service()?;
    Some(CheckedRequest {
        provider: provider.metadata.entity_id.clone(),
        issuer: issuer.to_owned(),
        reply_to: ReplyTo {
            assertion_consumer_service: service.location.clone(),
            in_response_to: None,
            relay_state: relay_state.clone(),
        },
        name_id: provider.settings.name_id,
        context: None,
        subject: None,
        expires_at: now.plus(REQUEST_LIFETIME),
    })
}

#[cfg(test)]
mod tests;
