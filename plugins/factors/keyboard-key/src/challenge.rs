//! A code is typed: whose is it, and is it new?
//!
//! Owns the windows of RFC 4226 7.2 and 7.4, and the order of a Yubico key's counters. A counter only rises: the host stores the update
//! by compare-and-swap, so of two uses of one code one is refused.

use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Credential, Fault, RejectReason, Rejection, Response, Step, VerifyOutcome,
};
use keyholder_plugin_sdk::text;
use serde::{Deserialize, Serialize};

use crate::hotp::Code;
use crate::stored::{FORMAT, Key, Secret};
use crate::yubico::Token;
use crate::{LONGEST_TOKEN, TOKEN, evidence, step};

/// How many codes ahead one is accepted at once: somebody pressed the key for nothing (RFC 4226 7.2).
pub(crate) const WINDOW: u64 = 10;
/// How many codes ahead two consecutive ones are accepted (RFC 4226 7.4).
pub(crate) const RESYNC: u64 = 100;

/// What the step waits for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Waiting {
    Code,
    /// The code after this one, of this key: it is further ahead than the window.
    NextOf {
        credential: String,
        counter: u64,
    },
}

impl Waiting {
    fn step(&self, help: &str) -> Result<Step, Fault> {
        let state = serde_json::to_vec(self).map_err(|_| Fault::Internal("a state cannot be written".into()))?;
        Ok(step(state, help))
    }
}

pub(crate) fn begin(credentials: &[Credential]) -> Result<Step, Fault> {
    keys(credentials)?;
    Waiting::Code.step("help")
}

pub(crate) fn verify(
    now_unix_ms: u64,
    credentials: &[Credential],
    state: &[u8],
    answer: &Answer,
) -> Result<VerifyOutcome, Fault> {
    let waiting: Waiting = serde_json::from_slice(state).map_err(|_| Fault::CorruptState)?;
    if matches!(answer.response, Response::Cancelled) {
        return Waiting::Code.step("help").map(VerifyOutcome::More);
    }
    let keys = keys(credentials)?;
    let typed = answer.field(TOKEN).filter(|typed| typed.len() <= usize::from(LONGEST_TOKEN));
    let Some(typed) = typed.map(|typed| typed.split_whitespace().collect::<String>().to_ascii_lowercase()) else {
        return Ok(rejected(RejectReason::Malformed));
    };
    match (&waiting, Token::parse(&typed)) {
        (Waiting::Code, Some(token)) => token_of(now_unix_ms, &keys, &token),
        (Waiting::Code, None) => code_of(now_unix_ms, &keys, &typed),
        (Waiting::NextOf { credential, counter }, None) => {
            let known = keys.iter().find(|(id, _)| id == credential);
            known.map_or(Ok(rejected(RejectReason::UnknownCredential)), |(id, key)| {
                next_code(now_unix_ms, id, key, *counter, &typed)
            })
        }
        (Waiting::NextOf { .. }, Some(_)) => Ok(rejected(RejectReason::WrongResponse)),
    }
}

/// A code, of whichever of the keys.
fn code_of(now_unix_ms: u64, keys: &[(&str, Key)], typed: &str) -> Result<VerifyOutcome, Fault> {
    let mut refusal = RejectReason::Malformed;
    let mut ahead = None;
    for (id, key) in keys {
        let Some((secret, next, code)) = counting(key, typed) else { continue };
        let window = next.saturating_add(WINDOW);
        if let Some(counter) = code.find(secret, next..window) {
            return advance(now_unix_ms, id, key, counter);
        }
        if code.find(secret, next.saturating_sub(RESYNC)..next).is_some() {
            refusal = RejectReason::Replayed;
        } else if refusal == RejectReason::Malformed {
            refusal = RejectReason::WrongResponse;
        }
        if ahead.is_none() {
            ahead = code.find(secret, window..next.saturating_add(RESYNC)).map(|counter| (*id, counter));
        }
    }
    match ahead {
        Some((id, counter)) => {
            Waiting::NextOf { credential: id.to_owned(), counter }.step("again").map(VerifyOutcome::More)
        }
        None => Ok(rejected(refusal)),
    }
}

/// The second of two consecutive codes (RFC 4226 7.4).
fn next_code(now_unix_ms: u64, id: &str, key: &Key, first: u64, typed: &str) -> Result<VerifyOutcome, Fault> {
    let Some((secret, next, code)) = counting(key, typed) else { return Ok(rejected(RejectReason::Malformed)) };
    let Some(second) = first.checked_add(1) else { return Ok(rejected(RejectReason::Exhausted)) };
    // The key may have been used elsewhere since the first code.
    if second < next {
        return Ok(rejected(RejectReason::Replayed));
    }
    match code.find(secret, second..second.saturating_add(1)) {
        Some(counter) => advance(now_unix_ms, id, key, counter),
        None => Ok(rejected(RejectReason::WrongResponse)),
    }
}

/// A key that counts, its lowest good counter, and the code that was typed in its manner.
fn counting<'a>(key: &'a Key, typed: &str) -> Option<(&'a [u8], u64, Code)> {
    let Secret::Hotp { secret, next, digits, prefix } = &key.secret else { return None };
    let code = prefix.as_deref().and_then(|prefix| typed.strip_prefix(prefix)).unwrap_or(typed);
    Some((secret, *next, Code::parse(code, *digits)?))
}

/// Accepts a counter; from now on higher ones are good.
fn advance(now_unix_ms: u64, id: &str, key: &Key, counter: u64) -> Result<VerifyOutcome, Fault> {
    let mut key = key.clone();
    let Secret::Hotp { next, .. } = &mut key.secret else { return Ok(rejected(RejectReason::WrongResponse)) };
    let Some(following) = counter.checked_add(1) else { return Ok(rejected(RejectReason::Exhausted)) };
    *next = following;
    accepted(now_unix_ms, id, &key)
}

/// A token names its key.
fn token_of(now_unix_ms: u64, keys: &[(&str, Key)], token: &Token) -> Result<VerifyOutcome, Fault> {
    for (id, key) in keys {
        let Secret::Yubico { public_id, private_id, aes_key, last } = &key.secret else { continue };
        if *public_id != token.public_id {
            continue;
        }
        let aes_key = aes_key.as_slice().try_into().map_err(|_| unreadable())?;
        let opened =
            token.open(aes_key).filter(|opened| keyholder_plugin_sdk::constant_time_eq(&opened.private_id, private_id));
        let Some(opened) = opened else { return Ok(rejected(RejectReason::WrongResponse)) };
        if last.is_some_and(|last| opened.moment <= last) {
            return Ok(rejected(RejectReason::Replayed));
        }
        let mut key = key.clone();
        if let Secret::Yubico { last, .. } = &mut key.secret {
            *last = Some(opened.moment);
        }
        return accepted(now_unix_ms, id, &key);
    }
    Ok(rejected(RejectReason::UnknownCredential))
}

fn accepted(now_unix_ms: u64, id: &str, key: &Key) -> Result<VerifyOutcome, Fault> {
    let early = key.valid_from.is_some_and(|from| now_unix_ms < from);
    let late = key.valid_until.is_some_and(|until| now_unix_ms >= until);
    if early || late {
        return Ok(VerifyOutcome::Rejected(Rejection::new(RejectReason::Expired).text(text!("not-valid"))));
    }
    let data = key.write().ok_or_else(unreadable)?;
    Ok(VerifyOutcome::Accepted(Accepted::new(id, evidence()).update(FORMAT, data)))
}

fn rejected(reason: RejectReason) -> VerifyOutcome {
    VerifyOutcome::Rejected(Rejection::new(reason))
}

fn keys(credentials: &[Credential]) -> Result<Vec<(&str, Key)>, Fault> {
    credentials.iter().map(|credential| Ok((credential.id.as_str(), read(credential)?))).collect()
}

fn read(credential: &Credential) -> Result<Key, Fault> {
    if credential.format != FORMAT {
        return Err(Fault::UnsupportedFormat(credential.format));
    }
    Key::read(&credential.data).ok_or_else(unreadable)
}

fn unreadable() -> Fault {
    Fault::Internal("a stored key cannot be read".into())
}
