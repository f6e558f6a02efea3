//! The factor `keyboard-key`: keys that behave as a keyboard and type a code when they are pressed.
//!
//! Owns HOTP (RFC 4226) and Yubico OTP with the organisation's own AES keys, and the reading of files that such keys come in. These
//! are managed keys: the organisation imports and issues them, so enrolment is refused. Does not own the inventory, nor who holds
//! which key, nor how many wrong codes are borne.

mod challenge;
mod hotp;
mod seeds;
mod stored;
#[cfg(test)]
mod tests;
mod yubico;

use std::time::Duration;

use keyholder_plugin_sdk::factor::{
    Answer, Context, Credential, Descriptor, EnrolOutcome, Evidence, Factor, FactorClass, Fault, Field, FieldKind,
    Form, Kind, NewCredential, Prompt, RejectReason, Rejection, Step, VerifyOutcome,
};
use keyholder_plugin_sdk::seeds::{Imported, SeedImport};
use keyholder_plugin_sdk::{export_factor, export_seeds, text};

use crate::stored::{FORMAT, Key};

/// The plugin.
#[derive(Debug)]
pub struct KeyboardKey;

export_factor!(KeyboardKey);
export_seeds!(KeyboardKey);

/// The prompt, and its only field.
const TOKEN: &str = "token";
/// More than the longest token has.
const LONGEST_TOKEN: u16 = 80;
const LIFETIME: Duration = Duration::from_mins(5);

/// What the press of a key proves: a thing that the organisation handed out is here. Nothing says who pressed it, nor on which page.
pub(crate) fn evidence() -> Evidence {
    Evidence {
        classes: vec![FactorClass::Possession],
        // RFC 8176 2.
        amr: vec!["otp".into(), "hwk".into()],
        hardware_bound: true,
        backed_up: Some(false),
        ..Evidence::default()
    }
}

/// The page that waits for the key.
pub(crate) fn step(state: Vec<u8>, help: &str) -> Step {
    let field = Field::new(TOKEN, text!("token"), FieldKind::KeyboardToken(LONGEST_TOKEN)).hint(text!("token-hint"));
    let form = Form::new(text!("title"), text!("submit")).help(text!(help)).field(field);
    Step::new(state, LIFETIME, vec![Prompt::form(TOKEN, form)])
}

impl Factor for KeyboardKey {
    fn describe() -> Descriptor {
        Descriptor {
            id: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::ManagedKey,
            reads_formats: vec![FORMAT],
            writes_format: FORMAT,
            ceiling: evidence(),
            multiple_per_user: true,
            extra: Vec::new(),
        }
    }

    fn check_config(config: String) -> Vec<(String, String)> {
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&config) {
            Ok(settings) => {
                settings.keys().map(|name| (format!("/{name}"), "there is no such setting".into())).collect()
            }
            Err(_) => vec![(String::new(), "the settings are an empty object".into())],
        }
    }

    fn begin_enrolment(_: Context, _: Vec<Credential>) -> Result<Step, Fault> {
        Err(Fault::Other("keyboard keys are issued by the organisation: they are imported, not enrolled".into()))
    }

    fn finish_enrolment(_: Context, _: Vec<Credential>, _: Vec<u8>, _: Answer) -> Result<EnrolOutcome, Fault> {
        let rejection = Rejection::new(RejectReason::AuthenticatorNotAllowed).text(text!("issued-only"));
        Ok(EnrolOutcome::Rejected(rejection))
    }

    fn begin_challenge(_: Context, credentials: Vec<Credential>) -> Result<Step, Fault> {
        challenge::begin(&credentials)
    }

    fn verify(
        ctx: Context,
        credentials: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        challenge::verify(ctx.now_unix_ms, &credentials, &state, &answer)
    }
}

impl SeedImport for KeyboardKey {
    fn import_seeds(_: String, _: String, file: Vec<u8>, secret: Option<Vec<u8>>) -> Result<Imported, Fault> {
        let seeds = seeds::read(&file, secret.as_deref());
        let keys = seeds.keys.iter().map(new_credential).collect::<Result<_, Fault>>()?;
        Ok(Imported { keys, problems: seeds.problems })
    }
}

fn new_credential(key: &Key) -> Result<NewCredential, Fault> {
    let data = key.write().ok_or_else(|| Fault::Internal("a key cannot be written".into()))?;
    let new = NewCredential::new(&key.label(), FORMAT, data, evidence());
    Ok(NewCredential { lookup: Some(key.lookup()), facts: key.facts(), ..new })
}
