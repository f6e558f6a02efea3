//! The one reader of `application/x-www-form-urlencoded` (WHATWG URL 5.1), strict: queries and bodies of every endpoint.
//!
//! Owns decoding and the rules that hold for all parameters. Does not know any parameter.

use secrecy::{ExposeSecret, SecretString};

/// The longest query or body that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most parameters that are read.
const MAX_PARAMETERS: usize = 128;

/// Decoded parameters, each of them at most once. Debug output shows names only: values may be secrets.
#[derive(Clone, Default)]
pub struct Form {
    pairs: Vec<(String, SecretString)>,
}

/// Why parameters are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error("the request is too long")]
    TooLong,
    #[error("the request is not form-urlencoded UTF-8 text")]
    Malformed,
    #[error("the request contains a NUL character")]
    Nul,
    #[error("a parameter occurs more than once")]
    Duplicate,
}

/// Reads a query or a body.
pub fn parse(bytes: &[u8]) -> Result<Form, FormError> {
    if bytes.len() > MAX_BYTES {
        return Err(FormError::TooLong);
    }
    let mut pairs: Vec<(String, SecretString)> = Vec::new();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MAX_PARAMETERS {
            return Err(FormError::TooLong);
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        // RFC 6749 3.1, 3.2: "parameters MUST NOT be included more than once".
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(FormError::Duplicate);
        }
        pairs.push((name, SecretString::from(value)));
    }
    Ok(Form { pairs })
}

/// Decodes one name or value: `+` is a space, `%` needs two hexadecimal digits, the result is UTF-8 without NUL.
pub fn decode(encoded: &[u8]) -> Result<String, FormError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.iter().copied();
    while let Some(byte) = bytes.next() {
        let plain = match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(hex_digit).ok_or(FormError::Malformed)?;
                let low = bytes.next().and_then(hex_digit).ok_or(FormError::Malformed)?;
                high << 4 | low
            }
            other => other,
        };
        if plain == 0 {
            return Err(FormError::Nul);
        }
        decoded.push(plain);
    }
    String::from_utf8(decoded).map_err(|_| FormError::Malformed)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl Form {
    /// The value of a parameter. One without a value counts as not sent (RFC 6749 3.1, 3.2).
    pub fn one(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.expose_secret())
            .filter(|value| !value.is_empty())
    }

    /// Names and values that were sent with a value, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let shown = self.pairs.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
        shown.filter(|(_, value)| !value.is_empty())
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_empty_ones_count_as_absent() {
        let form = parse(b"scope=openid+email&state=&redirect_uri=https%3A%2F%2Fa.example%2Fcb&x").unwrap();
        assert_eq!(form.one("scope"), Some("openid email"));
        assert_eq!(form.one("redirect_uri"), Some("https://a.example/cb"));
        assert_eq!((form.one("state"), form.one("x"), form.one("y")), (None, None, None));
        assert_eq!(form.iter().count(), 2);
    }

    #[test]
    fn a_repeated_parameter_is_refused_even_when_spelled_differently_or_empty() {
        assert_eq!(parse(b"a=1&a=1").unwrap_err(), FormError::Duplicate);
        assert_eq!(parse(b"client_id=x&client%5Fid=y").unwrap_err(), FormError::Duplicate);
        assert_eq!(parse(b"a=1&a=").unwrap_err(), FormError::Duplicate);
    }

    #[test]
    fn nul_broken_percent_signs_and_invalid_utf8_are_refused() {
        assert_eq!(parse(b"a=%00").unwrap_err(), FormError::Nul);
        assert_eq!(parse(b"a=\0").unwrap_err(), FormError::Nul);
        for bad in [&b"a=%"[..], b"a=%f", b"a=%zz", b"a=%ff", b"a=\xc3\x28", b"%c0%af=1"] {
            assert_eq!(parse(bad).unwrap_err(), FormError::Malformed, "{bad:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(parse(&vec![b'a'; MAX_BYTES + 1]).unwrap_err(), FormError::TooLong);
        let many: Vec<String> = (0..=MAX_PARAMETERS).map(|n| format!("p{n}=1")).collect();
        assert_eq!(parse(many.join("&").as_bytes()).unwrap_err(), FormError::TooLong);
    }

    #[test]
    fn debug_output_shows_no_value() {
        assert_eq!(format!("{:?}", parse(b"client_secret=hush").unwrap()), r#"["client_secret"]"#);
    }
}
