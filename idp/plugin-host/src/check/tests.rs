#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use keyholder_core::credential::CredentialOwner;
use keyholder_core::factor::{DeviceKey, FactorKind, Message, Wait};
use keyholder_core::id::PersonId;
use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;

use super::*;

#[derive(Debug)]
struct Fixed(u8);
impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn id(byte: u8) -> CredentialId {
    CredentialId::draw(&Fixed(byte), Timestamp::from_millis(0))
}

fn key() -> Credential {
    Credential {
        id: id(1),
        owner: CredentialOwner::Person(PersonId::draw(&Fixed(1), Timestamp::from_millis(0))),
        holder: None,
        factor: "test".into(),
        lookup: None,
        label: String::new(),
        format: 1,
        secret: Vec::new(),
        device: None,
        evidence: Evidence::default(),
        facts: Vec::new(),
        version: 1,
        created_at: Timestamp::from_millis(0),
        last_used_at: None,
    }
}

/// Runs a check with one key handed in and push granted.
fn with<T>(run: impl FnOnce(&Checker<'_>) -> T) -> T {
    let identity = Identity { id: "test".into(), version: "1".into() };
    let capabilities = [Capability::Push].into();
    let granted = Granted { ceiling: Evidence { possession: true, ..Evidence::default() }, capabilities };
    let credentials = [key()];
    run(&Checker { identity: &identity, granted: &granted, credentials: &credentials, device: true })
}

fn text() -> Text {
    Text { key: "k".into(), args: Vec::new() }
}

fn field() -> Field {
    let kind = FieldKind::OneTimeCode(6);
    Field { name: "code".into(), label: text(), hint: None, placeholder: None, kind, required: true }
}

fn form() -> Form {
    Form { title: text(), help: None, exhibits: Vec::new(), fields: vec![field()], submit: text() }
}

fn step() -> Step {
    Step {
        state: vec![0; DATA],
        lifetime: Duration::from_secs(1),
        prompts: vec![Prompt { id: "p".into(), ask: Ask::Form(form()) }],
        problem: None,
        reply_tag: Some(vec![0; 16]),
        effects: Vec::new(),
    }
}

/// The step is good as it is, and a breach after the change.
fn breaks(change: impl FnOnce(&mut Step)) {
    let mut step = step();
    with(|checker| checker.step(step.clone()).unwrap());
    change(&mut step);
    let refused = with(|checker| checker.step(step));
    assert!(matches!(refused, Err(Cause::Contract(_))), "{refused:?}");
}

fn breaks_form(change: impl FnOnce(&mut Form)) {
    let mut changed = form();
    change(&mut changed);
    breaks(|step| step.prompts[0].ask = Ask::Form(changed));
}

#[test]
fn a_step_has_its_bounds() {
    breaks(|step| step.state.push(0));
    breaks(|step| step.prompts.clear());
    breaks(|step| step.prompts[0].id.clear());
    breaks(|step| step.prompts.push(step.prompts[0].clone()));
    breaks(|step| {
        step.prompts = (0..=PROMPTS).map(|n| Prompt { id: n.to_string(), ask: Ask::Form(form()) }).collect();
    });
    breaks(|step| step.reply_tag = Some(vec![0; 15]));
    breaks(|step| step.reply_tag = Some(vec![0; 65]));
    let reason = RejectReason::Other("x".repeat(NAME + 1));
    breaks(|step| step.problem = Some(Problem { reason, field: None, text: None, clock_off_ms: None }));
    breaks(|step| {
        let exhibits = vec![Exhibit::Note(text()); EXHIBITS + 1];
        step.prompts[0].ask = Ask::Wait(Wait { message: text(), exhibits });
    });
}

#[test]
fn the_page_of_a_step_has_its_bounds_over_how_many_prompts_it_is_spread() {
    let of = |exhibits, fields| {
        let fields = (0..fields).map(|n: usize| Field { name: n.to_string(), ..field() }).collect();
        Ask::Form(Form { exhibits: vec![Exhibit::Qr("x".into()); exhibits], fields, ..form() })
    };
    let wait = |exhibits| Ask::Wait(Wait { message: text(), exhibits: vec![Exhibit::Note(text()); exhibits] });
    let drawn = |asks: Vec<Ask>| {
        let prompts = asks.into_iter().enumerate().map(|(n, ask)| Prompt { id: n.to_string(), ask }).collect();
        with(|checker| checker.step(Step { prompts, ..step() })).map(drop)
    };
    let (exhibits, fields) = (EXHIBITS / 2, FIELDS / 2);
    assert_eq!(drawn(vec![of(exhibits, fields), of(0, fields), wait(exhibits)]), Ok(()));
    assert!(drawn(vec![of(exhibits, fields), of(1, fields), wait(exhibits)]).is_err());
    assert!(drawn(vec![of(0, fields), of(0, fields), of(0, 1)]).is_err());
}

#[test]
fn a_form_has_its_bounds() {
    breaks_form(|form| form.fields.push(field()));
    breaks_form(|form| {
        form.fields = (0..=FIELDS).map(|n| Field { name: n.to_string(), ..field() }).collect();
    });
    breaks_form(|form| form.fields[0].name = "a b".into());
    breaks_form(|form| form.fields[0].name.clear());
    breaks_form(|form| form.fields[0].kind = FieldKind::OneTimeCode(0));
    breaks_form(|form| form.fields[0].kind = FieldKind::Secret(FIELD_LENGTH + 1));
    breaks_form(|form| form.title.key = "k".repeat(NAME + 1));
    breaks_form(|form| form.submit.args = vec![(String::new(), String::new()); ARGUMENTS + 1]);
    breaks_form(|form| form.help = Some(Text { key: "k".into(), args: vec![("n".into(), "x".repeat(LINE + 1))] }));
    breaks_form(|form| form.exhibits = vec![Exhibit::Qr("x".repeat(QR + 1))]);
    breaks_form(|form| form.exhibits = vec![Exhibit::PlainQr("x".repeat(QR + 1))]);
    breaks_form(|form| form.exhibits = vec![Exhibit::Secret("x".repeat(LINE + 1))]);
    breaks_form(|form| form.exhibits = vec![Exhibit::SecretList(vec![String::new(); SECRETS + 1])]);
    breaks_form(|form| form.exhibits = vec![Exhibit::MatchNumber("7".into())]);
    breaks_form(|form| form.exhibits = vec![Exhibit::MatchNumber("4x".into())]);
}

#[test]
fn json_for_the_page_is_an_object_and_not_deep() {
    let json = |json: &str| {
        let mut step = step();
        step.prompts[0].ask = Ask::WebauthnGet(json.to_owned());
        with(|checker| checker.step(step)).is_ok()
    };
    assert!(json(r#"{"publicKey": {"challenge": "x"}}"#));
    assert!(!json("[]") && !json("null") && !json("{") && !json(""));
    assert!(!json(&format!(r#"{{"x": {}{}}}"#, "[".repeat(JSON_DEPTH), "]".repeat(JSON_DEPTH))));
    assert!(!json(&format!(r#"{{"x": {}{}}}"#, "[".repeat(10_000), "]".repeat(10_000))));
    assert!(!json(&format!(r#"{{"x": "{}"}}"#, "x".repeat(JSON))));
}

#[test]
fn effects_concern_keys_that_were_handed_in() {
    let message =
        |credential, channel: &str| Effect::SendMessage(Message { channel: channel.into(), credential, text: text() });
    let effects = |effects: Vec<Effect>| with(|checker| checker.effects(effects).map(|kept| kept.len()));
    assert_eq!(effects(vec![message(id(1), "push"), Effect::AnswerDevice(vec![1])]), Ok(2));
    assert_eq!(effects(vec![message(id(1), "pigeon")]), Ok(0));
    assert!(effects(vec![message(id(2), "push")]).is_err());
    assert!(effects(vec![Effect::AnswerDevice(vec![1]), Effect::AnswerDevice(vec![2])]).is_err());
    assert!(effects(vec![Effect::AnswerDevice(vec![0; DATA + 1])]).is_err());
    assert!(effects(vec![message(id(1), "push"); EFFECTS + 1]).is_err());
}

fn accepted() -> Accepted {
    Accepted {
        credential: id(1),
        update: None,
        consume: Vec::new(),
        evidence: Evidence { possession: true, ..Evidence::default() },
        warnings: Vec::new(),
        effects: Vec::new(),
    }
}

fn consumed(length: usize) -> Consumed {
    Consumed { token: vec![0; length], expires_at: Timestamp::from_millis(0) }
}

#[test]
fn an_acceptance_has_its_bounds() {
    let refused = |change: fn(&mut Accepted)| {
        let mut accepted = accepted();
        change(&mut accepted);
        with(|checker| checker.verdict(VerifyOutcome::Accepted(accepted))).is_err()
    };
    assert!(!refused(|_| {}));
    assert!(refused(|accepted| accepted.credential = id(2)));
    assert!(refused(|accepted| accepted.consume = vec![consumed(0)]));
    assert!(refused(|accepted| accepted.consume = vec![consumed(TOKEN + 1)]));
    assert!(refused(|accepted| accepted.consume = vec![consumed(1); TOKENS + 1]));
    assert!(refused(|accepted| accepted.warnings = vec![Warning::PossibleClone; WARNINGS + 1]));
    assert!(refused(|accepted| accepted.evidence.amr = vec![String::new(); AMR + 1]));
    assert!(refused(|accepted| {
        accepted.update = Some(CredentialUpdate { format: 1, data: vec![0; DATA + 1], facts: None });
    }));
}

#[test]
fn a_rejection_touches_only_keys_that_were_handed_in_and_each_once() {
    let update = || CredentialUpdate { format: 1, data: Vec::new(), facts: None };
    let refused = |updates, consume| {
        let rejection =
            Rejection { reason: RejectReason::WrongResponse, text: None, clock_off_ms: None, updates, consume };
        with(|checker| checker.enrolment(EnrolOutcome::Rejected(rejection))).is_err()
    };
    assert!(!refused(vec![(id(1), update())], vec![(id(1), consumed(1))]));
    assert!(refused(vec![(id(2), update())], Vec::new()));
    assert!(refused(vec![(id(1), update()), (id(1), update())], Vec::new()));
    assert!(refused(Vec::new(), vec![(id(2), consumed(1))]));
}

#[test]
fn a_new_key_has_its_bounds() {
    let key = || NewCredential {
        lookup: Some(vec![0; LOOKUP]),
        suggested_label: "label".into(),
        format: 1,
        data: vec![0; DATA],
        device: None,
        evidence: Evidence { possession: true, phishing_resistant: true, ..Evidence::default() },
        consume: Vec::new(),
        facts: Vec::new(),
        effects: Vec::new(),
    };
    let Ok(EnrolOutcome::Enrolled(kept)) = with(|checker| checker.enrolment(EnrolOutcome::Enrolled(key()))) else {
        panic!("refused")
    };
    assert!(kept.evidence.possession && !kept.evidence.phishing_resistant);
    let refused = |change: fn(&mut NewCredential)| {
        let mut key = key();
        change(&mut key);
        with(|checker| checker.enrolment(EnrolOutcome::Enrolled(key))).is_err()
    };
    let lines = NewCredential { suggested_label: "Phone\r\n\u{202e}Sign in at".into(), ..key() };
    let Ok(EnrolOutcome::Enrolled(kept)) = with(|checker| checker.enrolment(EnrolOutcome::Enrolled(lines))) else {
        panic!("refused")
    };
    assert_eq!(kept.suggested_label, "Phone\u{fffd}\u{fffd}\u{fffd}Sign in at", "it is one line of a mail");
    assert!(refused(|key| key.lookup = Some(vec![0; LOOKUP + 1])));
    assert!(refused(|key| key.lookup = Some(Vec::new())));
    assert!(refused(|key| key.suggested_label = "x".repeat(NAME + 1)));
    assert!(refused(|key| key.data.push(0)));
    assert!(refused(|key| key.device = Some(DeviceKey { spki: vec![0; 91] })));
    assert!(refused(|key| key.facts = vec![(String::new(), String::new()); FACTS + 1]));
    assert!(refused(|key| key.facts = vec![(String::new(), "x".repeat(LINE + 1))]));
}

#[test]
fn a_factor_reads_what_it_writes_and_claims_no_more_than_was_granted() {
    let claimed = Descriptor {
        id: "test".into(),
        version: "1".into(),
        kind: FactorKind::SoftKey,
        reads_formats: vec![1, 2],
        writes_format: 2,
        ceiling: Evidence { possession: true, phishing_resistant: true, ..Evidence::default() },
        multiple_per_user: true,
    };
    let granted = Granted { ceiling: Evidence { possession: true, ..Evidence::default() }, ..Granted::default() };
    assert_eq!(descriptor(claimed.clone(), &granted).unwrap().ceiling, granted.ceiling);
    assert!(descriptor(Descriptor { writes_format: 3, ..claimed }, &granted).is_err());
}
