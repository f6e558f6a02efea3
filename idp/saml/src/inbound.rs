//! A protocol message on its way in, with the binding that brought it.
//!
//! Owns which signature counts: that of the query for Redirect, that in the XML for POST and SOAP. Does not own which messages must be signed,
//! nor whose keys are asked for.

use crate::base64;
use crate::gate::{GateError, Gated, parse_message, parse_soap_message};
use crate::names::PROTOCOL;
use crate::redirect::Query;
use crate::verify::{PublicKey, Verified, VerifyError, verify_enveloped, verify_octets};
use crate::xml::Element;

/// Longest value of a form's field, in bytes: 64 kB in base64, with line ends.
const LONGEST_FIELD: usize = 96 * 1024;

/// Why a posted field holds no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InboundError {
    #[error("the field is too long")]
    TooLong,
    #[error("not base64")]
    Base64,
    #[error(transparent)]
    Gate(#[from] GateError),
}

/// A message that passed the gate.
#[derive(Debug, Clone)]
pub struct Inbound {
    gated: Gated,
    binding: Binding,
}

#[derive(Debug, Clone)]
enum Binding {
    Redirect(Box<Query>),
    Enveloped,
}

impl Inbound {
    /// Of the value of `SAMLRequest` or `SAMLResponse` in a posted form (SAML Bindings 3.5.4). `local` is the root that is expected:
    /// `AuthnRequest`, `LogoutRequest` or `LogoutResponse`.
    pub fn from_post(field: &str, local: &str) -> Result<Self, InboundError> {
        if field.len() > LONGEST_FIELD {
            return Err(InboundError::TooLong);
        }
        let message = base64::decode_lenient(field).ok_or(InboundError::Base64)?;
        Ok(Self { gated: parse_message(&message, PROTOCOL, local)?, binding: Binding::Enveloped })
    }

    /// Of a query that was read.
    pub fn from_redirect(query: Query, local: &str) -> Result<Self, GateError> {
        // A signature inside the message does not belong there and proves nothing (SAML Bindings 3.4.4.1).
        let gated = parse_message(query.message(), PROTOCOL, local)?.without_signature();
        Ok(Self { gated, binding: Binding::Redirect(Box::new(query)) })
    }

    /// Of the body of a SOAP request or answer.
    pub fn from_soap(body: &[u8], local: &str) -> Result<Self, GateError> {
        Ok(Self { gated: parse_soap_message(body, local)?, binding: Binding::Enveloped })
    }

    /// The message as sent by whoever sent it; see [`Gated::unverified`].
    pub fn unverified(&self) -> &Element {
        self.gated.unverified()
    }

    /// Whether there is a signature of the kind that counts here, of whatever worth.
    pub fn is_signed(&self) -> bool {
        match &self.binding {
            Binding::Redirect(query) => query.signed().is_some(),
            Binding::Enveloped => self.gated.is_signed(),
        }
    }

    /// Verifies with any of the keys of the one whom the message names.
    pub fn verify(&self, keys: &[PublicKey]) -> Result<Verified, VerifyError> {
        match &self.binding {
            Binding::Enveloped => verify_enveloped(&self.gated, keys),
            Binding::Redirect(query) => {
                let signed = query.signed().ok_or(VerifyError::Unsigned)?;
                verify_octets(signed.algorithm, keys, signed.octets.as_bytes(), &signed.signature)?;
                Ok(Verified::whole(self.gated.unverified()))
            }
        }
    }
}
