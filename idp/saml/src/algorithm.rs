//! The algorithms of signatures that are made and accepted (RFC 9231; XML Encryption 5.7). SHA-1, MD5 and HMAC have no value here.

use aws_lc_rs::digest;

use crate::names;

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
}

impl SignatureAlgorithm {
    /// Every algorithm that is accepted.
    pub const ALL: [Self; 6] =
        [Self::RsaSha256, Self::RsaSha384, Self::RsaSha512, Self::EcdsaSha256, Self::EcdsaSha384, Self::EcdsaSha512];

    /// Its identifier, exactly.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => names::RSA_SHA256,
            Self::RsaSha384 => names::RSA_SHA384,
            Self::RsaSha512 => names::RSA_SHA512,
            Self::EcdsaSha256 => names::ECDSA_SHA256,
            Self::EcdsaSha384 => names::ECDSA_SHA384,
            Self::EcdsaSha512 => names::ECDSA_SHA512,
        }
    }

    /// `None` for every algorithm that is not accepted.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }
}

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl DigestAlgorithm {
    /// Every algorithm that is accepted.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its identifier, exactly.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => names::SHA256,
            Self::Sha384 => names::SHA384,
            Self::Sha512 => names::SHA512,
        }
    }

    /// `None` for every algorithm that is not accepted.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// The digest of some octets.
    pub(crate) fn digest(self, octets: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, octets)
    }
}
