//! Addresses of endpoints: where assertions about people are sent.

use url::{Host, Url};

use super::MetadataError;
use crate::messages::LONGEST_ADDRESS;

/// Checks an address and returns it as it is written: requests are compared with it byte for byte.
pub(super) fn check(location: &str) -> Result<String, MetadataError> {
    let refuse = || MetadataError::Endpoint(location.chars().take(200).collect());
    if location.len() > LONGEST_ADDRESS || !location.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refuse());
    }
    let url = Url::parse(location).map_err(|_| refuse())?;
    let safe = match url.scheme() {
        "https" => url.host().is_some(),
        // saml2int SDP-MD05: TLS. A service on this very machine has no wire to listen on.
        "http" => match url.host() {
            Some(Host::Domain(domain)) => domain == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        },
        _ => false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    // A backslash is a slash to browsers and not to others.
    if safe && plain && !location.contains('\\') { Ok(location.to_owned()) } else { Err(refuse()) }
}
