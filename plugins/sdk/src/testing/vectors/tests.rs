use crate::factor::{
    Accepted, Answer, Context, Credential, Descriptor, EnrolOutcome, Evidence, Factor, Fault, Kind, NewCredential,
    Step, VerifyOutcome,
};
use crate::testing::vectors::run;
use crate::{factor, host};

/// A key that accepts whatever is typed, and burns it.
struct Echo;

impl Factor for Echo {
    fn describe() -> Descriptor {
        Descriptor {
            id: "echo".into(),
            version: "1.0.0".into(),
            kind: Kind::Other("echo".into()),
            reads_formats: vec![1],
            writes_format: 1,
            ceiling: Evidence::default(),
            multiple_per_user: true,
            extra: Vec::new(),
        }
    }

    fn check_config(config: String) -> Vec<(String, String)> {
        vec![("/".into(), config)]
    }

    fn begin_enrolment(ctx: Context, _existing: Vec<Credential>) -> Result<Step, Fault> {
        let state = [host::random_bytes(2), ctx.config.into_bytes()].concat();
        Ok(Step::new(state, std::time::Duration::from_secs(1), Vec::new()))
    }

    fn finish_enrolment(
        _ctx: Context,
        existing: Vec<Credential>,
        state: Vec<u8>,
        _answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        let label = format!("{} before", existing.len());
        Ok(EnrolOutcome::Enrolled(NewCredential::new(&label, 1, state, Evidence::default())))
    }

    fn begin_challenge(_ctx: Context, _credentials: Vec<Credential>) -> Result<Step, Fault> {
        Err(Fault::CorruptState)
    }

    fn verify(
        _ctx: Context,
        credentials: Vec<Credential>,
        _state: Vec<u8>,
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        let burnt = factor::Consumed { token: answer.field("typed").unwrap_or_default().into(), expires_unix_ms: 0 };
        let last = credentials.last().ok_or(Fault::CorruptState)?;
        Ok(VerifyOutcome::Accepted(
            Accepted::new(&last.id, Evidence::default()).update(2, b"new".to_vec()).consume(burnt),
        ))
    }
}

const SCHEMA: &str = r#"{ "properties": { "a": { "default": 1 }, "b": { "default": 2 }, "c": {} } }"#;

/// What differs in a vector of these calls.
fn differences(calls: &str) -> Vec<String> {
    let vector = format!(r#"{{ "about": "", "random": "0a 0b", "settings": {{ "b": 3 }}, "calls": [{calls}] }}"#);
    run::<Echo>(&vector, SCHEMA).unwrap()
}

const ENROL: &str = r#"
    { "call": "begin-enrolment", "expect": { "step": { "state": "0a0b7b2261223a312c2262223a337d", "ttl_ms": 1000 } } },
    { "call": "finish-enrolment", "answer": { "fields": {} },
      "expect": { "enrolled": { "key": "key-1", "label": "0 before", "data": "0a0b7b2261223a312c2262223a337d" } } }"#;

#[test]
fn between_the_calls_goes_on_what_the_host_does() {
    let typed = |text: &str, expected: &str| {
        format!(r#", {{ "call": "verify", "answer": {{ "fields": {{ "typed": "{text}" }} }}, "expect": {expected} }}"#)
    };
    let accepted = r#"{ "accepted": { "credential": "key-1", "update": { "format": 2 } } }"#;
    let burnt = r#"{ "rejected": { "reason": "replayed", "by": "host" } }"#;
    let calls = [ENROL.to_owned(), typed("x", accepted), typed("x", burnt), typed("y", accepted)].concat();
    assert_eq!(differences(&calls), Vec::<String>::new());
    // A fault is an outcome, a second key is numbered on, and keys are named.
    let second = r#", { "call": "finish-enrolment", "state": "00", "answer": { "fields": {} },
        "expect": { "enrolled": { "key": "key-2", "label": "1 before", "data": "00" } } },
        { "call": "verify", "keys": ["key-1"], "answer": { "fields": {} }, "expect": { "accepted": { "credential": "key-1" } } },
        { "call": "verify", "answer": { "fields": {} }, "expect": { "accepted": { "credential": "key-2" } } },
        { "call": "begin-challenge", "expect": { "fault": { "$any": true } } }"#;
    assert_eq!(differences(&[ENROL, second].concat()), Vec::<String>::new());
}

#[test]
fn a_vector_that_does_not_hold_is_told() {
    let told = differences(r#"{ "call": "describe", "expect": { "descriptor": { "id": "other" } } }"#);
    assert_eq!(told, [r#"call 1 (describe): /descriptor/id/: expected "other", found "echo""#]);
}

#[test]
fn what_is_no_vector_is_refused() {
    for calls in [
        "{}",
        r#"{ "call": "no-such-call" }"#,
        r#"{ "call": "verify" }"#,
        r#"{ "call": "verify", "answer": {} }"#,
        r#"{ "call": "verify", "keys": ["key-1"], "answer": { "fields": {} } }"#,
        r#"{ "call": "verify", "state": "0", "answer": { "fields": {} } }"#,
        r#"{ "call": "describe", "context": { "purpose": "other" } }"#,
    ] {
        assert!(run::<Echo>(&format!(r#"{{ "calls": [{calls}] }}"#), "{}").is_err(), "{calls}");
    }
    assert!(run::<Echo>("", "{}").is_err());
}
