//! A new sheet: shown once, and saved once the person says that they have kept it.

use std::time::Duration;

use keyholder_plugin_sdk::factor::{
    Answer, Context, EnrolOutcome, Exhibit, Fault, Field, FieldKind, Form, NewCredential, Problem, Prompt,
    RejectReason, Rejection, Response, Step,
};
use keyholder_plugin_sdk::{host, text};

use crate::code::Code;
use crate::evidence;
use crate::stored::{CODES, FORMAT, Sheet, read, write};

const SHEET: &str = "sheet";
const KEPT: &str = "kept";

/// Time to find a printer; the host's own limit is as long.
const LIFETIME: Duration = Duration::from_mins(10);

pub(crate) fn begin() -> Result<Step, Fault> {
    let mut codes: Vec<Code> = Vec::with_capacity(CODES);
    while codes.len() < CODES {
        let code = Code::draw();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    step(&codes)
}

pub(crate) fn finish(ctx: &Context, state: &[u8], answer: &Answer) -> Result<EnrolOutcome, Fault> {
    let typed: Vec<String> = read(state).ok_or(Fault::CorruptState)?;
    let codes: Vec<Code> = typed.iter().filter_map(|code| Code::parse(code)).collect();
    if codes.len() != CODES {
        return Err(Fault::CorruptState);
    }
    match &answer.response {
        Response::Fields(_) if answer.ticked(KEPT) => {
            let sheet = Sheet::new(host::random_array(), &codes);
            let label = if ctx.language() == "cy" { "Codau adfer" } else { "Recovery codes" };
            let mut new = NewCredential::new(label, FORMAT, write(&sheet)?, evidence());
            new.facts = facts(&sheet);
            Ok(EnrolOutcome::Enrolled(new))
        }
        Response::Fields(_) => {
            let problem = Problem::new(RejectReason::Other("not-kept".into())).at(KEPT).text(text!("not-kept"));
            Ok(EnrolOutcome::More(step(&codes)?.problem(problem)))
        }
        Response::Cancelled => Ok(rejected(RejectReason::Other("cancelled".into()))),
        _ => Ok(rejected(RejectReason::Malformed)),
    }
}

/// How many codes are left; the page draws it.
pub(crate) fn facts(sheet: &Sheet) -> Vec<(String, String)> {
    vec![("left".into(), sheet.left().to_string())]
}

fn step(codes: &[Code]) -> Result<Step, Fault> {
    let shown: Vec<String> = codes.iter().map(Code::grouped).collect();
    let state = write(&shown)?;
    let form = Form::new(text!("enrol-title"), text!("enrol-submit"))
        .help(text!("enrol-help"))
        .exhibit(Exhibit::SecretList(shown))
        .field(Field::new(KEPT, text!("enrol-kept"), FieldKind::Confirm));
    Ok(Step::new(state, LIFETIME, vec![Prompt::form(SHEET, form)]))
}

fn rejected(reason: RejectReason) -> EnrolOutcome {
    EnrolOutcome::Rejected(Rejection::new(reason))
}
