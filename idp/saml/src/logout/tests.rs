#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::checks::Arrival;
use crate::external::assert_xmlsec1_verifies;
use crate::gate::parse_message;
use crate::inbound::Inbound;
use crate::messages::{LogoutRequest, LogoutResponse, NameIdFormat, NestedStatus, ReadError, Status, TopStatus};
use crate::names::PROTOCOL;
use crate::redirect::{self, Parameter, Query};
use crate::service_provider::{LogoutBinding, ServiceProvider, SingleLogoutService};
use crate::signer::{NativeSigner, Signer as _, sign_enveloped};
use crate::tests_support::{
    Counting, IDP, NOW, OTHERS, OURS, SLO, SP, THEIRS, assert_valid, certificate_of, provider, vector, vectors,
};
use crate::verify::VerifyError;

fn arrival(relay_state: Option<&str>) -> Arrival<'_> {
    Arrival { issuer: IDP, endpoint: SLO, relay_state, decryption: &[], now: NOW }
}

fn local(name: &str) -> &'static str {
    if name.contains("/response-") { "LogoutResponse" } else { "LogoutRequest" }
}

/// A vector, signed as a posted message.
fn signed_by(name: &str, signer: &NativeSigner) -> Inbound {
    let root = parse_message(&vector(name), PROTOCOL, local(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let signed = sign_enveloped(root.unverified().clone(), signer).unwrap();
    Inbound::from_post(&crate::base64::encode(signed.canonical().as_bytes()), local(name)).unwrap()
}

fn received(name: &str) -> Result<CheckedLogout, Rejection> {
    receive_request(&signed_by(name, &THEIRS), &provider(), &arrival(Some("state")), Way::Browser)
}

fn participant(provider: &str, value: &str, session_index: &str) -> Participant {
    let mut name_id = crate::messages::NameId::new(NameIdFormat::Persistent, value);
    name_id.name_qualifier = Some(IDP.into());
    name_id.sp_name_qualifier = Some(provider.into());
    Participant { provider: provider.into(), issuer: IDP.into(), name_id, session_index: session_index.into() }
}

/// Two sessions of one person at our service provider, one of the same person and one of another at another.
fn participants() -> Vec<Participant> {
    vec![
        participant(SP, "abcdefgh", "_index1"),
        participant(SP, "abcdefgh", "_index2"),
        participant("https://other.example/metadata", "abcdefgh", "_index-of-other"),
        participant(SP, "someoneelse", "_index3"),
    ]
}

/// What a vector ends.
fn ended(name: &str) -> Result<Vec<String>, Refusal> {
    let request = received(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let participants = participants();
    Ok(named(&request, &participants)?.into_iter().map(|one| one.session_index.clone()).collect())
}

const UNTRUSTED: [(&str, Untrusted); 8] = [
    ("expired", Untrusted::Expired),
    ("stale", Untrusted::Stale),
    ("future", Untrusted::Future),
    ("wrong-destination", Untrusted::Destination),
    ("no-destination", Untrusted::DestinationMissing),
    ("issuer-unknown", Untrusted::Issuer),
    ("no-name-id", Untrusted::Message(ReadError::Missing("NameID"))),
    ("two-name-ids", Untrusted::Message(ReadError::Repeated("NameID"))),
];

const REFUSED: [(&str, Refusal); 2] = [("version-1-1", Refusal::Version), ("base-id", Refusal::OpaquePrincipal)];

const NAMES_NOTHING: [(&str, Refusal); 5] = [
    ("wrong-name-id", Refusal::UnknownPrincipal),
    ("name-id-format", Refusal::UnknownPrincipal),
    ("name-id-of-another-provider", Refusal::UnknownPrincipal),
    ("wrong-session-index", Refusal::UnknownSession),
    ("session-of-another-provider", Refusal::UnknownSession),
];

const RESPONSES: [(&str, Result<Outcome, Untrusted>); 8] = [
    ("response-good", Ok(Outcome::SignedOut)),
    ("response-partial", Ok(Outcome::Failed)),
    ("response-failed", Ok(Outcome::Failed)),
    ("response-to-nobody", Err(Untrusted::InResponseTo)),
    ("response-to-unknown", Err(Untrusted::InResponseTo)),
    ("response-of-another", Err(Untrusted::Issuer)),
    ("response-wrong-destination", Err(Untrusted::Destination)),
    ("response-status-unknown", Err(Untrusted::Message(ReadError::Malformed("StatusCode")))),
];

#[test]
fn every_vector_is_asserted() {
    let mut known: Vec<String> = UNTRUSTED
        .iter()
        .map(|(name, _)| *name)
        .chain(REFUSED.iter().map(|(name, _)| *name))
        .chain(NAMES_NOTHING.iter().map(|(name, _)| *name))
        .chain(RESPONSES.iter().map(|(name, _)| *name))
        .chain(["good", "all-sessions"])
        .map(|name| format!("logout/{name}.xml"))
        .collect();
    known.sort();
    assert_eq!(vectors("logout"), known);
}

#[test]
fn a_service_provider_ends_its_own_sessions_and_no_others() {
    assert_eq!(ended("logout/good.xml").unwrap(), ["_index1"]);
    assert_eq!(ended("logout/all-sessions.xml").unwrap(), ["_index1", "_index2"]);
    for (name, expected) in NAMES_NOTHING {
        assert_eq!(ended(&format!("logout/{name}.xml")), Err(expected), "{name}");
    }
}

#[test]
fn what_cannot_be_trusted_ends_nothing() {
    for (name, expected) in UNTRUSTED {
        assert_eq!(received(&format!("logout/{name}.xml")), Err(Rejection::Untrusted(expected)), "{name}");
    }
    for (name, expected) in REFUSED {
        let Err(Rejection::Refused(refused)) = received(&format!("logout/{name}.xml")) else { panic!("{name}") };
        assert_eq!(refused.refusal, expected);
        assert_eq!(refused.in_response_to, "_6c3a4f8b9c2d");
    }
}

#[test]
fn an_unsigned_request_or_one_of_another_key_ends_nothing() {
    let field = crate::base64::encode(&vector("logout/good.xml"));
    let unsigned = Inbound::from_post(&field, "LogoutRequest").unwrap();
    let receive = |message: &Inbound| receive_request(message, &provider(), &arrival(None), Way::Browser);
    assert_eq!(receive(&unsigned), Err(Untrusted::Unsigned.into()));
    let others = signed_by("logout/good.xml", &OTHERS);
    assert_eq!(receive(&others), Err(Untrusted::Signature(VerifyError::Key).into()));
    let line = String::from_utf8(vector("relay-state/crlf.txt")).unwrap();
    let good = signed_by("logout/good.xml", &THEIRS);
    let bent = receive_request(&good, &provider(), &arrival(Some(&line)), Way::Browser);
    assert_eq!(bent, Err(Untrusted::RelayState.into()));
    let mut ended = provider();
    ended.metadata.valid_until = Some(NOW);
    assert_eq!(receive_request(&good, &ended, &arrival(None), Way::Browser), Err(Untrusted::MetadataExpired.into()));
}

#[test]
fn over_soap_a_request_may_leave_its_destination_out() {
    let message = signed_by("logout/no-destination.xml", &THEIRS);
    assert!(receive_request(&message, &provider(), &arrival(None), Way::Soap).is_ok());
    let elsewhere = signed_by("logout/wrong-destination.xml", &THEIRS);
    let refused = receive_request(&elsewhere, &provider(), &arrival(None), Way::Soap);
    assert_eq!(refused, Err(Untrusted::Destination.into()));
}

#[test]
fn a_response_answers_what_its_own_service_provider_was_asked() {
    let pending = [Pending { id: "_asked".into(), provider: SP.into() }];
    let receive = |name: &str, pending: &[Pending]| {
        let message = signed_by(&format!("logout/{name}.xml"), &THEIRS);
        receive_response(&message, &provider(), &arrival(None), Way::Browser, pending)
            .map(|(asked, outcome)| (asked.id == "_asked").then_some(outcome).unwrap())
    };
    for (name, expected) in RESPONSES {
        assert_eq!(receive(name, &pending), expected, "{name}");
    }
    let others = [Pending { id: "_asked".into(), provider: "https://other.example/metadata".into() }];
    assert_eq!(receive("response-good", &others), Err(Untrusted::InResponseTo));
    let field = crate::base64::encode(&vector("logout/response-good.xml"));
    let unsigned = Inbound::from_post(&field, "LogoutResponse").unwrap();
    let refused = receive_response(&unsigned, &provider(), &arrival(None), Way::Browser, &pending);
    assert_eq!(refused, Err(Untrusted::Unsigned));
}

#[test]
fn an_answer_on_our_own_connection_needs_no_signature_but_no_wrong_one() {
    let pending = [Pending { id: "_asked".into(), provider: SP.into() }];
    let receive = |message: &Inbound| {
        receive_response(message, &provider(), &arrival(None), Way::Back, &pending).map(|(_, outcome)| outcome)
    };
    let plain = |name: &str| Inbound::from_post(&crate::base64::encode(&vector(name)), "LogoutResponse").unwrap();
    assert_eq!(receive(&plain("logout/response-good.xml")), Ok(Outcome::SignedOut));
    assert_eq!(receive(&plain("logout/response-to-unknown.xml")), Err(Untrusted::InResponseTo));
    assert_eq!(receive(&plain("logout/response-of-another.xml")), Err(Untrusted::Issuer));
    let wrong = signed_by("logout/response-good.xml", &OTHERS);
    assert_eq!(receive(&wrong), Err(Untrusted::Signature(VerifyError::Key)));
}

fn other_provider(services: Vec<SingleLogoutService>) -> ServiceProvider {
    let mut provider = provider();
    provider.metadata.entity_id = "https://other.example/metadata".into();
    provider.metadata.single_logout_services = services;
    provider
}

#[test]
fn all_are_told_but_the_one_that_asked_and_each_once() {
    let mut all = participants();
    all.push(all[1].clone());
    let post = SingleLogoutService {
        binding: LogoutBinding::Post,
        location: "https://other.example/slo".into(),
        response_location: None,
    };
    let find = |entity: &str| match entity {
        SP => Some(provider()),
        "https://other.example/metadata" => Some(other_provider(vec![post.clone()])),
        _ => None,
    };
    let told = |plan: &Plan| {
        plan.tell.iter().map(|one| (one.participant.session_index.clone(), one.binding)).collect::<Vec<_>>()
    };
    let whole = plan(&all, Some(&all[0]), find, Front::Available);
    assert_eq!(
        told(&whole),
        [
            ("_index2".into(), LogoutBinding::Soap),
            ("_index3".into(), LogoutBinding::Soap),
            ("_index-of-other".into(), LogoutBinding::Post),
        ]
    );
    assert_eq!(whole.unreachable, []);
    let behind = plan(&all, Some(&all[0]), find, Front::None);
    assert_eq!(behind.tell.len(), 2);
    assert_eq!(behind.unreachable, [all[2].clone()]);
    let gone = plan(&all, None, |_| None, Front::Available);
    assert_eq!((gone.tell.len(), gone.unreachable.len()), (0, 4));
}

#[test]
fn a_partial_logout_is_reported_as_one() {
    assert_eq!(status_of([]), Status::SUCCESS);
    assert_eq!(status_of([Outcome::SignedOut, Outcome::SignedOut]), Status::SUCCESS);
    let partial = Status::new(TopStatus::Success, NestedStatus::PartialLogout);
    for bad in [Outcome::Failed, Outcome::Unreachable] {
        assert_eq!(status_of([Outcome::SignedOut, bad]), partial);
    }
    assert!(!partial.is_success());
}

#[test]
fn what_we_send_is_signed_valid_and_read_by_the_other_side() {
    let keys = [certificate_of(&OURS).public_key().unwrap()];
    let telling =
        |binding| Telling { participant: participants()[0].clone(), binding, address: "https://sp.example/slo".into() };
    for binding in LogoutBinding::ALL {
        let (id, outgoing) = ask(&telling(binding), Some("r"), &*OURS, NOW, &Counting::default()).unwrap();
        let message = match outgoing {
            Outgoing::Redirect { url } => {
                let query = url.strip_prefix("https://sp.example/slo?").unwrap().to_owned();
                Inbound::from_redirect(Query::parse(&query).unwrap(), "LogoutRequest").unwrap()
            }
            Outgoing::Post { value, parameter, relay_state, .. } => {
                assert_eq!((parameter, relay_state.as_deref()), (Parameter::Request, Some("r")));
                assert_xmlsec1_verifies(&decoded(&value), OURS.certificate());
                Inbound::from_post(&value, "LogoutRequest").unwrap()
            }
            Outgoing::Soap { body, .. } => {
                assert_valid(&body);
                assert_xmlsec1_verifies(&body, OURS.certificate());
                Inbound::from_soap(body.as_bytes(), "LogoutRequest").unwrap()
            }
        };
        let verified = message.verify(&keys).unwrap();
        assert_valid(&verified.root().canonical());
        let request = LogoutRequest::read(verified.root()).unwrap();
        assert_eq!(request.header.id, id);
        assert_eq!(request.session_indexes, ["_index1"]);
        assert_eq!(request.header.destination.as_deref(), Some("https://sp.example/slo"));
    }
}

#[test]
fn an_answer_goes_to_the_response_location_and_names_the_request() {
    let keys = [certificate_of(&OURS).public_key().unwrap()];
    let request = received("logout/good.xml").unwrap();
    let reply = Reply::to(&request, status_of([Outcome::Unreachable]));
    let services = provider().metadata.single_logout_services;
    let outgoing = answer(&reply, &services[0], &*OURS, NOW, &Counting::default()).unwrap();
    let Outgoing::Redirect { url } = outgoing else { panic!("a redirect") };
    let query = Query::parse(url.strip_prefix("https://sp.example/slo/done?").unwrap()).unwrap();
    assert_eq!(query.relay_state(), Some("state"));
    let message = Inbound::from_redirect(query, "LogoutResponse").unwrap();
    let response = LogoutResponse::read(message.verify(&keys).unwrap().root()).unwrap();
    assert_eq!(response.in_response_to.as_deref(), Some("_6c3a4f8b9c2d"));
    assert_eq!(response.status.nested, Some(NestedStatus::PartialLogout));

    let body = answer_soap(&reply, &*OURS, NOW, &Counting::default()).unwrap();
    assert_valid(&body);
    assert_xmlsec1_verifies(&body, OURS.certificate());
    let message = Inbound::from_soap(body.as_bytes(), "LogoutResponse").unwrap();
    assert!(message.verify(&keys).is_ok());
}

/// The document in a form's field.
fn decoded(value: &str) -> String {
    use base64::Engine as _;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(value).unwrap()).unwrap()
}

#[test]
fn an_answer_of_any_status_is_valid_and_verifies_elsewhere() {
    let service = SingleLogoutService {
        binding: LogoutBinding::Post,
        location: "https://sp.example/slo".into(),
        response_location: None,
    };
    let refused = |refusal| {
        let refused = Refused { in_response_to: "_asked".into(), relay_state: None, refusal };
        Reply::refusing(&refused, IDP)
    };
    let refusals = [
        Refusal::Version,
        Refusal::OpaquePrincipal,
        Refusal::Encrypted(crate::encryption::DecryptError::Closed),
        Refusal::UnknownPrincipal,
        Refusal::UnknownSession,
        Refusal::Internal,
    ];
    let request = received("logout/good.xml").unwrap();
    let outcomes = [Outcome::SignedOut, Outcome::Failed, Outcome::Unreachable];
    let replies = outcomes.map(|outcome| Reply::to(&request, status_of([outcome]))).into_iter();
    for reply in replies.chain(refusals.map(refused)) {
        let outgoing = answer(&reply, &service, &*OURS, NOW, &Counting::default()).unwrap();
        let Outgoing::Post { value, .. } = outgoing else { panic!("a form") };
        let body = answer_soap(&reply, &*OURS, NOW, &Counting::default()).unwrap();
        for document in [decoded(&value), body] {
            assert_valid(&document);
            assert_xmlsec1_verifies(&document, OURS.certificate());
        }
    }
}

#[test]
fn a_location_with_a_query_is_kept() {
    let telling = Telling {
        participant: participants()[0].clone(),
        binding: LogoutBinding::Redirect,
        address: "https://sp.example/slo?tenant=1".into(),
    };
    let (_, outgoing) = ask(&telling, None, &*OURS, NOW, &Counting::default()).unwrap();
    let Outgoing::Redirect { url } = outgoing else { panic!("a redirect") };
    assert!(url.starts_with("https://sp.example/slo?tenant=1&SAMLRequest="), "{url}");
    assert!(redirect::Query::parse(url.split_once('?').unwrap().1).is_ok());
}
