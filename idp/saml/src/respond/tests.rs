#![allow(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::assurance::Assurance;
use proptest::prelude::*;

use super::*;
use crate::attributes::{Fact, Facts, release};
use crate::checks::{Refusal, unsolicited};
use crate::encryption::EncryptError;
use crate::external::assert_xmlsec1_verifies_at;
use crate::gate::{Limits, parse_document};
use crate::messages::{Contents, NameIdFormat, NestedStatus, TopStatus};
use crate::names::{ASSERTION, DSIG, PROTOCOL, XENC};
use crate::service_provider::Encrypt::{Always, LegacyCbc, Never, WhenPossible};
use crate::service_provider::{EncryptionKey, IdpInitiated, Sign};
use crate::tests_support::{ACS, Counting, IDP, NOW, OURS, SP, THEIRS, assert_valid, certificate_of, provider};

fn facts() -> Facts {
    Facts {
        email: Some("ada@school.example".into()),
        display_name: Some("Ada O'Neill <Head> & \"Safeguarding\"".into()),
        ..Facts::default()
    }
}

fn request() -> CheckedRequest {
    CheckedRequest {
        provider: SP.into(),
        issuer: IDP.into(),
        reply_to: ReplyTo {
            assertion_consumer_service: ACS.into(),
            in_response_to: Some("_asked".into()),
            relay_state: Some("state".into()),
        },
        name_id: NameIdFormat::Persistent,
        context: None,
        subject: None,
        expires_at: NOW,
    }
}

fn sign_on<'a>(provider: &'a ServiceProvider, request: &'a CheckedRequest, facts: &Facts) -> SignOn<'a> {
    SignOn {
        provider,
        request,
        name_id: NameId::new(NameIdFormat::Persistent, "abcdefgh"),
        attributes: release(facts, &provider.settings.release, "https://id.example"),
        authenticated_at: NOW.minus(Duration::from_secs(20)),
        assurance: Assurance::MultiFactor,
        session_index: "_index1",
        session_expires_at: NOW.plus(Duration::from_hours(8)),
        now: NOW,
    }
}

fn xml(posted: &Posted) -> String {
    String::from_utf8(STANDARD.decode(&posted.saml_response).unwrap()).unwrap()
}

fn answered(provider: &ServiceProvider) -> String {
    xml(&succeed(&sign_on(provider, &request(), &facts()), &*OURS, &Counting::default()).unwrap().posted)
}

/// Reads a response of ours the way the gate reads anything.
fn read(document: &str) -> (Response, Contents) {
    let limits = Limits::METADATA;
    let signed_twice = document.matches("<ds:Signature ").count() > 1 || document.matches("<ds:Signature>").count() > 1;
    // The gate takes one signature at the root; a response with a signed assertion has two, or one further in.
    let plain =
        if signed_twice || document.contains("<saml:Assertion") { strip(document) } else { document.to_owned() };
    let gated = parse_document(plain.as_bytes(), PROTOCOL, "Response", &limits).unwrap();
    Response::read(gated.unverified()).unwrap()
}

/// Without signatures.
fn strip(document: &str) -> String {
    let mut text = document.to_owned();
    while let (Some(from), Some(to)) = (text.find("<ds:Signature "), text.find("</ds:Signature>")) {
        text.replace_range(from..to + "</ds:Signature>".len(), "");
    }
    text
}

/// Another implementation than ours.
fn assert_verifies(document: &str, root: &str) {
    let path: &[&str] = if root == "Response" { &["Response"] } else { &["Response", "Assertion"] };
    assert_xmlsec1_verifies_at(document, path, OURS.certificate());
}

fn with_encryption() -> ServiceProvider {
    let mut provider = provider();
    provider.metadata.encryption = vec![EncryptionKey { certificate: certificate_of(&THEIRS), methods: vec![] }];
    provider
}

#[test]
fn a_response_says_what_the_profile_asks_for() {
    let (response, contents) = read(&answered(&provider()));
    assert!(response.status.is_success());
    assert_eq!(response.in_response_to.as_deref(), Some("_asked"));
    assert_eq!(response.header.destination.as_deref(), Some(ACS));
    assert_eq!(response.header.issuer, IDP);
    let [assertion] = contents.assertions.as_slice() else { panic!("one assertion") };
    assert_eq!(assertion.issuer, IDP);
    assert_eq!(assertion.bearer.recipient, ACS);
    assert_eq!(assertion.bearer.in_response_to.as_deref(), Some("_asked"));
    assert_eq!(assertion.bearer.not_on_or_after, NOW.plus(Duration::from_mins(5)));
    assert_eq!(assertion.conditions.audience, SP);
    assert_eq!(assertion.conditions.not_before, NOW.minus(Duration::from_mins(1)));
    assert_eq!(assertion.authn.session_index, "_index1");
    assert_eq!(assertion.authn.authn_instant, NOW.minus(Duration::from_secs(20)));
    assert_eq!(assertion.authn.class, "https://refeds.org/profile/mfa");
    assert_eq!(assertion.attributes[1].values, ["Ada O'Neill <Head> & \"Safeguarding\""]);
    assert_ne!(assertion.id, response.header.id);
}

#[test]
fn what_is_signed_verifies_elsewhere_and_is_valid() {
    for (sign, roots) in [
        (Sign::Response, &["Response"][..]),
        (Sign::Assertion, &["Assertion"]),
        (Sign::Both, &["Response", "Assertion"]),
    ] {
        let mut provider = provider();
        provider.settings.sign = sign;
        let document = answered(&provider);
        assert_valid(&document);
        for root in roots {
            assert_verifies(&document, root);
        }
        assert_eq!(document.matches("<ds:Signature ").count(), roots.len(), "{sign:?}");
    }
}

#[test]
fn a_service_provider_that_wants_signed_assertions_gets_them() {
    let mut provider = provider();
    provider.metadata.want_assertions_signed = true;
    assert_verifies(&answered(&provider), "Assertion");
}

#[test]
fn an_encrypted_assertion_says_nothing_and_is_valid() {
    let mut provider = with_encryption();
    provider.settings.sign = Sign::Both;
    let document = answered(&provider);
    assert_valid(&document);
    assert_verifies(&document, "Response");
    assert!(document.contains("EncryptedAssertion") && !document.contains("ada@school.example"));
    let (_, contents) = read(&document);
    assert_eq!((contents.assertions.len(), contents.encrypted), (0, 1));
}

#[test]
fn what_is_inside_an_encrypted_assertion_is_signed_too() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
    let certificate = crate::certificate::Certificate::from_der(certificate.der().to_vec()).unwrap();
    let mut provider = provider();
    provider.settings.sign = Sign::Both;
    provider.metadata.encryption = vec![EncryptionKey { certificate, methods: vec![] }];
    let plain = crate::external::xmlsec1_decrypts(&answered(&provider), &key.serialize_der());
    assert!(plain.contains("ada@school.example"));
    assert_xmlsec1_verifies_at(&plain, &["Response", "EncryptedAssertion", "Assertion"], OURS.certificate());
}

#[test]
fn encryption_follows_the_settings_and_the_key_that_there_is() {
    let encrypted = |encrypt, methods: &[&str], with_key: bool| {
        let mut provider = if with_key { with_encryption() } else { provider() };
        provider.settings.encrypt = encrypt;
        for key in &mut provider.metadata.encryption {
            key.methods = methods.iter().map(|method| (*method).to_owned()).collect();
        }
        let answer = succeed(&sign_on(&provider, &request(), &facts()), &*OURS, &Counting::default());
        answer.map(|answer| {
            let document = xml(&answer.posted);
            let gated = parse_document(document.as_bytes(), PROTOCOL, "Response", &Limits::METADATA);
            let root = gated.unwrap().unverified().clone();
            let data = root.find(ASSERTION, "EncryptedAssertion")?.find(XENC, "EncryptedData")?.clone();
            data.find(XENC, "EncryptionMethod")?.attribute("Algorithm").map(str::to_owned)
        })
    };
    let gcm = |bits: u32| Some(format!("http://www.w3.org/2009/xmlenc11#aes{bits}-gcm"));
    let cbc = |bits: u32| Some(format!("http://www.w3.org/2001/04/xmlenc#aes{bits}-cbc"));
    let (gcm128, cbc128, cbc256) = (gcm(128).unwrap(), cbc(128).unwrap(), cbc(256).unwrap());
    let oaep = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    assert_eq!(encrypted(WhenPossible, &[], true), Ok(gcm(256)));
    assert_eq!(encrypted(WhenPossible, &[oaep], true), Ok(gcm(256)));
    assert_eq!(encrypted(WhenPossible, &[&cbc128, &gcm128, oaep], true), Ok(gcm(128)));
    assert_eq!(encrypted(LegacyCbc, &[&gcm128, &cbc256], true), Ok(cbc(256)));
    assert_eq!(encrypted(Always, &[&cbc128], true), Err(RespondError::NoEncryptionKey));
    assert_eq!(encrypted(Always, &[], false), Err(RespondError::NoEncryptionKey));
    assert_eq!(encrypt_error(), EncryptError::Shape);
    let plain = |encrypt, with_key| {
        let mut provider = if with_key { with_encryption() } else { provider() };
        provider.settings.encrypt = encrypt;
        answered(&provider).contains("<saml:Assertion")
    };
    assert!(plain(Never, true) && plain(WhenPossible, false) && !plain(WhenPossible, true));
}

fn encrypt_error() -> EncryptError {
    let key = crate::encryption::EncryptionKey::from_certificate(certificate_of(&THEIRS).as_der()).unwrap();
    let other = Element::new("saml", ASSERTION, "NameID");
    encrypt_assertion(&other, &key, crate::encryption::ContentAlgorithm::default(), &Counting::default()).unwrap_err()
}

#[test]
fn a_sign_in_that_began_here_answers_no_request() {
    let mut provider = provider();
    provider.settings.idp_initiated = IdpInitiated::Allowed { relay_state: None };
    let request = unsolicited(&provider, IDP, NOW).unwrap();
    let answer = succeed(&sign_on(&provider, &request, &facts()), &*OURS, &Counting::default()).unwrap();
    let document = xml(&answer.posted);
    assert!(!document.contains("InResponseTo"));
    assert_valid(&document);
}

#[test]
fn nobody_is_answered_by_a_class_that_was_not_reached() {
    let (provider, mut asked) = (provider(), request());
    asked.context = crate::checks::context::RequestedContext::of(&crate::messages::RequestedAuthnContext {
        classes: vec![crate::checks::context::PHISHING_RESISTANT.into()],
        ..Default::default()
    });
    let answer = succeed(&sign_on(&provider, &asked, &facts()), &*OURS, &Counting::default());
    assert_eq!(answer, Err(RespondError::AuthnContext));
}

#[test]
fn an_error_response_has_the_codes_of_the_specification() {
    use NestedStatus as Nested;
    use TopStatus::{Requester, Responder, VersionMismatch};
    for (refusal, top, nested) in [
        (Refusal::Version, VersionMismatch, None),
        (Refusal::ProtocolBinding, Requester, Some(Nested::UnsupportedBinding)),
        (Refusal::NameIdFormat, Requester, Some(Nested::InvalidNameIdPolicy)),
        (Refusal::SpNameQualifier, Requester, Some(Nested::InvalidNameIdPolicy)),
        (Refusal::AuthnContext, Responder, Some(Nested::NoAuthnContext)),
        (Refusal::Passive, Responder, Some(Nested::NoPassive)),
        (Refusal::AuthnFailed, Responder, Some(Nested::AuthnFailed)),
        (Refusal::Denied, Responder, Some(Nested::RequestDenied)),
        (Refusal::UnknownPrincipal, Responder, Some(Nested::UnknownPrincipal)),
        (Refusal::Internal, Responder, None),
    ] {
        let refused = Refused { reply_to: request().reply_to, refusal };
        let posted = refuse(&refused, IDP, None, NOW, &Counting::default()).unwrap();
        assert_eq!((posted.address.as_str(), posted.relay_state.as_deref()), (ACS, Some("state")));
        let document = xml(&posted);
        assert_valid(&document);
        let (response, contents) = read(&document);
        assert_eq!((response.status.top, response.status.nested), (top, nested));
        assert_eq!(contents, Contents::default());
        assert!(!document.contains("Signature"));
        let signed = refuse(&refused, IDP, Some(&*OURS), NOW, &Counting::default()).unwrap();
        assert_verifies(&xml(&signed), "Response");
        assert_valid(&xml(&signed));
    }
}

#[test]
fn a_value_that_xml_cannot_carry_is_named() {
    let provider = provider();
    for (bad, error) in [
        ("Ada\0", ValueError::Character),
        ("Ada\rLovelace", ValueError::Character),
        ("Ada\u{1B}", ValueError::Character),
        ("Ada\u{FFFE}", ValueError::Character),
        (&"a".repeat(300), ValueError::Length),
    ] {
        let facts = Facts { display_name: Some(bad.to_owned()), ..facts() };
        let answer = succeed(&sign_on(&provider, &request(), &facts), &*OURS, &Counting::default());
        assert_eq!(answer, Err(RespondError::Value { what: "the attribute displayName".into(), error }), "{bad:?}");
    }
    let asked = request();
    let mut sign_on = sign_on(&provider, &asked, &facts());
    sign_on.name_id.value = "a\0".into();
    let answer = succeed(&sign_on, &*OURS, &Counting::default());
    assert_eq!(answer, Err(RespondError::Value { what: "the NameID".into(), error: ValueError::Character }));
}

#[test]
fn nothing_of_a_response_is_seen_in_logs() {
    let provider = provider();
    let answer = succeed(&sign_on(&provider, &request(), &facts()), &*OURS, &Counting::default()).unwrap();
    let shown = format!("{answer:?}");
    assert!(!shown.contains(&answer.posted.saml_response) && !shown.contains("state"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_arrives_as_it_was_or_is_refused(
        name in any::<String>(), given in any::<String>(), group in any::<String>(), id in "[^\\x00-\\x20]{1,40}",
    ) {
        let mut provider = provider();
        provider.settings.release = [Fact::DisplayName, Fact::GivenName, Fact::Groups].map(Into::into).to_vec();
        let facts = Facts {
            display_name: Some(name.clone()),
            given_name: Some(given.clone()),
            groups: vec![group.clone(), "staff".into()],
            ..Facts::default()
        };
        let asked = request();
        let mut sign_on = sign_on(&provider, &asked, &facts);
        sign_on.name_id.value.clone_from(&id);
        if let Ok(answer) = succeed(&sign_on, &*OURS, &Counting::default()) {
            // Another reader than ours.
            let document = xml(&answer.posted);
            let tree = roxmltree::Document::parse(&document).unwrap();
            let texts: Vec<&str> = tree
                .descendants()
                .filter(|node| node.has_tag_name((ASSERTION, "AttributeValue")))
                .map(|node| node.text().unwrap_or(""))
                .collect();
            prop_assert_eq!(texts, [name.as_str(), given.as_str(), group.as_str(), "staff"]);
            let name_id = tree.descendants().find(|node| node.has_tag_name((ASSERTION, "NameID"))).unwrap();
            prop_assert_eq!(name_id.text(), Some(id.as_str()));
            prop_assert!(!tree.descendants().any(|node| node.has_tag_name((DSIG, "Object"))));
        }
    }
}
