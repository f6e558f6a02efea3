//! What the plugin promises, on the machine of whoever writes it. The same through the sandbox: `vectors/`.

mod approvals;
mod codes;
mod enrolment;
mod settings;

use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Context, Credential, EnrolOutcome, Exhibit, Factor as _, Form, NewCredential, Rejection, Step,
    VerifyOutcome,
};
use keyholder_plugin_sdk::testing::{answer, context, credential, stored};
use totp_rs::{Builder, Secret};

use crate::SoftKey;
use crate::stored::{FORMAT, Key};

/// 22 November 2026, 08:34:00: the first second of a step.
const NOW: u64 = 1_795_336_440;
/// The step of that time.
const STEP: u64 = NOW / 30;
/// RFC 6238 appendix B.
const RFC_SECRET: [u8; 20] = *b"12345678901234567890";

/// A key that was used long ago.
fn key(id: &str, secret: [u8; 20]) -> Credential {
    key_used_at(id, secret, 0)
}

fn key_used_at(id: &str, secret: [u8; 20], last_step: u64) -> Credential {
    credential(id, FORMAT, Key { secret, last_step }.write().unwrap())
}

/// What an app with this secret shows at a step.
fn code_at(secret: [u8; 20], step: u64) -> String {
    Builder::new().with_secret(secret).build().unwrap().generate(step * 30).to_string()
}

fn typed(code: &str) -> Answer {
    answer("code", &[("code", code)])
}

/// A context in which the host allows a diagnosis.
fn diagnosing(now: u64) -> Context {
    Context { extra: vec![("diagnose".into(), "true".into())], ..context(now) }
}

fn verify(ctx: Context, keys: &[Credential], answer: Answer) -> VerifyOutcome {
    SoftKey::verify(ctx, keys.to_vec(), Vec::new(), answer).unwrap()
}

fn accepted(outcome: VerifyOutcome) -> Accepted {
    match outcome {
        VerifyOutcome::Accepted(accepted) => accepted,
        other => panic!("not accepted: {other:?}"),
    }
}

fn rejected(outcome: VerifyOutcome) -> Rejection {
    match outcome {
        VerifyOutcome::Rejected(rejection) => rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

fn more(outcome: EnrolOutcome) -> Step {
    match outcome {
        EnrolOutcome::More(step) => step,
        other => panic!("no further step: {other:?}"),
    }
}

fn enrolled(outcome: EnrolOutcome) -> NewCredential {
    match outcome {
        EnrolOutcome::Enrolled(new) => new,
        other => panic!("not enrolled: {other:?}"),
    }
}

/// The key as it is after an acceptance.
fn after(key: &Credential, accepted: &Accepted) -> Credential {
    let update = accepted.update.clone().unwrap();
    Credential { format: update.format, data: update.data, ..key.clone() }
}

fn form(step: &Step) -> &Form {
    match &step.prompts.first().unwrap().ask {
        keyholder_plugin_sdk::factor::Ask::Form(form) => form,
        other => panic!("no form: {other:?}"),
    }
}

/// The secret on the page, read as an app reads it.
fn secret_on(step: &Step) -> [u8; 20] {
    let secret = form(step).exhibits.iter().find_map(|exhibit| match exhibit {
        Exhibit::Secret(secret) => Some(Secret::try_from_base32(secret).unwrap()),
        _ => None,
    });
    secret.unwrap().as_bytes().try_into().unwrap()
}

#[test]
fn vectors_hold_natively() {
    keyholder_plugin_sdk::testing::vectors::run_folder::<SoftKey>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
}
