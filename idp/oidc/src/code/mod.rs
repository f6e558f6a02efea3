//! Authorization codes (RFC 6749 4.1.2): what a code stands for, and under which key that is kept.
//!
//! Owns the payload and its key. Does not decide that a code is used once: that is a mark in SQL (design, invariant 2).

use std::time::Duration;

use keyholder_core::id::{ApplicationId, GrantId};
use keyholder_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authorize::{AuthorizationRequest, ClaimsRequest};

/// How long a payload is kept: longer than a code may be redeemed, so that a replay is recognised and ends the grant
/// (RFC 6749 4.1.2, RFC 9700 4.5).
pub const KEPT_FOR: Duration = Duration::from_mins(10);

/// What a code stands for. Kept under [`storage_key`]; the code itself is not kept anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePayload {
    pub grant: GrantId,
    pub application: ApplicationId,
    /// The token request has to name it again (RFC 6749 4.1.3).
    pub redirect_uri: String,
    /// The S256 challenge (RFC 7636 4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsRequest>,
    pub issued_at: Timestamp,
    /// From this instant on the code is refused.
    pub expires_at: Timestamp,
}

impl CodePayload {
    /// The payload of a code for this request and grant, good for `lifetime`.
    pub fn new(request: &AuthorizationRequest, grant: &keyholder_core::grant::Grant, lifetime: Duration) -> Self {
        Self {
            grant: grant.id,
            application: grant.application,
            redirect_uri: request.reply_to.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            scopes: grant.scopes.clone(),
            claims: request.claims.clone(),
            issued_at: grant.created_at,
            expires_at: grant.created_at.plus(lifetime),
        }
    }

    /// Whether the code may still be redeemed.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.issued_at <= now && now < self.expires_at
    }
}

/// The key under which the payload of a code is kept: `code:` and the SHA-256 of the code.
pub fn storage_key(code: &str) -> Vec<u8> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, code.as_bytes());
    [b"code:", digest.as_ref()].concat()
}

#[cfg(test)]
mod tests;
