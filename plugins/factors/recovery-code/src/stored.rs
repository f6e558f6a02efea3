//! What is stored of a sheet, and what is kept while it is shown.

use keyholder_plugin_sdk::constant_time_eq;
use keyholder_plugin_sdk::factor::{Credential, Fault};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::code::Code;

/// The format of [`Sheet`]. A change of the struct is a new format; the old one stays readable.
pub(crate) const FORMAT: u32 = 1;

/// Codes on a new sheet.
pub(crate) const CODES: usize = 8;

/// The codes that are left, hashed. Fifty random bits need no slow hash: nobody tries them all, and the host counts failures.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sheet {
    salt: [u8; 16],
    left: Vec<[u8; 32]>,
}

impl Sheet {
    pub(crate) fn new(salt: [u8; 16], codes: &[Code]) -> Self {
        let left = codes.iter().map(|code| hash(&salt, code)).collect();
        Self { salt, left }
    }

    pub(crate) fn read(credential: &Credential) -> Result<Self, Fault> {
        if credential.format != FORMAT {
            return Err(Fault::UnsupportedFormat(credential.format));
        }
        read(&credential.data).ok_or_else(|| Fault::Internal("the stored sheet cannot be read".into()))
    }

    pub(crate) fn left(&self) -> usize {
        self.left.len()
    }

    /// The sheet without this code, and the code's hash; `None` if it is not on it.
    pub(crate) fn without(&self, code: &Code) -> Option<(Self, [u8; 32])> {
        let typed = hash(&self.salt, code);
        // All are compared, so that the time does not tell which it was.
        let (used, left): (Vec<_>, Vec<_>) = self.left.iter().partition(|hash| constant_time_eq(&hash[..], &typed));
        used.first().map(|used| (Self { salt: self.salt, left }, *used))
    }
}

fn hash(salt: &[u8; 16], code: &Code) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(code.as_bytes()).finalize().into()
}

/// All of it must be used: what is left over was not written here.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(value).map_err(|error| Fault::Internal(error.to_string()))
}
