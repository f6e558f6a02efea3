//! What the host lends: a line in the operator's log, random bytes, signature checks.
//!
//! Inside the sandbox these are the host's functions. On the author's machine they are the fakes of `testing`; without that feature
//! they panic there. A plugin must request in its `plugin.toml` what it uses.

use crate::bindings::host::keyholder::host as lent;
pub use lent::crypto::{CryptoError, PublicKey, SigAlg};
pub use lent::log::Level;

/// Random bytes fit for secrets; `len` up to 1,024, more traps.
pub fn random_bytes(len: u32) -> Vec<u8> {
    #[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
    return crate::testing::host::random_bytes(len);
    #[cfg(not(all(feature = "testing", not(target_arch = "wasm32"))))]
    lent::random::bytes(len)
}

/// Random bytes as an array.
pub fn random_array<const N: usize>() -> [u8; N] {
    let mut array = [0; N];
    let drawn = random_bytes(u32::try_from(N).unwrap_or(u32::MAX));
    for (to, from) in array.iter_mut().zip(drawn) {
        *to = from;
    }
    array
}

/// Whether the signature is this key's over this message.
pub fn verify_signature(
    algorithm: &SigAlg,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    #[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
    return crate::testing::host::verify_signature(algorithm, key, message, signature);
    #[cfg(not(all(feature = "testing", not(target_arch = "wasm32"))))]
    lent::crypto::verify(algorithm, key, message, signature)
}

/// A line in the operator's log. Never a secret: the host cannot tell.
pub fn log(level: Level, event: &str, fields: &[(&str, &str)]) {
    let fields: Vec<(String, String)> = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    #[cfg(all(feature = "testing", not(target_arch = "wasm32")))]
    crate::testing::host::log(level, event, fields);
    #[cfg(not(all(feature = "testing", not(target_arch = "wasm32"))))]
    lent::log::write(level, event, &fields);
}
