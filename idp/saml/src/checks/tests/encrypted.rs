//! A Subject by `EncryptedID`.

use super::super::*;
use crate::redirect::{self, Parameter, Query};
use crate::signer::Signer;
use crate::tests_support::{GOOD_NAME, IDP, NOW, OPENING, SSO, THEIRS, encrypted_id, provider, vector};

fn received(subject: &str, signer: Option<&dyn Signer>) -> Result<Checked, Rejection> {
    let text = String::from_utf8(vector("request/good.xml")).unwrap();
    let subject = format!("</saml:Issuer><saml:Subject>{subject}</saml:Subject>");
    let text = text.replace("</saml:Issuer>", &subject);
    let query = redirect::query(Parameter::Request, text.trim(), None, signer).unwrap();
    let message = Inbound::from_redirect(Query::parse(&query).unwrap(), "AuthnRequest").unwrap();
    let keys = [OPENING.clone()];
    let arrival = Arrival { issuer: IDP, endpoint: SSO, relay_state: None, decryption: &keys, now: NOW };
    assert!(names_encrypted(&message) == subject.contains("EncryptedID"));
    receive(&message, &provider(), &arrival)
}

fn refusal(outcome: Result<Checked, Rejection>) -> Refusal {
    match outcome {
        Err(Rejection::Refused(refused)) => refused.refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_encrypted_subject_is_understood_where_the_request_is_signed() {
    let encrypted = encrypted_id(GOOD_NAME);
    let plain = received(GOOD_NAME, Some(&*THEIRS)).unwrap();
    assert_eq!(plain.ask.subject.as_deref(), Some("abcdefgh"));
    assert_eq!(received(&encrypted, Some(&*THEIRS)).unwrap(), plain);
    assert_eq!(refusal(received(&encrypted, None)), Refusal::OpaqueSubject, "anybody may have sent it");
}

#[test]
fn a_subject_that_cannot_be_read_is_not_passed_over() {
    let base = r#"<saml:BaseID xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>"#;
    for subject in ["<saml:EncryptedID/>", base] {
        let refusal = refusal(received(subject, Some(&*THEIRS)));
        assert_eq!(refusal, Refusal::OpaqueSubject);
        assert_eq!(refusal.status(), Refusal::UnknownPrincipal.status());
    }
    let both = format!("{GOOD_NAME}{}", encrypted_id(GOOD_NAME));
    let expected = Err(Rejection::Untrusted(Untrusted::Message(ReadError::Repeated("NameID"))));
    assert_eq!(received(&both, Some(&*THEIRS)), expected);
}
