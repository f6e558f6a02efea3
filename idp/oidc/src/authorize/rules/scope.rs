//! `scope` holds `openid`; of the rest, what is known and registered is kept.

use keyholder_core::application::GrantType;

use super::super::{Context, ErrorCode, ProtocolError, UnverifiedRequest};
use crate::metadata::SCOPES;

pub(crate) fn scope(request: &UnverifiedRequest, context: &Context<'_>) -> Result<Vec<String>, ProtocolError> {
    let asked = request.scope.as_deref().unwrap_or_default();
    // RFC 6749 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
    if asked.bytes().any(|byte| !matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
        return Err(ProtocolError::new(ErrorCode::InvalidScope, "scope contains a character that no scope has"));
    }
    let client = &context.application.client;
    let may_refresh = client.grant_types.contains(&GrantType::RefreshToken);
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.split(' ').filter(|scope| SCOPES.contains(scope)) {
        // RFC 6749 3.3: "The authorization server MAY fully or partially ignore the scope requested by the client".
        let registered = scope == "openid" || client.scopes.iter().any(|known| known == scope);
        // OpenID Connect Core 11: offline access is a refresh token. Consent for it is asked as for each scope: the consent
        // page names it, and only consent that covers it lets the dispatcher pass.
        let of_use = scope != "offline_access" || may_refresh;
        if registered && of_use && !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    // OpenID Connect Core 3.1.2.1: without it the request is none of OpenID Connect.
    if scopes.iter().any(|scope| scope == "openid") {
        return Ok(scopes);
    }
    Err(ProtocolError::new(ErrorCode::InvalidScope, "scope does not contain openid"))
}
