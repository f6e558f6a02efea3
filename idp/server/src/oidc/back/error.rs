//! Errors of these endpoints as answers (RFC 6749 5.2, RFC 6750 3).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use keyholder_core::ports::StoreError;
use keyholder_oidc::token::TokenError;
use keyholder_oidc::userinfo::BearerError;
use serde_json::json;

use crate::keys::KeyError;
use crate::metrics::OidcError;

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum BackError {
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The client failed to prove who it is, and tried with HTTP Basic.
    #[error("invalid_client")]
    BasicFailed,
    #[error(transparent)]
    Bearer(#[from] BearerError),
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("no key is to be had")]
    Keys(#[from] KeyError),
    /// Something that cannot happen with what is stored and configured.
    #[error("{0}")]
    Fault(&'static str, #[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl BackError {
    /// A fault with its cause.
    pub(super) fn fault(what: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Fault(what, Some(Box::new(cause)))
    }

    /// The code that the client is told, where it is told one.
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::Token(error) => Some(error.code()),
            Self::BasicFailed => Some(TokenError::InvalidClient.code()),
            Self::Bearer(error) => error.code(),
            Self::Store(StoreError::Unavailable(_) | StoreError::Full) => Some("temporarily_unavailable"),
            Self::Store(_) | Self::Keys(_) | Self::Fault(..) => Some("server_error"),
        }
    }

    fn into_response(self, realm: &str) -> HttpResponse {
        match self {
            Self::Token(error) => {
                let status = match error {
                    TokenError::InvalidClient => StatusCode::UNAUTHORIZED,
                    _ => StatusCode::BAD_REQUEST,
                };
                answer(status).json(error.body())
            }
            // RFC 6749 5.2: the challenge names the scheme that the client used. Browsers would ask the person for a
            // password if it came without.
            Self::BasicFailed => answer(StatusCode::UNAUTHORIZED)
                .insert_header((WWW_AUTHENTICATE, format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")))
                .json(TokenError::InvalidClient.body()),
            Self::Bearer(error) => {
                let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
                let mut response = answer(status);
                response.insert_header((WWW_AUTHENTICATE, error.challenge(realm)));
                match error.code() {
                    Some(code) => response.json(json!({ "error": code, "error_description": error.to_string() })),
                    None => response.finish(),
                }
            }
            Self::Store(StoreError::Unavailable(_) | StoreError::Full) => answer(StatusCode::SERVICE_UNAVAILABLE)
                .insert_header((RETRY_AFTER, "5"))
                .json(json!({ "error": "temporarily_unavailable" })),
            Self::Store(_) | Self::Keys(_) | Self::Fault(..) => {
                answer(StatusCode::INTERNAL_SERVER_ERROR).json(json!({ "error": "server_error" }))
            }
        }
    }

    fn log(&self) {
        match self {
            Self::Token(_) | Self::BasicFailed | Self::Bearer(_) => tracing::info!(error = %self, "refused"),
            _ => tracing::error!(error = self as &dyn std::error::Error, "a request failed"),
        }
    }
}

/// The answer of an endpoint; errors are logged here, once.
pub(super) fn respond(result: Result<HttpResponse, BackError>, realm: &str) -> HttpResponse {
    result.unwrap_or_else(|error| {
        error.log();
        let code = error.code();
        let mut response = error.into_response(realm);
        if let Some(code) = code {
            response.extensions_mut().insert(OidcError(code));
        }
        response
    })
}

/// An answer that nobody may keep (RFC 6749 5.1).
pub(super) fn answer(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
    response
}
