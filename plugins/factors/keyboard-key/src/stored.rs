//! What is stored of a key, and how it reads (format 1, JSON).

use serde::{Deserialize, Serialize};

use crate::hotp::{self, DIGITS};
use crate::yubico::Moment;

/// The format that is written, and the only one that is read.
pub(crate) const FORMAT: u32 = 1;

/// One key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub secret: Secret,
    /// As printed on the case, or the public id.
    pub serial: String,
    pub manufacturer: Option<String>,
    /// Not valid before and after, where the supplier said so; Unix milliseconds.
    pub valid_from: Option<u64>,
    pub valid_until: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Secret {
    Hotp {
        #[serde(with = "hex")]
        secret: Vec<u8>,
        /// The lowest counter whose code is still good: the highest accepted, and one.
        next: u64,
        digits: u8,
        /// What the key types before the code (an OATH token identifier), in lower case.
        prefix: Option<String>,
    },
    Yubico {
        /// In lower-case modhex.
        public_id: String,
        #[serde(with = "hex")]
        private_id: Vec<u8>,
        #[serde(with = "hex")]
        aes_key: Vec<u8>,
        /// The highest accepted; `None`: never used.
        last: Option<Moment>,
    },
}

impl Key {
    /// Reads stored data; `None`: not written by [`Key::write`].
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(data).ok().filter(Self::is_sound)
    }

    pub(crate) fn write(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    /// Whether its parts have the lengths that their algorithms need.
    pub(crate) fn is_sound(&self) -> bool {
        match &self.secret {
            Secret::Hotp { secret, digits, .. } => {
                (hotp::SHORTEST_SECRET..=hotp::LONGEST_SECRET).contains(&secret.len()) && DIGITS.contains(digits)
            }
            Secret::Yubico { private_id, aes_key, .. } => private_id.len() == 6 && aes_key.len() == 16,
        }
    }

    /// Unique among all keys: the public id that a token names, or the serial number.
    pub(crate) fn lookup(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Hotp { .. } => self.serial.as_bytes().to_vec(),
            Secret::Yubico { public_id, .. } => public_id.as_bytes().to_vec(),
        }
    }

    /// What people may see of it.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let kind = match self.secret {
            Secret::Hotp { .. } => "HOTP",
            Secret::Yubico { .. } => "Yubico OTP",
        };
        let mut facts = vec![("serial".to_owned(), self.serial.clone()), ("type".to_owned(), kind.to_owned())];
        facts.extend(self.manufacturer.clone().map(|name| ("manufacturer".to_owned(), name)));
        facts
    }

    /// A name until somebody gives it another; in no language.
    pub(crate) fn label(&self) -> String {
        match &self.manufacturer {
            Some(manufacturer) => format!("{manufacturer} {}", self.serial),
            None => self.serial.clone(),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("serial", &self.serial).finish_non_exhaustive()
    }
}

mod hex {
    //! Bytes in hexadecimal.

    use data_encoding::HEXLOWER;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        HEXLOWER.decode(text.as_bytes()).map_err(|_| D::Error::custom("not hexadecimal"))
    }
}
