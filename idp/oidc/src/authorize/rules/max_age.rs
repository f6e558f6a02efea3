//! `max_age`, `default_max_age` and `prompt=login`: how old the first proof may be.

use std::time::Duration;

use keyholder_core::time::Timestamp;

use super::super::{Context, Prompt, ProtocolError, UnverifiedRequest};

pub(crate) fn proof_not_before(
    request: &UnverifiedRequest,
    context: &Context<'_>,
    prompts: &[Prompt],
) -> Result<Option<Timestamp>, ProtocolError> {
    let age = match request.max_age.as_deref() {
        Some(text) => Some(parse(text).ok_or(ProtocolError::invalid("max_age is no number of seconds"))?),
        // OpenID Connect Dynamic Client Registration 2: max_age goes first.
        None => context.application.client.default_max_age.map(u64::from),
    };
    // Core 3.1.2.1: "The Authorization Server SHOULD prompt the End-User for reauthentication", which is max_age=0.
    let age = if prompts.contains(&Prompt::Login) { Some(0) } else { age };
    Ok(age.map(|seconds| context.now.minus(Duration::from_secs(seconds))))
}

/// Digits only: `+5`, `5.0` and `-1` are no ages.
fn parse(text: &str) -> Option<u64> {
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
