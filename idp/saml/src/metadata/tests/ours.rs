//! Our own metadata.

use std::time::Duration;

use super::*;
use crate::algorithm::SignatureAlgorithm;
use crate::gate::{Limits, parse_document};
use crate::messages::NameIdFormat;
use crate::service_provider::LogoutBinding;
use crate::signer::Signer as _;
use crate::tests_support::{Counting, OTHERS, OURS, SLO, SSO, THEIRS, assert_valid, certificate_of};
use crate::verify::verify_enveloped;
use crate::xml::{Id, ValueError};

fn english(text: &str) -> Localised {
    Localised { language: "en", text: text.to_owned() }
}

fn metadata() -> IdpMetadata {
    let sso = |binding| SsoEndpoint { binding, location: SSO.to_owned() };
    let slo = |binding| LogoutEndpoint { binding, location: SLO.to_owned() };
    IdpMetadata {
        entity_id: IDP.to_owned(),
        single_sign_on: vec![sso(LogoutBinding::Redirect), sso(LogoutBinding::Post)],
        single_logout: LogoutBinding::ALL.map(slo).to_vec(),
        signing: vec![certificate_of(&OURS), certificate_of(&THEIRS)],
        encryption: vec![certificate_of(&OURS)],
        name_id_formats: vec![NameIdFormat::Persistent, NameIdFormat::Transient, NameIdFormat::EmailAddress],
        want_authn_requests_signed: false,
        scopes: vec!["school.example".to_owned()],
        display: Some(Display {
            names: vec![english("Sign in <here> & \"now\""), Localised { language: "cy", text: "Mewngofnodi".into() }],
            descriptions: vec![english("For schools.")],
            information_url: Some(english("https://id.example/about")),
            privacy_statement_url: Some(english("https://id.example/privacy")),
            logo: Some(Logo { url: "https://id.example/logo.svg".into(), width: 80, height: 60 }),
        }),
        error_url: Some("https://id.example/saml/error".to_owned()),
        organization: Some(Organization {
            name: english("A school"),
            display_name: english("A school"),
            url: english("https://school.example"),
        }),
        contacts: vec![
            Contact {
                kind: ContactKind::Technical,
                name: Some("Help desk".into()),
                email: "help@school.example".into(),
            },
            Contact { kind: ContactKind::Support, name: None, email: "help@school.example".into() },
        ],
        valid_until: NOW.plus(Duration::from_hours(24 * 14)),
        cache: Duration::from_hours(6),
    }
}

#[test]
fn our_metadata_is_valid_and_verifies_elsewhere() {
    let document = metadata().sign(&*OTHERS, &Counting::default()).unwrap();
    assert_valid(&document);
    crate::external::assert_xmlsec1_verifies(&document, OTHERS.certificate());
    let gated = parse_document(document.as_bytes(), METADATA, "EntityDescriptor", &Limits::METADATA).unwrap();
    let keys = [certificate_of(&OTHERS).public_key().unwrap()];
    let root = verify_enveloped(&gated, &keys).unwrap().root().clone();
    let role = root.find(METADATA, "IDPSSODescriptor").unwrap();
    // The new key stands beside the old one.
    let signing = role.all(METADATA, "KeyDescriptor").filter(|key| key.attribute("use") == Some("signing"));
    assert_eq!(signing.count(), 2);
    assert_eq!(role.all(METADATA, "SingleSignOnService").count(), 2);
    assert_eq!(role.all(METADATA, "SingleLogoutService").count(), 3);
}

#[test]
fn whoever_reads_which_algorithms_are_accepted_signs_with_none_of_the_weak_ones() {
    let document = metadata().sign(&*OTHERS, &Counting::default()).unwrap();
    let named: Vec<&str> = document
        .split("<alg:SigningMethod ")
        .skip(1)
        .filter_map(|part| part.split("Algorithm=\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(named.first(), Some(&SignatureAlgorithm::RsaSha256.uri()), "the first is taken");
    assert!(named.iter().all(|uri| SignatureAlgorithm::from_uri(uri).is_some()));
    assert_eq!(document.matches("<alg:DigestMethod ").count(), 3);
}

#[test]
fn the_least_metadata_is_valid_and_says_no_more() {
    let least = IdpMetadata {
        single_logout: vec![],
        encryption: vec![],
        name_id_formats: vec![],
        scopes: vec![],
        display: None,
        error_url: None,
        organization: None,
        contacts: vec![],
        ..metadata()
    };
    let document = least.sign(&*OTHERS, &Counting::default()).unwrap();
    assert_valid(&document);
    for absent in
        ["SingleLogoutService", "encryption", "NameIDFormat", "Scope", "UIInfo", "Organization", "ContactPerson"]
    {
        assert!(!document.contains(absent), "{absent}");
    }
}

#[test]
fn each_application_can_have_an_entity_id_of_its_own() {
    let of = |entity_id: &str| IdpMetadata { entity_id: entity_id.to_owned(), ..metadata() };
    let id = Id::draw(&Counting::default());
    for entity_id in ["https://id.example/saml/e/one", "https://id.example/saml/e/two"] {
        assert_eq!(of(entity_id).write(&id).unwrap().attribute("entityID"), Some(entity_id));
    }
    assert_eq!(of(&"a".repeat(1025)).write(&id), Err(ValueError::Length));
}

#[test]
fn an_address_with_a_line_break_is_not_written() {
    let bent = IdpMetadata { error_url: Some("https://id.example/\nx".into()), ..metadata() };
    assert_eq!(bent.write(&Id::draw(&Counting::default())), Err(ValueError::Character));
}
