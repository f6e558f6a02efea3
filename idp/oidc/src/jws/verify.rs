//! The verifier of compact tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{JwsAlgorithm, JwsError, PublicKeys, strict_json};

/// The longest token that is looked at, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;
/// The longest `kid` that is compared.
const MAX_KID: usize = 256;
/// Members through which a token would bring or name its own key, or ask for processing that is not done here
/// (RFC 7515 4.1.2 to 4.1.6 and 4.1.11, RFC 7797, RFC 7516 4.1.3; RFC 8725 3.10).
const REFUSED_MEMBERS: [&str; 8] = ["crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "enc"];

/// What the protected header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub algorithm: JwsAlgorithm,
    pub kid: Option<String>,
    pub typ: Option<String>,
}

impl Header {
    /// Whether `typ` is this media type, with or without `application/`, in any case (RFC 7515 4.1.9).
    pub fn is_typ(&self, expected: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| short_typ(typ).eq_ignore_ascii_case(expected))
    }
}

fn short_typ(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    }
}

/// A token whose signature is right. Whether its claims are is the caller's question.
#[derive(Debug, Clone)]
pub struct Verified {
    pub header: Header,
    pub claims: Map<String, Value>,
}

impl Verified {
    /// A claim that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A claim that is a `NumericDate` (RFC 7519 2): whole seconds or a fraction, which is rounded down.
    pub fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        #[allow(clippy::cast_possible_truncation, reason = "saturates; the result is a time far away")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
    }

    /// The claim `aud`: one string or an array of strings (RFC 7519 4.1.3).
    pub fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Claims that nobody vouches for. Only good for finding out whose keys to ask.
#[derive(Debug, Clone)]
pub struct Unverified<T>(T);

impl Unverified<Map<String, Value>> {
    /// A claim as the token says, true or not.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

/// Reads the claims of a token without checking anything but its form.
pub fn peek(token: &str) -> Result<Unverified<Map<String, Value>>, JwsError> {
    Parts::parse(token)?.claims().map(Unverified)
}

/// Checks a token's form, header and signature. `algorithms` are those that this use accepts.
pub fn verify(token: &str, keys: &PublicKeys, algorithms: &[JwsAlgorithm]) -> Result<Verified, JwsError> {
    let parts = Parts::parse(token)?;
    let header = parts.header(algorithms)?;
    let signature = URL_SAFE_NO_PAD.decode(parts.signature).map_err(|_| JwsError::Malformed)?;
    keys.check(header.algorithm, header.kid.as_deref(), parts.signed.as_bytes(), &signature)?;
    Ok(Verified { header, claims: parts.claims()? })
}

/// The three parts of a compact token, not decoded.
struct Parts<'a> {
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
    /// What the signature covers.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn parse(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_BYTES {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        if claims.contains('.') {
            return Err(JwsError::Malformed);
        }
        Ok(Self { header, claims, signature, signed })
    }

    fn header(&self, algorithms: &[JwsAlgorithm]) -> Result<Header, JwsError> {
        let members = decode_object(self.header)?;
        if let Some(refused) = REFUSED_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(JwsError::HeaderRefused(refused));
        }
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::HeaderRefused(name)),
        };
        let kid = text("kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(JwsError::HeaderRefused("kid"));
        }
        let algorithm = text("alg")?.as_deref().and_then(JwsAlgorithm::from_name);
        let algorithm = algorithm.filter(|found| algorithms.contains(found)).ok_or(JwsError::AlgorithmRefused)?;
        Ok(Header { algorithm, kid, typ: text("typ")? })
    }

    fn claims(&self) -> Result<Map<String, Value>, JwsError> {
        decode_object(self.claims)
    }
}

fn decode_object(part: &str) -> Result<Map<String, Value>, JwsError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)?;
    strict_json::parse_object(&bytes).ok_or(JwsError::Malformed)
}
