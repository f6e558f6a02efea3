//! What passes. What does not is among the vectors.
#![allow(clippy::format_collect, reason = "tests")]

use super::{GateError, Limits, parse_document, parse_message};
use crate::names::PROTOCOL;

fn request(inside: &str) -> String {
    format!(
        r#"<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"><a:Issuer>https://sp.example</a:Issuer>{inside}</p:AuthnRequest>"#
    )
}

fn read(document: &str) -> Result<String, GateError> {
    parse_message(document.as_bytes(), PROTOCOL, "AuthnRequest").map(|gated| gated.unverified().canonical())
}

#[test]
fn a_declaration_a_byte_order_mark_and_white_space_around_the_root_pass() {
    let plain = read(&request("")).unwrap();
    for before in [
        "\u{FEFF}",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
        "\u{FEFF}<?xml version='1.0' standalone='yes' ?>",
        "\r\n ",
    ] {
        assert_eq!(read(&format!("{before}{} \n", request(""))).as_deref(), Ok(plain.as_str()));
    }
}

#[test]
fn any_extension_passes() {
    let extension = r#"<p:Extensions><m:x xmlns:m="urn:m" m:y="1" id="12 is no name"><z xml:lang="cy">&#x1F9D1;&amp;</z></m:x></p:Extensions>"#;
    assert!(read(&request(extension)).unwrap().contains("🧑&amp;"));
}

#[test]
fn a_document_at_its_limits_passes() {
    let deep = |levels| request(&("<x>".repeat(levels) + &"</x>".repeat(levels)));
    assert!(read(&deep(11)).is_ok());
    assert_eq!(read(&deep(12)), Err(GateError::TooDeep));
    let attributes =
        |number| request(&format!("<x{}/>", (0..number).map(|n| format!(" a{n}='1'")).collect::<String>()));
    assert!(read(&attributes(40)).is_ok());
    assert_eq!(read(&attributes(41)), Err(GateError::TooManyAttributes));
    let padding = 64 * 1024 - request("<x></x>").len();
    let long = |length| request(&format!("<x>{}</x>", "a".repeat(length)));
    assert!(read(&long(padding)).is_ok());
    assert_eq!(read(&long(padding + 1)), Err(GateError::TooLong));
    // The root, its Issuer with a text, and the end of the document make six.
    assert!(read(&request(&"<x/>".repeat(1_994))).is_ok());
    assert_eq!(read(&request(&"<x/>".repeat(1_995))), Err(GateError::TooManyEvents));
}

#[test]
fn comments_in_metadata_are_as_if_they_were_not_there() {
    let document = request("<x>a<!-- b -->c</x><!---->");
    let metadata = |document: &str| {
        parse_document(document.as_bytes(), PROTOCOL, "AuthnRequest", &Limits::METADATA)
            .map(|gated| gated.unverified().canonical())
    };
    assert_eq!(metadata(&document), read(&request("<x>ac</x>")));
    for malformed in ["<!-- a -- b -->", "<!-- a --->", "<!-- \0 -->"] {
        assert_eq!(metadata(&request(malformed)), Err(GateError::Malformed));
    }
    assert_eq!(read(&document), Err(GateError::Comment));
}

#[test]
fn a_document_needs_no_issuer_and_no_id_unless_it_is_signed() {
    let bare = r#"<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>"#;
    assert!(parse_document(bare.as_bytes(), PROTOCOL, "AuthnRequest", &Limits::METADATA).is_ok());
}
