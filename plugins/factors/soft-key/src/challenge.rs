//! The challenge: a code is typed, or a phone answers.

use std::time::Duration;

use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Context, Credential, Effect, Exhibit, Fault, Field, FieldKind, Form, Message, Prompt,
    RejectReason, Rejection, Response, Step, VerifyOutcome,
};
use keyholder_plugin_sdk::text;

use crate::settings::Settings;
use crate::stored::{FORMAT, Key};
use crate::{approval, code, evidence};

pub(crate) const CODE: &str = "code";
pub(crate) const PHONE: &str = "phone";

/// A phone that is asked has two minutes; who types has the host's ten.
const LIFETIME: Duration = Duration::from_mins(10);

/// The effects that the host takes of one step. Whoever has more phones opens the app on one of the others.
const MOST_WOKEN: usize = 8;

pub(crate) fn begin(ctx: &Context, credentials: &[Credential]) -> Result<Step, Fault> {
    let settings = Settings::of(ctx)?;
    let phones: Vec<_> = credentials.iter().filter(|key| settings.approvals && key.device.is_some()).collect();
    let help = if phones.is_empty() { "challenge-help" } else { "challenge-help-phone" };
    let form = Form::new(text!("app", app = settings.app_name), text!("challenge-submit"))
        .help(text!(help, app = settings.app_name))
        .field(
            Field::new(CODE, text!("challenge-code", app = settings.app_name), FieldKind::OneTimeCode(code::DIGITS))
                .hint(text!("challenge-code-hint")),
        );
    let mut prompts = vec![Prompt::form(CODE, form)];
    if !phones.is_empty() {
        let number = ctx.occasion.number.clone().map(Exhibit::MatchNumber);
        prompts.push(Prompt::wait(
            PHONE,
            text!("challenge-wait", app = settings.app_name),
            number.into_iter().collect(),
        ));
    }
    let wake = phones.into_iter().take(MOST_WOKEN).map(|key| {
        let text = text!("sign-in-waits");
        Effect::SendMessage(Message { channel: "push".into(), credential: key.id.clone(), text })
    });
    // Nothing is kept between the pages: what is checked comes from the keys and the occasion.
    Ok(wake.fold(Step::new(Vec::new(), LIFETIME, prompts), Step::effect))
}

pub(crate) fn verify(ctx: &Context, credentials: &[Credential], answer: &Answer) -> Result<VerifyOutcome, Fault> {
    match &answer.response {
        Response::Fields(_) => verify_code(ctx, credentials, answer.field(CODE).unwrap_or_default()),
        Response::Device(device) => approval::verify(ctx, credentials, device),
        Response::Cancelled => Ok(rejected(RejectReason::Other("cancelled".into()))),
        Response::Webauthn(_) | Response::Other(_) => Ok(rejected(RejectReason::Malformed)),
    }
}

/// What is known of a code that was not accepted: the worst comes last and wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Refused {
    Wrong,
    Older,
    Used,
}

/// Any of the person's soft keys may have shown it; the one that fits is used.
fn verify_code(ctx: &Context, credentials: &[Credential], typed: &str) -> Result<VerifyOutcome, Fault> {
    let Some(code) = code::parse(typed) else {
        return Ok(VerifyOutcome::Rejected(Rejection::new(RejectReason::Malformed).text(text!("six-digits"))));
    };
    let keys = credentials.iter().map(|credential| Ok((credential, Key::read(credential)?)));
    let keys = keys.collect::<Result<Vec<_>, Fault>>()?;

    let mut refused = Refused::Wrong;
    for (credential, key) in &keys {
        for step in code::steps_that_fit(&key.secret, &code, ctx.now_unix_ms)? {
            // RFC 6238 5.2: a code is accepted once; nor is one from before the last.
            if step > key.last_step {
                let key = Key { last_step: step, ..key.clone() };
                let accepted = Accepted::new(&credential.id, evidence(&["otp"]))
                    .update(FORMAT, key.write()?)
                    .consume(code::burnt(step));
                return Ok(VerifyOutcome::Accepted(accepted));
            }
            refused = refused.max(if step == key.last_step { Refused::Used } else { Refused::Older });
        }
    }
    match refused {
        Refused::Used => Ok(rejected(RejectReason::Replayed)),
        Refused::Older => Ok(rejected(RejectReason::Expired)),
        Refused::Wrong if ctx.may_diagnose() => diagnose(ctx, &keys, &code),
        Refused::Wrong => Ok(rejected(RejectReason::WrongResponse)),
    }
}

/// Says by how much the phone's clock is off. The attempt stays a failure, and the code is burnt: whoever saw it typed must not have
/// it when its time comes.
fn diagnose(ctx: &Context, keys: &[(&Credential, Key)], code: &str) -> Result<VerifyOutcome, Fault> {
    for (credential, key) in keys {
        let Some(step) = code::step_of_a_clock_that_is_off(&key.secret, code, ctx.now_unix_ms)? else { continue };
        if step <= key.last_step {
            // A phone that has shown a later code since is not behind: an old code was typed.
            return Ok(rejected(if step == key.last_step { RejectReason::Replayed } else { RejectReason::Expired }));
        }
        let mut rejection = Rejection::new(RejectReason::Expired);
        rejection.clock_off_ms = Some(code::clock_off_ms(step, ctx.now_unix_ms));
        rejection.consume.push((credential.id.clone(), code::burnt(step)));
        return Ok(VerifyOutcome::Rejected(rejection));
    }
    Ok(rejected(RejectReason::WrongResponse))
}

pub(crate) fn rejected(reason: RejectReason) -> VerifyOutcome {
    VerifyOutcome::Rejected(Rejection::new(reason))
}
