//! A phone of its own making: it writes what it signs as `docs/plugins/approval-signature.md` says, not with the plugin's code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_plugin_sdk::factor::{Ask, Effect, Place, PlaceKind, RejectReason};
use keyholder_plugin_sdk::testing::{Phone, device_answer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;

const CARD: &str = "keyholder card 1\n\
    application 12:Safeguarding\n\
    school 23:Oakfield Primary School\n\
    browser 18:Firefox on Windows\n\
    address 11:203.0.113.9\n\
    place 33:Skipton, North Yorkshire, England\n\
    place-kind 15:approximate 100\n\
    began 13:1795336435000\n";

/// What is signed for `context(NOW)` with the number 42 and the key `phone`.
fn text(action: &str, number: &str, card: &str) -> String {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(card));
    format!(
        "keyholder approval 1\n\
        issuer 22:https://id.example.org\n\
        ceremony 10:ceremony-1\n\
        device 5:phone\n\
        action {}:{action}\n\
        number {number}\n\
        card 43:{digest}\n",
        action.len()
    )
}

fn body(action: &str, number: Option<&str>) -> Value {
    let written = number.map_or("-".into(), |number| format!("{}:{number}", number.len()));
    let signature = Phone::new(7).sign(text(action, &written, CARD).as_bytes());
    json!({
        "action": action,
        "ceremony": "ceremony-1",
        "number": number,
        "digest": URL_SAFE_NO_PAD.encode(Sha256::digest(CARD)),
        "signature": URL_SAFE_NO_PAD.encode(signature),
    })
}

fn with_number() -> Context {
    let mut ctx = context(NOW);
    ctx.occasion.number = Some("42".into());
    ctx
}

fn keys() -> Vec<Credential> {
    let phone = Credential { device: Some(Phone::new(7).device_key()), ..key("phone", [1; 20]) };
    vec![key("app", [2; 20]), phone]
}

fn answered(ctx: Context, body: &Value) -> VerifyOutcome {
    verify(ctx, &keys(), device_answer("phone", Some("phone"), None, body.to_string().into_bytes()))
}

#[test]
fn an_approval_with_the_number_signs_in() {
    let accepted = accepted(answered(with_number(), &body("approve", Some("42"))));
    assert_eq!(accepted.credential_id, "phone");
    assert_eq!(accepted.evidence.amr, ["swk"]);
    assert!(!accepted.evidence.phishing_resistant);
    assert_eq!(accepted.update, None);
    assert_eq!(accepted.consume[0].token, b"approval:ceremony-1");
}

#[test]
fn where_no_number_is_asked_none_is_sent() {
    accepted(answered(context(NOW), &body("approve", None)));
    let rejection = rejected(answered(context(NOW), &body("approve", Some("42"))));
    assert_eq!(rejection.reason, RejectReason::WrongResponse);
}

#[test]
fn a_wrong_number_ends_the_challenge() {
    for number in [Some("24"), None] {
        let rejection = rejected(answered(with_number(), &body("approve", number)));
        assert_eq!(rejection.reason, RejectReason::WrongResponse);
        assert_eq!(rejection.text.unwrap().key, "wrong-number");
    }
}

#[test]
fn a_denial_ends_the_sign_in_with_or_without_the_number() {
    for number in [Some("42"), None] {
        assert_eq!(rejected(answered(with_number(), &body("deny", number))).reason, RejectReason::DeclinedByUser);
    }
}

#[test]
fn an_approval_counts_for_its_own_occasion_alone() {
    let changes: [fn(&mut Context); 11] = [
        |ctx| ctx.issuer = "https://id.example.net".into(),
        |ctx| ctx.occasion.ceremony = "ceremony-2".into(),
        |ctx| ctx.occasion.application = None,
        |ctx| ctx.occasion.application = Some("Payroll".into()),
        |ctx| ctx.occasion.school = Some("Hillside".into()),
        |ctx| ctx.occasion.browser = "Chrome on Linux".into(),
        |ctx| ctx.occasion.address = Some("198.51.100.7".into()),
        |ctx| ctx.occasion.place = None,
        |ctx| {
            let name = "Skipton, North Yorkshire, England".into();
            ctx.occasion.place = Some(Place { name, kind: PlaceKind::Network });
        },
        |ctx| {
            let name = "Skipton, North Yorkshire, England".into();
            ctx.occasion.place = Some(Place { name, kind: PlaceKind::Approximate(10) });
        },
        |ctx| ctx.occasion.began_unix_ms += 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut ctx = with_number();
        change(&mut ctx);
        let rejection = rejected(answered(ctx, &body("approve", Some("42"))));
        assert_eq!(rejection.reason, RejectReason::WrongResponse, "change {number}");
    }
}

#[test]
fn what_was_signed_is_what_counts() {
    let honest = body("approve", Some("42"));
    let mut denied = body("deny", Some("42"));
    denied["action"] = "approve".into();
    let mut numbered = body("approve", Some("24"));
    numbered["number"] = "42".into();
    let mut unsigned = honest.clone();
    unsigned["signature"] = URL_SAFE_NO_PAD.encode([1; 64]).into();
    let mut stranger = honest.clone();
    let text = text("approve", "2:42", CARD);
    stranger["signature"] = URL_SAFE_NO_PAD.encode(Phone::new(8).sign(text.as_bytes())).into();
    let mut other_card = honest.clone();
    other_card["digest"] = URL_SAFE_NO_PAD.encode([0; 32]).into();
    let mut other_ceremony = honest.clone();
    other_ceremony["ceremony"] = "ceremony-2".into();
    for (number, body) in [denied, numbered, unsigned, stranger, other_card, other_ceremony].iter().enumerate() {
        let rejection = rejected(answered(with_number(), body));
        assert_eq!(rejection.reason, RejectReason::WrongResponse, "forgery {number}");
        assert_eq!(rejection.text, None, "forgery {number}");
    }
}

#[test]
fn a_value_cannot_pose_as_two() {
    // The browser's name carries what looks like the next line; its length says that it is not.
    let mut ctx = with_number();
    ctx.occasion.browser = "Firefox on Windows\naddress 11:203.0.113.9".into();
    ctx.occasion.address = None;
    assert_eq!(rejected(answered(ctx, &body("approve", Some("42")))).reason, RejectReason::WrongResponse);
}

#[test]
fn a_body_that_is_none_is_malformed() {
    let mut short = body("approve", Some("42"));
    short["signature"] = URL_SAFE_NO_PAD.encode([1; 63]).into();
    let mut other = body("approve", Some("42"));
    other["action"] = "later".into();
    for body in [json!({}), json!([]), json!("approve"), short, other] {
        assert_eq!(rejected(answered(with_number(), &body)).reason, RejectReason::Malformed, "{body}");
    }
    for bytes in [&b""[..], b"\xff", b"{\"action\":", "[".repeat(100_000).as_bytes()] {
        let answer = device_answer("phone", Some("phone"), None, bytes.to_vec());
        assert_eq!(rejected(verify(with_number(), &keys(), answer)).reason, RejectReason::Malformed);
    }
}

#[test]
fn only_a_key_that_was_handed_in_and_has_a_device_approves() {
    let body = body("approve", Some("42")).to_string().into_bytes();
    for id in [Some("app"), Some("nobody"), None] {
        let answer = device_answer("phone", id, None, body.clone());
        assert_eq!(rejected(verify(with_number(), &keys(), answer)).reason, RejectReason::UnknownCredential);
    }
    // Nor does a key that comes with the answer.
    let answer = device_answer("phone", None, Some(Phone::new(7).device_key()), body);
    assert_eq!(rejected(verify(with_number(), &keys(), answer)).reason, RejectReason::UnknownCredential);
}

#[test]
fn where_approvals_are_off_none_counts() {
    let ctx = Context { config: r#"{"approvals":false}"#.into(), ..with_number() };
    assert_eq!(SoftKey::begin_challenge(ctx.clone(), keys()).unwrap().prompts.len(), 1);
    let rejection = rejected(answered(ctx, &body("approve", Some("42"))));
    assert_eq!(rejection.reason, RejectReason::AuthenticatorNotAllowed);
}

#[test]
fn the_form_stands_beside_the_waiting_and_only_phones_are_woken() {
    let step = SoftKey::begin_challenge(with_number(), keys()).unwrap();
    let ids: Vec<_> = step.prompts.iter().map(|prompt| prompt.id.as_str()).collect();
    assert_eq!(ids, ["code", "phone"]);
    let Ask::Wait(wait) = &step.prompts[1].ask else { panic!("no waiting") };
    assert_eq!(wait.exhibits, [Exhibit::MatchNumber("42".into())]);
    let woken = step.effects.iter().map(|effect| match effect {
        Effect::SendMessage(message) => (message.channel.as_str(), message.credential.as_str()),
        other => panic!("{other:?}"),
    });
    let woken: Vec<_> = woken.collect();
    assert_eq!(woken, [("push", "phone")]);
    let without = SoftKey::begin_challenge(context(NOW), vec![key("app", [2; 20])]).unwrap();
    assert_eq!((without.prompts.len(), without.effects.len()), (1, 0));
    // Typing the code stays possible.
    accepted(verify(with_number(), &keys(), typed(&code_at([1; 20], STEP))));
}

#[test]
fn no_more_phones_are_woken_than_the_host_takes() {
    let keys: Vec<_> = (0..12).map(|number| Credential { id: number.to_string(), ..keys()[1].clone() }).collect();
    let step = SoftKey::begin_challenge(with_number(), keys).unwrap();
    assert_eq!((step.prompts.len(), step.effects.len()), (2, 8));
}

#[test]
fn signatures_are_rewritten_as_another_library_writes_them() {
    // ASN.1 writes numbers shorter that begin with zeros, and longer that begin with a one.
    let mut small = [0; 32];
    small[31] = 1;
    let mut short = [0x11; 32];
    short[0] = 0;
    let mut short_and_high = short;
    short_and_high[1] = 0x80;
    let mut high = [0x11; 32];
    high[0] = 0x80;
    let numbers = [small, short, short_and_high, high, [0x11; 32]];
    for (r, s) in numbers.iter().flat_map(|r| numbers.iter().map(move |s| (r, s))) {
        let raw = [*r, *s].concat();
        let theirs = p256::ecdsa::Signature::from_slice(&raw).unwrap().to_der();
        assert_eq!(crate::approval::der(&raw).unwrap(), theirs.as_bytes());
    }
    assert_eq!(crate::approval::der(&[0x11; 63]), None);
    assert_eq!(crate::approval::der(&[0x11; 65]), None);
}
