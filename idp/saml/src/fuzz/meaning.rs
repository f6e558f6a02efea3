//! What a fuzzer calls of the upper layers: messages and metadata.

use keyholder_core::time::Timestamp;

use crate::decode;
use crate::gate::{Limits, read_signed};
use crate::messages::{AuthnRequest, Header, LogoutRequest, LogoutResponse};
use crate::metadata::{Trust, read_aggregate, read_entity};
use crate::service_provider::SpMetadata;

/// What is read as a message is written and read again as the same, or not written.
///
/// # Panics
/// Where that is not so.
pub fn messages(bytes: &[u8]) {
    let _ = decode::explain(&String::from_utf8_lossy(bytes), None, Timestamp::from_seconds(0)).to_string();
    let Ok(root) = read_signed(bytes, &Limits::MESSAGE) else { return };
    if let Ok(mut read) = AuthnRequest::read(&root) {
        as_written(&mut read.header);
        if let Some(context) = &mut read.requested_authn_context {
            context.declarations = false;
        }
        if let Ok(written) = read.write() {
            assert_eq!(AuthnRequest::read(&written), Ok(read));
        }
    }
    if let Ok(mut read) = LogoutRequest::read(&root) {
        as_written(&mut read.header);
        read.not_on_or_after = read.not_on_or_after.map(whole_second);
        if let Ok(written) = read.write() {
            assert_eq!(LogoutRequest::read(&written), Ok(read));
        }
    }
    if let Ok(mut read) = LogoutResponse::read(&root) {
        as_written(&mut read.header);
        if let Ok(written) = read.write() {
            assert_eq!(LogoutResponse::read(&written), Ok(read));
        }
    }
}

/// We write one version, and whole seconds.
fn as_written(header: &mut Header) {
    "2.0".clone_into(&mut header.version);
    header.issue_instant = whole_second(header.issue_instant);
}

fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_seconds(instant.as_seconds())
}

/// No metadata is kept whose endpoints could be anything but a web server.
///
/// # Panics
/// Where some is.
pub fn metadata(bytes: &[u8]) {
    let trust = Trust::uploaded(&[], Timestamp::from_seconds(0));
    if let Ok(metadata) = read_entity(bytes, None, &trust) {
        assert_endpoints(&metadata);
    }
    if let Ok(aggregate) = read_aggregate(bytes, |_| true, &trust) {
        for (_, result) in aggregate.entities {
            let _ = result.map(|metadata| assert_endpoints(&metadata));
        }
    }
}

fn assert_endpoints(metadata: &SpMetadata) {
    let consumers = metadata.assertion_consumer_services.iter().map(|service| service.location.as_str());
    let logouts =
        metadata.single_logout_services.iter().flat_map(|one| [one.location.as_str(), one.response_address()]);
    for location in consumers.chain(logouts) {
        let lower = location.to_ascii_lowercase();
        assert!(lower.starts_with("https:") || lower.starts_with("http:"), "{location}");
        assert!(!location.contains(['#', ' ', '\\', '\r', '\n']), "{location}");
    }
}
