//! Codes: TOTP (RFC 6238) with HMAC-SHA-1, six digits and steps of 30 seconds, which each authenticator app can do.

use std::ops::RangeInclusive;

use keyholder_plugin_sdk::factor::{Consumed, Fault};
use totp_rs::{Algorithm, Builder, Totp};

use crate::stored::Secret;

pub(crate) const DIGITS: u8 = 6;
pub(crate) const STEP_SECONDS: u64 = 30;
const STEP_MS: u64 = STEP_SECONDS * 1_000;

/// One step either side is accepted: people type slowly, and clocks are a little off (RFC 6238 5.2).
const SKEW: u64 = 1;

/// How far a clock may be off for us to say by how much: ten minutes.
const DIAGNOSED: u64 = 20;

/// The step that lasts at this time.
pub(crate) fn step_at(unix_ms: u64) -> u64 {
    unix_ms / STEP_MS
}

/// Six digits out of what was typed: people group them. Digits of other scripts are not meant.
pub(crate) fn parse(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|typed| !typed.is_whitespace()).collect();
    (digits.len() == usize::from(DIGITS) && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(digits)
}

/// The steps of which this is the code, among those that are accepted now.
pub(crate) fn steps_that_fit(secret: &Secret, code: &str, unix_ms: u64) -> Result<Vec<u64>, Fault> {
    let now = step_at(unix_ms);
    fitting(secret, code, now.saturating_sub(SKEW)..=now + SKEW)
}

/// The nearest step of which this is the code, if a clock that is off explains it.
pub(crate) fn step_of_a_clock_that_is_off(secret: &Secret, code: &str, unix_ms: u64) -> Result<Option<u64>, Fault> {
    let now = step_at(unix_ms);
    let steps = fitting(secret, code, now.saturating_sub(DIAGNOSED)..=now + DIAGNOSED)?;
    Ok(steps.into_iter().filter(|step| step.abs_diff(now) > SKEW).min_by_key(|step| step.abs_diff(now)))
}

/// How far the clock that showed this step is ahead of ours; behind: negative.
pub(crate) fn clock_off_ms(step: u64, unix_ms: u64) -> i64 {
    let off = i64::try_from(step.abs_diff(step_at(unix_ms)) * STEP_MS).unwrap_or(i64::MAX);
    if step < step_at(unix_ms) { -off } else { off }
}

/// A code that must not be used again, for as long as its step could be accepted.
pub(crate) fn burnt(step: u64) -> Consumed {
    let mut token = b"step:".to_vec();
    token.extend(step.to_be_bytes());
    Consumed { token, expires_unix_ms: (step + SKEW + 1) * STEP_MS }
}

fn fitting(secret: &Secret, code: &str, steps: RangeInclusive<u64>) -> Result<Vec<u64>, Fault> {
    let totp = totp(secret)?;
    // Compared in constant time by the library; each step is tried, whichever fits.
    Ok(steps.filter(|step| totp.check(code, step * STEP_SECONDS).is_some()).collect())
}

fn totp(secret: &Secret) -> Result<Totp, Fault> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(0)
        .with_step_duration(STEP_SECONDS)
        .with_secret(*secret)
        .build()
        .map_err(|error| Fault::Internal(error.to_string()))
}
