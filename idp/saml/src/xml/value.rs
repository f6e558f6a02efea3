//! Text that XML can carry.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat};
use keyholder_core::random::{Random, draw_bytes};
use keyholder_core::time::Timestamp;

/// Longest ID that is accepted from others, in characters. SAML Core names no limit; real ones have about forty.
pub const LONGEST_ID: usize = 256;

/// Why a text cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// More characters than the limit.
    #[error("too long")]
    Length,
    /// A carriage return, or a character that XML 1.0 cannot carry.
    #[error("a character that cannot be written")]
    Character,
    /// An instant outside the years that `xs:dateTime` is written for.
    #[error("an instant out of range")]
    Instant,
}

/// The text of an attribute or an element: every character is one that XML 1.0 carries unchanged, and its length has a limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(Cow<'static, str>);

impl Value {
    /// Most characters of an identifier or an attribute value, unless the caller names another limit (SAML Core 8.3.7 for identifiers).
    pub const LONGEST: usize = 256;

    /// Of at most [`Value::LONGEST`] characters, exactly as given, or refused: a carriage return, another control character than tab and
    /// line feed, U+FFFE and U+FFFF cannot be written.
    pub fn new(text: impl Into<String>) -> Result<Self, ValueError> {
        Self::up_to(Self::LONGEST, text)
    }

    /// Like [`Value::new`] with another limit in characters: addresses and entity IDs may have 1024 (SAML Core 8.3.6).
    pub fn up_to(limit: usize, text: impl Into<String>) -> Result<Self, ValueError> {
        let text = text.into();
        // A character has at most four bytes: what is short in bytes need not be counted.
        if text.len() > limit && text.chars().nth(limit).is_some() {
            return Err(ValueError::Length);
        }
        if text.chars().all(|character| character != '\r' && is_xml_character(character)) {
            Ok(Self(Cow::Owned(text)))
        } else {
            Err(ValueError::Character)
        }
    }

    /// For names that people typed: what [`Value::new`] would refuse a text for is taken out, except its length. A carriage return
    /// before a line feed disappears, another becomes one.
    pub fn normalised(text: &str) -> Result<Self, ValueError> {
        Self::new(normalise(text))
    }

    /// Base64 of bytes, on one line, of any length.
    pub fn base64(bytes: &[u8]) -> Self {
        Self(Cow::Owned(STANDARD.encode(bytes)))
    }

    /// `xs:dateTime` in UTC with whole seconds, rounded down (SAML Core 1.3.3).
    pub fn instant(instant: Timestamp) -> Result<Self, ValueError> {
        let time = DateTime::from_timestamp(instant.as_seconds(), 0).ok_or(ValueError::Instant)?;
        let text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
        // Years of other than four digits have another form, which nobody reads.
        if text.len() == "2000-01-01T00:00:00Z".len() { Ok(Self(Cow::Owned(text))) } else { Err(ValueError::Instant) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Text that the gate read and checked; it may hold a carriage return, which canonical XML writes as a reference.
    pub(crate) fn read(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// Appends text that the gate read right after this.
    pub(crate) fn append(&mut self, text: &str) {
        self.0.to_mut().push_str(text);
    }
}

/// Literals of the program. What is not a literal has no `'static` and must be checked.
impl From<&'static str> for Value {
    fn from(literal: &'static str) -> Self {
        if literal.chars().all(|character| character != '\r' && is_xml_character(character)) {
            Self(Cow::Borrowed(literal))
        } else {
            Self(Cow::Owned(normalise(literal)))
        }
    }
}

/// `xs:boolean`.
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self(Cow::Borrowed(if value { "true" } else { "false" }))
    }
}

/// `xs:unsignedInt`.
impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        Self(Cow::Owned(id.0))
    }
}

impl From<&Id> for Value {
    fn from(id: &Id) -> Self {
        id.clone().into()
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        value.clone()
    }
}

/// An ID of ours: `_` and 160 random bits in hexadecimal (SAML Core 1.3.4 asks for 128 and recommends 160).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Id(String);

impl Id {
    /// Draws a new one.
    pub fn draw(random: &dyn Random) -> Self {
        let mut text = String::with_capacity(41);
        text.push('_'); // an NCName does not begin with a digit
        for byte in draw_bytes::<20>(random) {
            for nibble in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(nibble), 16));
            }
        }
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn normalise(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|character| is_xml_character(*character)).collect()
}

/// XML 1.0 2.2.
pub(crate) fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
