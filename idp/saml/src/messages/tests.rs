#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::gate::{GateError, parse_message, parse_soap_message};
use crate::names::PROTOCOL;
use crate::tests_support::{Counting, assert_valid};
use crate::xml::{Element, Id, Value, ValueError};

fn header() -> Header {
    Header {
        id: Id::draw(&Counting::default()).as_str().to_owned(),
        version: "2.0".into(),
        issue_instant: Timestamp::from_seconds(1_800_000_000),
        destination: Some("https://id.example/saml/sso".into()),
        issuer: "https://sp.example/metadata".into(),
    }
}

fn full_request() -> AuthnRequest {
    AuthnRequest {
        header: header(),
        subject: Some(NameId::new(NameIdFormat::EmailAddress, "ada@school.example")),
        opaque_subject: None,
        name_id_policy: Some(NameIdPolicy {
            format: Some(NameIdFormat::Persistent.uri().into()),
            sp_name_qualifier: Some("https://sp.example".into()),
            allow_create: true,
        }),
        requested_authn_context: Some(RequestedAuthnContext {
            comparison: Comparison::Minimum,
            classes: vec!["https://refeds.org/profile/mfa".into()],
            declarations: false,
        }),
        force_authn: true,
        is_passive: true,
        assertion_consumer_service_url: Some("https://sp.example/acs?a=1&b=2".into()),
        assertion_consumer_service_index: Some(7),
        protocol_binding: Some(POST_BINDING.into()),
        attribute_consuming_service_index: Some(0),
    }
}

fn gated(element: &Element, local: &str) -> Element {
    parse_message(element.canonical().as_bytes(), PROTOCOL, local).unwrap().unverified().clone()
}

#[test]
fn messages_are_read_as_they_were_written() {
    let request = full_request();
    assert_eq!(AuthnRequest::read(&gated(&request.write().unwrap(), "AuthnRequest")), Ok(request));

    let logout = LogoutRequest {
        header: header(),
        not_on_or_after: Some(Timestamp::from_seconds(1_800_000_300)),
        reason: Some("urn:oasis:names:tc:SAML:2.0:logout:user".into()),
        principal: Principal::NameId(NameId::new(NameIdFormat::Persistent, "abc")),
        session_indexes: vec!["_s1".into(), "_s2".into()],
    };
    assert_eq!(LogoutRequest::read(&gated(&logout.write().unwrap(), "LogoutRequest")), Ok(logout));

    let partial = Status {
        top: TopStatus::Success,
        nested: Some(NestedStatus::PartialLogout),
        message: Some("not all were told".into()),
    };
    let answer = LogoutResponse { header: header(), in_response_to: Some("_1".into()), status: partial };
    assert_eq!(LogoutResponse::read(&gated(&answer.write().unwrap(), "LogoutResponse")), Ok(answer));
}

#[test]
fn what_is_written_is_valid() {
    assert_valid(&full_request().write().unwrap().canonical());
    let least = AuthnRequest {
        subject: None,
        name_id_policy: Some(NameIdPolicy::default()),
        requested_authn_context: None,
        force_authn: false,
        is_passive: false,
        assertion_consumer_service_url: None,
        assertion_consumer_service_index: None,
        protocol_binding: None,
        attribute_consuming_service_index: None,
        ..full_request()
    };
    assert_valid(&least.write().unwrap().canonical());
    for code in [soap::FaultCode::Client, soap::FaultCode::Server] {
        assert_valid(&soap::fault(code, "not a message").canonical());
    }
}

#[test]
fn force_authn_and_is_passive_are_booleans_of_xml_schema() {
    for (text, expected) in [("true", Ok(true)), ("1", Ok(true)), ("false", Ok(false)), ("0", Ok(false))] {
        let mut plain = full_request();
        (plain.force_authn, plain.is_passive) = (false, false);
        let root = plain.write().unwrap().with("ForceAuthn", text);
        assert_eq!(AuthnRequest::read(&root).map(|request| request.force_authn), expected, "{text}");
    }
    let mut plain = full_request();
    plain.force_authn = false;
    let root = plain.write().unwrap().with("ForceAuthn", "TRUE");
    assert_eq!(AuthnRequest::read(&root), Err(ReadError::Malformed("ForceAuthn")));
}

#[test]
fn extensions_and_unknown_elements_are_passed_over() {
    let extension = Element::new("x", "urn:x", "Anything").child(Element::new("x", "urn:x", "Deeper"));
    let root = full_request()
        .write()
        .unwrap()
        .with("Consent", "urn:oasis:names:tc:SAML:2.0:consent:obtained")
        .child(Element::new("samlp", PROTOCOL, "Extensions").child(extension))
        .child(Element::new("samlp", PROTOCOL, "Scoping").with("ProxyCount", "1"));
    assert_eq!(AuthnRequest::read(&root), Ok(full_request()));
}

#[test]
fn what_may_occur_once_and_occurs_twice_is_refused() {
    let twice = Element::new("samlp", PROTOCOL, "NameIDPolicy");
    let root = full_request().write().unwrap().child(twice);
    assert_eq!(AuthnRequest::read(&root), Err(ReadError::Repeated("NameIDPolicy")));
}

#[test]
fn an_identifier_with_an_element_inside_is_refused() {
    let name = Element::new("saml", crate::names::ASSERTION, "NameID")
        .text("admin@school.example")
        .child(Element::new("x", "urn:x", "y"))
        .text(".evil.example");
    assert_eq!(NameId::read(&name), Err(ReadError::Malformed("NameID")));
}

#[test]
fn instants_are_read_in_any_zone_and_written_in_utc() {
    let noon = Timestamp::from_seconds(1_800_000_000);
    assert_eq!(Value::instant(noon).unwrap().as_str(), "2027-01-15T08:00:00Z");
    for text in [
        "2027-01-15T08:00:00Z",
        "2027-01-15T08:00:00.000Z",
        "2027-01-15T08:00:00",
        "2027-01-15T10:00:00+02:00",
        "2027-01-15T06:30:00.0-01:30",
    ] {
        assert_eq!(time::read(text), Some(noon), "{text}");
    }
    for text in ["", "2027-01-15", "2027-01-15 08:00:00Z", "2027-01-15t08:00:00z", "2027-13-15T08:00:00Z", "later"] {
        assert_eq!(time::read(text), None, "{text}");
    }
}

#[test]
fn an_envelope_holds_one_message() {
    let request = full_request().write().unwrap();
    let envelope = soap::wrap(request.clone()).canonical();
    let read = parse_soap_message(envelope.as_bytes(), "AuthnRequest").unwrap();
    assert_eq!(read.unverified().canonical(), request.canonical());
    let fault = soap::fault(soap::FaultCode::Client, "not a message").canonical();
    assert_eq!(parse_soap_message(fault.as_bytes(), "LogoutResponse").unwrap_err(), GateError::Root);
}

#[test]
fn a_name_id_left_without_qualifiers_still_names_the_subject() {
    let mut issued = NameId::new(NameIdFormat::Persistent, "abcdef");
    issued.name_qualifier = Some("https://id.example".into());
    issued.sp_name_qualifier = Some("https://sp.example".into());
    let bare = NameId { format: None, name_qualifier: None, sp_name_qualifier: None, ..issued.clone() };
    assert!(bare.names(&issued));
    assert!(issued.names(&issued));
    let other_case = NameId { value: "ABCDEF".into(), ..issued.clone() };
    let other_qualifier = NameId { sp_name_qualifier: Some("https://other.example".into()), ..issued.clone() };
    let other_format = NameId { format: Some(NameIdFormat::Transient.uri().into()), ..issued.clone() };
    for wrong in [other_case, other_qualifier, other_format] {
        assert!(!wrong.names(&issued), "{wrong:?}");
    }
}

#[test]
fn an_address_with_a_line_break_is_not_written() {
    let mut request = full_request();
    request.header.destination = Some("https://id.example/\r\nx".into());
    assert_eq!(request.write(), Err(ValueError::Character));
}

proptest! {
    #[test]
    fn any_name_id_arrives_as_it_was_or_is_refused(text in any::<String>()) {
        let mut request = full_request();
        request.subject = Some(NameId::new(NameIdFormat::EmailAddress, text.clone()));
        if let Ok(written) = request.write() {
            match AuthnRequest::read(&gated(&written, "AuthnRequest")) {
                Ok(read) => prop_assert_eq!(read.subject.unwrap().value, text.trim_matches(' ')),
                Err(error) => {
                    prop_assert_eq!(error, ReadError::Malformed("NameID"));
                    prop_assert!(text.trim_matches(' ').is_empty());
                }
            }
        }
    }
}
