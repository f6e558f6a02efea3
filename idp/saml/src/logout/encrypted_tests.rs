//! A `LogoutRequest` that names the person by an `EncryptedID`.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::checks::Arrival;
use crate::encryption::{DecryptError, DecryptionKey};
use crate::gate::parse_message;
use crate::inbound::Inbound;
use crate::messages::ReadError;
use crate::names::PROTOCOL;
use crate::redirect::{self, Parameter, Query};
use crate::signer::sign_enveloped;
use crate::tests_support::{GOOD_NAME, IDP, NOW, OPENING, SLO, THEIRS, encrypted_id, provider, vector};
use crate::verify::VerifyError;
use crate::xml::Element;

fn request(instead_of_name: &str) -> Element {
    let good = String::from_utf8(vector("logout/no-name-id.xml")).unwrap();
    let text = good.replace("</saml:Issuer>", &format!("</saml:Issuer>{instead_of_name}"));
    parse_message(text.as_bytes(), PROTOCOL, "LogoutRequest").unwrap().unverified().clone()
}

fn posted(root: &Element) -> Inbound {
    Inbound::from_post(&crate::base64::encode(root.canonical().as_bytes()), "LogoutRequest").unwrap()
}

fn signed(instead_of_name: &str) -> Inbound {
    posted(&sign_enveloped(request(instead_of_name), &*THEIRS).unwrap())
}

fn received(message: &Inbound, decryption: &[DecryptionKey]) -> Result<CheckedLogout, Rejection> {
    let arrival = Arrival { issuer: IDP, endpoint: SLO, relay_state: None, decryption, now: NOW };
    receive_request(message, &provider(), &arrival, Way::Browser)
}

fn refusal(outcome: Result<CheckedLogout, Rejection>) -> Refusal {
    match outcome {
        Err(Rejection::Refused(refused)) => refused.refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_encrypted_name_is_understood_as_the_name_itself() {
    let plain = received(&signed(GOOD_NAME), &[]).unwrap();
    let encrypted = encrypted_id(GOOD_NAME);
    assert!(!encrypted.contains("abcdefgh"));
    let keys = [OPENING.clone()];
    assert_eq!(received(&signed(&encrypted), &keys).unwrap(), plain);
    let query = redirect::query(Parameter::Request, &request(&encrypted).canonical(), None, Some(&*THEIRS)).unwrap();
    let redirected = Inbound::from_redirect(Query::parse(&query).unwrap(), "LogoutRequest").unwrap();
    assert_eq!(received(&redirected, &keys).unwrap(), plain);
}

#[test]
fn the_signature_counts_before_anything_is_opened() {
    let keys = [OPENING.clone()];
    let encrypted = encrypted_id(GOOD_NAME);
    assert_eq!(received(&posted(&request(&encrypted)), &keys), Err(Untrusted::Unsigned.into()));
    // Another name under the same signature.
    let whole = sign_enveloped(request(&encrypted), &*THEIRS).unwrap().canonical();
    let other = request(&encrypted_id(&GOOD_NAME.replace("abcdefgh", "someoneelse"))).canonical();
    let part = |text: &str| {
        let (_, rest) = text.split_once("<saml:EncryptedID").unwrap();
        rest.split_once("</saml:EncryptedID>").unwrap().0.to_owned()
    };
    let swapped = whole.replace(&part(&whole), &part(&other));
    assert_ne!(swapped, whole);
    let swapped = Inbound::from_post(&crate::base64::encode(swapped.as_bytes()), "LogoutRequest").unwrap();
    assert_eq!(received(&swapped, &keys), Err(Untrusted::Signature(VerifyError::Digest).into()));
}

#[test]
fn whatever_is_wrong_with_it_the_answer_is_that_of_a_name_which_nobody_has() {
    let encrypted = encrypted_id(GOOD_NAME);
    let weak = encrypted.replace("rsa-oaep-mgf1p", "rsa-1_5");
    let twice = encrypted_id(&GOOD_NAME.replace("saml:NameID", "saml:Assertion"));
    let empty = "<saml:EncryptedID/>".to_owned();
    let keys = [OPENING.clone()];
    for (text, keys, error) in [
        (&encrypted, [].as_slice(), DecryptError::Closed),
        (&weak, &keys, DecryptError::Algorithm),
        (&twice, &keys, DecryptError::Content),
        (&empty, &keys, DecryptError::Shape),
    ] {
        let refusal = refusal(received(&signed(text), keys));
        assert_eq!(refusal, Refusal::Encrypted(error));
        assert_eq!(refusal.status(), Refusal::UnknownPrincipal.status(), "{error}");
    }
}

#[test]
fn a_request_names_one_person_in_one_way() {
    let encrypted = encrypted_id(GOOD_NAME);
    let base = r#"<saml:BaseID xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>"#;
    for (text, what) in [
        (encrypted.repeat(2), "EncryptedID"),
        (format!("{encrypted}{GOOD_NAME}"), "NameID"),
        (format!("{encrypted}{base}"), "EncryptedID"),
    ] {
        let expected = Err(Rejection::Untrusted(Untrusted::Message(ReadError::Repeated(what))));
        assert_eq!(received(&signed(&text), std::slice::from_ref(&*OPENING)), expected);
    }
}
