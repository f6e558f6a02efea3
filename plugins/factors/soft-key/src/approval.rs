//! Approvals: a phone says yes or no, and signs what it showed. The bytes are fixed by `docs/plugins/approval-signature.md`.
//!
//! An approval proves that the phone's key was there and that somebody saw the card. It does not resist phishing.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_plugin_sdk::factor::{
    Accepted, Consumed, Context, Credential, DeviceAnswer, DeviceKey, Fault, Occasion, PlaceKind, RejectReason,
    Rejection, VerifyOutcome,
};
use keyholder_plugin_sdk::host::{self, PublicKey, SigAlg};
use keyholder_plugin_sdk::{constant_time_eq, text};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::challenge::rejected;
use crate::evidence;
use crate::settings::Settings;

/// For as long as a ceremony can live, twice.
const BURNT_FOR_MS: u64 = 20 * 60 * 1_000;

/// The body of a phone's answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Body {
    action: Action,
    ceremony: String,
    #[serde(default)]
    number: Option<String>,
    /// Of the card, base64url.
    digest: String,
    /// `r` and `s`, base64url.
    signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Action {
    Approve,
    Deny,
}

/// The host has authenticated the request; what the person decided is checked here.
pub(crate) fn verify(ctx: &Context, credentials: &[Credential], answer: &DeviceAnswer) -> Result<VerifyOutcome, Fault> {
    if !Settings::of(ctx)?.approvals {
        return Ok(rejected(RejectReason::AuthenticatorNotAllowed));
    }
    let key = credentials.iter().find(|key| Some(&key.id) == answer.credential.as_ref());
    let Some((credential, device)) = key.and_then(|key| key.device.as_ref().map(|device| (key, device))) else {
        return Ok(rejected(RejectReason::UnknownCredential));
    };
    let Ok(body) = serde_json::from_slice::<Body>(&answer.body) else { return Ok(rejected(RejectReason::Malformed)) };
    let Some(signature) = URL_SAFE_NO_PAD.decode(&body.signature).ok().and_then(|raw| der(&raw)) else {
        return Ok(rejected(RejectReason::Malformed));
    };
    // What was signed is rebuilt from what the host knows; the body only says what the phone took it to be.
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(card(&ctx.occasion)));
    let signed = message(ctx, &credential.id, body.action, body.number.as_deref(), &digest);
    let key = PublicKey::Spki(device.spki.clone());
    if body.ceremony != ctx.occasion.ceremony
        || !constant_time_eq(body.digest.as_bytes(), digest.as_bytes())
        || host::verify_signature(&SigAlg::Es256, &key, signed.as_bytes(), &signature) != Ok(true)
    {
        return Ok(rejected(RejectReason::WrongResponse));
    }
    if body.action == Action::Deny {
        return Ok(rejected(RejectReason::DeclinedByUser));
    }
    if body.number != ctx.occasion.number {
        return Ok(VerifyOutcome::Rejected(Rejection::new(RejectReason::WrongResponse).text(text!("wrong-number"))));
    }
    let mut token = b"approval:".to_vec();
    token.extend(ctx.occasion.ceremony.as_bytes());
    let burnt = Consumed { token, expires_unix_ms: ctx.now_unix_ms + BURNT_FOR_MS };
    Ok(VerifyOutcome::Accepted(Accepted::new(&credential.id, evidence(&["swk"])).consume(burnt)))
}

/// What the phone signs.
fn message(ctx: &Context, credential: &str, action: Action, number: Option<&str>, digest: &str) -> String {
    let mut text = String::from("keyholder approval 1\n");
    line(&mut text, "issuer", Some(&ctx.issuer));
    line(&mut text, "ceremony", Some(&ctx.occasion.ceremony));
    line(&mut text, "device", Some(credential));
    line(
        &mut text,
        "action",
        Some(match action {
            Action::Approve => "approve",
            Action::Deny => "deny",
        }),
    );
    line(&mut text, "number", number);
    line(&mut text, "card", Some(digest));
    text
}

/// What the phone showed.
fn card(occasion: &Occasion) -> String {
    let mut text = String::from("keyholder card 1\n");
    line(&mut text, "application", occasion.application.as_deref());
    line(&mut text, "school", occasion.school.as_deref());
    line(&mut text, "browser", Some(&occasion.browser));
    line(&mut text, "address", occasion.address.as_deref());
    let kind = occasion.place.as_ref().map(|place| match &place.kind {
        PlaceKind::Approximate(km) => format!("approximate {km}"),
        PlaceKind::Network => "network".into(),
        PlaceKind::Other(other) => format!("other {other}"),
    });
    line(&mut text, "place", occasion.place.as_ref().map(|place| place.name.as_str()));
    line(&mut text, "place-kind", kind.as_deref());
    line(&mut text, "began", Some(&occasion.began_unix_ms.to_string()));
    text
}

/// `name length:value`, the length in bytes, or `name -`: whatever a value holds, two texts are equal only if all values are.
fn line(text: &mut String, name: &str, value: Option<&str>) {
    // Writing to a String cannot fail.
    let _ = match value {
        Some(value) => writeln!(text, "{name} {}:{value}", value.len()),
        None => writeln!(text, "{name} -"),
    };
}

/// Whether it is a P-256 key as RFC 5480 2 writes it, uncompressed.
pub(crate) fn is_p256(key: &DeviceKey) -> bool {
    const PREFIX: [u8; 27] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    key.spki.len() == PREFIX.len() + 64 && key.spki.starts_with(&PREFIX)
}

/// A browser gives `r` and `s` side by side (IEEE P1363); the host reads the ASN.1 of RFC 3279 2.2.3.
pub(crate) fn der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    let content: Vec<u8> = [integer(r), integer(s)].concat();
    // At most 70 bytes: the short form of a length.
    Some([vec![0x30, u8::try_from(content.len()).ok()?], content].concat())
}

/// The shortest form, positive (X.690 8.3).
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + digits.len()).unwrap_or(u8::MAX);
    [&[0x02, length], sign, digits].concat()
}
