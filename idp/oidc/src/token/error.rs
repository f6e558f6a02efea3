//! Errors of the token endpoint (RFC 6749 5.2), shared by revocation and introspection.

use serde_json::{Value, json};

use crate::client_authentication;
use crate::form::FormError;

/// What the client is told. Descriptions are fixed texts: nothing that was sent comes back in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("invalid_request: {0}")]
    InvalidRequest(&'static str),
    #[error("invalid_client")]
    InvalidClient,
    #[error("invalid_grant: {0}")]
    InvalidGrant(&'static str),
    #[error("unauthorized_client")]
    UnauthorizedClient,
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    #[error("invalid_scope")]
    InvalidScope,
}

impl TokenError {
    /// The value of `error`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    /// The value of `error_description`.
    pub fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(text) | Self::InvalidGrant(text) => text,
            Self::InvalidClient => "client authentication failed",
            Self::UnauthorizedClient => "the client is not registered for this grant type",
            Self::UnsupportedGrantType => "the grant type is not supported",
            Self::InvalidScope => "the scope is unknown or more than was granted",
        }
    }

    /// The body of the answer.
    pub fn body(self) -> Value {
        json!({ "error": self.code(), "error_description": self.description() })
    }
}

impl From<client_authentication::Refused> for TokenError {
    fn from(refused: client_authentication::Refused) -> Self {
        match refused {
            client_authentication::Refused::Malformed(text) => Self::InvalidRequest(text),
            client_authentication::Refused::Failed(_) => Self::InvalidClient,
        }
    }
}

impl From<FormError> for TokenError {
    fn from(error: FormError) -> Self {
        Self::InvalidRequest(match error {
            FormError::TooLong => "the request is too long",
            FormError::Malformed => "the request is not form-urlencoded UTF-8 text",
            FormError::Nul => "the request contains a NUL character",
            FormError::Duplicate => "a parameter occurs more than once",
        })
    }
}
