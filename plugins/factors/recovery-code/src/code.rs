//! One code: ten characters of Crockford's base 32, 50 bits, written in two groups of five.
//!
//! The alphabet leaves out I, L, O and U, so that no character is mistaken for another
//! (<https://www.crockford.com/base32.html>).

use keyholder_plugin_sdk::host;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A code as it is hashed: ten characters of the alphabet.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code(String);

impl Code {
    pub(crate) fn draw() -> Self {
        // 256 is a multiple of 32: no character is likelier than another.
        let characters =
            host::random_array::<LENGTH>().into_iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
        Self(characters.map(|byte| char::from(*byte)).collect())
    }

    /// Reads what was typed, forgivingly.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let mut code = String::with_capacity(LENGTH);
        for typed in typed.chars().filter(|typed| !typed.is_whitespace() && !is_dash(*typed)) {
            let character = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if code.len() == LENGTH || !ALPHABET.iter().any(|known| char::from(*known) == character) {
                return None;
            }
            code.push(character);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// As it stands on the sheet.
    pub(crate) fn grouped(&self) -> String {
        let (front, back) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        format!("{front}-{back}")
    }
}

/// The hyphen, and what word processors make of it.
fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}
