//! One service provider's metadata.

use super::*;
use crate::messages::ReadError;
use crate::service_provider::LogoutBinding;
use crate::tests_support::{SP, vectors};
use crate::verify::{KeyError, VerifyError};

#[test]
fn the_metadata_of_mod_auth_mellon_is_read() {
    let metadata = uploaded("mellon", Some("https://mellon.example/mellon/metadata")).unwrap();
    assert!(metadata.authn_requests_signed && metadata.want_assertions_signed);
    let [service] = metadata.assertion_consumer_services.as_slice() else { panic!("one that takes POST") };
    assert_eq!(service.location, "https://mellon.example/mellon/postResponse");
    assert_eq!((service.index, service.is_default), (0, Some(true)));
    assert_eq!(metadata.signing_keys().len(), 1);
    assert_eq!(metadata.encryption.len(), 1);
    assert!(metadata.single_logout_service(LogoutBinding::Soap).is_some());
    assert!(metadata.single_logout_service(LogoutBinding::Post).is_none());
}

#[test]
fn the_metadata_of_shibboleth_is_read() {
    let metadata = uploaded("shibboleth", None).unwrap();
    assert_eq!(metadata.entity_id, "https://shibboleth.example/shibboleth");
    assert_eq!(metadata.single_logout_services.len(), 3);
    assert_eq!(metadata.encryption[0].methods[0], "http://www.w3.org/2009/xmlenc11#aes128-gcm");
    assert_ne!(metadata.encryption[0].certificate, metadata.signing[0]);
    assert_eq!(metadata.default_assertion_consumer_service().unwrap().index, 1);
}

#[test]
fn the_metadata_of_pysaml2_is_read() {
    let metadata = uploaded("pysaml2", None).unwrap();
    assert_eq!(metadata.display_name.as_deref(), Some("The register"));
    assert_eq!(metadata.requested_attributes, ["urn:oid:0.9.2342.19200300.100.1.3"]);
    assert!(!metadata.authn_requests_signed && metadata.want_assertions_signed);
    // A key without a use is for both.
    assert_eq!((metadata.signing.len(), metadata.encryption.len()), (1, 1));
    let logout = metadata.single_logout_service(LogoutBinding::Redirect).unwrap();
    assert_eq!(logout.response_address(), "https://pysaml2.example/slo/done");
    assert_eq!(metadata.valid_until, crate::messages::time::read("2027-01-20T08:00:00Z"));
}

#[test]
fn the_metadata_of_node_saml_is_read() {
    let metadata = uploaded("node-saml", None).unwrap();
    assert_eq!(metadata.signing_keys().len(), 2);
    assert_eq!(metadata.name_id_formats, ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"]);
}

#[test]
fn metadata_is_stored_and_read_as_it_was() {
    let metadata = uploaded("shibboleth", None).unwrap();
    let text = serde_json::to_string(&metadata).unwrap();
    assert_eq!(serde_json::from_str::<SpMetadata>(&text).unwrap(), metadata);
}

/// File and refusal of a file that an administrator gives.
fn refused() -> Vec<(&'static str, MetadataError)> {
    let endpoint = |text: &str| MetadataError::Endpoint(text.to_owned());
    vec![
        ("expired", MetadataError::Expired),
        ("role-expired", MetadataError::Expired),
        ("own-entity-id", MetadataError::OwnEntityId),
        ("long-entity-id", MetadataError::LongEntityId),
        ("acs-javascript", endpoint("javascript:alert(1)")),
        ("acs-http", endpoint("http://sp.example/acs")),
        ("acs-userinfo", endpoint("https://sp.example@evil.example/acs")),
        ("acs-fragment", endpoint("https://sp.example/acs#x")),
        ("acs-backslash", endpoint("https://sp.example\\@evil.example/acs")),
        ("acs-relative", endpoint("/acs")),
        ("acs-white-space", endpoint("https://sp.example/a cs")),
        ("acs-by-artifact-alone", MetadataError::NoAssertionConsumerService),
        ("slo-file", endpoint("file:///etc/passwd")),
        ("saml-1-1-alone", MetadataError::NoServiceProvider),
        ("idp-alone", MetadataError::NoServiceProvider),
        ("certificate-broken", MetadataError::Certificate(KeyError::Malformed)),
        ("key-use-unknown", MetadataError::Content(ReadError::Malformed("use"))),
        ("cache-duration-malformed", MetadataError::Content(ReadError::Malformed("cacheDuration"))),
        ("doctype", MetadataError::Gate(GateError::DocumentType)),
        ("another-root", MetadataError::Gate(GateError::Root)),
        ("aggregate-unsigned", MetadataError::Several),
    ]
}

#[test]
fn what_an_administrator_gives_is_refused_where_it_is_wrong() {
    for (name, expected) in refused() {
        assert_eq!(uploaded(name, None), Err(expected), "{name}");
    }
    assert_eq!(uploaded("another-entity-id", Some(SP)), Err(MetadataError::EntityId));
    assert!(uploaded("no-valid-until", Some(SP)).is_ok());
}

#[test]
fn what_is_fetched_says_how_long_it_counts() {
    assert_eq!(fetched("no-valid-until", Some(SP)), Err(MetadataError::NoValidUntil));
    assert_eq!(fetched("valid-too-long", Some(SP)), Err(MetadataError::ValidTooLong));
    assert!(fetched("good", Some(SP)).is_ok());
}

#[test]
fn a_pinned_key_must_have_signed_the_whole() {
    assert_eq!(pinned("signed", Some(SP)).unwrap(), uploaded("signed", Some(SP)).unwrap());
    for (name, expected) in [
        ("good", MetadataError::Signature(VerifyError::Unsigned)),
        ("signed-by-another", MetadataError::Signature(VerifyError::Key)),
        ("signed-then-altered", MetadataError::Signature(VerifyError::Digest)),
        ("signed-no-valid-until", MetadataError::NoValidUntil),
    ] {
        assert_eq!(pinned(name, Some(SP)), Err(expected), "{name}");
    }
}

#[test]
fn every_vector_is_asserted() {
    let elsewhere = [
        "mellon",
        "shibboleth",
        "pysaml2",
        "node-saml",
        "another-entity-id",
        "no-valid-until",
        "valid-too-long",
        "good",
        "signed",
        "signed-by-another",
        "signed-then-altered",
        "signed-no-valid-until",
        "keys-weak-and-ending",
    ];
    let mut known: Vec<String> = refused()
        .iter()
        .map(|(name, _)| *name)
        .chain(elsewhere)
        .chain(super::aggregates::VECTORS)
        .map(|name| format!("metadata/{name}.xml"))
        .chain(["metadata/federation.pem".to_owned()])
        .collect();
    known.sort();
    assert_eq!(vectors("metadata"), known);
}

#[test]
fn operators_are_warned_of_what_ends_and_what_does_not_work() {
    use std::time::Duration;
    let metadata = uploaded("keys-weak-and-ending", None).unwrap();
    let at = Certificate::from_text(&metadata.signing[1].to_base64()).unwrap().expires_at().unwrap();
    let ahead = at.since(NOW);
    let all = warnings(&metadata, NOW, ahead);
    assert_eq!(
        all,
        [
            Warning::KeyNotUsable { used_for: Use::Signing, error: KeyError::Size },
            Warning::CertificateEnds { used_for: Use::Signing, at },
            Warning::CertificateEnds { used_for: Use::Encryption, at },
            Warning::NoLogout,
        ]
    );
    let earlier = warnings(&metadata, NOW, ahead.saturating_sub(Duration::from_secs(1)));
    assert!(!earlier.contains(&Warning::CertificateEnds { used_for: Use::Signing, at }));
    let end = metadata.valid_until.unwrap();
    assert_eq!(warnings(&metadata, NOW, end.since(NOW))[0], Warning::MetadataEnds { at: end });
    let unsigned = SpMetadata { authn_requests_signed: true, signing: vec![], ..metadata };
    assert!(warnings(&unsigned, NOW, ahead).contains(&Warning::NoSigningKey));
}

#[test]
fn the_source_is_looked_at_again_before_it_is_too_late() {
    use std::time::Duration;
    let mut metadata = uploaded("no-valid-until", None).unwrap();
    let wait = |metadata: &SpMetadata| next_refresh(metadata, NOW).since(NOW);
    assert_eq!(wait(&metadata), Duration::from_hours(24));
    metadata.cache_seconds = Some(3600);
    assert_eq!(wait(&metadata), Duration::from_hours(1));
    metadata.valid_until = Some(NOW.plus(Duration::from_mins(30)));
    assert_eq!(wait(&metadata), Duration::from_mins(15));
    metadata.cache_seconds = Some(0);
    assert_eq!(wait(&metadata), Duration::from_mins(5));
}

#[test]
fn durations_are_those_of_xml_schema() {
    for (text, seconds) in
        [("PT6H", 6 * 3600), ("P1D", 86_400), ("P1DT1M1.5S", 86_400 + 61), ("P1Y2M", (365 + 60) * 86_400), ("PT0S", 0)]
    {
        assert_eq!(super::super::duration::read(text), Some(seconds), "{text}");
    }
    for text in ["", "P", "PT", "P1", "1D", "-P1D", "P1H", "PT1D", "P1DT", "PT1M1H", "PT1.5H", "P99999999999999999999Y"]
    {
        assert_eq!(super::super::duration::read(text), None, "{text}");
    }
}

#[test]
fn an_entity_is_asked_for_by_its_whole_name() {
    assert_eq!(
        query_address("https://mdq.example/", "https://sp.example/a?b=c d"),
        "https://mdq.example/entities/https%3A%2F%2Fsp.example%2Fa%3Fb%3Dc%20d"
    );
}
