//! Where registered addresses may lead (design, invariant 14; RFC 9700 4.11, OWASP SSRF prevention).
//!
//! Owns the decision, pure. Every address that a name resolves to is asked, at the moment of the connection, so that a name
//! which changes between check and use gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::config::OutboundConfig;

/// The rules.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
    loopback: Loopback,
}

/// Whether addresses of this machine may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Loopback {
    #[default]
    Refused,
    /// Only on test beds.
    Allowed,
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("only https addresses without user name and fragment are asked")]
    Address,
    #[error("the address leads into a private or reserved network")]
    Inward,
}

impl Guard {
    /// The rules that the configuration asks for.
    pub fn new(config: &OutboundConfig) -> Self {
        let loopback = if config.test_bed.allow_loopback { Loopback::Allowed } else { Loopback::Refused };
        Self { allow: config.allow.clone(), loopback }
    }

    /// Checks what can be seen from the address alone; the name's addresses are checked when it is resolved.
    pub fn check_url(&self, url: &Url) -> Result<(), Refused> {
        let host = url.host().ok_or(Refused::Address)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(Refused::Address);
        }
        match url.scheme() {
            "https" => {}
            "http" if self.loopback == Loopback::Allowed && is_this_machine(&host) => {}
            _ => return Err(Refused::Address),
        }
        // The client connects to a literal address without asking the resolver.
        match host {
            Host::Ipv4(address) => self.check_address(address.into()),
            Host::Ipv6(address) => self.check_address(address.into()),
            Host::Domain(_) => Ok(()),
        }
    }

    /// Checks one resolved address.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        let on_test_bed = self.loopback == Loopback::Allowed && address.is_loopback();
        let allowed = on_test_bed || self.allow.iter().any(|network| network.contains(&address)) || is_public(address);
        if allowed { Ok(()) } else { Err(Refused::Inward) }
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// What the IANA IPv4 Special-Purpose Address Registry (RFC 6890) and multicast leave.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0 // this network
        || a >= 224 // multicast, reserved, broadcast
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b)) // RFC 6598, carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // RFC 6890
        || (a == 192 && b == 88 && c == 99) // RFC 7526, 6to4 relays
        || (a == 198 && (18..20).contains(&b)); // RFC 2544
    !special
}

/// Global unicast (RFC 4291 2.4) without what is set aside in it or carries an IPv4 address inside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let global = (0x2000..0x4000).contains(&a);
    // RFC 2928 (Teredo, ORCHID, benchmarking) and RFC 3849; RFC 3056 (6to4); RFC 9637.
    let special = matches!((a, b), (0x2001, 0..0x0200 | 0x0db8) | (0x2002, _) | (0x3fff, 0..0x1000));
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TestBedConfig;

    fn guard(allow: &[&str], allow_loopback: bool) -> Guard {
        let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
        Guard::new(&OutboundConfig { allow, test_bed: TestBedConfig { allow_loopback, ca_file: None } })
    }

    fn url(guard: &Guard, text: &str) -> Result<(), Refused> {
        guard.check_url(&Url::parse(text).unwrap())
    }

    #[test]
    fn inward_addresses_are_refused() {
        let guard = guard(&[], false);
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.1.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert_eq!(guard.check_address(text.parse().unwrap()), Err(Refused::Inward), "{text}");
        }
        for text in ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert_eq!(guard.check_address(text.parse().unwrap()), Ok(()), "{text}");
        }
    }

    #[test]
    fn literal_addresses_are_recognised_in_every_spelling() {
        let guard = guard(&[], false);
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://1.1.1.1@127.0.0.1/",
        ] {
            assert!(url(&guard, text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_https_is_asked() {
        for guard in [guard(&[], false), guard(&["10.0.0.0/8"], true)] {
            for text in [
                "http://app.example/jwks",
                "http://10.0.0.1/jwks",
                "ftp://app.example/",
                "file:///etc/passwd",
                "gopher://app.example/",
                "data:text/plain,x",
                "https://user:secret@app.example/",
                "https://app.example/#x",
            ] {
                assert_eq!(url(&guard, text), Err(Refused::Address), "{text}");
            }
        }
    }

    #[test]
    fn loopback_is_for_test_beds_and_private_networks_for_whom_the_operator_names() {
        let bed = guard(&[], true);
        for text in ["http://localhost:8081/", "http://127.0.0.1:8081/", "http://[::1]/", "https://127.0.0.1/"] {
            assert_eq!(url(&bed, text), Ok(()), "{text}");
            assert!(url(&guard(&[], false), text).is_err() || text.contains("localhost"), "{text}");
        }
        assert_eq!(url(&guard(&[], false), "http://localhost/"), Err(Refused::Address));
        assert_eq!(bed.check_address("10.0.0.1".parse().unwrap()), Err(Refused::Inward));

        let inside = guard(&["10.1.0.0/16"], false);
        assert_eq!(inside.check_address("10.1.2.3".parse().unwrap()), Ok(()));
        assert_eq!(inside.check_address("::ffff:10.1.2.3".parse().unwrap()), Ok(()));
        assert_eq!(inside.check_address("10.2.0.1".parse().unwrap()), Err(Refused::Inward));
        assert_eq!(inside.check_address("127.0.0.1".parse().unwrap()), Err(Refused::Inward));
    }
}
