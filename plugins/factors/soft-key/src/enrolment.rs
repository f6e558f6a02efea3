//! Enrolment: the app takes the secret from a QR code, and shows by a code that it has it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_plugin_sdk::factor::{
    Answer, Context, DeviceAnswer, DeviceKey, Effect, EnrolOutcome, Exhibit, Fault, Field, FieldKind, Form,
    NewCredential, Problem, Prompt, RejectReason, Rejection, Response, Step,
};
use keyholder_plugin_sdk::{host, text};
use totp_rs::Secret as Base32;

use crate::challenge::CODE;
use crate::settings::Settings;
use crate::stored::{Enrolment, FORMAT, Key};
use crate::{approval, code, evidence};

const LIFETIME: Duration = Duration::from_mins(10);

/// What a QR code may hold (the contract's `qr`).
const LONGEST: usize = 512;

pub(crate) fn begin(ctx: &Context) -> Result<Step, Fault> {
    let enrolment = Enrolment { secret: host::random_array(), tag: host::random_array(), device: None };
    step(ctx, &enrolment)
}

pub(crate) fn finish(ctx: &Context, state: &[u8], answer: &Answer) -> Result<EnrolOutcome, Fault> {
    let enrolment = Enrolment::read(state)?;
    match &answer.response {
        Response::Fields(_) => finish_with_code(ctx, enrolment, answer.field(CODE).unwrap_or_default()),
        Response::Device(device) => hand_over(ctx, &enrolment, device),
        Response::Cancelled => Ok(rejected(RejectReason::Other("cancelled".into()))),
        Response::Webauthn(_) | Response::Other(_) => Ok(rejected(RejectReason::Malformed)),
    }
}

/// The page. It is the same after each wrong answer: the same secret, hence the same picture.
fn step(ctx: &Context, enrolment: &Enrolment) -> Result<Step, Fault> {
    let settings = Settings::of(ctx)?;
    let app = &settings.app_name;
    let secret = Base32::new_stack(enrolment.secret).to_base32();
    let tag = settings.approvals.then(|| URL_SAFE_NO_PAD.encode(enrolment.tag));
    let mut form = Form::new(text!("enrol-title", app = app), text!("enrol-submit"))
        .help(text!("enrol-help", app = app))
        .exhibit(Exhibit::Qr(address(ctx, &secret, tag.as_deref())))
        .exhibit(Exhibit::PlainQr(address(ctx, &secret, None)))
        .exhibit(Exhibit::Secret(secret));
    if enrolment.device.is_some() {
        form = form.exhibit(Exhibit::Note(text!("enrol-connected")));
    }
    let form = form.field(
        Field::new(CODE, text!("enrol-code"), FieldKind::OneTimeCode(code::DIGITS))
            .hint(text!("enrol-code-hint"))
            .placeholder(text!("enrol-code-placeholder")),
    );
    let step = Step::new(enrolment.write()?, LIFETIME, vec![Prompt::form(CODE, form)]);
    Ok(if settings.approvals { step.reply_tag(enrolment.tag.to_vec()) } else { step })
}

fn finish_with_code(ctx: &Context, enrolment: Enrolment, typed: &str) -> Result<EnrolOutcome, Fault> {
    let again = |problem: Problem| Ok(EnrolOutcome::More(step(ctx, &enrolment)?.problem(problem.at(CODE))));
    let Some(code) = code::parse(typed) else {
        return again(Problem::new(RejectReason::Malformed).text(text!("six-digits")));
    };
    let Some(step) = code::steps_that_fit(&enrolment.secret, &code, ctx.now_unix_ms)?.into_iter().max() else {
        // Wrong, or late? No limit is needed here: whoever asks has the secret on the page.
        return match code::step_of_a_clock_that_is_off(&enrolment.secret, &code, ctx.now_unix_ms)? {
            None => again(Problem::new(RejectReason::WrongResponse)),
            Some(step) => {
                let mut problem = Problem::new(RejectReason::Expired);
                problem.clock_off_ms = Some(code::clock_off_ms(step, ctx.now_unix_ms));
                again(problem)
            }
        };
    };
    let data = Key { secret: enrolment.secret, last_step: step }.write()?;
    let label = if ctx.language() == "cy" { "Ffôn" } else { "Phone" };
    let mut new = NewCredential::new(label, FORMAT, data, evidence(&["otp"]));
    new.consume.push(code::burnt(step));
    new.device = enrolment.device.map(|spki| DeviceKey { spki });
    Ok(EnrolOutcome::Enrolled(new))
}

/// A phone that read the tag off the page hands in its key and takes the secret. The form stays: the person types what it shows.
fn hand_over(ctx: &Context, enrolment: &Enrolment, answer: &DeviceAnswer) -> Result<EnrolOutcome, Fault> {
    let key = answer
        .key
        .as_ref()
        .filter(|key| Settings::of(ctx).is_ok_and(|settings| settings.approvals) && approval::is_p256(key));
    let Some(key) = key else { return Ok(EnrolOutcome::More(step(ctx, enrolment)?)) };
    if enrolment.device.as_ref().is_some_and(|first| *first != key.spki) {
        // The first phone keeps its place; the person hears that somebody else has read the picture.
        let problem = Problem::new(RejectReason::AuthenticatorNotAllowed).text(text!("another-phone"));
        return Ok(EnrolOutcome::More(step(ctx, enrolment)?.problem(problem)));
    }
    let enrolment = Enrolment { device: Some(key.spki.clone()), ..enrolment.clone() };
    let body = serde_json::json!({
        "secret": Base32::new_stack(enrolment.secret).to_base32(),
        "algorithm": "SHA1",
        "digits": code::DIGITS,
        "period": code::STEP_SECONDS,
        "issuer": ctx.issuer,
        "issuer-name": ctx.issuer_name,
        "account": ctx.user_name,
    });
    Ok(EnrolOutcome::More(step(ctx, &enrolment)?.effect(Effect::AnswerDevice(body.to_string().into_bytes()))))
}

/// The key URI that apps read: `otpauth://totp/{issuer}:{account}`. With the tag, our authenticator finds this enrolment; the others
/// pass the parameter over. Names are shortened where the picture could not hold them.
fn address(ctx: &Context, secret: &str, tag: Option<&str>) -> String {
    // A colon parts issuer from account.
    let mut issuer = ctx.issuer_name.replace(':', " ");
    let mut account = ctx.user_name.clone();
    loop {
        let (issuer_escaped, account_escaped) = (escape(&issuer), escape(&account));
        let mut address = format!(
            "otpauth://totp/{issuer_escaped}:{account_escaped}?secret={secret}&issuer={issuer_escaped}&algorithm=SHA1&digits={}&period={}",
            code::DIGITS,
            code::STEP_SECONDS,
        );
        if let Some(tag) = tag {
            address.push_str("&keyholder=");
            address.push_str(tag);
        }
        if address.len() <= LONGEST || (account.pop().is_none() && issuer.pop().is_none()) {
            return address;
        }
    }
}

/// RFC 3986 2.1, 2.3.
fn escape(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit));
            escaped.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    escaped
}

fn rejected(reason: RejectReason) -> EnrolOutcome {
    EnrolOutcome::Rejected(Rejection::new(reason))
}
