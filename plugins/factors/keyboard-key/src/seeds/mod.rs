//! Keys that come in a file: PSKC (RFC 6030), or CSV in three layouts.
//!
//! Owns which reader a file gets, and what every key has to be whatever it came in. Does not own who may import, a dry run, or
//! whose the keys become: the host's command does.

mod csv;
mod pskc;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::hotp::{DIGITS, LONGEST_SECRET, SHORTEST_SECRET};
use crate::stored::{Key, Secret};
use crate::yubico::from_modhex;

/// The largest file, in bytes.
pub(crate) const LARGEST_FILE: usize = 4 * 1024 * 1024;
/// The most keys of one file.
pub(crate) const MOST_KEYS: usize = 10_000;
/// The longest serial number, maker's name or prefix, in bytes.
const LONGEST_NAME: usize = 64;

/// What a file gave.
#[derive(Debug, Default)]
pub(crate) struct Seeds {
    pub keys: Vec<Key>,
    /// Where, and why it was passed over; for the operator, in English.
    pub problems: Vec<(String, String)>,
}

impl Seeds {
    /// Takes what was read at one place of the file, if it is sound.
    fn take(&mut self, place: String, read: Result<Key, String>) {
        match read.and_then(check) {
            Ok(key) => self.keys.push(key),
            Err(problem) => self.problems.push((place, problem)),
        }
    }

    /// Nothing but one problem with the file as a whole.
    fn refused(problem: impl Into<String>) -> Self {
        Self { keys: Vec::new(), problems: vec![("file".to_owned(), problem.into())] }
    }
}

/// Reads a file. `secret`: the pre-shared key (its bytes, or 32 or more hexadecimal digits) or the pass phrase of a protected file.
pub(crate) fn read(file: &[u8], secret: Option<&[u8]>) -> Seeds {
    if file.len() > LARGEST_FILE {
        return Seeds::refused(format!("it is larger than {} MiB", LARGEST_FILE / (1024 * 1024)));
    }
    let Ok(text) = std::str::from_utf8(file) else {
        return Seeds::refused("it is not text in UTF-8");
    };
    let text = text.trim_start_matches('\u{feff}');
    let seeds = if text.trim_start().starts_with('<') { pskc::read(text, secret) } else { csv::read(text) };
    without_repetitions(seeds)
}

/// What holds for every key (RFC 4226 4 for counting ones).
fn check(key: Key) -> Result<Key, String> {
    let names = [Some(&key.serial), key.manufacturer.as_ref()];
    let prefix = match &key.secret {
        Secret::Hotp { secret, .. } if secret.len() < SHORTEST_SECRET => {
            return Err(format!("its secret is shorter than {SHORTEST_SECRET} bytes"));
        }
        Secret::Hotp { secret, .. } if secret.len() > LONGEST_SECRET => {
            return Err(format!("its secret is longer than {LONGEST_SECRET} bytes"));
        }
        Secret::Hotp { digits, .. } if !DIGITS.contains(digits) => {
            return Err(format!("its codes have {digits} digits; 6 to 8 are possible"));
        }
        Secret::Yubico { aes_key, .. } if aes_key.len() != 16 => return Err("its AES key has not 16 bytes".to_owned()),
        Secret::Yubico { private_id, .. } if private_id.len() != 6 => {
            return Err("its private id has not 6 bytes".to_owned());
        }
        Secret::Yubico { public_id, .. } if public_id.is_empty() || from_modhex(public_id).is_none() => {
            return Err("its public id is not modhex".to_owned());
        }
        Secret::Hotp { prefix, .. } => prefix.as_ref(),
        Secret::Yubico { public_id, .. } => Some(public_id),
    };
    if key.serial.is_empty() {
        return Err("it has no serial number".to_owned());
    }
    let odd = |name: &&String| name.len() > LONGEST_NAME || name.chars().any(char::is_control);
    if names.into_iter().flatten().chain(prefix).any(|name| odd(&name)) {
        return Err(format!("a name in it is longer than {LONGEST_NAME} bytes or holds control characters"));
    }
    Ok(key)
}

/// Two keys that would be found by the same name: the second is passed over.
fn without_repetitions(seeds: Seeds) -> Seeds {
    let Seeds { keys, mut problems } = seeds;
    let mut seen = BTreeSet::new();
    let mut kept = Vec::with_capacity(keys.len());
    for key in keys {
        if kept.len() == MOST_KEYS {
            problems
                .push(("file".to_owned(), format!("it holds more than {MOST_KEYS} keys; the rest was passed over")));
            break;
        }
        if seen.insert(key.lookup()) {
            kept.push(key);
        } else {
            problems.push((key.serial, "it stands in the file twice".to_owned()));
        }
    }
    Seeds { keys: kept, problems }
}
