//! A grid card: 40 cells of two characters, three of which are asked for at a sign-in.

use std::time::Duration;

use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Context, Credential, Descriptor, EnrolOutcome, Evidence, Exhibit, Factor, FactorClass, Fault,
    Field, FieldKind, Form, Kind, NewCredential, Problem, Prompt, RejectReason, Rejection, Response, Step,
    VerifyOutcome,
};
use keyholder_plugin_sdk::{constant_time_eq, export_factor, host, text};

/// How the data of a card is written. A change of it is a new number.
const FORMAT: u32 = 1;
const COLUMNS: usize = 5;
const CELLS: usize = 40;
const ASKED: usize = 3;
const FIELDS: [&str; ASKED] = ["first", "second", "third"];
/// Without characters that look like others.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LIFETIME: Duration = Duration::from_mins(10);

/// The plugin.
#[derive(Debug)]
pub struct {{Name}};

export_factor!({{Name}});

impl Factor for {{Name}} {
    fn describe() -> Descriptor {
        Descriptor {
            id: "{{name}}".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            kind: Kind::Other("grid-card".into()),
            reads_formats: vec![FORMAT],
            writes_format: FORMAT,
            ceiling: evidence(),
            multiple_per_user: false,
            extra: Vec::new(),
        }
    }

    fn check_config(_config: String) -> Vec<(String, String)> {
        Vec::new()
    }

    fn begin_enrolment(_ctx: Context, _existing: Vec<Credential>) -> Result<Step, Fault> {
        // Two characters a cell. 256 is a multiple of 32: no character is likelier than another.
        let drawn = host::random_array::<{ CELLS * 2 }>();
        let card = drawn.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).copied().collect();
        Ok(show(card))
    }

    fn finish_enrolment(
        _ctx: Context,
        _existing: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        if state.len() != CELLS * 2 {
            return Err(Fault::CorruptState);
        }
        if !answer.ticked("kept") {
            // The same card again: the person may have begun to copy it.
            let problem = Problem::new(RejectReason::Other("not-kept".into())).at("kept").text(text!("not-kept"));
            return Ok(EnrolOutcome::More(show(state).problem(problem)));
        }
        // The host seals what is stored.
        Ok(EnrolOutcome::Enrolled(NewCredential::new("Grid card", FORMAT, state, evidence())))
    }

    fn begin_challenge(_ctx: Context, _credentials: Vec<Credential>) -> Result<Step, Fault> {
        let mut asked: Vec<u8> = Vec::with_capacity(ASKED);
        while asked.len() < ASKED {
            // 240 is a multiple of 40: what is above it would make some cells likelier.
            for cell in host::random_bytes(1).into_iter().filter(|byte| *byte < 240).map(|byte| byte % 40) {
                if !asked.contains(&cell) {
                    asked.push(cell);
                }
            }
        }
        let mut form = Form::new(text!("challenge-title"), text!("challenge-submit")).help(text!("challenge-help"));
        for (field, cell) in FIELDS.into_iter().zip(&asked) {
            let label = text!("challenge-cell", cell = name(usize::from(*cell)));
            form = form.field(Field::new(field, label, FieldKind::Text(2)));
        }
        // What was asked for is the state: the host keeps it, sealed, and hands it to `verify`.
        Ok(Step::new(asked, LIFETIME, vec![Prompt::form("cells", form)]))
    }

    fn verify(
        _ctx: Context,
        credentials: Vec<Credential>,
        state: Vec<u8>,
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        let Response::Fields(_) = &answer.response else { return Ok(rejected(RejectReason::Malformed)) };
        let typed: String = FIELDS.iter().filter_map(|field| answer.field(field)).collect();
        let typed = typed.to_ascii_uppercase();
        for credential in &credentials {
            if credential.format != FORMAT {
                return Err(Fault::UnsupportedFormat(credential.format));
            }
            let asked = state.iter().filter_map(|cell| cell_of(&credential.data, usize::from(*cell)));
            let asked: Vec<u8> = asked.flatten().copied().collect();
            if asked.len() != ASKED * 2 {
                return Err(Fault::CorruptState);
            }
            if constant_time_eq(&asked, typed.as_bytes()) {
                return Ok(VerifyOutcome::Accepted(Accepted::new(&credential.id, evidence())));
            }
        }
        Ok(rejected(RejectReason::WrongResponse))
    }
}

/// The page that shows the card. The card is the state: nothing is stored before it was kept.
fn show(card: Vec<u8>) -> Step {
    let rows = card.chunks(COLUMNS * 2).enumerate().map(|(row, cells)| {
        let cells: Vec<_> = cells.chunks(2).map(String::from_utf8_lossy).collect();
        format!("{}: {}", row + 1, cells.join(" "))
    });
    let form = Form::new(text!("enrol-title"), text!("enrol-submit"))
        .help(text!("enrol-help"))
        .exhibit(Exhibit::SecretList(rows.collect()))
        .field(Field::new("kept", text!("enrol-kept"), FieldKind::Confirm));
    Step::new(card, LIFETIME, vec![Prompt::form("card", form)])
}

/// `B3` for the second cell of the third row.
fn name(cell: usize) -> String {
    let column = ["A", "B", "C", "D", "E"].get(cell % COLUMNS).copied().unwrap_or_default();
    format!("{column}{}", cell / COLUMNS + 1)
}

fn cell_of(card: &[u8], cell: usize) -> Option<&[u8]> {
    card.get(cell * 2..cell * 2 + 2)
}

/// Something the person has. The host cuts it down to what the operator granted.
fn evidence() -> Evidence {
    Evidence { classes: vec![FactorClass::Possession], amr: vec!["otp".into()], ..Evidence::default() }
}

fn rejected(reason: RejectReason) -> VerifyOutcome {
    VerifyOutcome::Rejected(Rejection::new(reason))
}

#[cfg(test)]
mod tests;
