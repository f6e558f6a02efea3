//! Outcomes as JSON.

use keyholder_core::factor::{
    Accepted, Consumed, CredentialUpdate, Descriptor, FactorKind, NewCredential, Problem, Rejection, Step, Warning,
};
use keyholder_core::id::CredentialId;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::package::hexadecimal;

/// Names of keys by their ids.
pub(super) type Names<'a> = &'a dyn Fn(CredentialId) -> String;

pub(super) fn step(step: &Step) -> Value {
    json!({ "step": {
        "state": hexadecimal(&step.state),
        "ttl_ms": u64::try_from(step.lifetime.as_millis()).unwrap_or(u64::MAX),
        "prompts": step.prompts.iter().map(prompt).collect::<Vec<_>>(),
        "problem": step.problem.as_ref().map(problem),
        "reply_tag": step.reply_tag.as_deref().map(hexadecimal),
        "effects": plain(&step.effects),
    } })
}

/// As serde writes it; these types have nothing that JSON does not.
fn plain<T: Serialize>(value: &T) -> Value {
    let mut value = serde_json::to_value(value).unwrap_or(Value::Null);
    args_as_objects(&mut value);
    value
}

/// Arguments of texts are pairs; an object reads better.
fn args_as_objects(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member.as_array() {
                    Some(pairs) if name == "args" => *member = pairs.iter().filter_map(pair).collect(),
                    _ => args_as_objects(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(args_as_objects),
        _ => {}
    }
}

fn pair(pair: &Value) -> Option<(String, Value)> {
    match pair.as_array()?.as_slice() {
        [name, value] => Some((name.as_str()?.to_owned(), value.clone())),
        _ => None,
    }
}

fn prompt(prompt: &keyholder_core::factor::Prompt) -> Value {
    let mut value = plain(prompt);
    if let Some(ask) = value.get_mut("ask").and_then(Value::as_object_mut) {
        for name in ["webauthn-create", "webauthn-get"] {
            let options = ask.get(name).and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
            if let Some(options) = options {
                ask.insert(name.to_owned(), options);
            }
        }
    }
    value
}

fn problem(problem: &Problem) -> Value {
    plain(problem)
}

fn consumed(consumed: &[Consumed]) -> Value {
    let one = |one: &Consumed| json!({ "token": hexadecimal(&one.token), "expires_at": one.expires_at.as_millis() });
    consumed.iter().map(one).collect()
}

fn facts(facts: &[(String, String)]) -> Value {
    facts.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect::<Map<_, _>>().into()
}

fn update(update: &CredentialUpdate) -> Value {
    json!({ "format": update.format, "data": hexadecimal(&update.data), "facts": update.facts.as_deref().map(facts) })
}

pub(super) fn enrolled(key: &NewCredential, name: &str) -> Value {
    json!({
        "key": name,
        "lookup": key.lookup.as_deref().map(hexadecimal),
        "label": key.suggested_label,
        "format": key.format,
        "data": hexadecimal(&key.data),
        "device": key.device.as_ref().map(|device| hexadecimal(&device.spki)),
        "evidence": plain(&key.evidence),
        "consume": consumed(&key.consume),
        "facts": facts(&key.facts),
        "effects": plain(&key.effects),
    })
}

pub(super) fn accepted(accepted: &Accepted, names: Names<'_>) -> Value {
    let warning = |warning: &Warning| match warning {
        Warning::PossibleClone => json!("possible-clone"),
        Warning::FewLeft(left) => json!({ "few-left": left }),
        Warning::ClockOff(millis) => json!({ "clock-off": millis }),
        Warning::LegacyFormat => json!("legacy-format"),
        Warning::Other(what) => json!({ "other": what }),
    };
    json!({ "accepted": {
        "credential": names(accepted.credential),
        "update": accepted.update.as_ref().map(update),
        "consume": consumed(&accepted.consume),
        "evidence": plain(&accepted.evidence),
        "warnings": accepted.warnings.iter().map(warning).collect::<Vec<_>>(),
        "effects": plain(&accepted.effects),
    } })
}

pub(super) fn rejected(rejection: &Rejection, names: Names<'_>) -> Value {
    let named = |id: CredentialId, mut value: Value| {
        if let Some(members) = value.as_object_mut() {
            members.insert("credential".into(), names(id).into());
        }
        value
    };
    let updates = rejection.updates.iter().map(|(id, one)| named(*id, update(one)));
    let consume = rejection.consume.iter().map(|(id, one)| {
        named(*id, json!({ "token": hexadecimal(&one.token), "expires_at": one.expires_at.as_millis() }))
    });
    json!({ "rejected": {
        "reason": plain(&rejection.reason),
        "text": rejection.text.as_ref().map(plain),
        "clock_off_ms": rejection.clock_off_ms,
        "updates": updates.collect::<Vec<_>>(),
        "consume": consume.collect::<Vec<_>>(),
    } })
}

/// What the host makes of an answer that burns what is burnt already.
pub(super) fn replayed() -> Value {
    json!({ "rejected": { "reason": "replayed", "by": "host" } })
}

pub(super) fn descriptor(descriptor: &Descriptor) -> Value {
    let kind = match &descriptor.kind {
        FactorKind::SoftKey => "soft-key",
        FactorKind::SecurityKey => "security-key",
        FactorKind::ManagedKey => "managed-key",
        FactorKind::RecoveryCode => "recovery-code",
        FactorKind::Other(other) => other,
    };
    json!({ "descriptor": {
        "id": descriptor.id,
        "version": descriptor.version,
        "kind": kind,
        "reads_formats": descriptor.reads_formats,
        "writes_format": descriptor.writes_format,
        "ceiling": plain(&descriptor.ceiling),
        "multiple_per_user": descriptor.multiple_per_user,
    } })
}
