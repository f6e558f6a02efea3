//! Keys in CSV: with named columns, or as the programs write that program `YubiKeys`.
//!
//! Three layouts are told apart by their first line.
//!
//! - *Named columns*: a first line with `serial` and either `secret` (hexadecimal) or `secret_base32`, and, as wanted, `counter`,
//!   `digits`, `prefix`, `manufacturer`; or with `public_id`, `private_id` and `aes_key`. Other columns are passed over.
//! - *Configuration log*, "traditional": lines that begin with `Yubico OTP` or `OATH-HOTP`; `LOGGING START` and other kinds of
//!   programming are passed over.
//! - *Configuration log*, "Yubico format": serial, public id, private id or first counter, key, access code, time.

use std::collections::BTreeMap;

use csv::StringRecord;
use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};

use super::Seeds;
use crate::stored::{Key, Secret};
use crate::yubico::{from_modhex, to_modhex};

/// What a key's codes have where the file does not say (RFC 4226 5.3).
const USUAL_DIGITS: u8 = 6;

enum Layout {
    Named(BTreeMap<String, usize>),
    Log,
    Yubico,
}

pub(super) fn read(text: &str) -> Seeds {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut seeds = Seeds::default();
    let mut layout = None;
    for (index, record) in reader.records().enumerate() {
        let Ok(record) = record else {
            seeds.problems.push((format!("line {}", index + 1), "it cannot be read as CSV".to_owned()));
            continue;
        };
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        let layout = match &layout {
            Some(layout) => layout,
            None => match Layout::of(&record) {
                Ok(Layout::Named(columns)) => {
                    layout = Some(Layout::Named(columns));
                    continue;
                }
                Ok(found) => layout.insert(found),
                Err(problem) => return Seeds::refused(problem),
            },
        };
        let read = match layout {
            Layout::Named(columns) => Some(named(columns, &record)),
            Layout::Log => logged(&record),
            Layout::Yubico => Some(yubico(&record)),
        };
        if let Some(read) = read {
            seeds.take(place, read);
        }
    }
    if seeds.keys.is_empty() && seeds.problems.is_empty() {
        return Seeds::refused("it holds no keys");
    }
    seeds
}

impl Layout {
    fn of(first: &StringRecord) -> Result<Self, String> {
        let column = |name: &str| first.iter().any(|field| field.eq_ignore_ascii_case(name));
        if column("serial") || column("public_id") {
            let columns = first.iter().enumerate().map(|(index, name)| (name.to_ascii_lowercase(), index)).collect();
            return Ok(Self::Named(columns));
        }
        let start = first.get(0).unwrap_or_default();
        if ["LOGGING START", "Yubico OTP", "OATH-HOTP"].contains(&start) {
            return Ok(Self::Log);
        }
        // The serial number of a YubiKey is a number.
        if first.len() >= 5 && !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Yubico);
        }
        Err("its first line neither names columns (serial, secret, counter) nor is one of a configuration log"
            .to_owned())
    }
}

fn named(columns: &BTreeMap<String, usize>, record: &StringRecord) -> Result<Key, String> {
    let field = |name: &str| columns.get(name).and_then(|index| record.get(*index)).filter(|text| !text.is_empty());
    let secret = match (field("secret"), field("secret_base32"), field("aes_key")) {
        (Some(secret), None, None) => {
            hotp(hexadecimal("secret", secret)?, field("counter"), field("digits"), field("prefix"))?
        }
        (None, Some(secret), None) => hotp(base32(secret)?, field("counter"), field("digits"), field("prefix"))?,
        (None, None, Some(key)) => yubico_secret(field("public_id"), field("private_id"), key)?,
        (None, None, None) => return Err("it has no secret".to_owned()),
        _ => return Err("it has more than one secret".to_owned()),
    };
    let serial = match (&secret, field("serial")) {
        (_, Some(serial)) => serial.to_owned(),
        (Secret::Yubico { public_id, .. }, None) => public_id.clone(),
        (Secret::Hotp { .. }, None) => return Err("it has no serial number".to_owned()),
    };
    Ok(key(secret, serial, field("manufacturer")))
}

/// A line of the traditional log: kind, time, slot, public id, private id, secret, two access codes, three marks of the prefix's
/// alphabet, digits, first counter, five more marks. `None`: another kind of programming. The time may hold a comma.
fn logged(record: &StringRecord) -> Option<Result<Key, String>> {
    const FIELDS: usize = 18;
    let kind = record.get(0)?;
    if !["Yubico OTP", "OATH-HOTP"].contains(&kind) {
        return None;
    }
    let Some(shift) = record.len().checked_sub(FIELDS) else {
        return Some(Err(format!("it has {} fields instead of {FIELDS}", record.len())));
    };
    let field = |index: usize| record.get(index + shift).filter(|text| !text.is_empty());
    let (public_id, private_id, secret) = (field(3), field(4), field(5).unwrap_or_default());
    let read = || {
        let secret = if kind == "OATH-HOTP" {
            hotp(hexadecimal("secret", secret)?, field(12), field(11), public_id)?
        } else {
            yubico_secret(public_id, private_id, secret)?
        };
        let Some(serial) = public_id.map(compact) else {
            return Err(
                "it has no public id to be told by: log in the Yubico format, which has serial numbers".to_owned()
            );
        };
        Ok(key(secret, serial, None))
    };
    Some(read())
}

/// A line of the "Yubico format". A key of 16 bytes is Yubico OTP, one of 20 HOTP.
fn yubico(record: &StringRecord) -> Result<Key, String> {
    let field = |index: usize| record.get(index).filter(|text| !text.is_empty());
    let serial = field(0).ok_or("it has no serial number")?;
    let secret = hexadecimal("key", field(3).ok_or("it has no secret")?)?;
    let secret = match secret.len() {
        16 => yubico_secret(field(1), field(2), field(3).unwrap_or_default())?,
        20 => hotp(secret, field(2), None, field(1))?,
        other => return Err(format!("its key has {other} bytes; Yubico OTP has 16, HOTP 20")),
    };
    Ok(key(secret, serial.to_owned(), None))
}

fn hotp(secret: Vec<u8>, counter: Option<&str>, digits: Option<&str>, prefix: Option<&str>) -> Result<Secret, String> {
    let next = counter.unwrap_or("0").parse().map_err(|_| "its counter is not a number")?;
    let digits = digits.map_or(Ok(USUAL_DIGITS), str::parse).map_err(|_| "its number of digits is not a number")?;
    Ok(Secret::Hotp { secret, next, digits, prefix: prefix.map(compact) })
}

fn yubico_secret(public_id: Option<&str>, private_id: Option<&str>, aes_key: &str) -> Result<Secret, String> {
    let public_id = public_id.map(compact).ok_or("it has no public id")?;
    let public_id = to_modhex(&from_modhex(&public_id).ok_or("its public id is not modhex")?);
    let private_id = hexadecimal("private id", private_id.ok_or("it has no private id")?)?;
    Ok(Secret::Yubico { public_id, private_id, aes_key: hexadecimal("AES key", aes_key)?, last: None })
}

fn key(secret: Secret, serial: String, manufacturer: Option<&str>) -> Key {
    Key { secret, serial, manufacturer: manufacturer.map(str::to_owned), valid_from: None, valid_until: None }
}

/// Without the spaces that programs put between groups, in lower case.
fn compact(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_ascii_lowercase()
}

fn hexadecimal(what: &str, text: &str) -> Result<Vec<u8>, String> {
    HEXLOWER_PERMISSIVE.decode(compact(text).as_bytes()).map_err(|_| format!("its {what} is not hexadecimal"))
}

fn base32(text: &str) -> Result<Vec<u8>, String> {
    let text = compact(text).to_ascii_uppercase();
    BASE32_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| "its secret is not base32".to_owned())
}
