//! Queries of the Redirect binding.

use super::{Refusal, Vector, signer};
use crate::base64::encode;
use crate::gate::GateError;
use crate::redirect::{DeflateError, Parameter, RedirectError, deflate, query};
use crate::verify::VerifyError;

const MESSAGE: &str = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_genuine" IssueInstant="2026-01-05T08:30:00Z" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sp.example</saml:Issuer></samlp:AuthnRequest>"#;

pub(super) fn vectors() -> Vec<Vector> {
    use RedirectError as E;
    let signed = |name: &str| query(Parameter::Request, MESSAGE, Some("state"), Some(&signer(name))).unwrap();
    let genuine = signed("service-provider");
    let unsigned = query(Parameter::Request, MESSAGE, Some("state"), None).unwrap();
    let algorithm = |uri: &str| genuine.replace("http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256", uri);
    let part = |name: &str| genuine.split('&').find(|pair| pair.starts_with(name)).unwrap();
    let without = |name: &str| genuine.replace(&format!("&{}", part(name)), "");
    let packed = |bytes: &[u8]| format!("SAMLRequest={}", encode(bytes).replace('+', "%2B"));
    let whole = deflate(MESSAGE.as_bytes());
    let other = query(Parameter::Request, &MESSAGE.replace("sp.example", "sp2.example"), None, None).unwrap();
    let list: Vec<(&str, String, Refusal)> = vec![
        ("no-message", "RelayState=state".into(), E::Missing.into()),
        ("request-and-response", format!("{genuine}&SAMLResponse=x"), E::Both.into()),
        ("message-twice", format!("{genuine}&{other}"), E::Repeated("SAMLRequest").into()),
        ("relay-state-twice", format!("{genuine}&RelayState=other"), E::Repeated("RelayState").into()),
        ("algorithm-twice", format!("{genuine}&{}", part("SigAlg")), E::Repeated("SigAlg").into()),
        ("signature-twice", format!("{genuine}&{}", part("Signature")), E::Repeated("Signature").into()),
        (
            "message-disguised",
            format!("{genuine}&{}", other.replace("SAMLRequest", "SAML%52equest")),
            E::Disguised.into(),
        ),
        ("relay-state-disguised", format!("{genuine}&Relay%53tate=other"), E::Disguised.into()),
        ("algorithm-missing", without("SigAlg"), E::HalfSigned.into()),
        ("signature-missing", without("Signature"), E::HalfSigned.into()),
        ("signature-stripped", unsigned, VerifyError::Unsigned.into()),
        ("sha-1", algorithm("http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23rsa-sha1"), E::Algorithm.into()),
        ("md5", algorithm("http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-md5"), E::Algorithm.into()),
        ("hmac", algorithm("http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23hmac-sha256"), E::Algorithm.into()),
        ("algorithm-empty", algorithm(""), E::Algorithm.into()),
        (
            "algorithm-of-another-strength",
            algorithm("http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha512"),
            VerifyError::Key.into(),
        ),
        ("another-providers-key", signed("other-provider"), VerifyError::Key.into()),
        ("relay-state-altered", genuine.replace("RelayState=state", "RelayState=other"), VerifyError::Key.into()),
        ("relay-state-removed", without("RelayState"), VerifyError::Key.into()),
        ("message-altered", genuine.replace(part("SAMLRequest"), &other), VerifyError::Key.into()),
        ("request-as-response", genuine.replace("SAMLRequest", "SAMLResponse"), VerifyError::Key.into()),
        // The same octets when decoded, others on the wire.
        ("encoded-otherwise", genuine.replace("%2B", "%2b").replace("%2F", "%2f"), VerifyError::Key.into()),
        ("another-encoding", format!("{genuine}&SAMLEncoding=urn%3Aidentity"), E::Encoding.into()),
        ("bad-percent", "SAMLRequest=%zz".into(), E::Percent.into()),
        ("bad-base64", "SAMLRequest=%2A%2A%2A%2A".into(), E::Base64.into()),
        (
            "base64-without-padding",
            packed(&[0; 4]).replace('=', "").replacen("SAMLRequest", "SAMLRequest=", 1),
            E::Base64.into(),
        ),
        ("signature-bad-base64", genuine.replace("&Signature=", "&Signature=%2A"), E::Base64.into()),
        ("deflate-bomb", packed(&deflate(&vec![b' '; 20_000_000])), E::Deflate(DeflateError::TooLong).into()),
        ("deflate-truncated", packed(&whole[..whole.len() - 10]), E::Deflate(DeflateError::Truncated).into()),
        (
            "deflate-trailing-bytes",
            packed(&[whole.as_slice(), b"<x/>"].concat()),
            E::Deflate(DeflateError::Trailing).into(),
        ),
        (
            "deflate-two-streams",
            packed(&[whole.as_slice(), &whole].concat()),
            E::Deflate(DeflateError::Trailing).into(),
        ),
        ("not-deflated", packed(MESSAGE.as_bytes()), E::Deflate(DeflateError::Malformed).into()),
        ("too-long", format!("SAMLRequest={}", "A".repeat(70_000)), E::TooLong.into()),
        ("xxe", packed(&deflate(format!("<!DOCTYPE x>{MESSAGE}").as_bytes())), GateError::DocumentType.into()),
    ];
    list.into_iter().map(|(name, query, why)| Vector::new(format!("redirect/{name}.txt"), query, why)).collect()
}
