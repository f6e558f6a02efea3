use proptest::prelude::*;

use super::{DeflateError, LONGEST, Parameter, Query, RedirectError, deflate, inflate, query};
use crate::inbound::Inbound;
use crate::signer::{NativeSigner, Signer as _};
use crate::vectors::{known_keys, signer};
use crate::verify::{PublicKey, VerifyError};

const MESSAGE: &str = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sp.example</saml:Issuer></samlp:AuthnRequest>"#;

fn signed(relay_state: &str) -> String {
    query(Parameter::Request, MESSAGE, Some(relay_state), Some(&signer("service-provider"))).unwrap()
}

fn check(raw: &str, keys: &[PublicKey]) -> Result<(), VerifyError> {
    Inbound::from_redirect(Query::parse(raw).unwrap(), "AuthnRequest").unwrap().verify(keys).map(drop)
}

/// Signs a query that another encoder wrote.
fn sign_raw(unsigned: &str) -> String {
    use super::percent_encode;
    let octets = format!("{unsigned}&SigAlg=http%3a%2f%2fwww.w3.org%2f2001%2f04%2fxmldsig-more%23rsa-sha256");
    let signature = crate::base64::encode(&signer("service-provider").sign(octets.as_bytes()).unwrap());
    format!("{octets}&Signature={}", percent_encode(&signature))
}

#[test]
fn a_signature_holds_over_what_was_sent_however_it_was_encoded() {
    let message = super::percent_encode(&crate::base64::encode(&deflate(MESSAGE.as_bytes())));
    for unsigned in [
        format!("SAMLRequest={}&RelayState=a%20b", lower(&message)),
        format!("SAMLRequest={message}&RelayState=a+b"),
        format!("SAMLRequest={message}&RelayState="),
        format!("SAMLRequest={message}"),
        // Nothing but what must be is encoded.
        format!("SAMLRequest={}", message.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")),
    ] {
        assert_eq!(check(&sign_raw(&unsigned), &known_keys()), Ok(()), "{unsigned}");
    }
}

/// The hexadecimal digits of percent-encodings in lower case.
fn lower(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| format!("{text}%{}{}", part[..2].to_lowercase(), &part[2..]))
}

#[test]
fn parameters_may_come_in_any_order_and_others_beside_them() {
    let raw = signed("state");
    let mut pairs: Vec<&str> = raw.split('&').collect();
    pairs.reverse();
    assert_eq!(check(&format!("utm_source=x&{}&y", pairs.join("&")), &known_keys()), Ok(()));
}

#[test]
fn relay_state_goes_back_as_it_came() {
    for state in ["", "a b", "https://sp.example/?a=b&c=d#e", "\"><script>", "ŵ+%"] {
        assert_eq!(Query::parse(&signed(state)).unwrap().relay_state(), Some(state));
    }
    assert_eq!(Query::parse("SAMLRequest=x&RelayState=%FF"), Err(RedirectError::Percent));
}

#[test]
fn every_key_of_the_sender_is_tried() {
    let other = PublicKey::from_certificate(signer("other-provider").certificate()).unwrap();
    let keys = [vec![other.clone()], known_keys()].concat();
    assert_eq!(check(&signed("state"), &keys), Ok(()));
    assert_eq!(check(&signed("state"), &[other]), Err(VerifyError::Key));
}

#[test]
fn an_ecdsa_signature_counts_in_the_encoding_of_xml_and_in_that_of_java() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
    let keys = [PublicKey::from_certificate(certificate.der()).unwrap()];
    let native = NativeSigner::from_pkcs8(&pair.serialize_der(), certificate.der().to_vec()).unwrap();
    let raw = query(Parameter::Request, MESSAGE, None, Some(&native)).unwrap();
    assert_eq!(check(&raw, &keys), Ok(()));
    let (octets, _) = raw.split_once("&Signature=").unwrap();
    let java = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pair.serialize_der()).unwrap();
    let signature = java.sign(&aws_lc_rs::rand::SystemRandom::new(), octets.as_bytes()).unwrap();
    let signature = super::percent_encode(&crate::base64::encode(signature.as_ref()));
    assert_eq!(check(&format!("{octets}&Signature={signature}"), &keys), Ok(()));
}

#[test]
fn a_signature_inside_the_message_proves_nothing() {
    let signer = signer("service-provider");
    let message = crate::gate::parse_message(MESSAGE.as_bytes(), crate::names::PROTOCOL, "AuthnRequest").unwrap();
    let inside = crate::signer::sign_enveloped(message.unverified().clone(), &signer).unwrap().canonical();
    let raw = query(Parameter::Request, &inside, None, None).unwrap();
    let inbound = Inbound::from_redirect(Query::parse(&raw).unwrap(), "AuthnRequest").unwrap();
    assert!(!inbound.is_signed());
    assert!(inbound.unverified().find(crate::names::DSIG, "Signature").is_none());
    assert_eq!(inbound.verify(&known_keys()).unwrap_err(), VerifyError::Unsigned);
}

#[test]
fn a_message_of_64_kilobytes_is_inflated_and_one_byte_more_is_not() {
    assert_eq!(inflate(&deflate(&vec![b'a'; LONGEST])).map(|message| message.len()), Ok(LONGEST));
    assert_eq!(inflate(&deflate(&vec![b'a'; LONGEST + 1])), Err(DeflateError::TooLong));
}

#[test]
fn a_bomb_is_not_inflated_any_further_than_to_the_limit() {
    let bomb = deflate(&vec![b' '; 20_000_000]);
    assert!(bomb.len() * 900 < 20_000_000);
    assert!(super::deflate::unpack(&bomb).is_ok_and(|unpacked| unpacked.out.len() <= LONGEST + 1));
}

proptest! {
    #[test]
    fn what_is_deflated_is_inflated(message in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        prop_assert_eq!(inflate(&deflate(&message)), Ok(message));
    }

    #[test]
    fn a_stream_cut_anywhere_is_refused(cut in 0_usize..150) {
        let whole = deflate(MESSAGE.as_bytes());
        let cut = cut % whole.len();
        prop_assert_eq!(inflate(&whole[..cut]), Err(DeflateError::Truncated));
    }
}
