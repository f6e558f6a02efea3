//! The challenge: one code of the sheet.

use std::time::Duration;

use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Consumed, Context, Credential, CredentialUpdate, Exhibit, Fault, Field, FieldKind, Form, Prompt,
    RejectReason, Rejection, Response, Step, VerifyOutcome, Warning,
};
use keyholder_plugin_sdk::text;

use crate::code::Code;
use crate::enrolment::facts;
use crate::evidence;
use crate::stored::{FORMAT, Sheet, write};

const CODE: &str = "code";

/// With room for spaces and hyphens.
const FIELD: u16 = 24;

const LIFETIME: Duration = Duration::from_mins(10);

/// From here on the person is told to make a new sheet.
const FEW: usize = 3;

/// A used code is not on the sheet any more. That it is burnt as well settles two answers at the same moment, and a sheet that comes
/// back out of a backup.
const BURNT_FOR_MS: u64 = 366 * 24 * 60 * 60 * 1_000;

pub(crate) fn begin(credentials: &[Credential]) -> Result<Step, Fault> {
    let mut form = Form::new(text!("challenge-title"), text!("challenge-submit"))
        .help(text!("challenge-help"))
        .field(Field::new(CODE, text!("challenge-code"), FieldKind::Text(FIELD)).hint(text!("challenge-code-hint")));
    if read_all(credentials)?.iter().all(|(_, sheet)| sheet.left() == 0) {
        form = form.exhibit(Exhibit::Note(text!("none-left")));
    }
    Ok(Step::new(Vec::new(), LIFETIME, vec![Prompt::form(CODE, form)]))
}

pub(crate) fn verify(ctx: &Context, credentials: &[Credential], answer: &Answer) -> Result<VerifyOutcome, Fault> {
    match &answer.response {
        Response::Fields(_) => verify_code(ctx, credentials, answer.field(CODE).unwrap_or_default()),
        Response::Cancelled => Ok(rejected(RejectReason::Other("cancelled".into()))),
        _ => Ok(rejected(RejectReason::Malformed)),
    }
}

fn verify_code(ctx: &Context, credentials: &[Credential], typed: &str) -> Result<VerifyOutcome, Fault> {
    let sheets = read_all(credentials)?;
    if sheets.iter().all(|(_, sheet)| sheet.left() == 0) {
        return Ok(VerifyOutcome::Rejected(Rejection::new(RejectReason::Exhausted).text(text!("none-left"))));
    }
    let Some(code) = Code::parse(typed) else {
        return Ok(VerifyOutcome::Rejected(Rejection::new(RejectReason::Malformed).text(text!("not-a-code"))));
    };
    let used = sheets.iter().find_map(|(credential, sheet)| sheet.without(&code).map(|used| (credential, used)));
    let Some((credential, (sheet, hash))) = used else {
        return Ok(VerifyOutcome::Rejected(Rejection::new(RejectReason::WrongResponse).text(text!("not-left"))));
    };
    let burnt = Consumed { token: hash.to_vec(), expires_unix_ms: ctx.now_unix_ms + BURNT_FOR_MS };
    let mut accepted = Accepted::new(&credential.id, evidence()).consume(burnt);
    accepted.update = Some(CredentialUpdate { format: FORMAT, data: write(&sheet)?, facts: Some(facts(&sheet)) });
    if sheet.left() <= FEW {
        accepted.warnings.push(Warning::FewLeft(u32::try_from(sheet.left()).unwrap_or(u32::MAX)));
    }
    Ok(VerifyOutcome::Accepted(accepted))
}

fn read_all(credentials: &[Credential]) -> Result<Vec<(&Credential, Sheet)>, Fault> {
    credentials.iter().map(|credential| Ok((credential, Sheet::read(credential)?))).collect()
}

fn rejected(reason: RejectReason) -> VerifyOutcome {
    VerifyOutcome::Rejected(Rejection::new(reason))
}
