//! The soft key: six digits of an authenticator app (TOTP, RFC 6238), and approvals signed by a phone.
//!
//! Owns the check of a code, of an approval, and what a soft key stores. Does not own who may ask, how often, or what is drawn: the
//! host counts failures, keeps the data sealed, and stores what is handed back here by compare-and-swap.

mod approval;
mod challenge;
mod code;
mod enrolment;
mod settings;
mod stored;

use keyholder_plugin_sdk::export_factor;
use keyholder_plugin_sdk::factor::{
    Answer, Context, Credential, Descriptor, EnrolOutcome, Evidence, Factor, FactorClass, Fault, Kind, Step,
    VerifyOutcome,
};

use crate::settings::Settings;

/// The plugin.
#[derive(Debug)]
pub struct SoftKey;

export_factor!(SoftKey);

impl Factor for SoftKey {
    fn describe() -> Descriptor {
        Descriptor {
            id: "soft-key".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::SoftKey,
            reads_formats: vec![stored::FORMAT],
            writes_format: stored::FORMAT,
            ceiling: evidence(&["otp", "swk"]),
            multiple_per_user: true,
            extra: Vec::new(),
        }
    }

    fn check_config(config: String) -> Vec<(String, String)> {
        Settings::parse(&config).err().into_iter().map(|message| (String::new(), message)).collect()
    }

    fn begin_enrolment(ctx: Context, _existing: Vec<Credential>) -> Result<Step, Fault> {
        enrolment::begin(&ctx)
    }

    fn finish_enrolment(
        ctx: Context,
        _existing: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        enrolment::finish(&ctx, &state, &answer)
    }

    fn begin_challenge(ctx: Context, credentials: Vec<Credential>) -> Result<Step, Fault> {
        challenge::begin(&ctx, &credentials)
    }

    fn verify(
        ctx: Context,
        credentials: Vec<Credential>,
        _state: Vec<u8>,
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        challenge::verify(&ctx, &credentials, &answer)
    }
}

/// Something the person has; how it was shown, as RFC 8176 calls it.
fn evidence(amr: &[&str]) -> Evidence {
    Evidence {
        classes: vec![FactorClass::Possession],
        amr: amr.iter().map(|value| (*value).into()).collect(),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests;
