//! Redemption of authorization codes (RFC 6749 4.1.3, RFC 7636 4.6, `OpenID` Connect Core 3.1.3.2).
//!
//! Presenting a code uses it up, whatever comes of it: a wrong verifier means that the code is in wrong hands.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{GrantType, RelyingApplication};
use keyholder_core::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::TokenError;
use crate::code::CodePayload;

/// What is sent to redeem a code.
#[derive(Debug)]
pub struct Redemption {
    pub code: SecretString,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<SecretString>,
}

/// Why a code is not redeemed. Whether it was used before is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefused {
    #[error("the client is not registered for codes")]
    NotRegistered,
    #[error("the code was given to another client")]
    OtherClient,
    #[error("the code has expired")]
    Expired,
    #[error("redirect_uri is not that of the authorization request")]
    OtherRedirectUri,
    #[error("code_verifier is missing")]
    VerifierMissing,
    #[error("code_verifier is wrong")]
    VerifierWrong,
    #[error("code_verifier was sent for a code without code_challenge")]
    VerifierUnexpected,
}

impl From<CodeRefused> for TokenError {
    fn from(refused: CodeRefused) -> Self {
        match refused {
            CodeRefused::NotRegistered => Self::UnauthorizedClient,
            // One text for all that the holder of a stolen code might learn from.
            CodeRefused::OtherClient | CodeRefused::Expired => Self::InvalidGrant("the code is not valid"),
            CodeRefused::OtherRedirectUri => Self::InvalidGrant("redirect_uri differs"),
            CodeRefused::VerifierMissing | CodeRefused::VerifierWrong | CodeRefused::VerifierUnexpected => {
                Self::InvalidGrant("code_verifier does not fit")
            }
        }
    }
}

/// Checks a redemption by a client that was authenticated.
pub fn check(
    redemption: &Redemption,
    payload: &CodePayload,
    application: &RelyingApplication,
    now: Timestamp,
) -> Result<(), CodeRefused> {
    if payload.application != application.id {
        return Err(CodeRefused::OtherClient);
    }
    if !application.client.grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(CodeRefused::NotRegistered);
    }
    if !payload.is_live(now) {
        return Err(CodeRefused::Expired);
    }
    // RFC 6749 4.1.3: "their values MUST be identical". Authorization requests always name one (Core 3.1.2.1).
    if redemption.redirect_uri.as_deref() != Some(payload.redirect_uri.as_str()) {
        return Err(CodeRefused::OtherRedirectUri);
    }
    check_verifier(payload.code_challenge.as_deref(), redemption.code_verifier.as_ref(), application)
}

fn check_verifier(
    challenge: Option<&str>,
    verifier: Option<&SecretString>,
    application: &RelyingApplication,
) -> Result<(), CodeRefused> {
    let client = &application.client;
    match (challenge, verifier) {
        (Some(challenge), Some(verifier)) if is_verifier(verifier.expose_secret()) => {
            // RFC 7636 4.6, S256; `plain` does not exist here.
            let digest = digest(&SHA256, verifier.expose_secret().as_bytes());
            let computed = URL_SAFE_NO_PAD.encode(digest);
            let right = bool::from(computed.as_bytes().ct_eq(challenge.as_bytes()));
            if right { Ok(()) } else { Err(CodeRefused::VerifierWrong) }
        }
        (Some(_), Some(_)) => Err(CodeRefused::VerifierWrong),
        // RFC 9700 2.1.1: a verifier without a challenge is a sign that the challenge was stripped.
        (None, Some(_)) => Err(CodeRefused::VerifierUnexpected),
        (None, None) if client.authentication.is_confidential() && !client.require_pkce => Ok(()),
        (Some(_) | None, None) => Err(CodeRefused::VerifierMissing),
    }
}

/// RFC 7636 4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}
