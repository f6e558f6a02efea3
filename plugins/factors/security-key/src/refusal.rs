//! Why an answer is refused: the library's errors in the contract's words.

use keyholder_plugin_sdk::factor::{RejectReason, Text};
use keyholder_plugin_sdk::text;
use webauthn_rs_core::error::WebauthnError;

/// Reasons of our own, in `RejectReason::Other`.
pub(crate) const POSSIBLE_CLONE: &str = "possible-clone";
pub(crate) const ALREADY_ADDED: &str = "already-added";

/// The reason for an error of the library.
pub(crate) fn reason(error: &WebauthnError) -> RejectReason {
    match error {
        WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash | WebauthnError::CredentialCrossOrigin => {
            RejectReason::WrongOrigin
        }
        WebauthnError::UserNotVerified => RejectReason::UserVerificationMissing,
        WebauthnError::CredentialNotFound => RejectReason::UnknownCredential,
        WebauthnError::CredentialPossibleCompromise => RejectReason::Other(POSSIBLE_CLONE.into()),
        WebauthnError::AttestationNotSupported
        | WebauthnError::CredentialAlteredAlgFromRequest
        | WebauthnError::CredentialMayNotBeHardwareBound
        | WebauthnError::CredentialBackupEligibilityInconsistent => RejectReason::AuthenticatorNotAllowed,
        WebauthnError::ParseBase64Failure(_)
        | WebauthnError::ParseCBORFailure(_)
        | WebauthnError::ParseJSONFailure(_)
        | WebauthnError::ParseNOMFailure
        | WebauthnError::ParseInsufficientBytesAvailable
        | WebauthnError::MissingAttestationCredentialData
        | WebauthnError::COSEKeyInvalidCBORValue
        | WebauthnError::COSEKeyInvalidType
        | WebauthnError::COSEKeyInvalidAlgorithm
        | WebauthnError::EcdsaPointInvalid => RejectReason::Malformed,
        // Another page's challenge, another key's signature, nobody there, the answer to another question.
        _ => RejectReason::WrongResponse,
    }
}

/// In the words of a security key, where they say more than the host's.
pub(crate) fn words(reason: &RejectReason) -> Option<Text> {
    let key = match reason {
        RejectReason::UserVerificationMissing => "verification-missing",
        RejectReason::UnknownCredential => "unknown-key",
        RejectReason::AuthenticatorNotAllowed => "not-allowed",
        RejectReason::WrongResponse => "wrong-response",
        RejectReason::WrongOrigin => "wrong-origin",
        RejectReason::Other(other) if other == POSSIBLE_CLONE => "possible-clone",
        RejectReason::Other(other) if other == ALREADY_ADDED => "already-added",
        _ => return None,
    };
    Some(text!(key))
}
