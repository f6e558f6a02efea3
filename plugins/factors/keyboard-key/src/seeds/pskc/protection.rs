//! What is encrypted in a container (RFC 6030 6): AES in CBC mode under a pre-shared key or one derived from a pass phrase, each value
//! with a check value (MAC) that is verified before anything is decrypted.

use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit as _, Mac as _};
use roxmltree::Node;
use sha1::Sha1;
use sha2::Sha256;

use super::{DSIG, base64, child, element};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
const AES128: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
const AES256: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
const HMAC_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
const HMAC_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
const PBKDF2: [&str; 2] =
    ["http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2", "http://www.w3.org/2009/xmlenc11#pbkdf2"];
/// A file may not ask for more work than this.
const MOST_ITERATIONS: u32 = 200_000;
const BLOCK: usize = 16;

const UNVERIFIED: &str = "its check value does not fit: the key or pass phrase is another, or the file was altered";

/// How to open encrypted values.
pub(super) struct Protection(Option<Keys>);

struct Keys {
    encryption: Vec<u8>,
    /// `None`: the container names no method, so nothing encrypted in it can be trusted.
    mac: Option<(Hash, Vec<u8>)>,
}

#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn of(algorithm: Option<&str>) -> Option<Self> {
        match algorithm? {
            HMAC_SHA1 => Some(Self::Sha1),
            HMAC_SHA256 => Some(Self::Sha256),
            _ => None,
        }
    }

    fn verify(self, key: &[u8], message: &[u8], mac: &[u8]) -> bool {
        match self {
            Self::Sha1 => {
                Hmac::<Sha1>::new_from_slice(key).is_ok_and(|hmac| hmac.chain_update(message).verify_slice(mac).is_ok())
            }
            Self::Sha256 => Hmac::<Sha256>::new_from_slice(key)
                .is_ok_and(|hmac| hmac.chain_update(message).verify_slice(mac).is_ok()),
        }
    }
}

impl Protection {
    /// That of a container. `secret` is what the operator typed.
    pub(super) fn of(container: Node<'_, '_>, secret: Option<&[u8]>) -> Result<Self, String> {
        let Some(node) = element(container, "EncryptionKey") else { return Ok(Self(None)) };
        let secret = secret.ok_or("it is protected: its pre-shared key or pass phrase is needed")?;
        let encryption = if let Some(derived) = child(node, XENC11, "DerivedKey") {
            derive(derived, secret)?
        } else if child(node, DSIG, "KeyName").is_some() {
            pre_shared(secret).ok_or("a pre-shared key has 16 or 32 bytes, or 32 or 64 hexadecimal digits")?
        } else {
            return Err("it is protected in a way that is not known here (a certificate?)".to_owned());
        };
        let mut keys = Keys { encryption, mac: None };
        if let Some(method) = element(container, "MACMethod") {
            let hash = Hash::of(method.attribute("Algorithm")).ok_or("its check values are of an unknown algorithm")?;
            let key = match element(method, "MACKey") {
                Some(key) => decrypt(key, &cipher_value(key)?, &keys.encryption)?,
                // RFC 6030 6.2: without its own, the encryption key.
                None => keys.encryption.clone(),
            };
            keys.mac = Some((hash, key));
        }
        Ok(Self(Some(keys)))
    }

    /// An `EncryptedValue` and its `ValueMAC`.
    pub(super) fn open(&self, encrypted: Node<'_, '_>, mac: Option<&str>) -> Result<Vec<u8>, String> {
        let keys = self.0.as_ref().ok_or("it is encrypted, and the file does not say how")?;
        let (hash, mac_key) = keys.mac.as_ref().ok_or("it is encrypted without a check value")?;
        let mac = mac.and_then(base64).ok_or("it is encrypted without a check value")?;
        let value = cipher_value(encrypted)?;
        // RFC 6030 6.2: over the encrypted value, initialisation vector and all.
        if !hash.verify(mac_key, &value, &mac) {
            return Err(UNVERIFIED.to_owned());
        }
        decrypt(encrypted, &value, &keys.encryption)
    }
}

/// As bytes, or as hexadecimal digits.
fn pre_shared(secret: &[u8]) -> Option<Vec<u8>> {
    let digits = HEXLOWER_PERMISSIVE.decode(secret.trim_ascii()).ok();
    [digits, Some(secret.to_vec())].into_iter().flatten().find(|key| [16, 32].contains(&key.len()))
}

/// PBKDF2 (RFC 8018 5.2) as XML writes its parameters; tools disagree about their namespace.
fn derive(derived: Node<'_, '_>, pass_phrase: &[u8]) -> Result<Vec<u8>, String> {
    let method = child(derived, XENC11, "KeyDerivationMethod").ok_or("it does not say how its key is derived")?;
    if !method.attribute("Algorithm").is_some_and(|algorithm| PBKDF2.contains(&algorithm)) {
        return Err("its key is derived in another way than PBKDF2".to_owned());
    }
    let find = |name: &str| method.descendants().find(|node| node.is_element() && node.tag_name().name() == name);
    let text = |name: &str| find(name).and_then(|node| node.text()).map(str::trim);
    let salt = text("Specified").and_then(base64).ok_or("it does not say the salt of its key")?;
    let iterations: u32 =
        text("IterationCount").and_then(|count| count.parse().ok()).ok_or("it does not say its iterations")?;
    if !(1..=MOST_ITERATIONS).contains(&iterations) {
        return Err(format!("it asks for {iterations} iterations; at most {MOST_ITERATIONS} are done"));
    }
    let length = text("KeyLength").map_or(Ok(16), str::parse).map_err(|_| "its key length is not a number")?;
    if ![16, 32].contains(&length) {
        return Err("its key has another length than 16 or 32 bytes".to_owned());
    }
    let mut key = vec![0; length];
    let prf = find("PRF").and_then(|prf| prf.attribute("Algorithm").or_else(|| prf.text().map(str::trim)));
    match prf.filter(|algorithm| !algorithm.is_empty()) {
        // RFC 8018 A.2: HMAC-SHA-1 where it does not say.
        None => pbkdf2::pbkdf2_hmac::<Sha1>(pass_phrase, &salt, iterations, &mut key),
        algorithm => match Hash::of(algorithm) {
            Some(Hash::Sha1) => pbkdf2::pbkdf2_hmac::<Sha1>(pass_phrase, &salt, iterations, &mut key),
            Some(Hash::Sha256) => pbkdf2::pbkdf2_hmac::<Sha256>(pass_phrase, &salt, iterations, &mut key),
            None => return Err("its key is derived with an unknown hash function".to_owned()),
        },
    }
    Ok(key)
}

fn cipher_value(node: Node<'_, '_>) -> Result<Vec<u8>, String> {
    let value =
        child(node, XENC, "CipherData").and_then(|data| child(data, XENC, "CipherValue")).and_then(|node| node.text());
    value.and_then(base64).ok_or_else(|| "its encrypted value cannot be read".to_owned())
}

/// AES in CBC mode, the initialisation vector first (XML Encryption 5.2.2). The last byte says how much is padding (5.2).
fn decrypt(node: Node<'_, '_>, value: &[u8], key: &[u8]) -> Result<Vec<u8>, String> {
    let algorithm = child(node, XENC, "EncryptionMethod").and_then(|method| method.attribute("Algorithm"));
    let (vector, body) = value.split_at_checked(BLOCK).ok_or("its encrypted value is too short")?;
    let mut plain = body.to_vec();
    let done = match algorithm {
        Some(AES128) => cbc::Decryptor::<aes::Aes128>::new_from_slices(key, vector)
            .map(|cbc| cbc.decrypt_padded::<NoPadding>(&mut plain)),
        Some(AES256) => cbc::Decryptor::<aes::Aes256>::new_from_slices(key, vector)
            .map(|cbc| cbc.decrypt_padded::<NoPadding>(&mut plain)),
        _ => return Err("it is encrypted in another way than AES-128 or AES-256 in CBC mode".to_owned()),
    };
    done.map_err(|_| "its key has not the length that its encryption needs")?.map_err(|_| UNVERIFIED)?;
    let padding = usize::from(plain.last().copied().unwrap_or_default());
    if !(1..=BLOCK).contains(&padding) {
        return Err(UNVERIFIED.to_owned());
    }
    plain.truncate(plain.len().saturating_sub(padding));
    Ok(plain)
}
