//! An honest factor: an app on a phone that makes a key, and signs approvals with it. The page may be answered too, by a code.
//!
//! Enrolment: the page shows a QR code and a field. The phone scans, makes a key and answers out of band by the step's reply tag;
//! the form stays as it is. The person then confirms on the page. A challenge: the page shows a number and a field at once.

use guests::*;

struct Phone;
export_factor!(Phone with_types_in guests);

const CODE: &str = "123456";

/// The enrolment's page: the same before and after the phone has answered.
fn enrolment(tag: Vec<u8>, key: Option<DeviceKey>) -> Step {
    let link = format!("https://id.example/authenticator/#{}", hex(&tag));
    let ask = form(vec![field("code", FieldKind::OneTimeCode(6))], vec![Exhibit::Qr(link)]);
    let mut state = tag.clone();
    state.extend(key.into_iter().flat_map(|key| key.spki));
    Step { prompts: vec![prompt("set-up", ask)], reply_tag: Some(tag), ..step(state) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the phone signs: the occasion, its number, and what the person said.
fn approval(ctx: &Context, said: &str) -> Vec<u8> {
    let number = ctx.occasion.number.as_deref().unwrap_or_default();
    format!("{said} {} {number}", ctx.occasion.ceremony).into_bytes()
}

/// A message (its length in two bytes first) and a signature.
fn parts(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn verify_approval(ctx: &Context, credentials: &[Credential], device: &DeviceAnswer) -> VerifyOutcome {
    let refused = |reason| VerifyOutcome::Rejected(rejection(reason));
    let credential = credentials.iter().find(|credential| Some(&credential.id) == device.credential.as_ref());
    let Some((credential, key)) = credential.and_then(|found| Some((found, found.device.as_ref()?))) else {
        return refused(RejectReason::UnknownCredential);
    };
    let Some((message, signature)) = parts(&device.body) else {
        return refused(RejectReason::Malformed);
    };
    let public = crypto::PublicKey::Spki(key.spki.clone());
    if !matches!(crypto::verify(&crypto::SigAlg::Es256, &public, message, signature), Ok(true)) {
        return refused(RejectReason::WrongResponse);
    }
    if message == approval(ctx, "deny") {
        return refused(RejectReason::DeclinedByUser);
    }
    if message != approval(ctx, "approve") {
        return refused(RejectReason::WrongResponse);
    }
    let mut accepted = accepted(&credential.id);
    accepted.evidence.amr = vec!["swk".into()];
    accepted.consume = vec![Consumed { token: signature.to_vec(), expires_unix_ms: ctx.now_unix_ms + 600_000 }];
    accepted.effects = vec![Effect::AnswerDevice(b"approved".to_vec())];
    VerifyOutcome::Accepted(accepted)
}

impl Factor for Phone {
    fn describe() -> Descriptor {
        let mut descriptor = describe("fake-phone");
        descriptor.kind = Kind::SoftKey;
        descriptor.ceiling.amr = vec!["otp".into(), "swk".into()];
        descriptor
    }

    fn check_config(_: String) -> Vec<(String, String)> {
        Vec::new()
    }

    fn begin_enrolment(_: Context, _: Vec<Credential>) -> Result<Step, Fault> {
        Ok(enrolment(random::bytes(16), None))
    }

    fn finish_enrolment(_: Context, _: Vec<Credential>, state: Vec<u8>, answer: Answer) -> Result<EnrolOutcome, Fault> {
        let (tag, spki) = state.split_at_checked(16).ok_or(Fault::CorruptState)?;
        let known = (!spki.is_empty()).then(|| DeviceKey { spki: spki.to_vec() });
        match answer.response {
            Response::Device(DeviceAnswer { key: Some(key), .. }) => {
                let mut step = enrolment(tag.to_vec(), Some(key));
                step.effects = vec![Effect::AnswerDevice(b"welcome".to_vec())];
                Ok(EnrolOutcome::More(step))
            }
            Response::Fields(fields) => {
                let right = fields.iter().any(|(name, value)| name == "code" && value == CODE);
                if right && known.is_some() {
                    let mut key = new_credential(b"phone".to_vec());
                    key.device = known;
                    return Ok(EnrolOutcome::Enrolled(key));
                }
                let mut step = enrolment(tag.to_vec(), known);
                step.problem = Some(Problem {
                    reason: RejectReason::WrongResponse,
                    field: Some("code".into()),
                    text: None,
                    clock_off_ms: None,
                });
                Ok(EnrolOutcome::More(step))
            }
            _ => Ok(EnrolOutcome::Rejected(rejection(RejectReason::Malformed))),
        }
    }

    fn begin_challenge(ctx: Context, credentials: Vec<Credential>) -> Result<Step, Fault> {
        let number = ctx.occasion.number.clone().unwrap_or_default();
        let wait = Ask::Wait(Wait { message: text("look"), exhibits: vec![Exhibit::MatchNumber(number)] });
        let typed = form(vec![field("code", FieldKind::OneTimeCode(6))], Vec::new());
        let wake = credentials.iter().filter(|credential| credential.device.is_some()).map(|credential| {
            let message = Message { channel: "push".into(), credential: credential.id.clone(), text: text("asked") };
            Effect::SendMessage(message)
        });
        Ok(Step {
            prompts: vec![prompt("typed", typed), prompt("phone", wait)],
            effects: wake.collect(),
            ..step(Vec::new())
        })
    }

    fn verify(ctx: Context, credentials: Vec<Credential>, _: Vec<u8>, answer: Answer) -> Result<VerifyOutcome, Fault> {
        Ok(match answer.response {
            Response::Device(device) => verify_approval(&ctx, &credentials, &device),
            Response::Fields(fields) if fields.iter().any(|(_, value)| value == CODE) => {
                VerifyOutcome::Accepted(accepted(&credentials[0].id))
            }
            _ => VerifyOutcome::Rejected(rejection(RejectReason::WrongResponse)),
        })
    }
}

impl SeedImport for Phone {
    fn import_seeds(_: String, _: String, _: Vec<u8>, _: Option<Vec<u8>>) -> Result<Imported, Fault> {
        Ok(Imported { keys: Vec::new(), problems: Vec::new() })
    }
}
