//! What a message says, in plain English, and why it would be refused: for `keyholder saml decode`.
//!
//! Owns the words. The refusals are those of the very code that takes messages in, so that the explanation cannot say
//! anything else. What comes from the message is escaped: it is shown in a terminal, and nobody knows who wrote it.

mod advice;
mod facts;
mod form;

use std::fmt;

use keyholder_core::time::Timestamp;

pub use form::Form;

use crate::checks::{self, Arrival};
use crate::encryption::DecryptionKey;
use crate::gate::{Limits, parse_document, read_signed};
use crate::inbound::Inbound;
use crate::logout::{self, Way};
use crate::messages::Status;
use crate::metadata::{Trust, read_entity};
use crate::names::{ASSERTION, METADATA, PROTOCOL, SOAP};
use crate::service_provider::ServiceProvider;
use crate::verify::verify_enveloped;
use crate::xml::Element;

/// What a message is held against, where its sender is registered.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    pub provider: &'a ServiceProvider,
    /// Our entity id for it.
    pub issuer: &'a str,
    /// The address where we take requests for a sign-in.
    pub single_sign_on: &'a str,
    /// The address where we take messages about logout.
    pub single_logout: &'a str,
    /// Ours, that open an `EncryptedID`.
    pub decryption: &'a [DecryptionKey],
}

/// An explanation. Its `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// In what form the message came; `None` if no form was recognised.
    pub form: Option<Form>,
    /// What and whom it is about: a label and a value, escaped.
    pub facts: Vec<(&'static str, String)>,
    pub verdict: Verdict,
}

/// What would happen to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It would be refused, and what can be done.
    Refused { reason: String, advice: &'static str },
    /// It would be taken for its sender's own, and answered with an error that has this status.
    Answered { status: String, reason: String, advice: &'static str },
    /// Nothing is wrong with it that can be told without knowing its sender.
    WellFormed,
    /// It would be taken.
    Accepted,
    /// It is one of those that we send.
    Ours,
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Some(form) => writeln!(out, "This is {}.", form.words())?,
            None => writeln!(out, "This is in no form in which SAML messages travel.")?,
        }
        for (label, value) in &self.facts {
            writeln!(out, "  {label}: {value}")?;
        }
        match &self.verdict {
            Verdict::Refused { reason, advice } => {
                writeln!(out, "It would be refused: {reason}.")?;
                if advice.is_empty() { Ok(()) } else { writeln!(out, "{advice}") }
            }
            Verdict::Answered { status, reason, advice } => {
                writeln!(out, "It would be answered with an error ({status}): {reason}.")?;
                if advice.is_empty() { Ok(()) } else { writeln!(out, "{advice}") }
            }
            Verdict::WellFormed => writeln!(
                out,
                "Nothing is wrong with its form. Whether its sender may ask this can only be told where the sender is registered."
            ),
            Verdict::Accepted => writeln!(out, "It would be accepted."),
            Verdict::Ours => writeln!(out, "It is a message that an identity provider sends."),
        }
    }
}

/// The entity id of whom a message says it is from, to look its registration up.
pub fn sender(input: &str) -> Option<String> {
    let found = form::recognise(input).ok()?;
    let root = read_signed(&found.message, &Limits::METADATA).ok()?;
    facts::sender(facts::inside_envelope(&root))
}

/// The address to which a message says it was sent.
pub fn destination(input: &str) -> Option<String> {
    let found = form::recognise(input).ok()?;
    let root = read_signed(&found.message, &Limits::METADATA).ok()?;
    facts::inside_envelope(&root).attribute("Destination").map(str::to_owned)
}

/// Explains a message in any form: an address, a query, a form's field, base64, or XML.
pub fn explain(input: &str, against: Option<&Against<'_>>, now: Timestamp) -> Explanation {
    let found = match form::recognise(input) {
        Ok(found) => found,
        Err(form::Unrecognised { form, reason, advice }) => {
            return Explanation { form, facts: Vec::new(), verdict: Verdict::Refused { reason, advice } };
        }
    };
    let root = match read_signed(&found.message, &Limits::METADATA) {
        Ok(root) => root,
        Err(error) => {
            let verdict = Verdict::Refused { reason: error.to_string(), advice: advice::of_gate(error) };
            return Explanation { form: Some(found.form), facts: Vec::new(), verdict };
        }
    };
    let decryption = against.map(|against| against.decryption);
    let mut facts = facts::of(facts::inside_envelope(&root), decryption, now);
    if let Some(relay_state) = &found.relay_state {
        facts.push(("RelayState", facts::shown(relay_state)));
    }
    Explanation { form: Some(found.form), facts, verdict: judge(&found, &root, against, now) }
}

fn refused(reason: &dyn fmt::Display, advice: &'static str) -> Verdict {
    Verdict::Refused { reason: facts::shown(&reason.to_string()), advice }
}

/// A status as people look it up: `Requester/InvalidNameIDPolicy`.
fn answered(status: Status, reason: &dyn fmt::Display, advice: &'static str) -> Verdict {
    let nested = status.nested.map(|nested| nested.uri());
    let nested = nested.iter().filter_map(|uri| uri.rsplit(':').next());
    let words: Vec<&str> = std::iter::once(status.top.name()).chain(nested).collect();
    Verdict::Answered { status: words.join("/"), reason: facts::shown(&reason.to_string()), advice }
}

fn judge(found: &form::Found, root: &Element, against: Option<&Against<'_>>, now: Timestamp) -> Verdict {
    let message = facts::inside_envelope(root);
    let name = ["AuthnRequest", "LogoutRequest", "LogoutResponse"].into_iter().find(|name| message.is(PROTOCOL, name));
    if let Some(name) = name {
        return match inbound(found, root, name) {
            Ok(inbound) => judge_message(&inbound, name, found, root.is(SOAP, "Envelope"), against, now),
            Err(verdict) => verdict,
        };
    }
    if message.is(METADATA, "EntityDescriptor") || message.is(METADATA, "EntitiesDescriptor") {
        return match read_entity(&found.message, None, &Trust::uploaded(&[], now)) {
            Ok(_) => Verdict::Accepted,
            Err(error) => refused(&error, advice::of_metadata(&error)),
        };
    }
    if message.is(PROTOCOL, "Response") || message.is(ASSERTION, "Assertion") {
        return Verdict::Ours;
    }
    refused(&format_args!("a {} is not a message that is taken here", message.name().local()), "")
}

/// The message as the endpoint would read it.
fn inbound(found: &form::Found, root: &Element, name: &str) -> Result<Inbound, Verdict> {
    if root.is(SOAP, "Envelope") {
        return Inbound::from_soap(&found.message, name).map_err(|error| refused(&error, advice::of_gate(error)));
    }
    match &found.query {
        Some(query) => {
            Inbound::from_redirect(query.clone(), name).map_err(|error| refused(&error, advice::of_gate(error)))
        }
        None => Inbound::from_post(&crate::base64::encode(&found.message), name)
            .map_err(|error| refused(&error, advice::of_inbound(error))),
    }
}

fn judge_message(
    message: &Inbound,
    name: &str,
    found: &form::Found,
    over_soap: bool,
    against: Option<&Against<'_>>,
    now: Timestamp,
) -> Verdict {
    let Some(against) = against else { return Verdict::WellFormed };
    let endpoint = if name == "AuthnRequest" { against.single_sign_on } else { against.single_logout };
    let relay_state = found.relay_state.as_deref();
    let arrival = Arrival { issuer: against.issuer, endpoint, relay_state, decryption: against.decryption, now };
    let way = if over_soap { Way::Soap } else { Way::Browser };
    match name {
        "AuthnRequest" => match checks::receive(message, against.provider, &arrival) {
            Ok(_) => Verdict::Accepted,
            Err(error) => match &error {
                checks::Rejection::Untrusted(untrusted) => refused(untrusted, advice::of_request(&error)),
                checks::Rejection::Refused(with) => {
                    answered(with.refusal.status(), &with.refusal, advice::of_request(&error))
                }
            },
        },
        "LogoutRequest" => match logout::receive_request(message, against.provider, &arrival, way) {
            Ok(_) => Verdict::Accepted,
            Err(error) => match &error {
                logout::Rejection::Untrusted(untrusted) => refused(untrusted, advice::of_logout(&error)),
                logout::Rejection::Refused(with) => {
                    answered(with.refusal.status(), &with.refusal, advice::of_logout(&error))
                }
            },
        },
        _ => match logout::receive_response(message, against.provider, &arrival, way, &[]) {
            // What was asked is known to the running server alone.
            Ok(_) | Err(logout::Untrusted::InResponseTo) => Verdict::WellFormed,
            Err(error) => refused(&error, advice::of_logout(&logout::Rejection::Untrusted(error))),
        },
    }
}

/// Whether a response of ours verifies with our certificate; `None` where it is not one, or not signed as a whole.
pub fn is_signed_by(input: &str, keys: &[crate::verify::PublicKey]) -> Option<bool> {
    let found = form::recognise(input).ok()?;
    let gated = parse_document(&found.message, PROTOCOL, "Response", &Limits::METADATA).ok()?;
    gated.is_signed().then(|| verify_enveloped(&gated, keys).is_ok())
}

#[cfg(test)]
mod tests;
