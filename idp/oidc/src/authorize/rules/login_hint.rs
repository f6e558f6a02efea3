//! `login_hint` fills the e-mail field. It is a hint: what cannot be an address is passed over.

use super::super::UnverifiedRequest;

pub(crate) fn login_hint(request: &UnverifiedRequest) -> Option<String> {
    // RFC 5321 4.5.3.1.3 bounds an address to 254 characters.
    let fits = |hint: &String| hint.len() <= 254 && !hint.contains(char::is_control);
    request.login_hint.clone().filter(fits)
}
