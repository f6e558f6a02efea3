//! What is stored with a key, and what is kept between the steps of an enrolment.

use keyholder_plugin_sdk::factor::{Credential, Fault};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format of [`Key`]. A change of the struct is a new format; the old one stays readable.
pub(crate) const FORMAT: u32 = 1;

/// A shared secret of 160 bits, as RFC 4226 section 4 recommends.
pub(crate) type Secret = [u8; 20];

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) secret: Secret,
    /// The step of the last code that was accepted; only later ones are (RFC 6238 5.2).
    pub(crate) last_step: u64,
}

/// An enrolment in progress.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) secret: Secret,
    /// By which the phone finds it.
    pub(crate) tag: [u8; 16],
    /// The public key of the phone that took the secret.
    pub(crate) device: Option<Vec<u8>>,
}

impl Key {
    pub(crate) fn read(credential: &Credential) -> Result<Self, Fault> {
        if credential.format != FORMAT {
            return Err(Fault::UnsupportedFormat(credential.format));
        }
        read(&credential.data).ok_or_else(|| Fault::Internal("the stored key cannot be read".into()))
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, Fault> {
        write(self)
    }
}

impl Enrolment {
    pub(crate) fn read(state: &[u8]) -> Result<Self, Fault> {
        read(state).ok_or(Fault::CorruptState)
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, Fault> {
        write(self)
    }
}

/// All of it must be used: what is left over was not written here.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

fn write(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(value).map_err(|error| Fault::Internal(error.to_string()))
}
