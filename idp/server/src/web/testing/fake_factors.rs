//! Factors in plain Rust, so that spine and account pages are tested without a sandbox. Codes are given away: what is tested is the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{
    Accepted, Answer, Ask, Consumed, Context, CredentialUpdate, Descriptor, DeviceAnswer, Effect, EnrolOutcome,
    Evidence, Exhibit, FactorKind, Factors, Fault, Field, FieldKind, Form, Imported, NewCredential, Problem, Prompt,
    RejectReason, Rejection, Response, Step, Text, VerifyOutcome, Wait, Warning,
};
use keyholder_core::id::CredentialId;
use keyholder_core::locale::Language;
use keyholder_core::time::Timestamp;
use tokio::sync::Notify;

/// The six digits of every soft key of [`CODE`]; any further digits make them a code of their own, good for one use.
pub(crate) const DIGITS: &str = "246810";
/// A soft key.
pub(crate) const CODE: &str = "soft-key";
/// A security key; `touched` is its answer.
pub(crate) const TOUCH: &str = "security-key";
/// A sheet of two codes, `one` and `two`.
pub(crate) const SHEET: &str = "recovery-code";
/// Fails at every call.
pub(crate) const BROKEN: &str = "broken";
/// Names a key that was not handed in, and claims whatever it likes.
pub(crate) const LIAR: &str = "liar";

/// A right code whose first check takes until [`MAY_GO_ON`]; one test uses it.
pub(crate) const HELD: &str = "246810held";
static WAS_HELD: AtomicBool = AtomicBool::new(false);
pub(crate) static IS_HELD: Notify = Notify::const_new();
pub(crate) static MAY_GO_ON: Notify = Notify::const_new();

#[derive(Debug, Default)]
pub(crate) struct FakeFactors;

fn descriptor(id: &str, kind: FactorKind) -> Arc<Descriptor> {
    let ceiling = Evidence {
        possession: true,
        amr: vec!["otp".into(), "swk".into(), "hwk".into()],
        phishing_resistant: id == TOUCH,
        user_verified: true,
        recovery_only: id == SHEET,
        ..Evidence::default()
    };
    let version = "1.0.0".to_owned();
    let (reads_formats, writes_format) = (vec![1], 1);
    Arc::new(Descriptor {
        id: id.into(),
        version,
        kind,
        reads_formats,
        writes_format,
        ceiling,
        multiple_per_user: id != SHEET,
    })
}

fn text(key: &str) -> Text {
    Text { key: key.into(), args: Vec::new() }
}

fn form(field: &str, kind: FieldKind, exhibits: Vec<Exhibit>) -> Ask {
    Ask::Form(Form {
        title: text("title"),
        help: Some(text("help")),
        exhibits,
        fields: vec![Field {
            name: field.into(),
            label: text("label"),
            hint: Some(text("hint")),
            placeholder: None,
            kind,
            required: true,
        }],
        submit: text("submit"),
    })
}

fn step(prompts: Vec<(&str, Ask)>) -> Step {
    let prompts = prompts.into_iter().map(|(id, ask)| Prompt { id: id.into(), ask }).collect();
    Step {
        state: b"state".to_vec(),
        lifetime: Duration::from_mins(5),
        prompts,
        problem: None,
        reply_tag: None,
        effects: Vec::new(),
    }
}

fn evidence(factor: &str) -> Evidence {
    Evidence {
        possession: true,
        amr: vec![if factor == TOUCH { "hwk" } else { "otp" }.into()],
        phishing_resistant: factor == TOUCH,
        recovery_only: factor == SHEET,
        ..Evidence::default()
    }
}

fn typed(answer: &Answer) -> String {
    match &answer.response {
        Response::Fields(fields) => fields.iter().map(|(_, value)| value.as_str()).collect(),
        Response::Webauthn(json) => json.clone(),
        Response::Device(DeviceAnswer { body, .. }) => String::from_utf8_lossy(body).into_owned(),
        Response::Cancelled => String::new(),
    }
}

fn rejected(reason: RejectReason) -> Rejection {
    Rejection { reason, text: None, clock_off_ms: None, updates: Vec::new(), consume: Vec::new() }
}

fn consumed(typed: &str, now: Timestamp) -> Consumed {
    Consumed { token: typed.as_bytes().to_vec(), expires_at: now.plus(Duration::from_hours(1)) }
}

fn challenge(factor: &str) -> Step {
    match factor {
        TOUCH => step(vec![("key", Ask::WebauthnGet(r#"{"publicKey":{"challenge":"AAAA"}}"#.into()))]),
        SHEET => step(vec![("code", form("code", FieldKind::Text(20), Vec::new()))]),
        _ => step(vec![
            ("phone", Ask::Wait(Wait { message: text("wait"), exhibits: Vec::new() })),
            ("code", form("code", FieldKind::OneTimeCode(6), Vec::new())),
        ]),
    }
}

#[async_trait]
impl Factors for FakeFactors {
    fn list(&self) -> Vec<Arc<Descriptor>> {
        vec![
            descriptor(CODE, FactorKind::SoftKey),
            descriptor(TOUCH, FactorKind::SecurityKey),
            descriptor(SHEET, FactorKind::RecoveryCode),
            descriptor(BROKEN, FactorKind::Other("broken".into())),
            descriptor(LIAR, FactorKind::Other("liar".into())),
        ]
    }

    fn find(&self, factor: &str) -> Option<Arc<Descriptor>> {
        self.list().into_iter().find(|known| known.id == factor)
    }

    fn text(&self, factor: &str, _: Language, text: &Text) -> String {
        format!("{factor} {}", text.key)
    }

    async fn begin_enrolment(&self, factor: &str, _: Context, _: &[Credential]) -> Result<Step, Fault> {
        match factor {
            BROKEN => Err(Fault::Failed("it always does".into())),
            SHEET => Ok(step(vec![(
                "sheet",
                form("kept", FieldKind::Confirm, vec![Exhibit::SecretList(vec!["one".into(), "two".into()])]),
            )])),
            TOUCH => Ok(step(vec![("key", Ask::WebauthnCreate(r#"{"publicKey":{"challenge":"AAAA"}}"#.into()))])),
            _ => {
                let exhibits = vec![
                    Exhibit::Qr("otpauth://totp/sample?secret=GEZDGNBV".into()),
                    Exhibit::Secret("GEZDGNBV".into()),
                ];
                let mut step = step(vec![("code", form("code", FieldKind::OneTimeCode(6), exhibits))]);
                step.reply_tag = Some(b"reply-tag-of-the-fake".to_vec());
                Ok(step)
            }
        }
    }

    async fn finish_enrolment(
        &self,
        factor: &str,
        context: Context,
        _: &[Credential],
        _: &[u8],
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        let typed = typed(&answer);
        if let Response::Device(device) = &answer.response {
            // The phone brings its key; the form stays.
            let mut step = self.begin_enrolment(factor, context, &[]).await?;
            step.state = device.key.as_ref().map(|key| key.spki.clone()).unwrap_or_default();
            step.effects.push(Effect::AnswerDevice(b"secret for the phone".to_vec()));
            return Ok(EnrolOutcome::More(step));
        }
        let right = match factor {
            TOUCH => typed == "touched",
            SHEET => !typed.is_empty(),
            _ => typed.starts_with(DIGITS),
        };
        if !right {
            let mut step = self.begin_enrolment(factor, context, &[]).await?;
            let field = Some("code".to_owned());
            step.problem = Some(Problem { reason: RejectReason::WrongResponse, field, text: None, clock_off_ms: None });
            return Ok(EnrolOutcome::More(step));
        }
        Ok(EnrolOutcome::Enrolled(NewCredential {
            lookup: (factor == TOUCH).then(|| context.now.as_millis().to_be_bytes().to_vec()),
            suggested_label: "A key".into(),
            format: 1,
            data: if factor == SHEET { b"one two".to_vec() } else { DIGITS.into() },
            device: None,
            evidence: evidence(factor),
            consume: vec![consumed(&typed, context.now)],
            facts: if factor == SHEET { vec![("left".into(), "2".into())] } else { Vec::new() },
            effects: Vec::new(),
        }))
    }

    async fn begin_challenge(&self, factor: &str, _: Context, _: &[Credential]) -> Result<Step, Fault> {
        if factor == BROKEN { Err(Fault::Failed("it always does".into())) } else { Ok(challenge(factor)) }
    }

    async fn verify(
        &self,
        factor: &str,
        context: Context,
        credentials: &[Credential],
        _: &[u8],
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        let typed = typed(&answer);
        if typed == HELD && !WAS_HELD.swap(true, Ordering::SeqCst) {
            IS_HELD.notify_one();
            MAY_GO_ON.notified().await;
        }
        let Some(first) = credentials.first() else { return Err(Fault::Failed("no key".into())) };
        let accepted = |credential: &Credential| Accepted {
            credential: credential.id,
            update: None,
            consume: vec![consumed(&typed, context.now)],
            evidence: evidence(factor),
            warnings: Vec::new(),
            effects: Vec::new(),
        };
        Ok(match (factor, typed.as_str()) {
            (BROKEN, _) => return Err(Fault::Failed("it always does".into())),
            (LIAR, "forge") => VerifyOutcome::Accepted(Accepted {
                credential: CredentialId::from_uuid(uuid::Uuid::from_u128(0x0f0f)),
                ..accepted(first)
            }),
            (LIAR, _) => VerifyOutcome::Accepted(Accepted {
                evidence: Evidence {
                    amr: vec!["hwk".into(), "face".into()],
                    phishing_resistant: true,
                    inherence: true,
                    ..evidence(factor)
                },
                ..accepted(first)
            }),
            (_, "deny") => VerifyOutcome::Rejected(rejected(RejectReason::DeclinedByUser)),
            (TOUCH, "touched") => VerifyOutcome::Accepted(accepted(first)),
            (TOUCH, _) => VerifyOutcome::Rejected(rejected(RejectReason::WrongResponse)),
            (SHEET, code) => {
                let codes = String::from_utf8_lossy(&first.secret).into_owned();
                let left: Vec<&str> = codes.split_whitespace().filter(|left| *left != code).collect();
                if left.len() == codes.split_whitespace().count() {
                    VerifyOutcome::Rejected(rejected(RejectReason::WrongResponse))
                } else {
                    let count = u32::try_from(left.len()).unwrap_or_default();
                    let facts = Some(vec![("left".to_owned(), count.to_string())]);
                    let update = CredentialUpdate { format: 1, data: left.join(" ").into_bytes(), facts };
                    let warnings = vec![Warning::FewLeft(count)];
                    VerifyOutcome::Accepted(Accepted { update: Some(update), warnings, ..accepted(first) })
                }
            }
            (_, "malformed") => VerifyOutcome::Rejected(rejected(RejectReason::Malformed)),
            (_, "more") => VerifyOutcome::More(challenge(factor)),
            // A wrong answer that changes the key, as a drift that was noticed would.
            (_, "drift") => VerifyOutcome::Rejected(Rejection {
                updates: vec![(first.id, CredentialUpdate { format: 1, data: first.secret.clone(), facts: None })],
                ..rejected(RejectReason::WrongResponse)
            }),
            (_, "late") => VerifyOutcome::Rejected(Rejection {
                clock_off_ms: context.diagnose.then_some(-180_000),
                consume: vec![(first.id, consumed(&typed, context.now))],
                ..rejected(RejectReason::Expired)
            }),
            (_, code) if code.starts_with(DIGITS) || code == "approve" => {
                // Every use changes the key, as a counter would.
                let update = CredentialUpdate { format: 1, data: first.secret.clone(), facts: None };
                VerifyOutcome::Accepted(Accepted { update: Some(update), ..accepted(first) })
            }
            _ => VerifyOutcome::Rejected(rejected(RejectReason::WrongResponse)),
        })
    }

    async fn import_seeds(&self, factor: &str, _: &str, _: &[u8], _: Option<&[u8]>) -> Result<Imported, Fault> {
        Err(Fault::NotInstalled(factor.to_owned()))
    }
}
