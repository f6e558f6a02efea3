//! A query as it was sent.

use super::{Parameter, RedirectError, inflate};
use crate::algorithm::SignatureAlgorithm;
use crate::base64;

/// Longest query, in bytes: no server in front of us lets more through.
const LONGEST_QUERY: usize = 64 * 1024;
/// The one encoding (SAML Bindings 3.4.4.1).
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
const NAMES: [&str; 6] = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"];

/// The parameters of the binding, each at most once. Others are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    parameter: Parameter,
    message: Vec<u8>,
    relay_state: Option<String>,
    signed: Option<Signed>,
}

/// What was signed, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) algorithm: SignatureAlgorithm,
    /// The parameters as sent, in the order of the specification.
    pub(crate) octets: String,
    pub(crate) signature: Vec<u8>,
}

impl Query {
    /// Reads the raw query: what stands between `?` and `#`, undecoded.
    pub fn parse(raw: &str) -> Result<Self, RedirectError> {
        if raw.len() > LONGEST_QUERY {
            return Err(RedirectError::TooLong);
        }
        let mut found: [Option<&str>; 6] = [None; 6];
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Some((place, known)) = found.iter_mut().zip(NAMES).find(|(_, known)| *known == name) {
                if place.replace(value).is_some() {
                    return Err(RedirectError::Repeated(known));
                }
            } else if name.contains('%') && decode(name, Plus::Space).is_none_or(|name| NAMES.contains(&name.as_str()))
            {
                return Err(RedirectError::Disguised);
            }
        }
        let [request, response, relay_state, algorithm, signature, encoding] = found;
        let (parameter, message) = match (request, response) {
            (Some(message), None) => (Parameter::Request, message),
            (None, Some(message)) => (Parameter::Response, message),
            (None, None) => return Err(RedirectError::Missing),
            (Some(_), Some(_)) => return Err(RedirectError::Both),
        };
        if let Some(encoding) = encoding
            && decode(encoding, Plus::Space).as_deref() != Some(DEFLATE)
        {
            return Err(RedirectError::Encoding);
        }
        let signed = match (algorithm, signature) {
            (None, None) => None,
            (Some(algorithm), Some(signature)) => {
                let octets = octets(parameter, message, relay_state, algorithm);
                let algorithm = decode(algorithm, Plus::Space).ok_or(RedirectError::Percent)?;
                let algorithm = SignatureAlgorithm::from_uri(&algorithm).ok_or(RedirectError::Algorithm)?;
                Some(Signed { algorithm, octets, signature: decode_base64(signature)? })
            }
            _ => return Err(RedirectError::HalfSigned),
        };
        let relay_state = relay_state.map(|raw| decode(raw, Plus::Space).ok_or(RedirectError::Percent)).transpose()?;
        Ok(Self { parameter, message: inflate(&decode_base64(message)?)?, relay_state, signed })
    }

    /// Which kind of message.
    pub fn parameter(&self) -> Parameter {
        self.parameter
    }

    /// The message, inflated.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// `RelayState`, decoded. It means nothing to us and goes back as it is.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    pub(crate) fn signed(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }
}

/// SAML Bindings 3.4.4.1: "the original URL-encoded values", whoever else would encode them otherwise.
fn octets(parameter: Parameter, message: &str, relay_state: Option<&str>, algorithm: &str) -> String {
    let mut octets = format!("{}={message}", parameter.name());
    if let Some(relay_state) = relay_state {
        octets.push_str("&RelayState=");
        octets.push_str(relay_state);
    }
    octets.push_str("&SigAlg=");
    octets.push_str(algorithm);
    octets
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plus {
    /// As in forms.
    Space,
    /// A sender that did not encode base64: a space would be nothing there.
    Plus,
}

fn decode_base64(raw: &str) -> Result<Vec<u8>, RedirectError> {
    let text = decode(raw, Plus::Plus).ok_or(RedirectError::Percent)?;
    base64::decode_lenient(&text).ok_or(RedirectError::Base64)
}

/// RFC 3986 2.1, either case.
fn decode(raw: &str, plus: Plus) -> Option<String> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut nibble = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
                u8::try_from(nibble()? * 16 + nibble()?).ok()?
            }
            b'+' if plus == Plus::Space => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}
