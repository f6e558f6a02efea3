//! Scopes in token requests (RFC 6749 3.3).

use super::TokenError;

/// Scopes about a person: nothing that a client may have on its own account.
pub const OF_PEOPLE: [&str; 7] =
    ["openid", "profile", "email", "offline_access", "groups", "school", "scopes_of_pupils"];

/// Narrows what was granted to what is asked for. Asking for more is refused (RFC 6749 6); asking for nothing gives all.
pub fn narrow(granted: &[String], requested: Option<&str>) -> Result<Vec<String>, TokenError> {
    let Some(requested) = requested else { return Ok(granted.to_vec()) };
    let requested: Vec<&str> = requested.split(' ').filter(|scope| !scope.is_empty()).collect();
    if requested.is_empty() || !requested.iter().all(|scope| granted.iter().any(|known| known == scope)) {
        return Err(TokenError::InvalidScope);
    }
    // In the order granted, each once.
    Ok(granted.iter().filter(|scope| requested.contains(&scope.as_str())).cloned().collect())
}
