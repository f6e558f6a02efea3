//! Signed tokens: the one writer and the one verifier (RFC 7515, RFC 7517, RFC 7518, RFC 8037, RFC 8725).
//!
//! Owns keys, signatures and the rules that hold for every signed token, whoever made it. Does not own what claims mean:
//! issuer, audience, time and `typ` are the caller's checks. Private operations run in aws-lc only, with keys decoded once.

mod private_key;
mod public_keys;
mod strict_json;
mod verify;

use keyholder_core::application::SigningAlgorithm;

pub use private_key::{PrivateKey, sign};
pub use public_keys::PublicKeys;
pub use verify::{Header, MAX_BYTES, Unverified, Verified, peek, verify};

/// A signature algorithm that is verified. `none` and the symmetric ones are absent on purpose (RFC 8725 3.1, 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JwsAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

impl JwsAlgorithm {
    /// Every algorithm that clients may sign with.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];
    /// Those that the provider itself signs with.
    pub const OURS: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The value of `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads a value of `alg`; `None` for everything that is not verified here.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl From<SigningAlgorithm> for JwsAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Rs256 => Self::Rs256,
            SigningAlgorithm::Es256 => Self::Es256,
            SigningAlgorithm::EdDsa => Self::EdDsa,
        }
    }
}

/// Why a token was not written or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    #[error("the token is too long")]
    TooLong,
    #[error("the token is not a compact JWS of JSON objects")]
    Malformed,
    #[error("the algorithm is not one of those accepted here")]
    AlgorithmRefused,
    /// A header member through which the token would choose its own key, or that is not understood.
    #[error("the header member {0} is refused")]
    HeaderRefused(&'static str),
    /// Keys may have changed since they were read: worth one more look.
    #[error("no key fits the token's kid and algorithm")]
    UnknownKey,
    #[error("the signature is wrong")]
    WrongSignature,
    #[error("the key set cannot be used: {0}")]
    BadKeys(&'static str),
    #[error("the private key cannot be used")]
    BadPrivateKey,
    #[error("the claims cannot be written as JSON")]
    Unserialisable(#[source] serde_json::Error),
}

#[cfg(test)]
mod tests;
