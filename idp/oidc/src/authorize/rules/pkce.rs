//! Proof Key for Code Exchange (RFC 7636), S256 only.

use keyholder_core::application::ApplicationType;

use super::super::{Context, ProtocolError, UnverifiedRequest};

pub(crate) fn pkce(request: &UnverifiedRequest, context: &Context<'_>) -> Result<Option<String>, ProtocolError> {
    let client = &context.application.client;
    // RFC 9700 2.1.1: public clients MUST use it; RFC 8252 8.1: native ones too.
    let required = client.require_pkce
        || !client.authentication.is_confidential()
        || client.application_type == ApplicationType::Native;
    match (request.code_challenge.as_deref(), request.code_challenge_method.as_deref()) {
        // RFC 7636 4.4.1
        (None, None) if required => Err(ProtocolError::invalid("code_challenge is required")),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ProtocolError::invalid("code_challenge_method without code_challenge")),
        (Some(challenge), Some("S256")) if is_sha256(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => Err(ProtocolError::invalid("code_challenge is no SHA-256 digest in base64url")),
        // RFC 7636 4.3: the method defaults to plain, which shows the verifier to whoever sees the request.
        (Some(_), _) => Err(ProtocolError::invalid("code_challenge_method is not S256")),
    }
}

/// RFC 7636 4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))), without padding.
fn is_sha256(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
