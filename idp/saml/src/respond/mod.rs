//! The answer to a request for a sign-in (saml-profiles-2.0-os 4.1.4.2, 4.1.5; saml-bindings-2.0-os 3.5).
//!
//! Owns what a response says, and the order: sign the assertion, encrypt it, sign the response. Does not own who the
//! person is ([`crate::subject`], [`crate::attributes`]), nor the page that carries the answer. Signing blocks: call it
//! off the async workers.

use std::time::Duration;

use keyholder_core::assurance::Assurance;
use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;

use crate::base64::encode;
use crate::checks::context::class_of;
use crate::checks::{CheckedRequest, Refused, ReplyTo};
use crate::encryption::{EncryptError, encrypt_assertion};
use crate::messages::{Assertion, Attribute, AuthnStatement, Bearer, Conditions, Header, NameId, Response, Status};
use crate::service_provider::ServiceProvider;
use crate::signer::{SignError, Signer, sign_enveloped};
use crate::xml::{Element, Id, ValueError};

mod cipher;

/// What a sign-in is answered with.
#[derive(Debug, Clone)]
pub struct SignOn<'a> {
    pub provider: &'a ServiceProvider,
    /// What was asked, or [`crate::checks::unsolicited`].
    pub request: &'a CheckedRequest,
    pub name_id: NameId,
    /// Those released to this application.
    pub attributes: Vec<Attribute>,
    /// When the person last proved anything.
    pub authenticated_at: Timestamp,
    /// What the sign-in was worth.
    pub assurance: Assurance,
    /// By what a logout request names this use of the application: opaque, and not the session's own id.
    pub session_index: &'a str,
    /// When the session ends at the latest.
    pub session_expires_at: Timestamp,
    pub now: Timestamp,
}

/// Where a message goes, and what the form that carries it contains. Whoever has it can sign in: it is not logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Posted {
    /// The form's `action`: an address of the stored metadata.
    pub address: String,
    /// The value of `SAMLResponse`, base64.
    pub saml_response: String,
    /// The value of `RelayState`: to be escaped, as everything.
    pub relay_state: Option<String>,
}

impl std::fmt::Debug for Posted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Posted").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A response, and what has to be remembered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub posted: Posted,
    /// The assertion's id, for the audit log.
    pub assertion_id: String,
    /// The class that was answered.
    pub class: String,
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RespondError {
    /// Something about the person cannot be written: a control character, or too long.
    #[error("{what} cannot be written: {error}")]
    Value { what: String, error: ValueError },
    /// The sign-in does not satisfy what was asked; the dispatcher should not have ended it so.
    #[error("the sign-in does not satisfy the requested authentication context")]
    AuthnContext,
    /// The settings demand encryption, and there is no key for it.
    #[error("the assertion must be encrypted, and the service provider has no key that can be used")]
    NoEncryptionKey,
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
}

impl From<ValueError> for RespondError {
    fn from(error: ValueError) -> Self {
        Self::Value { what: "the response".to_owned(), error }
    }
}

/// Answers a sign-in.
pub fn succeed(sign_on: &SignOn<'_>, signer: &dyn Signer, random: &dyn Random) -> Result<Answer, RespondError> {
    let assertion = assertion(sign_on, random)?;
    let (id, class) = (assertion.id.clone(), assertion.authn.class.clone());
    let mut element = assertion.write().map_err(|error| culprit(&assertion, error))?;
    if sign_on.provider.signs_assertion() {
        element = sign_enveloped(element, signer)?;
    }
    if let Some((key, algorithm)) = cipher::choose(sign_on.provider)? {
        element = encrypt_assertion(&element, &key, algorithm, random)?;
    }
    let response = Response {
        header: header(&sign_on.request.issuer, &sign_on.request.reply_to, sign_on.now, random),
        in_response_to: sign_on.request.reply_to.in_response_to.clone(),
        status: Status::SUCCESS,
    };
    let mut root = response.write(Some(element))?;
    if sign_on.provider.signs_response() {
        root = sign_enveloped(root, signer)?;
    }
    Ok(Answer { posted: posted(&root, &sign_on.request.reply_to), assertion_id: id, class })
}

/// Tells a service provider that it does not get what it asked for. Signed only where the person is authenticated: else
/// anybody could have us sign as fast as they ask.
pub fn refuse(
    refused: &Refused,
    issuer: &str,
    signer: Option<&dyn Signer>,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Posted, RespondError> {
    let response = Response {
        header: header(issuer, &refused.reply_to, now, random),
        in_response_to: refused.reply_to.in_response_to.clone(),
        status: refused.refusal.status(),
    };
    let root = response.write(None)?;
    let root = match signer {
        Some(signer) => sign_enveloped(root, signer)?,
        None => root,
    };
    Ok(posted(&root, &refused.reply_to))
}

fn header(issuer: &str, reply_to: &ReplyTo, now: Timestamp, random: &dyn Random) -> Header {
    Header {
        id: Id::draw(random).as_str().to_owned(),
        version: "2.0".to_owned(),
        issue_instant: now,
        destination: Some(reply_to.assertion_consumer_service.clone()),
        issuer: issuer.to_owned(),
    }
}

fn posted(root: &Element, reply_to: &ReplyTo) -> Posted {
    Posted {
        address: reply_to.assertion_consumer_service.clone(),
        saml_response: encode(root.canonical().as_bytes()),
        relay_state: reply_to.relay_state.clone(),
    }
}

fn assertion(sign_on: &SignOn<'_>, random: &dyn Random) -> Result<Assertion, RespondError> {
    let settings = &sign_on.provider.settings;
    let request = sign_on.request;
    let class = match &request.context {
        Some(context) => context.answer(sign_on.assurance, settings.contexts).ok_or(RespondError::AuthnContext)?,
        None => class_of(sign_on.assurance, settings.contexts).to_owned(),
    };
    let end = sign_on.now.plus(Duration::from_secs(settings.assertion_seconds.into()));
    Ok(Assertion {
        id: Id::draw(random).as_str().to_owned(),
        issue_instant: sign_on.now,
        issuer: request.issuer.clone(),
        subject: sign_on.name_id.clone(),
        bearer: Bearer {
            recipient: request.reply_to.assertion_consumer_service.clone(),
            in_response_to: request.reply_to.in_response_to.clone(),
            not_on_or_after: end,
        },
        conditions: Conditions {
            // A service provider whose clock is behind would find the assertion not valid yet.
            not_before: sign_on.now.minus(Duration::from_secs(settings.clock_skew_seconds.into())),
            not_on_or_after: end,
            audience: request.provider.clone(),
        },
        authn: AuthnStatement {
            authn_instant: sign_on.authenticated_at,
            session_index: sign_on.session_index.to_owned(),
            session_not_on_or_after: Some(sign_on.session_expires_at),
            class,
        },
        attributes: sign_on.attributes.clone(),
    })
}

/// Which value it was that could not be written, for the operator.
fn culprit(assertion: &Assertion, error: ValueError) -> RespondError {
    let name = assertion.attributes.iter().find(|attribute| attribute.write().is_err());
    let what = match name {
        _ if assertion.subject.write().is_err() => "the NameID".to_owned(),
        Some(attribute) => format!("the attribute {}", attribute.friendly_name.as_ref().unwrap_or(&attribute.name)),
        None => "the assertion".to_owned(),
    };
    RespondError::Value { what, error }
}

#[cfg(test)]
mod tests;
