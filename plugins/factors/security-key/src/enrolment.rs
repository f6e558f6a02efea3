//! A key is added (WebAuthn Level 3, 7.1).

use data_encoding::BASE64URL_NOPAD;
use keyholder_plugin_sdk::factor::{
    Answer, Ask, Context, Credential as HandedIn, EnrolOutcome, Fault, NewCredential, Problem, Prompt, RejectReason,
    Rejection, Step,
};
use serde::Deserialize;
use serde_json::json;
use webauthn_rs_core::proto::{
    AuthenticatorTransport, COSEAlgorithm, Credential, RegisterPublicKeyCredential, RegistrationState,
};

use crate::client::{self, Received};
use crate::refusal::{self, ALREADY_ADDED};
use crate::settings::{Attachment, Settings};
use crate::state::{Ceremony, State};
use crate::stored::{FORMAT, Key};
use crate::{LIFETIME, PROMPT, library, lifetime_ms};

/// What the library verifies, best liked first.
const ALGORITHMS: [COSEAlgorithm; 3] = [COSEAlgorithm::ES256, COSEAlgorithm::ES384, COSEAlgorithm::RS256];

pub(crate) fn begin(ctx: &Context, existing: &[HandedIn]) -> Result<Step, Fault> {
    let settings = Settings::read(&ctx.config)?;
    let state = State::new(ctx, Ceremony::Create, settings.user_verification.into(), None);
    let exclude: Vec<_> = existing.iter().filter_map(|key| key.lookup.as_deref()).map(descriptor).collect();
    let mut options = json!({
        "rp": { "id": ctx.rp_id, "name": ctx.issuer_name },
        "user": {
            "id": BASE64URL_NOPAD.encode(&ctx.user_handle),
            "name": ctx.user_name,
            "displayName": ctx.user_display_name,
        },
        "challenge": BASE64URL_NOPAD.encode(&state.challenge),
        "pubKeyCredParams": ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm as i32 })),
        "timeout": lifetime_ms(),
        "excludeCredentials": exclude,
        // A second factor needs no entry of its own on the key.
        "authenticatorSelection": {
            "residentKey": "discouraged",
            "requireResidentKey": false,
            "userVerification": state.verification,
        },
        "attestation": "none",
    });
    if settings.attachment == Attachment::CrossPlatform {
        set(&mut options, "/authenticatorSelection", "authenticatorAttachment", json!("cross-platform"));
    }
    // WebAuthn Level 3, 10.1.2: keys that were registered under U2F are not added again.
    let appids = existing.iter().filter_map(|key| Key::read(key).ok()?.appid);
    if let Some(appid) = crate::offered_appid(&settings, &ctx.rp_id, appids) {
        set(&mut options, "", "extensions", json!({ "appidExclude": appid }));
    }
    let prompt = Prompt { id: PROMPT.into(), ask: Ask::WebauthnCreate(options.to_string()) };
    Ok(Step::new(state.write()?, LIFETIME, vec![prompt]))
}

pub(crate) fn finish(
    ctx: &Context,
    existing: &[HandedIn],
    state: &[u8],
    answer: Answer,
) -> Result<EnrolOutcome, Fault> {
    let settings = Settings::read(&ctx.config)?;
    let state = State::read(state, ctx, Ceremony::Create)?;
    match client::receive(answer) {
        Ok(Received::Cancelled) => begin(ctx, existing).map(EnrolOutcome::More),
        Ok(Received::Json(json)) => match register(ctx, &settings, existing, &state, &json)? {
            Ok(new) => Ok(EnrolOutcome::Enrolled(new)),
            Err(reason) => refused(ctx, existing, reason),
        },
        Err(reason) => refused(ctx, existing, reason),
    }
}

fn register(
    ctx: &Context,
    settings: &Settings,
    existing: &[HandedIn],
    state: &State,
    json: &str,
) -> Result<Result<NewCredential, RejectReason>, Fault> {
    let answer = match client::parse_registration(json) {
        Ok(answer) => answer,
        Err(reason) => return Ok(Err(reason)),
    };
    if existing.iter().any(|key| key.lookup.as_deref() == Some(&answer.raw_id)) {
        return Ok(Err(RejectReason::Other(ALREADY_ADDED.into())));
    }
    let added = match library(ctx)?.register_credential(&answer, &registration(state, settings)?, None) {
        Ok(added) => added,
        Err(error) => return Ok(Err(refusal::reason(&error))),
    };
    // The id that the key signed for is the one that the page named.
    if added.cred_id != answer.raw_id {
        return Ok(Err(RejectReason::Malformed));
    }
    new_credential(ctx, &added, &answer).map(Ok)
}

fn new_credential(
    ctx: &Context,
    added: &Credential,
    answer: &RegisterPublicKeyCredential,
) -> Result<NewCredential, Fault> {
    let key = Key {
        id: added.cred_id.clone(),
        cose: added.cred.clone(),
        counter: added.counter,
        user_verified: added.user_verified,
        verification: added.registration_policy,
        backup_eligible: added.backup_eligible,
        backed_up: added.backup_state,
        transports: transports(answer.response.transports.as_deref().unwrap_or_default()),
        aaguid: aaguid(&answer.response.attestation_object),
        appid: None,
        possible_clone: false,
    };
    let new = NewCredential::new(label(ctx.language()), FORMAT, key.write()?, key.evidence(key.user_verified));
    Ok(NewCredential { lookup: Some(key.id.clone()), facts: key.facts(), ..new })
}

/// A slip can be mended on the page, with a new question. What no honest browser sends ends the ceremony.
fn refused(ctx: &Context, existing: &[HandedIn], reason: RejectReason) -> Result<EnrolOutcome, Fault> {
    let text = refusal::words(&reason);
    let slip = match &reason {
        RejectReason::UserVerificationMissing | RejectReason::AuthenticatorNotAllowed => true,
        RejectReason::Other(other) => other == ALREADY_ADDED,
        _ => false,
    };
    if slip {
        let problem = Problem { text, ..Problem::new(reason) };
        return Ok(EnrolOutcome::More(begin(ctx, existing)?.problem(problem)));
    }
    Ok(EnrolOutcome::Rejected(Rejection { text, ..Rejection::new(reason) }))
}

/// The library's own state, which it makes with a challenge of its own and reads from JSON.
fn registration(state: &State, settings: &Settings) -> Result<RegistrationState, Fault> {
    let json = json!({
        "policy": state.verification,
        "exclude_credentials": [],
        "challenge": BASE64URL_NOPAD.encode(&state.challenge),
        "credential_algorithms": ALGORITHMS,
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": settings.synced_passkeys,
    });
    serde_json::from_value(json).map_err(|error| Fault::Internal(format!("the library's state: {error}")))
}

/// A `PublicKeyCredentialDescriptor` (WebAuthn Level 3, 5.8.3).
fn descriptor(id: &[u8]) -> serde_json::Value {
    json!({ "type": "public-key", "id": BASE64URL_NOPAD.encode(id) })
}

fn set(options: &mut serde_json::Value, at: &str, name: &str, value: serde_json::Value) {
    if let Some(object) = options.pointer_mut(at).and_then(serde_json::Value::as_object_mut) {
        object.insert(name.to_owned(), value);
    }
}

fn transports(reported: &[AuthenticatorTransport]) -> Vec<String> {
    let known = |transport: &&AuthenticatorTransport| {
        !matches!(transport, AuthenticatorTransport::Unknown | AuthenticatorTransport::Test)
    };
    let mut names: Vec<String> = reported.iter().filter(known).map(ToString::to_string).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The model (WebAuthn Level 3, 6.5.1), out of an attestation object that the library has read.
fn aaguid(attestation_object: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Attestation<'a> {
        #[serde(rename = "authData")]
        auth_data: &'a [u8],
    }
    let attestation: Attestation<'_> = serde_cbor_2::from_slice(attestation_object).ok()?;
    // Hash of the relying party, flags, counter; then the model.
    let bytes: [u8; 16] = attestation.auth_data.get(37..53)?.try_into().ok()?;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    (bytes != [0; 16]).then(|| [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

/// A name until the person gives it another.
pub(crate) fn label(language: &str) -> &'static str {
    match language {
        "cy" => "Allwedd ddiogelwch",
        _ => "Security key",
    }
}
