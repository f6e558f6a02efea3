//! Outcomes as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::factor::{
    Accepted, Ask, Consumed, CredentialUpdate, Descriptor, Effect, Evidence, Exhibit, FactorClass, Field, FieldKind,
    Form, Kind, NewCredential, Problem, Prompt, RejectReason, Rejection, Step, Text, Warning,
};

/// Names of keys by their ids.
pub(super) type Names<'a> = &'a dyn Fn(&str) -> String;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn step(step: &Step) -> Value {
    json!({ "step": {
        "state": hex(&step.state),
        // The host shortens what is beyond ten minutes.
        "ttl_ms": step.ttl_ms.min(600_000),
        "prompts": step.prompts.iter().map(prompt).collect::<Vec<_>>(),
        "problem": step.problem.as_ref().map(problem),
        "reply_tag": step.reply_tag.as_deref().map(hex),
        "effects": effects(&step.effects),
    } })
}

fn prompt(prompt: &Prompt) -> Value {
    let options = |json: &str| serde_json::from_str(json).unwrap_or(Value::Null);
    let ask = match &prompt.ask {
        Ask::Form(form) => json!({ "form": self::form(form) }),
        Ask::WebauthnCreate(json) => json!({ "webauthn-create": options(json) }),
        Ask::WebauthnGet(json) => json!({ "webauthn-get": options(json) }),
        Ask::Wait(wait) => json!({ "wait": { "message": text(&wait.message), "exhibits": exhibits(&wait.exhibits) } }),
        Ask::Other((name, _)) => json!({ "other": name }),
    };
    json!({ "id": prompt.id, "ask": ask })
}

fn form(form: &Form) -> Value {
    json!({
        "title": text(&form.title),
        "help": form.help.as_ref().map(text),
        "exhibits": exhibits(&form.exhibits),
        "fields": form.fields.iter().map(field).collect::<Vec<_>>(),
        "submit": text(&form.submit),
    })
}

fn exhibits(exhibits: &[Exhibit]) -> Value {
    let one = |exhibit: &Exhibit| match exhibit {
        Exhibit::Qr(content) => json!({ "qr": content }),
        Exhibit::PlainQr(content) => json!({ "plain-qr": content }),
        Exhibit::Secret(secret) => json!({ "secret": secret }),
        Exhibit::SecretList(secrets) => json!({ "secret-list": secrets }),
        Exhibit::Note(note) => json!({ "note": text(note) }),
        Exhibit::MatchNumber(number) => json!({ "match-number": number }),
        Exhibit::Other((name, _)) => json!({ "other": name }),
    };
    exhibits.iter().map(one).collect()
}

fn field(field: &Field) -> Value {
    let kind = match &field.kind {
        FieldKind::OneTimeCode(digits) => json!({ "one-time-code": digits }),
        FieldKind::Text(most) => json!({ "text": most }),
        FieldKind::Secret(most) => json!({ "secret": most }),
        FieldKind::KeyboardToken(most) => json!({ "keyboard-token": most }),
        FieldKind::Confirm => json!("confirm"),
        FieldKind::Other((name, _)) => json!({ "other": name }),
    };
    json!({
        "name": field.name,
        "label": text(&field.label),
        "hint": field.hint.as_ref().map(text),
        "placeholder": field.placeholder.as_ref().map(text),
        "kind": kind,
        "required": field.required,
    })
}

fn text(text: &Text) -> Value {
    json!({ "key": text.key, "args": pairs(&text.args) })
}

fn pairs(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect::<Map<_, _>>().into()
}

fn problem(problem: &Problem) -> Value {
    json!({
        "reason": reason(&problem.reason),
        "field": problem.field,
        "text": problem.text.as_ref().map(text),
        "clock_off_ms": problem.clock_off_ms,
    })
}

fn reason(reason: &RejectReason) -> Value {
    json!(match reason {
        RejectReason::WrongResponse => "wrong-response",
        RejectReason::Replayed => "replayed",
        RejectReason::Expired => "expired",
        RejectReason::WrongOrigin => "wrong-origin",
        RejectReason::UnknownCredential => "unknown-credential",
        RejectReason::UserVerificationMissing => "user-verification-missing",
        RejectReason::AuthenticatorNotAllowed => "authenticator-not-allowed",
        RejectReason::DeclinedByUser => "declined-by-user",
        RejectReason::Malformed => "malformed",
        RejectReason::Exhausted => "exhausted",
        RejectReason::Other(other) => return json!({ "other": other }),
    })
}

fn effects(effects: &[Effect]) -> Value {
    let one = |effect: &Effect| match effect {
        Effect::SendMessage(message) => json!({ "send-message": {
            "channel": message.channel,
            "credential": message.credential,
            "text": text(&message.text),
        } }),
        Effect::AnswerDevice(body) => json!({ "answer-device": body }),
        Effect::Other((name, _)) => json!({ "other": name }),
    };
    effects.iter().map(one).collect()
}

fn evidence(evidence: &Evidence) -> Value {
    let has = |class: FactorClass| evidence.classes.contains(&class);
    json!({
        "knowledge": has(FactorClass::Knowledge),
        "possession": has(FactorClass::Possession),
        "inherence": has(FactorClass::Inherence),
        "amr": evidence.amr,
        "phishing_resistant": evidence.phishing_resistant,
        "hardware_bound": evidence.hardware_bound,
        "user_verified": evidence.user_verified,
        "backed_up": evidence.backed_up,
        "recovery_only": evidence.recovery_only,
    })
}

fn consumed(one: &Consumed) -> Value {
    json!({ "token": hex(&one.token), "expires_at": one.expires_unix_ms })
}

fn update(update: &CredentialUpdate) -> Value {
    json!({ "format": update.format, "data": hex(&update.data), "facts": update.facts.as_deref().map(pairs) })
}

pub(super) fn enrolled(key: &NewCredential, name: &str) -> Value {
    json!({
        "key": name,
        "lookup": key.lookup.as_deref().map(hex),
        "label": key.suggested_label,
        "format": key.format,
        "data": hex(&key.data),
        "device": key.device.as_ref().map(|device| hex(&device.spki)),
        "evidence": evidence(&key.evidence),
        "consume": key.consume.iter().map(consumed).collect::<Vec<_>>(),
        "facts": pairs(&key.facts),
        "effects": effects(&key.effects),
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
        "credential": names(&accepted.credential_id),
        "update": accepted.update.as_ref().map(update),
        "consume": accepted.consume.iter().map(consumed).collect::<Vec<_>>(),
        "evidence": evidence(&accepted.evidence),
        "warnings": accepted.warnings.iter().map(warning).collect::<Vec<_>>(),
        "effects": effects(&accepted.effects),
    } })
}

pub(super) fn rejected(rejection: &Rejection, names: Names<'_>) -> Value {
    let named = |id: &str, mut value: Value| {
        if let Some(members) = value.as_object_mut() {
            members.insert("credential".into(), names(id).into());
        }
        value
    };
    json!({ "rejected": {
        "reason": reason(&rejection.reason),
        "text": rejection.text.as_ref().map(text),
        "clock_off_ms": rejection.clock_off_ms,
        "updates": rejection.updates.iter().map(|(id, one)| named(id, update(one))).collect::<Vec<_>>(),
        "consume": rejection.consume.iter().map(|(id, one)| named(id, consumed(one))).collect::<Vec<_>>(),
    } })
}

pub(super) fn descriptor(descriptor: &Descriptor) -> Value {
    let kind = match &descriptor.kind {
        Kind::SoftKey => "soft-key",
        Kind::SecurityKey => "security-key",
        Kind::ManagedKey => "managed-key",
        Kind::RecoveryCode => "recovery-code",
        Kind::Other(other) => other,
    };
    json!({ "descriptor": {
        "id": descriptor.id,
        "version": descriptor.version,
        "kind": kind,
        "reads_formats": descriptor.reads_formats,
        "writes_format": descriptor.writes_format,
        "ceiling": evidence(&descriptor.ceiling),
        "multiple_per_user": descriptor.multiple_per_user,
    } })
}
