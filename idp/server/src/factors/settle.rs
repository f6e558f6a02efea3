//! One answer on its way: what is loaded for it, and what is counted around it.

use std::sync::Arc;

use keyholder_core::ceremony::Ceremony;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{Answer, Ask, Descriptor, RejectReason, Response};
use keyholder_core::id::{CeremonyId, CredentialId};
use keyholder_core::lockout::Failures;
use keyholder_core::ports::Queries;
use keyholder_core::time::Timestamp;

use super::Asked;
use super::context::Diagnosing;
use super::offers::{Held, waits};
use crate::app::App;
use crate::web::PageError;

/// A ceremony with the keys that may answer it.
pub(super) struct Loaded {
    pub(super) ceremony: Ceremony,
    pub(super) factor: Arc<Descriptor>,
    pub(super) keys: Vec<Credential>,
    pub(super) diagnosing: Diagnosing,
}

/// Why nothing may be answered.
pub(super) enum Unready {
    /// It ended, or is none of this session's.
    Gone,
    /// All its keys wait.
    Waits(Timestamp),
}

/// An open ceremony of this session and person, whatever the page claims.
pub(super) async fn find_own(asked: &Asked<'_>, id: CeremonyId) -> Result<Option<Ceremony>, PageError> {
    let found = asked.app.store.find_ceremony(id).await?;
    Ok(found.filter(|ceremony| is_own(asked, ceremony)))
}

/// Whether it is an open ceremony of this session and person.
pub(super) fn is_own(asked: &Asked<'_>, ceremony: &Ceremony) -> bool {
    ceremony.session == asked.session.id
        && ceremony.person == asked.person.id
        && ceremony.is_open(asked.app.now())
        && ceremony.contents.ending.is_none()
}

/// Loads what a challenge's answer is checked against; `held` is what this request has read of it already. Whatever changes meanwhile
/// makes the swap fail, and the answer is checked once more against what there is then.
pub(super) async fn load(
    app: &App,
    ceremony: Ceremony,
    held: Option<Held>,
) -> Result<Result<Loaded, Unready>, PageError> {
    let now = app.now();
    let Some(factor) = app.factors.find(&ceremony.factor) else { return Ok(Err(Unready::Gone)) };
    let Held { keys, failures } = match held {
        Some(held) => held,
        None => Held::by(app, ceremony.person).await?,
    };
    // Removed, returned or issued to somebody else meanwhile: it answers nothing any more.
    let handed_in: Vec<Credential> =
        keys.into_iter().filter(|key| ceremony.credentials.contains(&key.id) && key.factor == factor.id).collect();
    let ids: Vec<CredentialId> = handed_in.iter().map(|key| key.id).collect();
    let until = ids.iter().filter_map(|id| waits(&failures, *id, now)).min();
    let keys: Vec<Credential> = handed_in.into_iter().filter(|key| waits(&failures, key.id, now).is_none()).collect();
    if keys.is_empty() {
        return Ok(Err(until.map_or(Unready::Gone, Unready::Waits)));
    }
    let may = |key: &Credential| {
        failures.iter().find(|known| known.credential == key.id).is_none_or(|known: &Failures| known.may_diagnose(now))
    };
    let diagnosing = if keys.iter().all(may) { Diagnosing::Allowed } else { Diagnosing::Forbidden };
    Ok(Ok(Loaded { ceremony, factor, keys, diagnosing }))
}

/// Whether the step asks for such an answer: a form that was drawn for a former step may not fit any more.
pub(super) fn fits(ceremony: &Ceremony, answer: &Answer) -> bool {
    let prompt = ceremony.contents.step.prompts.iter().find(|prompt| prompt.id == answer.prompt);
    matches!(
        (&answer.response, prompt.map(|prompt| &prompt.ask)),
        (Response::Cancelled | Response::Device(_), _)
            | (Response::Fields(_), Some(Ask::Form(_)))
            | (Response::Webauthn(_), Some(Ask::WebauthnCreate(_) | Ask::WebauthnGet(_)))
    )
}

/// Whether a refusal was a guess, so that it counts.
pub(super) fn counts(reason: &RejectReason) -> bool {
    match reason {
        RejectReason::WrongResponse
        | RejectReason::Replayed
        | RejectReason::Expired
        | RejectReason::WrongOrigin
        | RejectReason::UnknownCredential
        | RejectReason::Other(_) => true,
        // What cannot be right is no guess.
        RejectReason::UserVerificationMissing
        | RejectReason::AuthenticatorNotAllowed
        | RejectReason::DeclinedByUser
        | RejectReason::Malformed
        | RejectReason::Exhausted => false,
    }
}

/// The word of a reason, for the log.
pub(super) fn word(reason: &RejectReason) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "other".to_owned(),
    }
}
