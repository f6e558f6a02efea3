//! Certificates as metadata carries them: containers of a key. Their issuer and dates bind nobody
//! (SAML V2.0 Metadata Interoperability Profile 2.5); dates serve warnings alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::time::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::verify::{KeyError, PublicKey};

/// Longest certificate that is read, in bytes of DER.
const LONGEST: usize = 16 * 1024;

/// A certificate in DER whose structure was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Vec<u8>);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Certificate({} bytes)", self.0.len())
    }
}

impl Certificate {
    /// From DER.
    pub fn from_der(der: Vec<u8>) -> Result<Self, KeyError> {
        match X509Certificate::from_der(&der) {
            Ok((rest, _)) if rest.is_empty() && der.len() <= LONGEST => Ok(Self(der)),
            _ => Err(KeyError::Malformed),
        }
    }

    /// From the text of an `X509Certificate` element, or of a PEM block: base64 with any white space.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let inner = text.lines().filter(|line| !line.trim_start().starts_with("-----")).collect::<String>();
        let packed: String = inner.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Self::from_der(STANDARD.decode(packed).map_err(|_| KeyError::Malformed)?)
    }

    /// Every certificate of a PEM file (RFC 7468 5), in its order; text around them is passed over.
    pub fn from_pem_file(text: &str) -> Result<Vec<Self>, KeyError> {
        let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        blocks
            .map(|block| {
                let (inner, _) = block.split_once("-----END CERTIFICATE-----").ok_or(KeyError::Malformed)?;
                Self::from_text(inner)
            })
            .collect()
    }

    /// The DER.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// The DER in base64, without line breaks.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The key in it.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_certificate(&self.0)
    }

    /// When it ends, as its own text says.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let (_, certificate) = X509Certificate::from_der(&self.0).ok()?;
        Some(Timestamp::from_seconds(certificate.validity().not_after.timestamp()))
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_text(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
