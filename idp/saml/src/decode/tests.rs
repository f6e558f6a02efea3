#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::base64::encode;
use crate::redirect::{self, Parameter, deflate};
use crate::signer::sign_enveloped;
use crate::tests_support::{
    GOOD_NAME, IDP, NOW, OPENING, OTHERS, SLO, SP, SSO, THEIRS, encrypted_id, provider, vector, vectors,
};

fn text(name: &str) -> String {
    String::from_utf8(vector(name)).unwrap()
}

fn explained(input: &str) -> Explanation {
    let provider = provider();
    let against =
        Against { provider: &provider, issuer: IDP, single_sign_on: SSO, single_logout: SLO, decryption: &[] };
    explain(input, Some(&against), NOW)
}

#[test]
fn a_message_is_recognised_in_every_form_in_which_it_travels() {
    let good = text("request/good.xml");
    let good = good.trim();
    let query = redirect::query(Parameter::Request, good, Some("state"), Some(&*THEIRS)).unwrap();
    let base64 = encode(good.as_bytes());
    let deflated = encode(&deflate(good.as_bytes()));
    let percent: String = url::form_urlencoded::byte_serialize(deflated.as_bytes()).collect();
    let form: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("SAMLRequest", &base64).finish();
    for (input, expected) in [
        (format!("https://id.example/saml/sso?{query}#x"), Form::Redirect),
        (query.clone(), Form::Redirect),
        (form, Form::Form),
        (base64.clone(), Form::Base64),
        (format!("  {base64}\n"), Form::Base64),
        (deflated, Form::Deflated),
        (percent, Form::Deflated),
        (good.to_owned(), Form::Xml),
    ] {
        let explanation = explained(&input);
        assert_eq!((explanation.form, &explanation.verdict), (Some(expected), &Verdict::Accepted), "{input}");
        assert_eq!(sender(&input).as_deref(), Some(SP));
        assert!(explanation.facts.contains(&("Answer wanted at", "https://sp.example/acs".into())));
    }
    assert!(explained(&query).facts.contains(&("RelayState", "state".into())));
}

#[test]
fn what_is_no_message_is_said_to_be_none() {
    for input in
        ["", "hello", "%%%", "SAMLRequest=", "SAMLRequest=AAAA", "AAAA", "http://x/?SAMLRequest=a&SAMLResponse=b"]
    {
        assert!(matches!(explained(input).verdict, Verdict::Refused { .. }), "{input}");
    }
}

#[test]
fn every_refusal_has_the_reason_that_the_endpoint_has() {
    let reason = |name: &str| match explained(&text(name)).verdict {
        Verdict::Refused { reason, advice } => (reason, advice),
        other => panic!("{name}: {other:?}"),
    };
    let (why, advice) = reason("request/acs-slash.xml");
    assert!(why.contains("AssertionConsumerServiceURL is not registered"), "{why}");
    assert!(advice.contains("slash at the end"));
    let (why, advice) = reason("request/stale.xml");
    assert!(why.contains("too long ago") && advice.contains("bookmark"), "{why}");
    let (why, _) = reason("logout/good.xml");
    assert!(why.contains("not signed"), "{why}");
    let (why, advice) = reason("metadata/acs-http.xml");
    assert!(why.contains("http://sp.example/acs") && advice.contains("https"), "{why}");
    let shown = explained(&text("request/stale.xml")).to_string();
    assert!(shown.contains("It would be refused: the IssueInstant is too long ago"), "{shown}");
}

#[test]
fn what_is_answered_with_an_error_is_told_with_its_status() {
    for (name, part) in [
        ("request/context-unknown.xml", "It would be answered with an error (Responder/NoAuthnContext): no class"),
        ("request/name-id-format-email.xml", "(Requester/InvalidNameIDPolicy): the NameIDPolicy asks for a format"),
        ("request/version-1-1.xml", "(VersionMismatch): the Version is not 2.0"),
    ] {
        let shown = explained(&text(name)).to_string();
        assert!(shown.contains(part), "{name}: {shown}");
    }
}

#[test]
fn an_address_is_advised_on_by_what_is_wrong_with_it() {
    for (name, advice) in [
        ("redirect/sha-1.txt", "SHA-256"),
        ("redirect/message-twice.txt", "forge"),
        ("redirect/request-and-response.txt", "forge"),
        ("redirect/deflate-bomb.txt", "so large"),
        ("redirect/deflate-truncated.txt", "Copy the whole value"),
        ("redirect/signature-missing.txt", "in part"),
    ] {
        let shown = explained(&text(name)).to_string();
        assert!(shown.contains("It would be refused: ") && shown.contains(advice), "{name}: {shown}");
    }
    let shown = explained(&text("signature/wrapping-4-under-its-own-id.xml")).to_string();
    assert!(shown.contains("an ID occurs twice") && shown.contains("forge"), "{shown}");
}

#[test]
fn every_vector_is_explained() {
    for folder in ["request", "logout", "metadata"] {
        for name in vectors(folder).iter().filter(|name| !name.ends_with("federation.pem")) {
            let shown = explained(&text(name)).to_string();
            assert!(shown.starts_with("This is"), "{name}: {shown}");
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{name}: {shown}");
        }
    }
}

#[test]
fn a_signature_by_another_key_is_explained() {
    let root = read_signed(&vector("request/good.xml"), &Limits::MESSAGE).unwrap();
    let signed = sign_enveloped(root, &*OTHERS).unwrap().canonical();
    let Verdict::Refused { reason, advice } = explained(&signed).verdict else { panic!("accepted") };
    assert!(reason.contains("no known key") && advice.contains("new key"), "{reason}");
}

#[test]
fn without_a_registration_only_the_form_is_judged() {
    assert_eq!(explain(&text("request/acs-slash.xml"), None, NOW).verdict, Verdict::WellFormed);
    let doctype = format!("<!DOCTYPE x>{}", text("request/good.xml"));
    let Verdict::Refused { reason, .. } = explain(&doctype, None, NOW).verdict else { panic!("accepted") };
    assert!(reason.contains("document type"), "{reason}");
}

#[test]
fn a_response_of_ours_is_shown() {
    use crate::messages::{Header, Response, Status};
    let response = Response {
        header: Header {
            id: "_r".into(),
            version: "2.0".into(),
            issue_instant: NOW,
            destination: None,
            issuer: IDP.into(),
        },
        in_response_to: None,
        status: Status::SUCCESS,
    };
    let document = response.write(None).unwrap().canonical();
    let explanation = explain(&document, None, NOW);
    assert_eq!(explanation.verdict, Verdict::Ours);
    assert!(explanation.facts.contains(&("Status", "success".into())));
    assert_eq!(is_signed_by(&document, &[]), None);
    let signed = sign_enveloped(response.write(None).unwrap(), &*THEIRS).unwrap().canonical();
    assert_eq!(is_signed_by(&signed, &provider().metadata.signing_keys()), Some(true));
    assert_eq!(is_signed_by(&signed, &[]), Some(false));
}

#[test]
fn a_terminal_is_told_nothing_by_a_message() {
    let bent = text("request/good.xml").replace("https://sp.example/metadata", "a&#x9;b\u{202E}c\u{85}");
    let shown = explained(&bent).to_string();
    assert!(!shown.contains(['\t', '\u{202E}', '\u{85}']), "{shown}");
    assert!(shown.contains("\\u{202e}"), "{shown}");
}

proptest! {
    #[test]
    fn anything_is_explained(input in any::<String>()) {
        let shown = explained(&input).to_string();
        prop_assert!(shown.starts_with("This is"));
    }

    #[test]
    fn any_bytes_in_base64_are_explained(bytes in any::<Vec<u8>>()) {
        prop_assert!(explained(&encode(&bytes)).to_string().starts_with("This is"));
    }
}

#[test]
fn an_encrypted_name_is_shown_to_whoever_has_the_key() {
    let plain = text("logout/no-name-id.xml");
    let encrypted = format!("</saml:Issuer>{}", encrypted_id(GOOD_NAME));
    let input = plain.trim().replace("</saml:Issuer>", &encrypted);
    let person = |explanation: &Explanation| explanation.facts.iter().find(|(label, _)| *label == "Person").cloned();
    let (provider, keys) = (provider(), [OPENING.clone()]);
    let with = |decryption| {
        let against = Against { provider: &provider, issuer: IDP, single_sign_on: SSO, single_logout: SLO, decryption };
        person(&explain(&input, Some(&against), NOW)).unwrap().1
    };
    assert_eq!(with(&keys), "abcdefgh (it was encrypted for us)");
    assert_eq!(with(&[]), "an EncryptedID that cannot be read: no key of ours opens it, or it was altered");
    assert!(person(&explain(&input, None, NOW)).unwrap().1.contains("not registered"));
    let root = read_signed(input.as_bytes(), &Limits::MESSAGE).unwrap();
    let query = redirect::query(Parameter::Request, &root.canonical(), Some("state"), Some(&*THEIRS)).unwrap();
    let Verdict::Answered { status, advice, .. } = explained(&query).verdict else { panic!("not answered") };
    assert_eq!(status, "Requester/UnknownPrincipal");
    assert!(advice.contains("AES-GCM"));
}
