//! What a ceremony remembers between its two calls.

use keyholder_plugin_sdk::factor::{Context, Fault};
use keyholder_plugin_sdk::host;
use serde::{Deserialize, Serialize};
use webauthn_rs_core::proto::UserVerificationPolicy;

use crate::bytes;

/// The host keeps it sealed and gives each answer once; it is bound to person, site and kind of ceremony all the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    ceremony: Ceremony,
    #[serde(with = "bytes")]
    person: Vec<u8>,
    rp_id: String,
    /// 32 random bytes (WebAuthn Level 3, 13.4.3).
    #[serde(with = "bytes")]
    pub(crate) challenge: Vec<u8>,
    pub(crate) verification: UserVerificationPolicy,
    /// The application id of U2F that was offered.
    pub(crate) appid: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ceremony {
    Create,
    Get,
}

impl State {
    /// With a fresh challenge.
    pub(crate) fn new(
        ctx: &Context,
        ceremony: Ceremony,
        verification: UserVerificationPolicy,
        appid: Option<String>,
    ) -> Self {
        let challenge = host::random_array::<32>().to_vec();
        Self { ceremony, person: ctx.user_handle.clone(), rp_id: ctx.rp_id.clone(), challenge, verification, appid }
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, Fault> {
        serde_json::to_vec(self).map_err(|_| Fault::Internal("a state cannot be written".into()))
    }

    /// One that was begun for this person, here, for this.
    pub(crate) fn read(state: &[u8], ctx: &Context, ceremony: Ceremony) -> Result<Self, Fault> {
        let state: Self = serde_json::from_slice(state).map_err(|_| Fault::CorruptState)?;
        let same = state.ceremony == ceremony && state.person == ctx.user_handle && state.rp_id == ctx.rp_id;
        same.then_some(state).ok_or(Fault::CorruptState)
    }
}
