//! Tokens for a client on its own account (RFC 6749 4.4).

use keyholder_core::application::{GrantType, RelyingApplication};

use super::{TokenError, scope};

/// Checks a request by a client that was authenticated; returns the scopes that it gets.
pub fn check(application: &RelyingApplication, requested: Option<&str>) -> Result<Vec<String>, TokenError> {
    let client = &application.client;
    // RFC 6749 4.4: "MUST only be used by confidential clients".
    if !client.authentication.is_confidential() || !client.grant_types.contains(&GrantType::ClientCredentials) {
        return Err(TokenError::UnauthorizedClient);
    }
    let own: Vec<String> =
        client.scopes.iter().filter(|name| !scope::OF_PEOPLE.contains(&name.as_str())).cloned().collect();
    scope::narrow(&own, requested)
}
