//! `ProtocolBinding`: answers leave by POST alone (saml-core-2.0-os 3.4.1).

use super::super::{Context, Refusal};
use crate::messages::{AuthnRequest, POST_BINDING};

pub(crate) fn protocol_binding(request: &AuthnRequest, _: &Context<'_>) -> Result<(), Refusal> {
    match request.protocol_binding.as_deref() {
        None | Some(POST_BINDING) => Ok(()),
        Some(_) => Err(Refusal::ProtocolBinding),
    }
}
