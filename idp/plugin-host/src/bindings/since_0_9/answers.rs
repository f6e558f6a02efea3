//! From the guest to the domain: steps and outcomes. What the domain has no word for, and cannot draw, is a breach.

use std::time::Duration;

use keyholder_core::factor::{
    Accepted, Ask, Consumed, CredentialUpdate, Descriptor, DeviceKey, Effect, EnrolOutcome, Evidence, Exhibit,
    FactorKind, Field, FieldKind, Form, Imported, Message, NewCredential, Problem, Prompt, RejectReason, Rejection,
    Step, Text, VerifyOutcome, Wait, Warning,
};
use keyholder_core::id::CredentialId;
use keyholder_core::time::Timestamp;

use super::factor_world::exports::keyholder::factor::seed_import;
use super::factor_world::keyholder::factor::types as wit;
use crate::fault::{Cause, readable};

type Read<T> = Result<T, Cause>;

fn unknown<T>(what: &str, name: &str) -> Read<T> {
    Err(Cause::contract(format!("{what} that this server does not know: {}", readable(name, 64))))
}

fn all<W, T>(values: Vec<W>, read: impl Fn(W) -> Read<T>) -> Read<Vec<T>> {
    values.into_iter().map(read).collect()
}

fn credential_id(text: &str) -> Read<CredentialId> {
    // Exactly as it was handed in: other spellings of an identifier are read too, and are not it.
    match text.parse::<CredentialId>() {
        Ok(id) if id.to_string() == text => Ok(id),
        _ => Err(Cause::contract("a credential that was not handed in")),
    }
}

fn text(text: wit::Text) -> Text {
    Text { key: text.key, args: text.args }
}

pub(super) fn fault(fault: wit::Fault) -> Cause {
    match fault {
        wit::Fault::BadConfig(why) => Cause::Said(format!("its settings are wrong: {}", readable(&why, 200))),
        wit::Fault::UnsupportedFormat(format) => Cause::UnsupportedFormat(format),
        wit::Fault::CorruptState => Cause::Said("its state cannot be read".to_owned()),
        wit::Fault::Internal(why) | wit::Fault::Other(why) => Cause::Said(readable(&why, 200)),
    }
}

pub(super) fn descriptor(descriptor: wit::Descriptor) -> Descriptor {
    Descriptor {
        id: descriptor.id,
        version: descriptor.version,
        kind: match descriptor.kind {
            wit::Kind::SoftKey => FactorKind::SoftKey,
            wit::Kind::SecurityKey => FactorKind::SecurityKey,
            wit::Kind::ManagedKey => FactorKind::ManagedKey,
            wit::Kind::RecoveryCode => FactorKind::RecoveryCode,
            wit::Kind::Other(name) => FactorKind::Other(name),
        },
        reads_formats: descriptor.reads_formats,
        writes_format: descriptor.writes_format,
        ceiling: evidence(descriptor.ceiling),
        multiple_per_user: descriptor.multiple_per_user,
    }
}

/// Classes of another name prove nothing here.
fn evidence(evidence: wit::Evidence) -> Evidence {
    let has = |wanted: fn(&wit::FactorClass) -> bool| evidence.classes.iter().any(wanted);
    Evidence {
        knowledge: has(|class| matches!(class, wit::FactorClass::Knowledge)),
        possession: has(|class| matches!(class, wit::FactorClass::Possession)),
        inherence: has(|class| matches!(class, wit::FactorClass::Inherence)),
        phishing_resistant: evidence.phishing_resistant,
        hardware_bound: evidence.hardware_bound,
        user_verified: evidence.user_verified,
        backed_up: evidence.backed_up,
        recovery_only: evidence.recovery_only,
        amr: evidence.amr,
    }
}

pub(super) fn step(step: wit::Step) -> Read<Step> {
    Ok(Step {
        state: step.state,
        lifetime: Duration::from_millis(step.ttl_ms.into()),
        prompts: all(step.prompts, prompt)?,
        problem: step.problem.map(problem),
        reply_tag: step.reply_tag,
        effects: effects(step.effects)?,
    })
}

fn problem(problem: wit::Problem) -> Problem {
    Problem {
        reason: reason(problem.reason),
        field: problem.field,
        text: problem.text.map(text),
        clock_off_ms: problem.clock_off_ms,
    }
}

fn reason(reason: wit::RejectReason) -> RejectReason {
    match reason {
        wit::RejectReason::WrongResponse => RejectReason::WrongResponse,
        wit::RejectReason::Replayed => RejectReason::Replayed,
        wit::RejectReason::Expired => RejectReason::Expired,
        wit::RejectReason::WrongOrigin => RejectReason::WrongOrigin,
        wit::RejectReason::UnknownCredential => RejectReason::UnknownCredential,
        wit::RejectReason::UserVerificationMissing => RejectReason::UserVerificationMissing,
        wit::RejectReason::AuthenticatorNotAllowed => RejectReason::AuthenticatorNotAllowed,
        wit::RejectReason::DeclinedByUser => RejectReason::DeclinedByUser,
        wit::RejectReason::Malformed => RejectReason::Malformed,
        wit::RejectReason::Exhausted => RejectReason::Exhausted,
        wit::RejectReason::Other(name) => RejectReason::Other(name),
    }
}

fn prompt(prompt: wit::Prompt) -> Read<Prompt> {
    let ask = match prompt.ask {
        wit::Ask::Form(form) => Ask::Form(Form {
            title: text(form.title),
            help: form.help.map(text),
            exhibits: all(form.exhibits, exhibit)?,
            fields: all(form.fields, field)?,
            submit: text(form.submit),
        }),
        wit::Ask::WebauthnCreate(json) => Ask::WebauthnCreate(json),
        wit::Ask::WebauthnGet(json) => Ask::WebauthnGet(json),
        wit::Ask::Wait(wait) => Ask::Wait(Wait { message: text(wait.message), exhibits: all(wait.exhibits, exhibit)? }),
        wit::Ask::Other((name, _)) => return unknown("a prompt", &name),
    };
    Ok(Prompt { id: prompt.id, ask })
}

fn exhibit(exhibit: wit::Exhibit) -> Read<Exhibit> {
    Ok(match exhibit {
        wit::Exhibit::Qr(content) => Exhibit::Qr(content),
        wit::Exhibit::PlainQr(content) => Exhibit::PlainQr(content),
        wit::Exhibit::Secret(secret) => Exhibit::Secret(secret),
        wit::Exhibit::SecretList(secrets) => Exhibit::SecretList(secrets),
        wit::Exhibit::Note(note) => Exhibit::Note(text(note)),
        wit::Exhibit::MatchNumber(number) => Exhibit::MatchNumber(number),
        wit::Exhibit::Other((name, _)) => return unknown("an exhibit", &name),
    })
}

fn field(field: wit::Field) -> Read<Field> {
    Ok(Field {
        name: field.name,
        label: text(field.label),
        hint: field.hint.map(text),
        placeholder: field.placeholder.map(text),
        kind: match field.kind {
            wit::FieldKind::OneTimeCode(digits) => FieldKind::OneTimeCode(digits),
            wit::FieldKind::Text(most) => FieldKind::Text(most),
            wit::FieldKind::Secret(most) => FieldKind::Secret(most),
            wit::FieldKind::KeyboardToken(most) => FieldKind::KeyboardToken(most),
            wit::FieldKind::Confirm => FieldKind::Confirm,
            wit::FieldKind::Other((name, _)) => return unknown("a field", &name),
        },
        required: field.required,
    })
}

fn effects(effects: Vec<wit::Effect>) -> Read<Vec<Effect>> {
    all(effects, |effect| {
        Ok(match effect {
            wit::Effect::SendMessage(message) => Effect::SendMessage(Message {
                channel: message.channel,
                credential: credential_id(&message.credential)?,
                text: text(message.text),
            }),
            wit::Effect::AnswerDevice(body) => Effect::AnswerDevice(body),
            wit::Effect::Other((name, _)) => return unknown("an effect", &name),
        })
    })
}

fn consumed(consumed: wit::Consumed) -> Consumed {
    // Never earlier than asked for: a token that is forgotten early can be used again.
    let expires_at = Timestamp::from_millis(i64::try_from(consumed.expires_unix_ms).unwrap_or(i64::MAX));
    Consumed { token: consumed.token, expires_at }
}

fn update(update: wit::CredentialUpdate) -> CredentialUpdate {
    CredentialUpdate { format: update.format, data: update.data, facts: update.facts }
}

fn new_credential(key: wit::NewCredential) -> Read<NewCredential> {
    Ok(NewCredential {
        lookup: key.lookup,
        suggested_label: key.suggested_label,
        format: key.format,
        data: key.data,
        device: key.device.map(|device| DeviceKey { spki: device.spki }),
        evidence: evidence(key.evidence),
        consume: key.consume.into_iter().map(consumed).collect(),
        facts: key.facts,
        effects: effects(key.effects)?,
    })
}

fn rejection(rejection: wit::Rejection) -> Read<Rejection> {
    Ok(Rejection {
        reason: reason(rejection.reason),
        text: rejection.text.map(text),
        clock_off_ms: rejection.clock_off_ms,
        updates: all(rejection.updates, |(id, new)| Ok((credential_id(&id)?, update(new))))?,
        consume: all(rejection.consume, |(id, token)| Ok((credential_id(&id)?, consumed(token))))?,
    })
}

pub(super) fn enrolment(outcome: wit::EnrolOutcome) -> Read<EnrolOutcome> {
    Ok(match outcome {
        wit::EnrolOutcome::More(next) => EnrolOutcome::More(step(next)?),
        wit::EnrolOutcome::Enrolled(key) => EnrolOutcome::Enrolled(new_credential(key)?),
        wit::EnrolOutcome::Rejected(refusal) => EnrolOutcome::Rejected(rejection(refusal)?),
    })
}

pub(super) fn verdict(outcome: wit::VerifyOutcome) -> Read<VerifyOutcome> {
    Ok(match outcome {
        wit::VerifyOutcome::More(next) => VerifyOutcome::More(step(next)?),
        wit::VerifyOutcome::Accepted(accepted) => VerifyOutcome::Accepted(Accepted {
            credential: credential_id(&accepted.credential_id)?,
            update: accepted.update.map(update),
            consume: accepted.consume.into_iter().map(consumed).collect(),
            evidence: evidence(accepted.evidence),
            warnings: accepted.warnings.into_iter().map(warning).collect(),
            effects: effects(accepted.effects)?,
        }),
        wit::VerifyOutcome::Rejected(refusal) => VerifyOutcome::Rejected(rejection(refusal)?),
    })
}

fn warning(warning: wit::Warning) -> Warning {
    match warning {
        wit::Warning::PossibleClone => Warning::PossibleClone,
        wit::Warning::FewLeft(left) => Warning::FewLeft(left),
        wit::Warning::ClockOff(millis) => Warning::ClockOff(millis),
        wit::Warning::LegacyFormat => Warning::LegacyFormat,
        wit::Warning::Other(name) => Warning::Other(name),
    }
}

pub(super) fn imported(imported: seed_import::Imported) -> Read<Imported> {
    Ok(Imported { keys: all(imported.keys, new_credential)?, problems: imported.problems })
}
