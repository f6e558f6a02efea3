//! Keys that people registered under U2F with a former system, brought over by the operator.
//!
//! A file of lines, each a JSON object: `keyHandle` and `publicKey` (the uncompressed point, 65 bytes) in base64url, `counter` (the highest
//! seen; 0 unless set), `appId` (the setting `appid` unless set) and `label`. What it holds is not secret. Whose key it is, the host's
//! command decides.

use std::collections::BTreeSet;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use keyholder_plugin_sdk::factor::{Fault, NewCredential};
use keyholder_plugin_sdk::seeds::Imported;
use serde::Deserialize;
use webauthn_rs_core::proto::{COSEAlgorithm, COSEEC2Key, COSEKey, COSEKeyType, ECDSACurve, UserVerificationPolicy};

use crate::enrolment::label;
use crate::settings::{Settings, is_appid};
use crate::stored::{FORMAT, Key};

const LARGEST_FILE: usize = 4 * 1024 * 1024;
const MOST_KEYS: usize = 10_000;
/// In U2F's messages the length of a key handle is one byte.
const LONGEST_KEY_HANDLE: usize = 255;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    key_handle: String,
    public_key: String,
    #[serde(default)]
    counter: u32,
    app_id: Option<String>,
    label: Option<String>,
}

pub(crate) fn read(config: &str, file: &[u8]) -> Result<Imported, Fault> {
    let settings = Settings::read(config)?;
    let mut imported = Imported { keys: Vec::new(), problems: Vec::new() };
    let mut whole_file = |problem: String| imported.problems.push(("file".to_owned(), problem));
    if file.len() > LARGEST_FILE {
        whole_file(format!("it is larger than {} MiB", LARGEST_FILE / (1024 * 1024)));
        return Ok(imported);
    }
    let Ok(text) = std::str::from_utf8(file) else {
        whole_file("it is not text in UTF-8".to_owned());
        return Ok(imported);
    };
    let mut seen = BTreeSet::new();
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in lines {
        let place = format!("line {}", index + 1);
        if imported.keys.len() == MOST_KEYS {
            imported
                .problems
                .push((place, format!("the file holds more than {MOST_KEYS} keys; the rest was passed over")));
            break;
        }
        match read_line(&settings, line) {
            Ok((key, _)) if !seen.insert(key.id.clone()) => {
                imported.problems.push((place, "its key handle stands in the file twice".to_owned()));
            }
            Ok((key, label)) => imported.keys.push(new_credential(&key, &label)?),
            Err(problem) => imported.problems.push((place, problem)),
        }
    }
    if imported.keys.is_empty() && imported.problems.is_empty() {
        imported.problems.push(("file".to_owned(), "it holds no keys".to_owned()));
    }
    Ok(imported)
}

fn read_line(settings: &Settings, line: &str) -> Result<(Key, String), String> {
    let line: Line =
        serde_json::from_str(line).map_err(|error| format!("it is not the JSON that is expected: {error}"))?;
    let id = base64(&line.key_handle).ok_or("its key handle is not base64url")?;
    if id.is_empty() || id.len() > LONGEST_KEY_HANDLE {
        return Err(format!("its key handle has not 1 to {LONGEST_KEY_HANDLE} bytes"));
    }
    let cose = base64(&line.public_key).as_deref().and_then(point);
    let cose = cose.ok_or("its public key is not an uncompressed point of P-256")?;
    let appid = line.app_id.unwrap_or_else(|| settings.appid.clone());
    if !is_appid(&appid) {
        return Err("it has no appId that begins with https://, and neither have the settings".to_owned());
    }
    let label = line
        .label
        .filter(|label| !label.trim().is_empty() && label.len() <= 80 && !label.chars().any(char::is_control));
    let key = Key {
        id,
        cose,
        counter: line.counter,
        user_verified: false,
        // U2F knows no verification of its holder.
        verification: UserVerificationPolicy::Discouraged_DO_NOT_USE,
        backup_eligible: false,
        backed_up: false,
        transports: Vec::new(),
        aaguid: None,
        appid: Some(appid),
        possible_clone: false,
    };
    Ok((key, label.unwrap_or_else(|| self::label("en").to_owned())))
}

/// In any of the ways of base64: former systems differ.
fn base64(text: &str) -> Option<Vec<u8>> {
    [BASE64URL_NOPAD, BASE64URL, BASE64, BASE64_NOPAD]
        .iter()
        .find_map(|encoding| encoding.decode(text.trim().as_bytes()).ok())
}

/// `0x04`, x and y (FIDO U2F Raw Message Formats 4.3), on the curve.
fn point(bytes: &[u8]) -> Option<COSEKey> {
    let (x, y) = bytes.strip_prefix(&[4]).filter(|rest| rest.len() == 64)?.split_at_checked(32)?;
    let point = COSEEC2Key { curve: ECDSACurve::SECP256R1, x: x.to_vec(), y: y.to_vec() };
    let key = COSEKey { type_: COSEAlgorithm::ES256, key: COSEKeyType::EC_EC2(point) };
    // The library looks at the point before it looks at a signature; this one is well formed and of nothing.
    let of_nothing = [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01];
    key.verify_signature(&of_nothing, &[]).is_ok().then_some(key)
}

fn new_credential(key: &Key, label: &str) -> Result<NewCredential, Fault> {
    let new = NewCredential::new(label, FORMAT, key.write()?, key.evidence(false));
    Ok(NewCredential { lookup: Some(key.id.clone()), facts: key.facts(), ..new })
}
