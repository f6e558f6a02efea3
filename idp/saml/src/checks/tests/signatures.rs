//! Which signatures count.

use super::super::*;
use crate::gate::parse_message;
use crate::names::PROTOCOL;
use crate::redirect::{self, Parameter, Query};
use crate::signer::{NativeSigner, sign_enveloped};
use crate::tests_support::{IDP, NOW, OTHERS, SSO, THEIRS, certificate_of, provider, vector};
use crate::xml::Element;

fn element(name: &str) -> Element {
    parse_message(&vector(name), PROTOCOL, "AuthnRequest").unwrap().unverified().clone()
}

fn post(root: &Element) -> Inbound {
    Inbound::from_post(&crate::base64::encode(root.canonical().as_bytes()), "AuthnRequest").unwrap()
}

fn redirect(root: &Element, signer: Option<&NativeSigner>) -> Inbound {
    let signer = signer.map(|signer| signer as &dyn crate::signer::Signer);
    let query = redirect::query(Parameter::Request, &root.canonical(), Some("state"), signer).unwrap();
    Inbound::from_redirect(Query::parse(&query).unwrap(), "AuthnRequest").unwrap()
}

fn received(message: &Inbound, provider: &ServiceProvider) -> Result<Checked, Rejection> {
    receive(message, provider, &Arrival { issuer: IDP, endpoint: SSO, relay_state: None, decryption: &[], now: NOW })
}

fn strict() -> ServiceProvider {
    let mut provider = provider();
    provider.metadata.authn_requests_signed = true;
    provider
}

#[test]
fn a_request_signed_by_its_own_key_is_taken_by_either_binding() {
    let good = element("request/good.xml");
    let posted = post(&sign_enveloped(good.clone(), &*THEIRS).unwrap());
    let redirected = redirect(&good, Some(&THEIRS));
    for message in [posted, redirected] {
        assert!(received(&message, &strict()).is_ok());
        assert!(received(&message, &provider()).is_ok());
    }
}

#[test]
fn another_key_is_refused_even_where_no_signature_is_needed() {
    let good = element("request/good.xml");
    let posted = post(&sign_enveloped(good.clone(), &*OTHERS).unwrap());
    let redirected = redirect(&good, Some(&OTHERS));
    for message in [posted, redirected] {
        for provider in [strict(), provider()] {
            assert_eq!(received(&message, &provider), Err(Untrusted::Signature(VerifyError::Key).into()));
        }
    }
}

#[test]
fn a_signature_that_was_stripped_is_missed() {
    let good = element("request/good.xml");
    for message in [post(&good), redirect(&good, None)] {
        assert_eq!(received(&message, &strict()), Err(Untrusted::Unsigned.into()));
    }
}

#[test]
fn an_altered_request_is_refused() {
    let signed = sign_enveloped(element("request/good.xml"), &*THEIRS).unwrap().canonical();
    let altered = signed.replace(
        "AssertionConsumerServiceURL=\"https://sp.example/acs\"",
        "AssertionConsumerServiceURL=\"https://sp.example/other\"",
    );
    assert_ne!(altered, signed);
    let message = Inbound::from_post(&crate::base64::encode(altered.as_bytes()), "AuthnRequest").unwrap();
    assert_eq!(received(&message, &provider()), Err(Untrusted::Signature(VerifyError::Digest).into()));
}

#[test]
fn a_signed_request_names_its_destination() {
    let nowhere = element("request/no-destination.xml");
    let posted = post(&sign_enveloped(nowhere.clone(), &*THEIRS).unwrap());
    let redirected = redirect(&nowhere, Some(&THEIRS));
    for message in [posted, redirected] {
        assert_eq!(received(&message, &provider()), Err(Untrusted::DestinationMissing.into()));
    }
    assert!(received(&post(&nowhere), &provider()).is_ok());
}

#[test]
fn a_key_that_is_new_beside_the_old_one_is_tried() {
    let mut provider = strict();
    provider.metadata.signing.insert(0, certificate_of(&OTHERS));
    let message = post(&sign_enveloped(element("request/good.xml"), &*THEIRS).unwrap());
    assert!(received(&message, &provider).is_ok());
}

use crate::verify::VerifyError;
