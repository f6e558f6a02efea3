//! The token endpoint (RFC 6749 3.2, `OpenID` Connect Core 3.1.3): requests read, rules, answers.
//!
//! Owns what a request has to satisfy and what is answered. Does not own that something is used once, nor rows: the caller
//! makes the change that a rule asks for, also where the client is refused.

pub mod authorization_code;
pub mod client_credentials;
mod error;
pub mod refresh_token;
pub mod scope;
pub mod standing;

use secrecy::SecretString;
use serde::Serialize;

pub use error::TokenError;

use crate::form::Form;

/// A request to the token endpoint, by `grant_type`.
#[derive(Debug)]
pub enum TokenRequest {
    AuthorizationCode(authorization_code::Redemption),
    RefreshToken(refresh_token::Refresh),
    ClientCredentials {
        /// The requested scopes, as sent.
        scope: Option<String>,
    },
}

/// Reads a request.
pub fn parse(form: &Form) -> Result<TokenRequest, TokenError> {
    let secret = |name: &str| form.one(name).map(SecretString::from);
    let text = |name: &str| form.one(name).map(str::to_owned);
    match form.one("grant_type") {
        Some("authorization_code") => Ok(TokenRequest::AuthorizationCode(authorization_code::Redemption {
            code: secret("code").ok_or(TokenError::InvalidRequest("code is missing"))?,
            redirect_uri: text("redirect_uri"),
            code_verifier: secret("code_verifier"),
        })),
        Some("refresh_token") => Ok(TokenRequest::RefreshToken(refresh_token::Refresh {
            token: secret("refresh_token").ok_or(TokenError::InvalidRequest("refresh_token is missing"))?,
            scope: text("scope"),
        })),
        Some("client_credentials") => Ok(TokenRequest::ClientCredentials { scope: text("scope") }),
        Some(_) => Err(TokenError::UnsupportedGrantType),
        None => Err(TokenError::InvalidRequest("grant_type is missing")),
    }
}

/// A successful answer (RFC 6749 5.1, Core 3.1.3.3).
#[derive(Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    pub scope: String,
}

/// The value of `token_type` (RFC 6750).
pub const BEARER: &str = "Bearer";

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TokenResponse").field("scope", &self.scope).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
