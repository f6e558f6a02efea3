//! `redirect_uri` is registered, byte for byte.

use super::super::{Context, Untrusted, UnverifiedRequest};
use crate::redirect_uri::is_registered;

pub(crate) fn redirect_uri<'a>(request: &'a UnverifiedRequest, context: &Context<'_>) -> Result<&'a str, Untrusted> {
    // OpenID Connect Core 3.1.2.1: required, also where only one is registered.
    let presented = request.redirect_uri.as_deref().ok_or(Untrusted::RedirectUriMissing)?;
    // RFC 6749 3.1.2: no fragment, even if somebody managed to register one.
    if presented.contains('#') || !is_registered(presented, &context.application.client) {
        return Err(Untrusted::RedirectUriNotRegistered);
    }
    Ok(presented)
}
