//! One-time codes that count (HOTP, RFC 4226).
//!
//! Owns the code of one counter and the search for the counter of a code. Does not own what is stored, nor how far a search may go.

use std::ops::{Range, RangeInclusive};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// How many digits a code may have (RFC 4226 5.3, R4 of section 4).
pub(crate) const DIGITS: RangeInclusive<u8> = 6..=8;
/// The fewest bytes of a shared secret (RFC 4226 4, R6).
pub(crate) const SHORTEST_SECRET: usize = 16;
/// The most bytes of a shared secret: what HMAC-SHA-1 takes without hashing it first.
pub(crate) const LONGEST_SECRET: usize = 64;

/// A code as somebody typed it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    value: u32,
    digits: u8,
}

impl Code {
    /// Reads exactly this many ASCII digits; other scripts' digits are none.
    pub(crate) fn parse(text: &str, digits: u8) -> Option<Self> {
        if !DIGITS.contains(&digits) || text.len() != usize::from(digits) {
            return None;
        }
        let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let value = text.parse().ok().filter(|_| all_digits)?;
        Some(Self { value, digits })
    }

    /// The code of a counter; `None`: no such number of digits.
    #[cfg(test)]
    pub(crate) fn of(secret: &[u8], counter: u64, digits: u8) -> Option<Self> {
        Self::keyed(&Hmac::new_from_slice(secret).ok()?, counter, digits)
    }

    /// The code of a counter (RFC 4226 5.3).
    fn keyed(keyed: &Hmac<Sha1>, counter: u64, digits: u8) -> Option<Self> {
        if !DIGITS.contains(&digits) {
            return None;
        }
        let digest = keyed.clone().chain_update(counter.to_be_bytes()).finalize().into_bytes();
        // Dynamic truncation: the low four bits of the last byte say where to look.
        let offset = usize::from(digest.last()? & 0x0f);
        let word: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
        let value = (u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.pow(u32::from(digits));
        Some(Self { value, digits })
    }

    /// The first counter of the range whose code this is. Takes as long whether it is found or not.
    pub(crate) fn find(self, secret: &[u8], counters: Range<u64>) -> Option<u64> {
        let keyed = Hmac::new_from_slice(secret).ok()?;
        let mut found = None;
        for counter in counters {
            let code = Self::keyed(&keyed, counter, self.digits)?;
            if bool::from(code.value.ct_eq(&self.value)) && found.is_none() {
                found = Some(counter);
            }
        }
        found
    }
}

#[cfg(test)]
impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:0width$}", self.value, width = usize::from(self.digits))
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code")
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    /// RFC 4226 appendix D.
    const SECRET: &[u8] = b"12345678901234567890";
    const CODES: [&str; 10] =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];

    #[test]
    fn codes_are_those_of_the_standard() {
        for (counter, code) in (0..).zip(CODES) {
            assert_eq!(Code::of(SECRET, counter, 6).unwrap().to_string(), code);
            assert_eq!(Code::parse(code, 6).unwrap().find(SECRET, 0..10), Some(counter));
        }
        // The same truncated values with more digits (RFC 4226 appendix D, second table: 1284755224, 1094287082).
        assert_eq!(Code::of(SECRET, 0, 8).unwrap().to_string(), "84755224");
        assert_eq!(Code::of(SECRET, 1, 7).unwrap().to_string(), "4287082");
        assert_eq!(Code::of(SECRET, 0, 5), None);
        assert_eq!(Code::of(SECRET, 0, 9), None);
    }

    #[test]
    fn only_ascii_digits_of_the_right_number_are_a_code() {
        for wrong in ["", "75522", "7552240", "75522a", "+55224", "-55224", " 55224", "٧٥٥٢٢٤", "\u{ff17}5522\u{0}"]
        {
            assert!(Code::parse(wrong, 6).is_none(), "{wrong}");
        }
        assert!(Code::parse("000000", 6).is_some());
    }
}
