//! The rules that a request is held against, one file for each thing that they are about.

mod assertion_consumer_service;
mod destination;
mod header;
mod issue_instant;
mod name_id_policy;
mod protocol_binding;
mod relay_state;
mod requested_authn_context;
mod signature;
mod subject;

use super::{Context, Refusal, Untrusted};
use crate::messages::AuthnRequest;

pub(super) use assertion_consumer_service::assertion_consumer_service;
pub(super) use issue_instant::expires_at;
pub(super) use name_id_policy::name_id_policy;
pub(crate) use relay_state::is_relay_state;
pub(super) use relay_state::{LONGEST_RELAY_STATE, relay_state};
pub(super) use requested_authn_context::requested_authn_context;
pub(super) use subject::{login_hint, named_subject};

/// A rule whose breach nobody is told of but the person before the screen.
pub(super) type Trust = fn(&AuthnRequest, &Context<'_>) -> Result<(), Untrusted>;

/// The rules about who asks, in this order.
pub(super) const TRUST: [Trust; 6] = [
    header::issuer,
    header::metadata_is_valid,
    signature::signature,
    header::id,
    destination::destination,
    issue_instant::issue_instant,
];

/// A rule that only refuses.
pub(super) type Refuse = fn(&AuthnRequest, &Context<'_>) -> Result<(), Refusal>;

/// The rules that only refuse, in this order.
pub(super) const REFUSALS: [Refuse; 3] = [header::version, protocol_binding::protocol_binding, subject::is_readable];
