//! Redirection addresses: which may be registered, and whether a presented one is registered.
//!
//! Owns RFC 6749 3.1.2, RFC 8252 7 and the exact match of RFC 9700 4.1.3. Never normalises: what is compared is bytes, so
//! that no two readers of an address can disagree about it.

use keyholder_core::application::{ApplicationType, OidcClient};
use url::{Host, Url};

/// Whether the client registered this address.
pub fn is_registered(presented: &str, client: &OidcClient) -> bool {
    client.redirect_uris.iter().any(|registered| matches(presented, registered, client.application_type))
}

fn matches(presented: &str, registered: &str, kind: ApplicationType) -> bool {
    // RFC 9700 4.1.3: "exact string matching, except for port numbers in localhost redirection URIs of native apps".
    presented == registered || (kind == ApplicationType::Native && differs_in_loopback_port(presented, registered))
}

/// RFC 8252 7.3: "The authorization server MUST allow any port to be specified at the time of the request for loopback IP
/// redirect URIs". Not for `localhost` (RFC 8252 8.3), which another listener or a resolver may take.
fn differs_in_loopback_port(presented: &str, registered: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]"].into_iter().any(|origin| {
        let presented = presented.strip_prefix(origin).and_then(after_port);
        let registered = registered.strip_prefix(origin).and_then(after_port);
        presented.is_some() && presented == registered
    })
}

/// What follows an optional port: nothing, a path or a query. `None` where something else does (`.evil.example`, `@`).
fn after_port(rest: &str) -> Option<&str> {
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(port_on) => {
            let end = port_on.find(|c: char| !c.is_ascii_digit()).unwrap_or(port_on.len());
            let (port, rest) = port_on.split_at_checked(end)?;
            port.parse::<u16>().ok().filter(|port| *port != 0)?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with('/') || rest.starts_with('?')).then_some(rest)
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableRedirectUri {
    #[error("not an absolute address")]
    NotAbsolute,
    #[error("has a fragment (RFC 6749 3.1.2)")]
    Fragment,
    #[error("has a user name or password")]
    UserInfo,
    #[error("has a wildcard, white space, a backslash or a control character")]
    Unclear,
    #[error("is not https; http is for this machine only")]
    NotHttps,
    #[error("a scheme of its own is for native applications and holds a dot (RFC 8252 7.1)")]
    Scheme,
}

/// Checks an address before it is registered, for redirection after sign-in or sign-out.
pub fn check_registration(uri: &str, kind: ApplicationType) -> Result<(), UnusableRedirectUri> {
    let unclear =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '\\' | '"' | '<' | '>') || !c.is_ascii();
    if uri.contains(unclear) {
        return Err(UnusableRedirectUri::Unclear);
    }
    let url = Url::parse(uri).map_err(|_| UnusableRedirectUri::NotAbsolute)?;
    if url.fragment().is_some() {
        return Err(UnusableRedirectUri::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UnusableRedirectUri::UserInfo);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_this_machine(&url) => Ok(()),
        "http" => Err(UnusableRedirectUri::NotHttps),
        scheme if kind == ApplicationType::Native && scheme.contains('.') => Ok(()),
        _ => Err(UnusableRedirectUri::Scheme),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests;
