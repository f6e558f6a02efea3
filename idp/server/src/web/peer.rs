//! Who is at the other end of the connection, through trusted proxies only.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::web::Data;
use ipnet::IpNet;

use crate::app::App;
use crate::audit::Whence;

/// The client's address: the peer's, or, where that is a trusted proxy, the rightmost address of `X-Forwarded-For` that is not
/// one. What stands further left was written by whoever sent the request.
pub fn peer(request: &HttpRequest) -> IpAddr {
    let socket = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical());
    let trusted = request.app_data::<Data<App>>().map(|app| app.config.proxy.trusted.as_slice()).unwrap_or_default();
    let lines = request.headers().get_all("x-forwarded-for").filter_map(|line| line.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    client(socket, &hops, trusted)
}

/// From where a request came, for the audit log and for mails.
pub fn whence(request: &HttpRequest) -> Whence {
    Whence::of(request, peer(request))
}

fn client(socket: IpAddr, hops: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = socket;
    for hop in hops.iter().rev() {
        if !is_trusted(&nearest) {
            break;
        }
        let Some(address) = parse_hop(hop) else { break };
        nearest = address;
    }
    nearest
}

/// An address, with the port that some proxies add.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<std::net::SocketAddr>().map(|address| address.ip());
    let bracketed = || hop.trim_matches(['[', ']']).parse::<IpAddr>();
    hop.parse::<IpAddr>().or_else(|_| with_port()).or_else(|_| bracketed()).ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(socket: &str, hops: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        client(socket.parse().unwrap(), hops, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("203.0.113.7", &["10.9.9.9"], &[]), "203.0.113.7");
        assert_eq!(seen("203.0.113.7", &["10.9.9.9"], &["10.0.0.0/8"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.2", &["203.0.113.7"], &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn what_the_client_wrote_into_the_header_does_not_count() {
        let hops = ["198.51.100.1", "203.0.113.7", "10.0.0.3"];
        assert_eq!(seen("10.0.0.2", &hops, &["10.0.0.0/8"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.2", &["198.51.100.1", "rubbish"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(seen("10.0.0.2", &["[2001:db8::1]:443"], &["10.0.0.0/8"]), "2001:db8::1");
        assert_eq!(seen("::1", &["::ffff:203.0.113.7"], &["::1/128"]), "203.0.113.7");
    }
}
