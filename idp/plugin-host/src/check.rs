//! What may come back from a plugin, whatever the version of its contract.
//!
//! Owns the bounds of every answer, in the domain's types. What exceeds them is a fault ([`Cause::Contract`]), but for what can be
//! cut down without changing its meaning: a step's lifetime is shortened, evidence is cut to what was granted, and effects that
//! were not granted are dropped with a line in the log, since a factor offers another way beside them.

use keyholder_core::credential::Credential;
use keyholder_core::factor::{
    Accepted, Ask, Consumed, CredentialUpdate, Descriptor, Effect, EnrolOutcome, Evidence, Exhibit, Field, FieldKind,
    Form, Imported, NewCredential, Problem, Prompt, RejectReason, Rejection, Step, Text, VerifyOutcome, Warning,
};
use keyholder_core::id::CredentialId;

use crate::call::Identity;
use crate::fault::{Cause, readable};
use crate::installed::{Capability, Granted};

/// State of a step, data of a credential, body for a device.
const DATA: usize = 64 << 10;
/// JSON of WebAuthn.
const JSON: usize = 64 << 10;
const JSON_DEPTH: usize = 16;
/// Of a step; fields and exhibits of all its prompts together.
const PROMPTS: usize = 8;
const FIELDS: usize = 16;
const EXHIBITS: usize = 8;
const SECRETS: usize = 64;
const EFFECTS: usize = 8;
const ARGUMENTS: usize = 16;
const FACTS: usize = 16;
const TOKENS: usize = 64;
const UPDATES: usize = 64;
const WARNINGS: usize = 8;
const AMR: usize = 8;
/// Names: of prompts, fields, texts, facts.
const NAME: usize = 128;
/// What people read: arguments, labels, secrets, facts.
const LINE: usize = 1024;
/// A QR code of it still scans.
const QR: usize = 512;
const TOKEN: usize = 256;
/// A WebAuthn credential id has at most 1,023 bytes (Level 3, 4).
const LOOKUP: usize = 1023;
const REPLY_TAG: std::ops::RangeInclusive<usize> = 16..=64;
const FORMATS: usize = 32;
/// Characters that one field may take.
const FIELD_LENGTH: u16 = 1024;

type Checked = Result<(), Cause>;

/// What one call was about, against which its answer is held.
pub(crate) struct Checker<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) granted: &'a Granted,
    /// Those that were handed in.
    pub(crate) credentials: &'a [Credential],
    /// Whether a device waits for an answer of its own.
    pub(crate) device: bool,
}

fn breach<T>(what: &str) -> Result<T, Cause> {
    Err(Cause::contract(what))
}

fn at_most(size: usize, most: usize, what: &str) -> Checked {
    if size > most { Err(Cause::contract(format!("{what}: {size}, where {most} is the most"))) } else { Ok(()) }
}

impl Checker<'_> {
    /// A step, shortened and without effects that were not granted.
    pub(crate) fn step(&self, mut step: Step) -> Result<Step, Cause> {
        at_most(step.state.len(), DATA, "bytes of state")?;
        step.lifetime = step.lifetime.min(Step::LONGEST);
        if step.prompts.is_empty() {
            return breach("a step without a prompt");
        }
        at_most(step.prompts.len(), PROMPTS, "prompts")?;
        check_size(&step.prompts)?;
        for (at, one) in step.prompts.iter().enumerate() {
            // An empty id is that of `cancelled`.
            if one.id.is_empty() || step.prompts.iter().skip(at + 1).any(|other| other.id == one.id) {
                return breach("prompts that share an id, or one without an id");
            }
            prompt(one)?;
        }
        if let Some(problem) = &step.problem {
            check_problem(problem)?;
        }
        if let Some(tag) = &step.reply_tag
            && !REPLY_TAG.contains(&tag.len())
        {
            return breach("a reply tag that is not of 16 to 64 bytes");
        }
        step.effects = self.effects(step.effects)?;
        Ok(step)
    }

    pub(crate) fn enrolment(&self, outcome: EnrolOutcome) -> Result<EnrolOutcome, Cause> {
        Ok(match outcome {
            EnrolOutcome::More(step) => EnrolOutcome::More(self.step(step)?),
            EnrolOutcome::Enrolled(key) => EnrolOutcome::Enrolled(self.new_credential(key)?),
            EnrolOutcome::Rejected(rejection) => EnrolOutcome::Rejected(self.rejection(rejection)?),
        })
    }

    pub(crate) fn verdict(&self, outcome: VerifyOutcome) -> Result<VerifyOutcome, Cause> {
        Ok(match outcome {
            VerifyOutcome::More(step) => VerifyOutcome::More(self.step(step)?),
            VerifyOutcome::Accepted(accepted) => VerifyOutcome::Accepted(self.accepted(accepted)?),
            VerifyOutcome::Rejected(rejection) => VerifyOutcome::Rejected(self.rejection(rejection)?),
        })
    }

    pub(crate) fn imported(&self, mut imported: Imported) -> Result<Imported, Cause> {
        for (place, why) in &imported.problems {
            at_most(place.len(), LINE, "bytes in the place of a problem")?;
            at_most(why.len(), LINE, "bytes in a problem")?;
        }
        imported.keys = imported.keys.into_iter().map(|key| self.new_credential(key)).collect::<Result<_, Cause>>()?;
        Ok(imported)
    }

    fn accepted(&self, mut accepted: Accepted) -> Result<Accepted, Cause> {
        self.handed_in(accepted.credential)?;
        if let Some(update) = &accepted.update {
            check_update(update)?;
        }
        check_consumed(accepted.consume.iter())?;
        at_most(accepted.warnings.len(), WARNINGS, "warnings")?;
        for warning in &accepted.warnings {
            if let Warning::Other(name) = warning {
                at_most(name.len(), NAME, "bytes in a warning")?;
            }
        }
        accepted.evidence = self.evidence(accepted.evidence)?;
        accepted.effects = self.effects(accepted.effects)?;
        Ok(accepted)
    }

    fn rejection(&self, rejection: Rejection) -> Result<Rejection, Cause> {
        check_reason(&rejection.reason)?;
        if let Some(text) = &rejection.text {
            check_text(text)?;
        }
        at_most(rejection.updates.len(), UPDATES, "updates")?;
        for (at, (credential, update)) in rejection.updates.iter().enumerate() {
            self.handed_in(*credential)?;
            check_update(update)?;
            if rejection.updates.iter().skip(at + 1).any(|(other, _)| other == credential) {
                return breach("two updates of one key");
            }
        }
        for (credential, _) in &rejection.consume {
            self.handed_in(*credential)?;
        }
        check_consumed(rejection.consume.iter().map(|(_, consumed)| consumed))?;
        Ok(rejection)
    }

    fn new_credential(&self, mut key: NewCredential) -> Result<NewCredential, Cause> {
        if let Some(lookup) = &key.lookup
            && (lookup.is_empty() || lookup.len() > LOOKUP)
        {
            return breach("a lookup key that is not of 1 to 1,023 bytes");
        }
        at_most(key.suggested_label.len(), NAME, "bytes in a label")?;
        // It stands in a mail to the owner: one line, which must not become several of the plugin's own.
        key.suggested_label = readable(&key.suggested_label, NAME);
        at_most(key.data.len(), DATA, "bytes of a key's data")?;
        if let Some(device) = &key.device
            && !is_p256(&device.spki)
        {
            return breach("a device key that is no P-256 key in SubjectPublicKeyInfo");
        }
        check_consumed(key.consume.iter())?;
        check_facts(&key.facts)?;
        key.evidence = self.evidence(key.evidence)?;
        key.effects = self.effects(key.effects)?;
        Ok(key)
    }

    fn evidence(&self, evidence: Evidence) -> Result<Evidence, Cause> {
        at_most(evidence.amr.len(), AMR, "amr values")?;
        Ok(evidence.within(&self.granted.ceiling))
    }

    /// Those that were granted; the others are dropped.
    fn effects(&self, effects: Vec<Effect>) -> Result<Vec<Effect>, Cause> {
        at_most(effects.len(), EFFECTS, "effects")?;
        let mut kept = Vec::with_capacity(effects.len());
        for effect in effects {
            match &effect {
                Effect::SendMessage(message) => {
                    self.handed_in(message.credential)?;
                    check_text(&message.text)?;
                    if message.channel != "push" {
                        self.dropped("send-message", "its channel is unknown");
                        continue;
                    }
                    if !self.granted.capabilities.contains(&Capability::Push) {
                        self.dropped("send-message", "it was not granted");
                        continue;
                    }
                }
                Effect::AnswerDevice(body) => {
                    at_most(body.len(), DATA, "bytes for a device")?;
                    if !self.device {
                        self.dropped("answer-device", "no device asked");
                        continue;
                    }
                    if kept.iter().any(|other| matches!(other, Effect::AnswerDevice(_))) {
                        return breach("two answers to one device");
                    }
                }
            }
            kept.push(effect);
        }
        Ok(kept)
    }

    fn dropped(&self, effect: &'static str, why: &'static str) {
        let Identity { id, version } = self.identity;
        tracing::warn!(plugin = %id, %version, effect, why, "an effect of a plugin is dropped");
    }

    fn handed_in(&self, id: CredentialId) -> Checked {
        if self.credentials.iter().any(|credential| credential.id == id) {
            Ok(())
        } else {
            breach("a credential that was not handed in")
        }
    }
}

/// What a factor says of itself, within what was granted.
pub(crate) fn descriptor(mut descriptor: Descriptor, granted: &Granted) -> Result<Descriptor, Cause> {
    at_most(descriptor.reads_formats.len(), FORMATS, "formats")?;
    at_most(descriptor.ceiling.amr.len(), AMR, "amr values")?;
    if !descriptor.reads_formats.contains(&descriptor.writes_format) {
        return breach("it cannot read the format that it writes");
    }
    if let keyholder_core::factor::FactorKind::Other(name) = &descriptor.kind {
        at_most(name.len(), NAME, "bytes in the kind")?;
    }
    descriptor.ceiling = descriptor.ceiling.within(&granted.ceiling);
    Ok(descriptor)
}

/// Faults that a plugin finds in its settings.
pub(crate) fn setting_faults(faults: &[(String, String)]) -> Checked {
    at_most(faults.len(), 64, "faults of settings")?;
    for (at, why) in faults {
        at_most(at.len(), LINE, "bytes in a pointer")?;
        at_most(why.len(), LINE, "bytes in a fault of settings")?;
    }
    Ok(())
}

/// What the page of a step holds, whatever prompts it is spread over: it is drawn outside the sandbox, each QR code of it too.
fn check_size(prompts: &[Prompt]) -> Checked {
    let (mut exhibits, mut fields) = (0, 0);
    for prompt in prompts {
        match &prompt.ask {
            Ask::Form(form) => {
                exhibits += form.exhibits.len();
                fields += form.fields.len();
            }
            Ask::Wait(wait) => exhibits += wait.exhibits.len(),
            Ask::WebauthnCreate(_) | Ask::WebauthnGet(_) => {}
        }
    }
    at_most(exhibits, EXHIBITS, "exhibits")?;
    at_most(fields, FIELDS, "fields")
}

fn prompt(prompt: &Prompt) -> Checked {
    at_most(prompt.id.len(), NAME, "bytes in a prompt's id")?;
    match &prompt.ask {
        Ask::Form(form) => check_form(form),
        Ask::WebauthnCreate(json) | Ask::WebauthnGet(json) => check_json(json),
        Ask::Wait(wait) => {
            check_text(&wait.message)?;
            check_exhibits(&wait.exhibits)
        }
    }
}

fn check_form(form: &Form) -> Checked {
    check_text(&form.title)?;
    check_text(&form.submit)?;
    if let Some(help) = &form.help {
        check_text(help)?;
    }
    check_exhibits(&form.exhibits)?;
    for (at, field) in form.fields.iter().enumerate() {
        check_field(field)?;
        if form.fields.iter().skip(at + 1).any(|other| other.name == field.name) {
            return breach("two fields of one name");
        }
    }
    Ok(())
}

fn check_field(field: &Field) -> Checked {
    at_most(field.name.len(), NAME, "bytes in a field's name")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if field.name.is_empty() || !field.name.bytes().all(plain) {
        return breach("a field whose name is not of letters, digits, - and _");
    }
    check_text(&field.label)?;
    for text in [&field.hint, &field.placeholder].into_iter().flatten() {
        check_text(text)?;
    }
    let length = match field.kind {
        FieldKind::OneTimeCode(digits) => u16::from(digits),
        FieldKind::Text(most) | FieldKind::Secret(most) | FieldKind::KeyboardToken(most) => most,
        FieldKind::Confirm => 1,
    };
    if length == 0 || length > FIELD_LENGTH { breach("a field of no length, or of more than 1,024") } else { Ok(()) }
}

fn check_exhibits(exhibits: &[Exhibit]) -> Checked {
    for exhibit in exhibits {
        match exhibit {
            Exhibit::Qr(text) | Exhibit::PlainQr(text) => at_most(text.len(), QR, "bytes in a QR code")?,
            Exhibit::Secret(secret) => at_most(secret.len(), LINE, "bytes in a secret")?,
            Exhibit::SecretList(secrets) => {
                at_most(secrets.len(), SECRETS, "secrets")?;
                for secret in secrets {
                    at_most(secret.len(), NAME, "bytes in a secret")?;
                }
            }
            Exhibit::Note(text) => check_text(text)?,
            Exhibit::MatchNumber(number) => {
                if number.len() != 2 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                    return breach("a number to match that is not of two digits");
                }
            }
        }
    }
    Ok(())
}

fn check_problem(problem: &Problem) -> Checked {
    check_reason(&problem.reason)?;
    if let Some(field) = &problem.field {
        at_most(field.len(), NAME, "bytes in a field's name")?;
    }
    problem.text.as_ref().map_or(Ok(()), check_text)
}

fn check_reason(reason: &RejectReason) -> Checked {
    if let RejectReason::Other(name) = reason {
        at_most(name.len(), NAME, "bytes in a reason")?;
    }
    Ok(())
}

fn check_text(text: &Text) -> Checked {
    at_most(text.key.len(), NAME, "bytes in the key of a text")?;
    at_most(text.args.len(), ARGUMENTS, "arguments of a text")?;
    for (name, value) in &text.args {
        at_most(name.len(), NAME, "bytes in the name of an argument")?;
        at_most(value.len(), LINE, "bytes in an argument")?;
    }
    Ok(())
}

fn check_update(update: &CredentialUpdate) -> Checked {
    at_most(update.data.len(), DATA, "bytes of a key's data")?;
    update.facts.as_ref().map_or(Ok(()), |facts| check_facts(facts))
}

fn check_facts(facts: &[(String, String)]) -> Checked {
    at_most(facts.len(), FACTS, "facts")?;
    for (name, value) in facts {
        at_most(name.len(), NAME, "bytes in the name of a fact")?;
        at_most(value.len(), LINE, "bytes in a fact")?;
    }
    Ok(())
}

fn check_consumed<'a>(consumed: impl ExactSizeIterator<Item = &'a Consumed>) -> Checked {
    at_most(consumed.len(), TOKENS, "burnt tokens")?;
    for one in consumed {
        if one.token.is_empty() || one.token.len() > TOKEN {
            return breach("a burnt token that is not of 1 to 256 bytes");
        }
    }
    Ok(())
}

/// An object, not too deep: it goes into the page's script.
fn check_json(json: &str) -> Checked {
    at_most(json.len(), JSON, "bytes of JSON")?;
    match serde_json::from_str(json) {
        Ok(value @ serde_json::Value::Object(_)) if !deeper_than(&value, JSON_DEPTH) => Ok(()),
        Ok(_) => breach("JSON for WebAuthn that is no object, or too deep"),
        Err(_) => breach("JSON for WebAuthn that is none"),
    }
}

fn deeper_than(value: &serde_json::Value, most: usize) -> bool {
    let Some(left) = most.checked_sub(1) else { return true };
    match value {
        serde_json::Value::Array(values) => values.iter().any(|value| deeper_than(value, left)),
        serde_json::Value::Object(values) => values.values().any(|value| deeper_than(value, left)),
        _ => false,
    }
}

/// An uncompressed point on P-256 in `SubjectPublicKeyInfo` (RFC 5480 2): all such keys begin alike.
fn is_p256(spki: &[u8]) -> bool {
    const HEAD: [u8; 27] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    spki.len() == HEAD.len() + 64 && spki.starts_with(&HEAD)
}

#[cfg(test)]
mod tests;
