//! Identifiers of people: `NameID`s, and the subject identifier attributes (saml-subject-id-attr-v1.0-cs01).
//!
//! Owns how they are made. Does not own the storage of persistent ones: they are drawn once for a person and a service
//! provider, and survive a change of the e-mail address.

use keyholder_core::random::{Random, draw_bytes};

use crate::messages::{NameId, NameIdFormat};

/// Lower-case base32 (RFC 4648 6): opaque, and no two differ in case alone.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// 160 random bits, 32 characters: a transient identifier, or a persistent one to be stored
/// (saml-core-2.0-os 8.3.7: "opaque", at most 256 characters).
pub fn draw_opaque(random: &dyn Random) -> String {
    base32(&draw_bytes::<20>(random))
}

/// Lower-case base32 without padding.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut pending, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        pending = (pending << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(&mut text, pending >> bits);
        }
        pending &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(&mut text, pending << (5 - bits));
    }
    text
}

fn push(text: &mut String, value: u32) {
    let letter = usize::try_from(value & 31).ok().and_then(|at| ALPHABET.get(at));
    text.push(letter.map_or('a', |letter| char::from(*letter)));
}

/// Between whom a `NameID` holds, and what is known of the person.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// Our entity id.
    pub issuer: &'a str,
    /// The service provider's entity id.
    pub provider: &'a str,
    /// The stored identifier of this person at this service provider.
    pub persistent: &'a str,
    /// An address that answered a mail.
    pub email: Option<&'a str>,
}

/// Why a person gets no identifier of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameIdError {
    #[error("the person has no verified e-mail address")]
    NoEmail,
}

/// Makes the `NameID` of a sign-in. `Unspecified` names no format and is answered like a persistent one.
pub fn name_id(format: NameIdFormat, naming: &Naming<'_>, random: &dyn Random) -> Result<NameId, NameIdError> {
    let qualified = |value: String| NameId {
        value,
        format: Some(format.uri().to_owned()),
        name_qualifier: Some(naming.issuer.to_owned()),
        sp_name_qualifier: Some(naming.provider.to_owned()),
    };
    match format {
        NameIdFormat::Transient => Ok(qualified(draw_opaque(random))),
        NameIdFormat::Persistent => Ok(qualified(naming.persistent.to_owned())),
        // saml-core-2.0-os 8.3.2: the address is the same everywhere, so no qualifier says for whom it holds.
        NameIdFormat::EmailAddress => Ok(NameId::new(format, naming.email.ok_or(NameIdError::NoEmail)?)),
        NameIdFormat::Unspecified => Ok(NameId::new(format, naming.persistent)),
    }
}

/// A value of `subject-id` or `pairwise-id` (saml-subject-id-attr-v1.0 2.2, 2.3): `uniqueID@scope`. `None` where a part
/// has a character or a length that the specification does not allow.
pub fn scoped_id(unique: &str, scope: &str) -> Option<String> {
    let bytes = |text: &str, extra: &[u8]| {
        text.len() <= 127
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
    };
    (bytes(unique, b"=-") && bytes(scope, b"-.")).then(|| format!("{unique}@{scope}"))
}

#[cfg(test)]
mod tests;
