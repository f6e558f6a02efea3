//! What a request says about who asks, where the answer goes, and what is wanted.

use keyholder_core::flow::{AskedAssurance, Interaction, Weight};

use super::super::*;
use crate::messages::ReadError;
use crate::service_provider::{IdpInitiated, RequestSignature, Requested};
use crate::tests_support::{ACS, IDP, NOW, SP, SSO, provider, vector, vectors};

fn arrival(relay_state: Option<&str>) -> Arrival<'_> {
    Arrival { issuer: IDP, endpoint: SSO, relay_state, decryption: &[], now: NOW }
}

fn inbound(name: &str) -> Inbound {
    Inbound::from_post(&crate::base64::encode(&vector(name)), "AuthnRequest").unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn receive_by(provider: &ServiceProvider, name: &str) -> Result<Checked, Rejection> {
    receive(&inbound(name), provider, &arrival(None))
}

fn received(name: &str) -> Result<Checked, Rejection> {
    receive_by(&provider(), name)
}

fn untrusted(name: &str) -> Untrusted {
    match received(name) {
        Err(Rejection::Untrusted(untrusted)) => untrusted,
        other => panic!("{name}: {other:?}"),
    }
}

fn refused(name: &str) -> Refusal {
    match received(name) {
        Err(Rejection::Refused(refused)) => {
            assert!(
                provider()
                    .metadata
                    .assertion_consumer_services
                    .iter()
                    .any(|service| { service.location == refused.reply_to.assertion_consumer_service })
            );
            refused.refusal
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_good_request_is_answered_at_its_registered_address() {
    let checked = received("request/good.xml").unwrap();
    assert_eq!(checked.request.reply_to.assertion_consumer_service, ACS);
    assert_eq!(checked.request.reply_to.in_response_to.as_deref(), Some("_4fee3b046395c4e751011e97f8900b5273d56685"));
    assert_eq!(checked.request.name_id, NameIdFormat::Persistent);
    assert_eq!(checked.ask, Ask::default());
    assert_eq!(issuer_of(&inbound("request/good.xml")).as_deref(), Ok(SP));
}

#[test]
fn what_real_service_providers_send_is_taken() {
    let names = vectors("accepted");
    assert_eq!(names.len(), 7);
    for name in names {
        let checked = received(&name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(checked.request.reply_to.assertion_consumer_service, ACS, "{name}");
        let transient = name.contains("mellon");
        let expected = if transient { NameIdFormat::Transient } else { NameIdFormat::Persistent };
        assert_eq!(checked.request.name_id, expected, "{name}");
    }
    let entra = received("accepted/microsoft-entra.xml").unwrap();
    let classes = vec![keyholder_core::assurance::Assurance::MultiFactor];
    assert_eq!(entra.ask.assurance, Some(AskedAssurance { classes, weight: Weight::Essential }));
}

/// File and refusal. The service provider is not told of these.
const UNTRUSTED: [(&str, Untrusted); 24] = [
    ("issuer-unknown", Untrusted::Issuer),
    ("issuer-format", Untrusted::Message(ReadError::Malformed("Issuer"))),
    ("stale", Untrusted::Stale),
    ("future", Untrusted::Future),
    ("instant-malformed", Untrusted::Message(ReadError::Malformed("IssueInstant"))),
    ("destination-of-another", Untrusted::Destination),
    ("destination-with-slash", Untrusted::Destination),
    ("acs-of-another", Untrusted::AcsNotRegistered),
    ("acs-case", Untrusted::AcsNotRegistered),
    ("acs-path-case", Untrusted::AcsNotRegistered),
    ("acs-port", Untrusted::AcsNotRegistered),
    ("acs-path", Untrusted::AcsNotRegistered),
    ("acs-slash", Untrusted::AcsNotRegistered),
    ("acs-query", Untrusted::AcsNotRegistered),
    ("acs-fragment", Untrusted::AcsNotRegistered),
    ("acs-userinfo", Untrusted::AcsNotRegistered),
    ("acs-scheme", Untrusted::AcsNotRegistered),
    ("acs-javascript", Untrusted::AcsNotRegistered),
    ("acs-white-space", Untrusted::AcsNotRegistered),
    ("acs-empty", Untrusted::AcsNotRegistered),
    ("acs-index-with-url", Untrusted::IndexWithUrl),
    ("acs-index-with-binding", Untrusted::IndexWithUrl),
    ("acs-index-unknown", Untrusted::IndexNotRegistered),
    ("acs-index-too-large", Untrusted::Message(ReadError::Malformed("AssertionConsumerServiceIndex"))),
];

/// What is malformed in a part that is read before anything is checked.
const MALFORMED: [(&str, ReadError); 3] = [
    ("force-authn-malformed", ReadError::Malformed("ForceAuthn")),
    ("comparison-malformed", ReadError::Malformed("Comparison")),
    ("name-id-policy-twice", ReadError::Repeated("NameIDPolicy")),
];

/// File and refusal. The service provider may be told of these.
const REFUSED: [(&str, Refusal); 10] = [
    ("version-1-1", Refusal::Version),
    ("binding-artifact", Refusal::ProtocolBinding),
    ("name-id-format-unknown", Refusal::NameIdFormat),
    ("name-id-format-email", Refusal::NameIdFormat),
    ("name-id-format-encrypted", Refusal::NameIdFormat),
    ("name-id-of-a-group", Refusal::SpNameQualifier),
    ("context-unknown", Refusal::AuthnContext),
    ("context-better-than-the-best", Refusal::AuthnContext),
    ("context-better-than-unknown", Refusal::AuthnContext),
    ("context-declaration", Refusal::AuthnContext),
];

#[test]
fn what_cannot_be_trusted_is_told_to_nobody() {
    for (name, expected) in UNTRUSTED {
        assert_eq!(untrusted(&format!("request/{name}.xml")), expected, "{name}");
    }
    for (name, expected) in MALFORMED {
        assert_eq!(untrusted(&format!("request/{name}.xml")), Untrusted::Message(expected), "{name}");
    }
}

#[test]
fn what_is_refused_is_told_at_a_registered_address() {
    for (name, expected) in REFUSED {
        assert_eq!(refused(&format!("request/{name}.xml")), expected, "{name}");
    }
}

#[test]
fn every_vector_is_asserted() {
    let good = ["good", "no-destination"];
    let names = UNTRUSTED.iter().map(|(name, _)| *name).chain(MALFORMED.iter().map(|(name, _)| *name));
    let mut known: Vec<String> = names
        .chain(REFUSED.iter().map(|(name, _)| *name))
        .chain(good)
        .map(|name| format!("request/{name}.xml"))
        .collect();
    known.sort();
    assert_eq!(vectors("request"), known);
}

#[test]
fn an_answer_goes_to_the_default_where_none_is_named() {
    let mut provider = provider();
    let at = |provider: &ServiceProvider| {
        receive_by(provider, "request/no-destination.xml")
            .map(|checked| checked.request.reply_to.assertion_consumer_service)
    };
    assert_eq!(at(&provider).unwrap(), ACS);
    // saml-metadata-2.0-os 2.2.3: without one marked, the first that is not marked as none.
    provider.metadata.assertion_consumer_services[1].is_default = Some(false);
    assert_eq!(at(&provider).unwrap(), "https://sp.example/other");
    provider.metadata.assertion_consumer_services[0].is_default = Some(false);
    assert_eq!(at(&provider).unwrap(), "https://sp.example/other");
    provider.metadata.assertion_consumer_services.clear();
    assert_eq!(at(&provider), Err(Rejection::Untrusted(Untrusted::NoAcs)));
}

#[test]
fn relay_state_is_given_back_as_it_came_or_refused() {
    let with = |name: &str| {
        let text = String::from_utf8(vector(name)).unwrap();
        let checked = receive(&inbound("request/good.xml"), &provider(), &arrival(Some(&text)));
        checked.map(|checked| (checked.request.reply_to.relay_state == Some(text)).then_some(()))
    };
    for name in ["relay-state/script.txt", "relay-state/quotes.txt", "relay-state/address.txt"] {
        assert_eq!(with(name), Ok(Some(())), "{name}");
    }
    for (name, expected) in [
        ("relay-state/crlf.txt", Untrusted::RelayStateCharacter),
        ("relay-state/nul.txt", Untrusted::RelayStateCharacter),
        ("relay-state/ten-kilobytes.txt", Untrusted::RelayStateTooLong),
    ] {
        assert_eq!(with(name), Err(Rejection::Untrusted(expected)), "{name}");
    }
}

#[test]
fn a_request_has_one_mark_that_lasts_as_long_as_it_can_be_answered() {
    let checked = |name| received(name).unwrap().request;
    let (first, second) = (checked("request/good.xml"), checked("request/good.xml"));
    assert_eq!(first.replay_mark(), second.replay_mark());
    let (mark, until) = first.replay_mark().unwrap();
    assert!(mark.contains(SP) && mark.contains("_4fee3b046395c4e751011e97f8900b5273d56685"));
    // A flow that began at the last moment at which the very same request still passes ends no later than the mark.
    let end = first.expires_at;
    assert_eq!(until, end.plus(keyholder_core::flow::LIFETIME));
    let late = Arrival { now: end.minus(Duration::from_millis(1)), ..arrival(None) };
    assert!(receive(&inbound("request/good.xml"), &provider(), &late).is_ok());
    let later = Arrival { now: end, ..arrival(None) };
    assert_eq!(receive(&inbound("request/good.xml"), &provider(), &later), Err(Untrusted::Stale.into()));
}

#[test]
fn metadata_that_has_ended_says_nothing() {
    let mut provider = provider();
    provider.metadata.valid_until = Some(NOW);
    assert_eq!(receive_by(&provider, "request/good.xml"), Err(Untrusted::MetadataExpired.into()));
}

#[test]
fn an_unsigned_request_is_refused_where_signatures_are_needed() {
    let mut by_metadata = provider();
    by_metadata.metadata.authn_requests_signed = true;
    let mut by_settings = provider();
    by_settings.settings.requests = RequestSignature::Required;
    for provider in [by_metadata, by_settings] {
        assert_eq!(receive_by(&provider, "request/good.xml"), Err(Untrusted::Unsigned.into()));
    }
}

#[test]
fn habits_about_contexts_can_be_ignored() {
    let mut provider = provider();
    provider.settings.contexts.requested = Requested::Ignored;
    let checked = receive_by(&provider, "request/context-unknown.xml").unwrap();
    assert_eq!((checked.request.context, checked.ask.assurance), (None, None));
}

#[test]
fn the_sign_in_is_asked_for_what_the_request_says() {
    let text = String::from_utf8(vector("request/good.xml")).unwrap();
    let context = "<samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>https://refeds.org/profile/mfa\
                   </saml:AuthnContextClassRef></samlp:RequestedAuthnContext>";
    let subject = "<saml:Subject><saml:NameID>ada@school.example</saml:NameID></saml:Subject>";
    let bent = text
        .replace(" ID=", " ForceAuthn=\"1\" IsPassive=\"true\" ID=")
        .replace("</saml:Issuer>", &format!("</saml:Issuer>{subject}{context}"));
    let inbound = Inbound::from_post(&crate::base64::encode(bent.as_bytes()), "AuthnRequest").unwrap();
    let ask = receive(&inbound, &provider(), &arrival(None)).unwrap().ask;
    assert_eq!(ask.interaction, Interaction::Forbidden);
    assert_eq!(ask.proof_not_before, Some(NOW));
    assert_eq!(ask.login_hint.as_deref(), Some("ada@school.example"));
    assert_eq!(ask.subject, None);
    let classes = vec![keyholder_core::assurance::Assurance::MultiFactor];
    assert_eq!(ask.assurance, Some(AskedAssurance { classes, weight: Weight::Essential }));

    let persistent = bent.replace(
        "<saml:NameID>ada@school.example",
        "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">abcdefgh",
    );
    let inbound = Inbound::from_post(&crate::base64::encode(persistent.as_bytes()), "AuthnRequest").unwrap();
    let ask = receive(&inbound, &provider(), &arrival(None)).unwrap().ask;
    assert_eq!((ask.subject.as_deref(), ask.login_hint), (Some("abcdefgh"), None));

    let bare = bent.replace("ada@school.example", "abcdefgh");
    let inbound = Inbound::from_post(&crate::base64::encode(bare.as_bytes()), "AuthnRequest").unwrap();
    let ask = receive(&inbound, &provider(), &arrival(None)).unwrap().ask;
    assert_eq!((ask.subject.as_deref(), ask.login_hint), (Some("abcdefgh"), None), "an identifier of no named format");
}

#[test]
fn a_sign_in_begins_here_only_where_that_is_allowed() {
    let mut provider = provider();
    assert_eq!(unsolicited(&provider, IDP, NOW), None);
    provider.settings.idp_initiated = IdpInitiated::Allowed { relay_state: Some("start".into()) };
    let request = unsolicited(&provider, IDP, NOW).unwrap();
    assert_eq!(request.reply_to.in_response_to, None);
    assert_eq!(request.reply_to.relay_state.as_deref(), Some("start"));
    assert_eq!(request.reply_to.assertion_consumer_service, ACS);
    assert_eq!(request.replay_mark(), None);
}

#[test]
fn a_checked_request_is_kept_as_it_was() {
    let request = received("request/good.xml").unwrap().request;
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<CheckedRequest>(&text).unwrap(), request);
}
