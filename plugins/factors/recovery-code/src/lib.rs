//! Recovery codes: a sheet of eight, each for one use, for the day on which all keys are lost.
//!
//! Owns the drawing of the codes, how they are read, and what is stored of them. Does not own what a recovery code is good for: its
//! evidence says that it serves to change one's keys, and the host sees to it.

mod challenge;
mod code;
mod enrolment;
mod stored;

use keyholder_plugin_sdk::export_factor;
use keyholder_plugin_sdk::factor::{
    Answer, Context, Credential, Descriptor, EnrolOutcome, Evidence, Factor, FactorClass, Fault, Kind, Step,
    VerifyOutcome,
};

/// The plugin.
#[derive(Debug)]
pub struct RecoveryCode;

export_factor!(RecoveryCode);

impl Factor for RecoveryCode {
    fn describe() -> Descriptor {
        Descriptor {
            id: "recovery-code".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::RecoveryCode,
            reads_formats: vec![stored::FORMAT],
            writes_format: stored::FORMAT,
            ceiling: evidence(),
            // A new sheet takes the place of the old one.
            multiple_per_user: false,
            extra: Vec::new(),
        }
    }

    /// There are no settings; the host checks against the schema that none are given.
    fn check_config(_config: String) -> Vec<(String, String)> {
        Vec::new()
    }

    fn begin_enrolment(_ctx: Context, _existing: Vec<Credential>) -> Result<Step, Fault> {
        enrolment::begin()
    }

    fn finish_enrolment(
        ctx: Context,
        _existing: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        enrolment::finish(&ctx, &state, &answer)
    }

    fn begin_challenge(_ctx: Context, credentials: Vec<Credential>) -> Result<Step, Fault> {
        challenge::begin(&credentials)
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

/// Something the person has, and enough only to change their keys.
fn evidence() -> Evidence {
    Evidence {
        classes: vec![FactorClass::Possession],
        amr: vec!["otp".into()],
        recovery_only: true,
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests;
