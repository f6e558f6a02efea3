//! `RelayState`: opaque, given back as it came, never followed (saml-bindings-2.0-os 3.4.3, 3.5.3).

use super::super::{Context, Untrusted};

/// The longest that is given back, in bytes. The bindings allow 80; services send addresses of their own in it.
pub(crate) const LONGEST_RELAY_STATE: usize = 1024;

pub(crate) fn relay_state(context: &Context<'_>) -> Result<Option<String>, Untrusted> {
    let Some(relay_state) = context.relay_state else { return Ok(None) };
    if relay_state.len() > LONGEST_RELAY_STATE {
        return Err(Untrusted::RelayStateTooLong);
    }
    // A form would change line breaks on the way back (HTML 4.10.22.4), and nobody sends the others.
    if relay_state.chars().any(char::is_control) {
        return Err(Untrusted::RelayStateCharacter);
    }
    Ok(Some(relay_state.to_owned()))
}

/// The same for messages that have no rules of their own.
pub(crate) fn is_relay_state(text: &str) -> bool {
    text.len() <= LONGEST_RELAY_STATE && !text.chars().any(char::is_control)
}
