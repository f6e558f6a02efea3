//! The factor `security-key`: WebAuthn keys and passkeys, and keys registered long ago under U2F.
//!
//! Owns both ceremonies of Web Authentication Level 3 as a relying party has to hold them (7.1, 7.2), over `webauthn-rs-core`, which checks
//! origin, relying party, challenge, signature, flags and counter; and what that library leaves to its caller (`client`). Asks for no
//! attestation. Does not own the page that calls the browser, nor how often an answer may be wrong.

mod bytes;
mod challenge;
mod client;
mod enrolment;
mod refusal;
mod registrations;
mod settings;
mod state;
mod stored;
#[cfg(test)]
mod tests;

use std::time::Duration;

use keyholder_plugin_sdk::factor::{
    Answer, Context, Credential, Descriptor, EnrolOutcome, Evidence, Factor, FactorClass, Fault, Kind, Step,
    VerifyOutcome,
};
use keyholder_plugin_sdk::host::{self, Level};
use keyholder_plugin_sdk::seeds::{Imported, SeedImport};
use keyholder_plugin_sdk::{export_factor, export_seeds};
use url::Url;
use webauthn_rs_core::WebauthnCore;

use crate::settings::{Settings, is_related};
use crate::stored::FORMAT;

/// The plugin.
#[derive(Debug)]
pub struct SecurityKey;

export_factor!(SecurityKey);
export_seeds!(SecurityKey);

/// The only prompt of either ceremony.
const PROMPT: &str = "webauthn";
/// How long a key may be looked for (WebAuthn Level 3, 15.1: 5 to 10 minutes).
const LIFETIME: Duration = Duration::from_mins(5);

fn lifetime_ms() -> u64 {
    u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX)
}

/// The library, for this site alone: no other port, no subdomain.
fn library(ctx: &Context) -> Result<WebauthnCore, Fault> {
    let origins = ctx.origins.iter().map(|origin| Url::parse(origin)).collect::<Result<Vec<_>, _>>();
    let origins = origins.map_err(|_| Fault::Internal("an origin of the host's is not an address".into()))?;
    Ok(WebauthnCore::new_unsafe_experts_only(&ctx.issuer_name, &ctx.rp_id, origins, LIFETIME, Some(false), Some(false)))
}

/// The application id to name to the browser: one of those under which these keys were registered, that of the settings first. One
/// request has room for one.
fn offered_appid(settings: &Settings, rp_id: &str, of_keys: impl Iterator<Item = String>) -> Option<String> {
    let (related, foreign): (Vec<_>, Vec<_>) = of_keys.partition(|appid| is_related(appid, rp_id));
    if let Some(appid) = foreign.first() {
        host::log(Level::Warn, "appid-of-another-domain", &[("appid", appid), ("rp-id", rp_id)]);
    }
    related.iter().find(|appid| **appid == settings.appid).or(related.first()).cloned()
}

impl Factor for SecurityKey {
    fn describe() -> Descriptor {
        Descriptor {
            id: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::SecurityKey,
            reads_formats: vec![FORMAT],
            writes_format: FORMAT,
            ceiling: Evidence {
                classes: vec![FactorClass::Possession],
                amr: vec!["hwk".into(), "swk".into(), "user".into()],
                phishing_resistant: true,
                user_verified: true,
                ..Evidence::default()
            },
            multiple_per_user: true,
            extra: Vec::new(),
        }
    }

    fn check_config(config: String) -> Vec<(String, String)> {
        Settings::faults(&config)
    }

    fn begin_enrolment(ctx: Context, existing: Vec<Credential>) -> Result<Step, Fault> {
        enrolment::begin(&ctx, &existing)
    }

    fn finish_enrolment(
        ctx: Context,
        existing: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        enrolment::finish(&ctx, &existing, &state, answer)
    }

    fn begin_challenge(ctx: Context, credentials: Vec<Credential>) -> Result<Step, Fault> {
        challenge::begin(&ctx, &credentials)
    }

    fn verify(
        ctx: Context,
        credentials: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        challenge::verify(&ctx, &credentials, &state, answer)
    }
}

impl SeedImport for SecurityKey {
    fn import_seeds(config: String, _: String, file: Vec<u8>, _: Option<Vec<u8>>) -> Result<Imported, Fault> {
        registrations::read(&config, &file)
    }
}
