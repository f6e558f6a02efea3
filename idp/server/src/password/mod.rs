//! Passwords: which ones are acceptable, how they are stored and verified, and where that expensive work runs.
//!
//! Owns the rules of NIST SP 800-63B-4 3.1.1.2, the stored forms, and the bounded pool of hashing threads. Does not own
//! who may try how often (`crate::throttle`), the pages, or the rows in the database.

pub mod breached;
pub mod decoy;
pub mod hash;
pub mod policy;
pub mod pool;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The longest password in bytes, before normalisation. Bounds the work that one request can ask for.
pub const MAXIMUM_BYTES: usize = 1024;

/// The form that is measured, compared and hashed: NFC (NIST SP 800-63B-4 3.1.1.2; revision 3 said NFKC), so that the
/// same keys typed on a Mac and on Windows are the same password. `None` beyond [`MAXIMUM_BYTES`].
pub(crate) fn normalise(password: &str) -> Option<Zeroizing<String>> {
    // The room is taken at once: a string that grows would leave copies behind that nothing wipes.
    if password.len() > MAXIMUM_BYTES {
        return None;
    }
    // UAX 15 9: NFC grows UTF-8 threefold at most.
    let mut normalised = Zeroizing::new(String::with_capacity(3 * password.len()));
    normalised.extend(password.nfc());
    Some(normalised)
}
