//! The Redirect binding (SAML Bindings 3.4): a message in a query.
//!
//! Owns the query as it is on the wire, since that is what is signed: percent-encoding of any kind, the order of the parameters, DEFLATE.
//! Does not own addresses or HTTP.

mod deflate;
mod query;

pub use deflate::{DeflateError, LONGEST, deflate, inflate};
pub use query::Query;

use crate::base64::encode;
use crate::signer::{SignError, Signer};

/// Which parameter holds the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl Parameter {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Why a query holds no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RedirectError {
    #[error("neither SAMLRequest nor SAMLResponse")]
    Missing,
    #[error("both SAMLRequest and SAMLResponse")]
    Both,
    /// Which of the two would count?
    #[error("{0} occurs more than once")]
    Repeated(&'static str),
    /// A name that another reader decodes to that of a parameter, so that it sees another value there.
    #[error("the name of a parameter is disguised")]
    Disguised,
    #[error("a SAMLEncoding other than DEFLATE")]
    Encoding,
    #[error("a malformed percent-encoding")]
    Percent,
    #[error("the query is too long")]
    TooLong,
    /// `SigAlg` without `Signature`, or the other way round.
    #[error("SigAlg or Signature is missing")]
    HalfSigned,
    #[error("the signature algorithm is not accepted")]
    Algorithm,
    /// Of the message or of the signature.
    #[error("not base64")]
    Base64,
    #[error("the message cannot be inflated: {0}")]
    Deflate(#[from] DeflateError),
}

/// The query that carries a message of ours, signed if there is a signer. The message must not be signed itself (SAML Bindings 3.4.4.1).
pub fn query(
    parameter: Parameter,
    message: &str,
    relay_state: Option<&str>,
    signer: Option<&dyn Signer>,
) -> Result<String, SignError> {
    let mut query = format!("{}={}", parameter.name(), percent_encode(&encode(&deflate(message.as_bytes()))));
    if let Some(relay_state) = relay_state {
        query.push_str("&RelayState=");
        query.push_str(&percent_encode(relay_state));
    }
    if let Some(signer) = signer {
        query.push_str("&SigAlg=");
        query.push_str(&percent_encode(signer.algorithm().uri()));
        let signature = signer.sign(query.as_bytes())?;
        query.push_str("&Signature=");
        query.push_str(&percent_encode(&encode(&signature)));
    }
    Ok(query)
}

/// Everything but the unreserved characters (RFC 3986 2.3).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 4);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
