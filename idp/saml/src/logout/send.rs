//! Messages about logout that leave. Signing blocks: call it off the async workers.

use std::time::Duration;

use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;

use super::{CheckedLogout, Refused, Telling};
use crate::base64::encode;
use crate::messages::{Header, LogoutRequest, LogoutResponse, Principal, Status, soap};
use crate::redirect::{self, Parameter};
use crate::service_provider::{LogoutBinding, SingleLogoutService};
use crate::signer::{SignError, Signer, sign_enveloped};
use crate::xml::{Element, Id, ValueError};

/// For how long a request of ours counts.
const LIFETIME: Duration = Duration::from_mins(5);

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// The browser is sent there.
    Redirect { url: String },
    /// The browser posts a form there.
    Post { address: String, parameter: Parameter, value: String, relay_state: Option<String> },
    /// We post it ourselves, with [`soap::MEDIA_TYPE`] and [`soap::ACTION`].
    Soap { address: String, body: String },
}

/// Why a message could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("a value cannot be written: {0}")]
    Value(#[from] ValueError),
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Asks a participant to end its session: the message, and the id that its answer names.
pub fn ask(
    telling: &Telling,
    relay_state: Option<&str>,
    signer: &dyn Signer,
    now: Timestamp,
    random: &dyn Random,
) -> Result<(String, Outgoing), SendError> {
    let participant = &telling.participant;
    let header = header(&participant.issuer, &telling.address, now, random);
    let id = header.id.clone();
    let request = LogoutRequest {
        header,
        not_on_or_after: Some(now.plus(LIFETIME)),
        reason: Some("urn:oasis:names:tc:SAML:2.0:logout:user".to_owned()),
        principal: Principal::NameId(participant.name_id.clone()),
        session_indexes: vec![participant.session_index.clone()],
    };
    let message = Message { root: request.write()?, parameter: Parameter::Request, relay_state };
    Ok((id, message.send(telling.binding, &telling.address, signer)?))
}

/// What a logout request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Our entity id, under which it was asked.
    pub issuer: String,
    /// The request's id.
    pub in_response_to: String,
    pub status: Status,
    pub relay_state: Option<String>,
}

impl Reply {
    /// To a request that was checked, with [`status_of`](super::status_of) what came of it.
    pub fn to(request: &CheckedLogout, status: Status) -> Self {
        Self {
            issuer: request.issuer.clone(),
            in_response_to: request.id.clone(),
            status,
            relay_state: request.relay_state.clone(),
        }
    }

    /// To a request that was refused.
    pub fn refusing(refused: &Refused, issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            in_response_to: refused.in_response_to.clone(),
            status: refused.refusal.status(),
            relay_state: refused.relay_state.clone(),
        }
    }

    fn write(&self, destination: Option<&str>, now: Timestamp, random: &dyn Random) -> Result<Element, ValueError> {
        let header = Header { destination: destination.map(str::to_owned), ..header(&self.issuer, "", now, random) };
        let in_response_to = Some(self.in_response_to.clone());
        LogoutResponse { header, in_response_to, status: self.status.clone() }.write()
    }
}

/// Answers a request that the browser brought, at the service provider's registered address.
pub fn answer(
    reply: &Reply,
    service: &SingleLogoutService,
    signer: &dyn Signer,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Outgoing, SendError> {
    let address = service.response_address();
    let root = reply.write(Some(address), now, random)?;
    let message = Message { root, parameter: Parameter::Response, relay_state: reply.relay_state.as_deref() };
    message.send(service.binding, address, signer)
}

/// Answers a request that came over SOAP, in the body of the HTTP response.
pub fn answer_soap(
    reply: &Reply,
    signer: &dyn Signer,
    now: Timestamp,
    random: &dyn Random,
) -> Result<String, SendError> {
    Ok(soap::wrap(sign_enveloped(reply.write(None, now, random)?, signer)?).canonical())
}

fn header(issuer: &str, destination: &str, now: Timestamp, random: &dyn Random) -> Header {
    Header {
        id: Id::draw(random).as_str().to_owned(),
        version: "2.0".to_owned(),
        issue_instant: now,
        destination: Some(destination.to_owned()),
        issuer: issuer.to_owned(),
    }
}

struct Message<'a> {
    root: Element,
    parameter: Parameter,
    relay_state: Option<&'a str>,
}

impl Message<'_> {
    fn send(self, binding: LogoutBinding, address: &str, signer: &dyn Signer) -> Result<Outgoing, SendError> {
        let address = address.to_owned();
        Ok(match binding {
            LogoutBinding::Redirect => {
                let query = redirect::query(self.parameter, &self.root.canonical(), self.relay_state, Some(signer))?;
                let joint = if address.contains('?') { '&' } else { '?' };
                Outgoing::Redirect { url: format!("{address}{joint}{query}") }
            }
            LogoutBinding::Post => Outgoing::Post {
                address,
                parameter: self.parameter,
                value: encode(sign_enveloped(self.root, signer)?.canonical().as_bytes()),
                relay_state: self.relay_state.map(str::to_owned),
            },
            LogoutBinding::Soap => {
                Outgoing::Soap { address, body: soap::wrap(sign_enveloped(self.root, signer)?).canonical() }
            }
        })
    }
}
