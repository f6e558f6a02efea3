//! Redirection addresses: whether a presented one is registered.
//!
//! Owns the exact match of RFC 9700 4.1.3 and its one exception (RFC 8252 7.3). Does not own what may be registered. Never
//! normalises: what is compared is bytes, so that no two readers of an address can disagree about it.

use keyholder_core::application::{ApplicationType, OidcClient};

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

#[cfg(test)]
mod tests;
