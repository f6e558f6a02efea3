//! Single logout (saml-profiles-2.0-os 4.4; saml-core-2.0-os 3.7): who may end what, who is to be told, and what came
//! of it.
//!
//! Owns the decisions, as functions of what was issued ([`Participant`]). Does not own sessions, nor the delivery:
//! messages behind the browser's back leave through the outbox, the others with the browser. That a request counts once
//! is a unique insert of [`CheckedLogout::replay_mark`], which is the caller's.

mod outcome;
mod receive;
mod send;

use serde::{Deserialize, Serialize};

pub use outcome::{Front, Outcome, Plan, Telling, plan, status_of};
pub use receive::{
    CheckedLogout, Pending, Refusal, Refused, Rejection, Untrusted, Way, named, receive_request, receive_response,
};
pub use send::{Outgoing, Reply, SendError, answer, answer_soap, ask};

use crate::messages::NameId;

/// What a service provider was told when somebody signed in to it: what names the person and the session there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Participant {
    /// The service provider's entity id.
    pub provider: String,
    /// Our entity id, under which we told it.
    pub issuer: String,
    pub name_id: NameId,
    pub session_index: String,
}

#[cfg(test)]
mod encrypted_tests;
#[cfg(test)]
mod tests;
