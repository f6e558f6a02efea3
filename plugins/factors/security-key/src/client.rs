//! What a browser sent, checked as far as the library leaves it to its caller.
//!
//! Owns the size of an answer, its outer form, framing by another site, and the user handle (WebAuthn Level 3, 7.1 and 7.2). Does not
//! own the signature, the challenge, the origin and the flags: the library checks those.

use data_encoding::BASE64URL_NOPAD;
use keyholder_plugin_sdk::constant_time_eq;
use keyholder_plugin_sdk::factor::{Answer, RejectReason, Response};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use webauthn_rs_core::proto::{PublicKeyCredential, RegisterPublicKeyCredential};

/// The largest answer: a credential id of 1,023 bytes, an attestation with its certificates, and room.
const LARGEST: usize = 64 * 1024;

/// What to make of the response.
pub(crate) enum Received {
    Json(String),
    /// The person gave up.
    Cancelled,
}

pub(crate) fn receive(answer: Answer) -> Result<Received, RejectReason> {
    match answer.response {
        Response::Webauthn(json) if json.len() <= LARGEST => Ok(Received::Json(json)),
        Response::Cancelled => Ok(Received::Cancelled),
        _ => Err(RejectReason::Malformed),
    }
}

/// The answer to a challenge, for this person.
pub(crate) fn parse_assertion(json: &str, user_handle: &[u8]) -> Result<PublicKeyCredential, RejectReason> {
    let answer: PublicKeyCredential = parse(json)?;
    check_outside(&answer.id, &answer.raw_id, &answer.type_)?;
    check_not_framed(&answer.response.client_data_json)?;
    // WebAuthn Level 3, 7.2 step 6: where the key names a person, it is this one. Old keys name none, and some browsers send it empty.
    let named = answer.response.user_handle.as_deref().filter(|handle| !handle.is_empty());
    if named.is_some_and(|handle| !constant_time_eq(handle, user_handle)) {
        return Err(RejectReason::UnknownCredential);
    }
    Ok(answer)
}

/// A new key.
pub(crate) fn parse_registration(json: &str) -> Result<RegisterPublicKeyCredential, RejectReason> {
    let answer: RegisterPublicKeyCredential = parse(json)?;
    check_outside(&answer.id, &answer.raw_id, &answer.type_)?;
    check_not_framed(&answer.response.client_data_json)?;
    Ok(answer)
}

fn parse<T: DeserializeOwned>(json: &str) -> Result<T, RejectReason> {
    serde_json::from_str(json).map_err(|_| RejectReason::Malformed)
}

/// WebAuthn Level 3, 5.1: the id is the raw id in base64url, and there is one type.
fn check_outside(id: &str, raw_id: &[u8], kind: &str) -> Result<(), RejectReason> {
    let consistent = BASE64URL_NOPAD.decode(id.as_bytes()).is_ok_and(|decoded| decoded == raw_id);
    (kind == "public-key" && consistent).then_some(()).ok_or(RejectReason::Malformed)
}

/// WebAuthn Level 3, 7.2 steps 13 and 14: Keyholder's pages are in no frame of another site.
fn check_not_framed(client_data: &[u8]) -> Result<(), RejectReason> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Frame {
        cross_origin: Option<bool>,
        top_origin: Option<IgnoredAny>,
    }
    let frame: Frame = serde_json::from_slice(client_data).map_err(|_| RejectReason::Malformed)?;
    if frame.cross_origin == Some(true) || frame.top_origin.is_some() {
        return Err(RejectReason::WrongOrigin);
    }
    Ok(())
}
