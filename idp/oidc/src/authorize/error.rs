//! Why an authorization request is refused, and whether the application may be told by redirect.

use crate::form::FormError;
use crate::respond::ReplyTo;

/// A refusal. Only [`Rejection::Refused`] carries an address, so that nothing else can be redirected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Shown as a page: who asks, or where the answer would go, cannot be trusted (RFC 6749 4.1.2.1).
    #[error("the request cannot be trusted")]
    Untrusted(#[from] Untrusted),
    /// Sent to the application's registered address.
    #[error("the request is refused")]
    Refused(Box<Refused>),
}

/// What makes a request unfit for any answer to the application. For the log, never for the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("the request is longer than {} bytes", super::MAX_BYTES)]
    TooLong,
    #[error("the request cannot be read or repeats a parameter")]
    Unreadable,
    #[error("client_id is missing")]
    ClientMissing,
    #[error("client_id is not registered")]
    ClientUnknown,
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
    #[error("redirect_uri is not registered for this client")]
    RedirectUriNotRegistered,
    #[error("the request object is refused, and no registered address stands beside it: {0}")]
    RequestObject(#[from] crate::request_object::RequestObjectError),
}

impl From<FormError> for Untrusted {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLong => Self::TooLong,
            _ => Self::Unreadable,
        }
    }
}

/// An error and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reply_to: ReplyTo,
    pub error: ProtocolError,
}

/// An error response's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtocolError {
    pub code: ErrorCode,
    /// For the application's developers: printable ASCII without quotes and backslashes (RFC 6749 4.1.2.1), and nothing
    /// about the person.
    pub description: Option<&'static str>,
}

impl ProtocolError {
    /// An error that says more than its code.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description: Some(description) }
    }

    /// `invalid_request`, the commonest.
    pub const fn invalid(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

impl From<ErrorCode> for ProtocolError {
    fn from(code: ErrorCode) -> Self {
        Self { code, description: None }
    }
}

/// The value of `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    // RFC 6749 4.1.2.1
    InvalidRequest,
    UnauthorizedClient,
    AccessDenied,
    UnsupportedResponseType,
    InvalidScope,
    // OpenID Connect Core 3.1.2.6
    InteractionRequired,
    LoginRequired,
    AccountSelectionRequired,
    ConsentRequired,
    InvalidRequestObject,
    RequestUriNotSupported,
    RegistrationNotSupported,
    // OpenID Connect Core Error Code unmet_authentication_requirements 1.0
    UnmetAuthenticationRequirements,
}

impl ErrorCode {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
        }
    }
}
