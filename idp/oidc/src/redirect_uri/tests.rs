//! Redirection addresses: what matches, and the many things that do not.

use super::*;
use crate::authorize::fixture::application;

fn client(kind: ApplicationType, registered: &[&str]) -> OidcClient {
    let redirect_uris = registered.iter().map(|&uri| uri.to_owned()).collect();
    OidcClient { application_type: kind, redirect_uris, ..application().client }
}

/// Variants of `https://app.example/callback`, each with the trick that it plays.
const NOT_REGISTERED: &[(&str, &str)] = &[
    ("scheme downgrade", "http://app.example/callback"),
    ("scheme case", "HTTPS://app.example/callback"),
    ("scheme of its own", "app://app.example/callback"),
    ("no scheme", "//app.example/callback"),
    ("javascript", "javascript://app.example/callback%0aalert(1)"),
    ("host case", "https://APP.example/callback"),
    ("other host", "https://evil.example/callback"),
    ("sub-domain", "https://x.app.example/callback"),
    ("host as prefix", "https://app.example.evil.example/callback"),
    ("host as suffix", "https://evilapp.example/callback"),
    ("trailing dot", "https://app.example./callback"),
    ("default port", "https://app.example:443/callback"),
    ("other port", "https://app.example:8443/callback"),
    ("empty port", "https://app.example:/callback"),
    ("path case", "https://app.example/Callback"),
    ("path below", "https://app.example/callback/x"),
    ("trailing slash", "https://app.example/callback/"),
    ("no path", "https://app.example"),
    ("root path", "https://app.example/"),
    ("path as prefix", "https://app.example/callbackx"),
    ("doubled slash", "https://app.example//callback"),
    ("single dot", "https://app.example/./callback"),
    ("dot segments", "https://app.example/x/../callback"),
    ("dot segments below", "https://app.example/callback/../open-redirect"),
    ("encoded dot segments", "https://app.example/callback/%2e%2e/open-redirect"),
    ("percent-encoded letter", "https://app.example/c%61llback"),
    ("percent-encoded slash", "https://app.example%2fcallback"),
    ("double encoding", "https://app.example/%2563allback"),
    ("user name", "https://app.example@evil.example/callback"),
    ("user name of ours", "https://user@app.example/callback"),
    ("user name and password", "https://app.example:x@evil.example/callback"),
    ("fragment", "https://app.example/callback#x"),
    ("empty fragment", "https://app.example/callback#"),
    ("query added", "https://app.example/callback?x=1"),
    ("empty query", "https://app.example/callback?"),
    ("path parameter", "https://app.example/callback;x=1"),
    ("backslash", "https://app.example\\callback"),
    ("backslash before a host", "https://app.example\\@evil.example/callback"),
    ("backslash after the scheme", "https:\\\\app.example/callback"),
    ("wildcard", "https://*.example/callback"),
    ("wildcard path", "https://app.example/*"),
    ("leading space", " https://app.example/callback"),
    ("trailing space", "https://app.example/callback "),
    ("tab inside", "https://app.example/call\tback"),
    ("line end", "https://app.example/callback\r\nLocation: https://evil.example"),
    ("look-alike letter", "https://\u{430}pp.example/callback"),
    ("full-width dot", "https://app\u{ff0e}example/callback"),
    ("other registered query changed", "https://app.example/other?tenant=2"),
    ("other registered query extended", "https://app.example/other?tenant=1&x=1"),
    ("other registered query dropped", "https://app.example/other"),
    ("empty", ""),
    ("two at once", "https://app.example/callback https://evil.example"),
];

#[test]
fn only_the_very_bytes_match() {
    let registered = ["https://app.example/callback", "https://app.example/other?tenant=1"];
    for kind in [ApplicationType::Web, ApplicationType::Native] {
        let client = client(kind, &registered);
        for uri in registered {
            assert!(is_registered(uri, &client));
        }
        for (trick, uri) in NOT_REGISTERED {
            assert!(!is_registered(uri, &client), "{trick}: {uri}");
        }
    }
}

#[test]
fn a_wildcard_that_was_registered_matches_itself_only() {
    let client = client(ApplicationType::Web, &["https://*.example/callback"]);
    assert!(!is_registered("https://app.example/callback", &client));
}

#[test]
fn a_native_client_takes_any_port_on_loopback_addresses() {
    for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:4711/cb"] {
        let client = client(ApplicationType::Native, &[registered, "http://[::1]/cb?x=1", "http://127.0.0.1"]);
        for uri in
            ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://[::1]:81/cb?x=1"]
        {
            assert!(is_registered(uri, &client), "{uri}");
        }
        assert!(is_registered("http://127.0.0.1:8080", &client));
    }
}

/// Variants of `http://127.0.0.1/cb`, each with the trick that it plays.
const NOT_LOOPBACK: &[(&str, &str)] = &[
    ("name of this machine", "http://localhost/cb"),
    ("name with a port", "http://localhost:4711/cb"),
    ("other address of the network", "http://127.0.0.2:4711/cb"),
    ("short address", "http://127.1:4711/cb"),
    ("decimal address", "http://2130706433:4711/cb"),
    ("octal address", "http://0177.0.0.1:4711/cb"),
    ("hexadecimal address", "http://0x7f.0.0.1:4711/cb"),
    ("every address", "http://0.0.0.0:4711/cb"),
    ("mapped address", "http://[::ffff:127.0.0.1]:4711/cb"),
    ("long form of ::1", "http://[0:0:0:0:0:0:0:1]:4711/cb"),
    ("not the registered family", "http://[::1]:4711/cb"),
    ("address as user name", "http://127.0.0.1@evil.example/cb"),
    ("address and port as user name", "http://127.0.0.1:4711@evil.example/cb"),
    ("address as sub-domain", "http://127.0.0.1.evil.example/cb"),
    ("port that goes on", "http://127.0.0.1:4711.evil.example/cb"),
    ("port out of range", "http://127.0.0.1:65536/cb"),
    ("port zero", "http://127.0.0.1:0/cb"),
    ("empty port", "http://127.0.0.1:/cb"),
    ("signed port", "http://127.0.0.1:+4711/cb"),
    ("full-width port", "http://127.0.0.1:\u{ff14}711/cb"),
    ("TLS", "https://127.0.0.1:4711/cb"),
    ("other path", "http://127.0.0.1:4711/other"),
    ("path added", "http://127.0.0.1:4711/cb/x"),
    ("query added", "http://127.0.0.1:4711/cb?x=1"),
    ("fragment", "http://127.0.0.1:4711/cb#x"),
    ("backslash", "http://127.0.0.1:4711\\cb"),
    ("backslash before a host", "http://127.0.0.1:4711\\@evil.example/cb"),
    ("scheme case", "HTTP://127.0.0.1:4711/cb"),
];

#[test]
fn loopback_tricks_do_not_match() {
    let client = client(ApplicationType::Native, &["http://127.0.0.1/cb"]);
    for (trick, uri) in NOT_LOOPBACK {
        assert!(!is_registered(uri, &client), "{trick}: {uri}");
    }
}

#[test]
fn a_web_client_takes_no_other_port_on_loopback() {
    let client = client(ApplicationType::Web, &["http://127.0.0.1:8081/cb"]);
    assert!(is_registered("http://127.0.0.1:8081/cb", &client));
    assert!(!is_registered("http://127.0.0.1:8082/cb", &client));
}

#[test]
fn the_name_localhost_has_no_free_port() {
    let client = client(ApplicationType::Native, &["http://localhost:4711/cb"]);
    assert!(is_registered("http://localhost:4711/cb", &client));
    assert!(!is_registered("http://localhost:4712/cb", &client));
}
