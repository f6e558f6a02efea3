//! What holds of the factor as a whole. `authenticator` is a key in software that can lie; `vectors` are ceremonies that others made.

mod attacks;
mod authenticator;
mod ceremonies;
mod registrations;
mod vectors;

use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Ask, Context, Credential, EnrolOutcome, Factor as _, NewCredential, RejectReason, Rejection,
    Response, Step, VerifyOutcome,
};
use keyholder_plugin_sdk::testing;

use crate::{PROMPT, SecurityKey};

const ORIGIN: &str = "https://id.school.example";
const RP_ID: &str = "id.school.example";
const PERSON: [u8; 32] = [7; 32];
const APPID: &str = "https://old.school.example/u2f.json";

/// A call at Keyholder's address, with these settings.
fn ctx(config: &str) -> Context {
    Context {
        rp_id: RP_ID.into(),
        origins: vec![ORIGIN.into()],
        user_handle: PERSON.to_vec(),
        config: config.into(),
        ..testing::context(1_800_000_000)
    }
}

fn webauthn(json: impl Into<String>) -> Answer {
    Answer { prompt: PROMPT.into(), response: Response::Webauthn(json.into()), extra: Vec::new() }
}

/// What the page hands to the browser.
fn options(step: &Step) -> serde_json::Value {
    assert_eq!(step.prompts.len(), 1);
    let (Ask::WebauthnCreate(json) | Ask::WebauthnGet(json)) = &step.prompts[0].ask else { panic!("not WebAuthn") };
    serde_json::from_str(json).unwrap()
}

fn verify(ctx: &Context, keys: &[Credential], step: &Step, answer: Answer) -> VerifyOutcome {
    SecurityKey::verify(ctx.clone(), keys.to_vec(), step.state.clone(), answer).unwrap()
}

fn enrol(ctx: &Context, existing: &[Credential], step: &Step, answer: Answer) -> EnrolOutcome {
    SecurityKey::finish_enrolment(ctx.clone(), existing.to_vec(), step.state.clone(), answer).unwrap()
}

fn enrolled(outcome: EnrolOutcome) -> NewCredential {
    let EnrolOutcome::Enrolled(new) = outcome else { panic!("not enrolled: {outcome:?}") };
    new
}

fn accepted(outcome: VerifyOutcome) -> Accepted {
    let VerifyOutcome::Accepted(accepted) = outcome else { panic!("not accepted: {outcome:?}") };
    accepted
}

fn rejection(outcome: VerifyOutcome) -> Rejection {
    let VerifyOutcome::Rejected(rejection) = outcome else { panic!("not refused: {outcome:?}") };
    rejection
}

fn refused(outcome: VerifyOutcome) -> RejectReason {
    rejection(outcome).reason
}

/// Why an enrolment went no further, whether the page may try again or not.
fn not_enrolled(outcome: EnrolOutcome) -> RejectReason {
    match outcome {
        EnrolOutcome::Rejected(rejection) => rejection.reason,
        EnrolOutcome::More(step) => step.problem.unwrap().reason,
        EnrolOutcome::Enrolled(_) => panic!("enrolled"),
    }
}

/// What the host stores after an acceptance.
fn after(accepted: &Accepted, key: &Credential) -> Credential {
    let data = accepted.update.clone().map_or_else(|| key.data.clone(), |update| update.data);
    Credential { data, ..key.clone() }
}
