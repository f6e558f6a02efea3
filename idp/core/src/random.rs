//! Randomness as a parameter (design, invariant 1). Owns the port and the draws made of it, no generator.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use uuid::Uuid;

use crate::time::Timestamp;

/// A cryptographically secure source of random bytes.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// Draws `N` random bytes.
pub fn draw_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// Draws an identifier that sorts by time (RFC 9562 5.7, UUID version 7): rows made together lie together on disk.
pub fn draw_uuid(random: &dyn Random, now: Timestamp) -> Uuid {
    let bytes = draw_bytes::<10>(random);
    uuid::Builder::from_unix_timestamp_millis(now.as_millis().unsigned_abs(), &bytes).into_uuid()
}

/// Draws an opaque bearer value of 256 bits in base64url, 43 characters: session cookies, codes, refresh tokens, links.
pub fn draw_token(random: &dyn Random) -> SecretString {
    SecretString::from(URL_SAFE_NO_PAD.encode(draw_bytes::<32>(random)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[derive(Debug)]
    struct Counting;
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (value, byte) in (0_u8..).zip(bytes) {
                *byte = value;
            }
        }
    }

    #[test]
    fn a_token_is_256_bits_of_base64url() {
        assert_eq!(draw_token(&Counting).expose_secret(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    }

    #[test]
    fn identifiers_sort_by_time() {
        let early = draw_uuid(&Counting, Timestamp::from_millis(1_700_000_000_000));
        let late = draw_uuid(&Counting, Timestamp::from_millis(1_700_000_000_001));
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }
}
