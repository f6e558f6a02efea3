//! A key is used (WebAuthn Level 3, 7.2).

use data_encoding::BASE64URL_NOPAD;
use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Ask, Context, Credential as HandedIn, CredentialUpdate, Fault, Prompt, RejectReason, Rejection,
    Step, VerifyOutcome,
};
use serde_json::json;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{AuthenticationResult, AuthenticationState, PublicKeyCredential, UserVerificationPolicy};

use crate::client::{self, Received};
use crate::refusal;
use crate::settings::{Settings, Verification};
use crate::state::{Ceremony, State};
use crate::stored::{FORMAT, Key};
use crate::{LIFETIME, PROMPT, library, lifetime_ms};

pub(crate) fn begin(ctx: &Context, credentials: &[HandedIn]) -> Result<Step, Fault> {
    let settings = Settings::read(&ctx.config)?;
    let keys = credentials.iter().map(Key::read).collect::<Result<Vec<_>, _>>()?;
    let appid = crate::offered_appid(&settings, &ctx.rp_id, keys.iter().filter_map(|key| key.appid.clone()));
    let state = State::new(ctx, Ceremony::Get, verification(&settings, &keys), appid);
    let allow: Vec<_> = keys.iter().map(descriptor).collect();
    let mut options = json!({
        "challenge": BASE64URL_NOPAD.encode(&state.challenge),
        "timeout": lifetime_ms(),
        "rpId": ctx.rp_id,
        "allowCredentials": allow,
        "userVerification": state.verification,
    });
    // WebAuthn Level 3, 10.1.1.
    if let (Some(appid), Some(options)) = (&state.appid, options.as_object_mut()) {
        options.insert("extensions".into(), json!({ "appid": appid }));
    }
    let prompt = Prompt { id: PROMPT.into(), ask: Ask::WebauthnGet(options.to_string()) };
    Ok(Step::new(state.write()?, LIFETIME, vec![prompt]))
}

/// As set; but a key that verified its holder when it was added has to do so again, so it is asked to.
fn verification(settings: &Settings, keys: &[Key]) -> UserVerificationPolicy {
    let verifies = |key: &Key| key.user_verified && key.verification != UserVerificationPolicy::Discouraged_DO_NOT_USE;
    match settings.user_verification {
        Verification::Discouraged if keys.iter().any(verifies) => UserVerificationPolicy::Preferred,
        set => set.into(),
    }
}

pub(crate) fn verify(
    ctx: &Context,
    credentials: &[HandedIn],
    state: &[u8],
    answer: Answer,
) -> Result<VerifyOutcome, Fault> {
    let state = State::read(state, ctx, Ceremony::Get)?;
    let json = match client::receive(answer) {
        Ok(Received::Json(json)) => json,
        Ok(Received::Cancelled) => return begin(ctx, credentials).map(VerifyOutcome::More),
        Err(reason) => return Ok(refused(reason)),
    };
    let answer = match client::parse_assertion(&json, &ctx.user_handle) {
        Ok(answer) => answer,
        Err(reason) => return Ok(refused(reason)),
    };
    for credential in credentials {
        let key = Key::read(credential)?;
        if key.id == answer.raw_id {
            return verify_key(ctx, &credential.id, key, &state, &answer);
        }
    }
    Ok(refused(RejectReason::UnknownCredential))
}

fn verify_key(
    ctx: &Context,
    id: &str,
    key: Key,
    state: &State,
    answer: &PublicKeyCredential,
) -> Result<VerifyOutcome, Fault> {
    match library(ctx)?.authenticate_single_credential(answer, &authentication(state, &key)?, &key.to_library()) {
        Ok(result) => accepted(id, key, &result),
        Err(error @ WebauthnError::CredentialPossibleCompromise) => {
            let key = Key { possible_clone: true, ..key };
            let update = CredentialUpdate { format: FORMAT, data: key.write()?, facts: Some(key.facts()) };
            let reason = refusal::reason(&error);
            let rejection = Rejection { text: refusal::words(&reason), ..Rejection::new(reason) };
            Ok(VerifyOutcome::Rejected(Rejection { updates: vec![(id.to_owned(), update)], ..rejection }))
        }
        Err(error) => Ok(refused(refusal::reason(&error))),
    }
}

fn accepted(id: &str, key: Key, result: &AuthenticationResult) -> Result<VerifyOutcome, Fault> {
    let key = Key { counter: result.counter(), backed_up: result.backup_state(), ..key };
    let accepted = Accepted::new(id, key.evidence(result.user_verified()));
    let update = CredentialUpdate { format: FORMAT, data: key.write()?, facts: Some(key.facts()) };
    let update = result.needs_update().then_some(update);
    Ok(VerifyOutcome::Accepted(Accepted { update, ..accepted }))
}

/// The library's own state for this key, which it makes with a challenge of its own and reads from JSON. The hash of an application
/// id counts for keys that were registered under it, and for no other.
fn authentication(state: &State, key: &Key) -> Result<AuthenticationState, Fault> {
    let appid = state.appid.as_ref().filter(|appid| key.appid.as_ref() == Some(*appid));
    let json = json!({
        "credentials": [],
        "policy": state.verification,
        "challenge": BASE64URL_NOPAD.encode(&state.challenge),
        "appid": appid,
        "allow_backup_eligible_upgrade": false,
    });
    serde_json::from_value(json).map_err(|error| Fault::Internal(format!("the library's state: {error}")))
}

/// A `PublicKeyCredentialDescriptor` (WebAuthn Level 3, 5.8.3).
fn descriptor(key: &Key) -> serde_json::Value {
    let id = BASE64URL_NOPAD.encode(&key.id);
    if key.transports.is_empty() {
        return json!({ "type": "public-key", "id": id });
    }
    json!({ "type": "public-key", "id": id, "transports": key.transports })
}

fn refused(reason: RejectReason) -> VerifyOutcome {
    VerifyOutcome::Rejected(Rejection { text: refusal::words(&reason), ..Rejection::new(reason) })
}
