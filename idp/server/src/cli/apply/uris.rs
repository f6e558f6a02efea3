//! Which addresses an application may register.

use keyholder_core::application::ApplicationType;
use url::Url;

use crate::config::check::is_loopback;

/// Checks a redirection endpoint (RFC 6749 3.1.2: absolute, no fragment; RFC 9700 2.1: compared exactly, so no patterns;
/// RFC 8252 7: loopback addresses and private-use schemes for native clients).
pub(super) fn check_redirect(text: &str, application_type: ApplicationType) -> Result<(), String> {
    let url = check_exact(text)?;
    match url.scheme() {
        "https" => Ok(()),
        // On the machine itself nobody listens in; test beds and native clients live there.
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err("`http` is only for this machine (`127.0.0.1`, `[::1]`, `localhost`); expected `https`".into()),
        // RFC 8252 7.1: a scheme of one's own is a domain name in reverse order, so that no two applications share it.
        scheme if application_type == ApplicationType::Native && scheme.contains('.') => Ok(()),
        scheme if application_type == ApplicationType::Native => Err(format!(
            "the scheme `{scheme}` is nobody's own; expected a domain name in reverse, such as `uk.example.app`"
        )),
        scheme => Err(format!("the scheme `{scheme}` is only for applications of type `native`; expected `https`")),
    }
}

/// Checks an address that the server calls or that the browser is sent to without being compared: `https`, or this machine.
pub(super) fn check_address(text: &str) -> Result<Url, String> {
    let url = check_exact(text)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("expected an address that begins with `https://`".into()),
    }
}

/// Checks an origin as browsers send it (RFC 6454 6.2).
pub(super) fn check_origin(text: &str) -> Result<(), String> {
    let url = check_address(text)?;
    if url.origin().ascii_serialization() == text {
        Ok(())
    } else {
        Err(format!("expected `{}`: no path, no slash at the end", url.origin().ascii_serialization()))
    }
}

/// Absolute and written in the one way in which it will be compared.
fn check_exact(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not an absolute address ({error})"))?;
    if text.len() > 2000 {
        return Err("it is longer than 2000 characters".into());
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
        return Err("it has spaces, backslashes or letters beyond ASCII; write them percent-encoded".into());
    }
    // RFC 6749 3.1.2.
    if url.fragment().is_some() {
        return Err("it has a fragment (`#`)".into());
    }
    if text.contains('*') {
        return Err("it has a `*`: addresses are compared exactly; list each one".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user name or a password".into());
    }
    if matches!(url.scheme(), "http" | "https") {
        // What a parser would write otherwise (dot segments, upper case, a default port) is compared as written and never
        // matches what a client sends.
        let normal = url.as_str();
        if normal != text && normal.strip_suffix('/') != Some(text) {
            return Err(format!("expected it in its normal form, `{normal}`"));
        }
    }
    Ok(url)
}
