//! Each lie is refused, by its own name. A lie differs from the truth in one thing.

use keyholder_plugin_sdk::factor::{Context, Credential, Factor as _, Fault, RejectReason, Response, Step};
use keyholder_plugin_sdk::testing::{answer, credential};
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};

use super::authenticator::{Authenticator, BE, BS, Says, UP, UV, b64};
use super::ceremonies::added;
use super::{APPID, accepted, ctx, enrol, enrolled, not_enrolled, options, refused, rejection, verify, webauthn};
use crate::SecurityKey;
use crate::stored::FORMAT;

struct Challenge {
    ctx: Context,
    authenticator: Authenticator,
    keys: Vec<Credential>,
    step: Step,
}

impl Challenge {
    fn new(config: &str) -> Self {
        Self::of(config, Authenticator::new(1).of_this_person())
    }

    fn of(config: &str, authenticator: Authenticator) -> Self {
        let ctx = ctx(config);
        let keys = vec![added(&authenticator, "k")];
        let step = SecurityKey::begin_challenge(ctx.clone(), keys.clone()).unwrap();
        Self { ctx, authenticator, keys, step }
    }

    fn answer(&self, change: impl FnOnce(&mut Says)) -> Value {
        self.authenticator.saying(change).get(&options(&self.step))
    }

    fn refuse(&self, answer: impl std::fmt::Display) -> RejectReason {
        refused(verify(&self.ctx, &self.keys, &self.step, webauthn(answer.to_string())))
    }

    /// Refused for this lie, accepted without it.
    fn lie(&self, change: impl FnOnce(&mut Says)) -> RejectReason {
        accepted(verify(&self.ctx, &self.keys, &self.step, webauthn(self.answer(|_| {}).to_string())));
        self.refuse(self.answer(change))
    }
}

#[test]
fn another_origin_is_refused() {
    let challenge = Challenge::new("{}");
    let origins = [
        "https://id.schoo1.example",
        "https://evil.id.school.example",
        "https://school.example",
        "http://id.school.example",
        "https://id.school.example:8443",
        "https://id.school.example.evil.example",
        "android:apk-key-hash:AAAA",
    ];
    for origin in origins {
        assert_eq!(challenge.lie(|says| says.origin = origin.into()), RejectReason::WrongOrigin, "{origin}");
    }
    assert_eq!(challenge.lie(|says| says.origin = "null".into()), RejectReason::Malformed);
}

#[test]
fn another_relying_party_is_refused() {
    let challenge = Challenge::new("{}");
    assert_eq!(challenge.lie(|says| says.rp_id = "school.example".into()), RejectReason::WrongOrigin);
    assert_eq!(challenge.lie(|says| says.rp_id = String::new()), RejectReason::WrongOrigin);
}

#[test]
fn another_challenge_is_refused() {
    let challenge = Challenge::new("{}");
    assert_eq!(challenge.lie(|says| says.challenge = Some(vec![0; 32])), RejectReason::WrongResponse);
    assert_eq!(challenge.lie(|says| says.challenge = Some(Vec::new())), RejectReason::WrongResponse);
    let earlier = challenge.answer(|_| {});
    let now = Challenge { step: SecurityKey::begin_challenge(ctx("{}"), challenge.keys.clone()).unwrap(), ..challenge };
    assert_eq!(now.refuse(earlier), RejectReason::WrongResponse);
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let challenge = Challenge::new("{}");
    assert_eq!(challenge.lie(|says| says.kind = Some("webauthn.create")), RejectReason::WrongResponse);
    assert_eq!(challenge.lie(|says| says.kind = Some("payment.get")), RejectReason::WrongResponse);
    let mut answer = challenge.answer(|_| {});
    answer["type"] = json!("password");
    assert_eq!(challenge.refuse(answer), RejectReason::Malformed);
}

#[test]
fn another_signature_is_refused() {
    let challenge = Challenge::new("{}");
    let mut stranger = challenge.authenticator.clone();
    stranger.key = SigningKey::from_slice(&[9; 32]).unwrap();
    assert_eq!(challenge.refuse(stranger.get(&options(&challenge.step))), RejectReason::WrongResponse);
    let truth = challenge.answer(|_| {});
    for part in ["authenticatorData", "clientDataJSON", "signature"] {
        let mut altered = truth.clone();
        let other = challenge.answer(|says| {
            says.counter = 7;
            says.client_data["other"] = json!(1);
        });
        altered["response"][part] = other["response"][part].clone();
        assert_eq!(challenge.refuse(altered), RejectReason::WrongResponse, "{part}");
    }
    for signature in [&b""[..], b"\x30\x06\x02\x01\x00\x02\x01\x00", &[0; 64], &[0x30; 200]] {
        let mut altered = truth.clone();
        altered["response"]["signature"] = json!(b64(signature));
        assert_eq!(challenge.refuse(altered), RejectReason::WrongResponse);
    }
}

#[test]
fn a_key_that_was_not_handed_in_is_refused() {
    let challenge = Challenge::new("{}");
    let stranger = Authenticator::new(2).of_this_person();
    assert_eq!(challenge.refuse(stranger.get(&options(&challenge.step))), RejectReason::UnknownCredential);
    // The id outside is not the one inside.
    let mut answer = challenge.answer(|_| {});
    answer["id"] = json!(b64(&stranger.id));
    assert_eq!(challenge.refuse(answer), RejectReason::Malformed);
}

#[test]
fn another_persons_user_handle_is_refused() {
    let challenge = Challenge::new("{}");
    assert_eq!(challenge.lie(|says| says.user_handle = Some(vec![8; 32])), RejectReason::UnknownCredential);
    assert_eq!(challenge.lie(|says| says.user_handle = Some(vec![7; 31])), RejectReason::UnknownCredential);
    for none in [None, Some(Vec::new())] {
        let answer = challenge.answer(|says| says.user_handle = none);
        accepted(verify(&challenge.ctx, &challenge.keys, &challenge.step, webauthn(answer.to_string())));
    }
}

#[test]
fn a_counter_that_does_not_rise_is_refused_and_remembered() {
    let counting = Authenticator::new(1).saying(|says| says.counter = 50);
    let challenge = Challenge::of("{}", counting);
    for counter in [50, 49, 0] {
        let answer = challenge.answer(|says| says.counter = counter);
        let rejection =
            rejection(verify(&challenge.ctx, &challenge.keys, &challenge.step, webauthn(answer.to_string())));
        assert_eq!(rejection.reason, RejectReason::Other("possible-clone".into()), "{counter}");
        let [(id, update)] = rejection.updates.as_slice() else { panic!("one update") };
        assert_eq!(id, "k");
        assert!(update.facts.as_ref().unwrap().contains(&("possible-clone".into(), "yes".into())));
        // The counter that was reached stays.
        let after = [credential("k", FORMAT, update.data.clone())];
        let answer = challenge.answer(|says| says.counter = 50);
        assert_eq!(
            refused(verify(&challenge.ctx, &after, &challenge.step, webauthn(answer.to_string()))),
            rejection.reason
        );
        let answer = challenge.answer(|says| says.counter = 51);
        accepted(verify(&challenge.ctx, &after, &challenge.step, webauthn(answer.to_string())));
    }
}

#[test]
fn missing_user_verification_is_refused_where_it_is_required() {
    let verified = Authenticator::new(1).saying(|says| says.flags = UP | UV);
    let challenge = Challenge::of(r#"{"user-verification":"required"}"#, verified);
    assert_eq!(challenge.lie(|says| says.flags = UP), RejectReason::UserVerificationMissing);
    let unverified = Challenge::of(r#"{"user-verification":"required"}"#, Authenticator::new(2));
    assert_eq!(unverified.refuse(unverified.answer(|_| {})), RejectReason::UserVerificationMissing);
    // Nobody there at all.
    assert_eq!(challenge.lie(|says| says.flags = UV), RejectReason::WrongResponse);
}

#[test]
fn a_key_with_a_pin_has_to_go_on_asking_for_it() {
    let verified = Authenticator::new(1).saying(|says| says.flags = UP | UV);
    let challenge = Challenge::of("{}", verified);
    assert_eq!(challenge.lie(|says| says.flags = UP), RejectReason::UserVerificationMissing);
}

#[test]
fn a_key_that_changes_its_nature_is_refused() {
    let challenge = Challenge::new("{}");
    assert_eq!(challenge.lie(|says| says.flags = UP | BE), RejectReason::AuthenticatorNotAllowed);
    assert_eq!(challenge.lie(|says| says.flags = UP | BS), RejectReason::AuthenticatorNotAllowed);
}

#[test]
fn a_page_in_a_frame_of_another_site_is_refused() {
    let challenge = Challenge::new("{}");
    assert_eq!(challenge.lie(|says| says.client_data["crossOrigin"] = json!(true)), RejectReason::WrongOrigin);
    let top = |says: &mut Says| says.client_data["topOrigin"] = json!("https://evil.example");
    assert_eq!(challenge.lie(top), RejectReason::WrongOrigin);
}

#[test]
fn an_application_id_counts_only_for_keys_registered_under_it() {
    let hash_of_appid = |says: &mut Says| {
        says.rp_id = APPID.into();
        says.results = json!({ "appid": true });
    };
    // Offered because of another key of the person.
    let legacy = super::registrations::imported(&Authenticator::new(3), APPID);
    let challenge = Challenge::new("{}");
    let keys = vec![challenge.keys[0].clone(), legacy];
    let step = SecurityKey::begin_challenge(challenge.ctx.clone(), keys.clone()).unwrap();
    assert_eq!(options(&step)["extensions"]["appid"], APPID);
    let challenge = Challenge { keys, step, ..challenge };
    assert_eq!(challenge.lie(hash_of_appid), RejectReason::WrongOrigin);
    let legacy = Authenticator::new(3).saying(hash_of_appid);
    let truth = legacy.saying(|says| says.counter = 1).get(&options(&challenge.step));
    accepted(verify(&challenge.ctx, &challenge.keys, &challenge.step, webauthn(truth.to_string())));
    // The browser did not say that it used it.
    let silent = legacy.saying(|says| says.results = json!({})).get(&options(&challenge.step));
    assert_eq!(challenge.refuse(silent), RejectReason::WrongOrigin);
    let other =
        legacy.saying(|says| says.rp_id = "https://evil.school.example/u2f.json".into()).get(&options(&challenge.step));
    assert_eq!(challenge.refuse(other), RejectReason::WrongOrigin);
}

#[test]
fn garbage_is_refused_and_harms_nothing() {
    let challenge = Challenge::new("{}");
    let truth = challenge.answer(|_| {}).to_string();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(30_000), close.repeat(30_000));
    let mut nested: Value = serde_json::from_str(&truth).unwrap();
    nested["response"]["clientDataJSON"] = json!(b64(deep("[", "]").as_bytes()));
    let garbage = [
        String::new(),
        "{}".into(),
        "null".into(),
        "[]".into(),
        "\u{0}".into(),
        deep("[", "]"),
        "[".repeat(60_000),
        "{\"id\":".repeat(10_000),
        nested.to_string(),
        truth.replace("rawId", "id"),
        truth.replace(":\"", ":1,\""),
        format!("{truth}{truth}"),
        format!("{}{}", truth, " ".repeat(70_000)),
    ];
    for garbage in garbage {
        assert_eq!(challenge.refuse(&garbage), RejectReason::Malformed, "{}", garbage.get(..40).unwrap_or(&garbage));
    }
    for position in 0..truth.len() {
        let (before, after) = truth.split_at(position);
        let _ = challenge.refuse(before);
        // One character changed: whatever is made of it, it is not accepted with another meaning.
        let changed = format!("{before}A{}", &after[1..]);
        let outcome = verify(&challenge.ctx, &challenge.keys, &challenge.step, webauthn(changed.clone()));
        if let keyholder_plugin_sdk::factor::VerifyOutcome::Accepted(accepted) = outcome {
            let (changed, truth): (Value, Value) =
                (serde_json::from_str(&changed).unwrap(), serde_json::from_str(&truth).unwrap());
            assert_eq!(accepted.credential_id, "k");
            for part in ["authenticatorData", "clientDataJSON", "signature"] {
                assert_eq!(changed["response"][part], truth["response"][part], "at {position}");
            }
        }
    }
}

#[test]
fn answers_of_other_kinds_are_refused() {
    let challenge = Challenge::new("{}");
    let fields = answer("webauthn", &[("answer", "{}")]);
    assert_eq!(refused(verify(&challenge.ctx, &challenge.keys, &challenge.step, fields)), RejectReason::Malformed);
    let other = keyholder_plugin_sdk::factor::Answer {
        prompt: "webauthn".into(),
        response: Response::Other(("x".into(), "{}".into())),
        extra: Vec::new(),
    };
    assert_eq!(refused(verify(&challenge.ctx, &challenge.keys, &challenge.step, other)), RejectReason::Malformed);
}

#[test]
fn a_state_of_another_person_site_or_ceremony_is_a_fault() {
    let challenge = Challenge::new("{}");
    let truth = || webauthn(challenge.answer(|_| {}).to_string());
    let verify = |ctx: Context, state: &[u8]| SecurityKey::verify(ctx, challenge.keys.clone(), state.to_vec(), truth());
    let state = challenge.step.state.as_slice();
    let other_person = Context { user_handle: vec![8; 32], ..ctx("{}") };
    assert_eq!(verify(other_person, state), Err(Fault::CorruptState));
    let other_site = Context { rp_id: "school.example".into(), ..ctx("{}") };
    assert_eq!(verify(other_site, state), Err(Fault::CorruptState));
    let of_enrolment = SecurityKey::begin_enrolment(ctx("{}"), Vec::new()).unwrap().state;
    assert_eq!(verify(ctx("{}"), &of_enrolment), Err(Fault::CorruptState));
    for garbage in
        [&b""[..], b"{}", b"null", &[0xff; 100], "[".repeat(9_000).as_bytes(), &state[1..], &state[..state.len() - 1]]
    {
        assert_eq!(verify(ctx("{}"), garbage), Err(Fault::CorruptState));
    }
    let enrolled = SecurityKey::finish_enrolment(ctx("{}"), Vec::new(), state.to_vec(), truth());
    assert_eq!(enrolled, Err(Fault::CorruptState));
}

#[test]
fn stored_data_of_another_form_is_a_fault() {
    let challenge = Challenge::new("{}");
    let with =
        |format, data: &[u8]| SecurityKey::begin_challenge(ctx("{}"), vec![credential("k", format, data.to_vec())]);
    assert_eq!(with(FORMAT + 1, &challenge.keys[0].data), Err(Fault::UnsupportedFormat(FORMAT + 1)));
    for garbage in [&b""[..], b"{}", &[0xff; 100]] {
        assert!(matches!(with(FORMAT, garbage), Err(Fault::Internal(_))));
    }
}

#[test]
fn lies_at_enrolment_are_refused() {
    let ctx = ctx(r#"{"user-verification":"required"}"#);
    let step = SecurityKey::begin_enrolment(ctx.clone(), Vec::new()).unwrap();
    let asked = options(&step);
    let truth = Authenticator::new(1).saying(|says| says.flags = UP | UV);
    let lie = |change: &dyn Fn(&mut Says)| {
        let answer = truth.saying(change).create(&asked).to_string();
        not_enrolled(enrol(&ctx, &[], &step, webauthn(answer)))
    };
    enrolled(enrol(&ctx, &[], &step, webauthn(truth.create(&asked).to_string())));
    assert_eq!(lie(&|says| says.origin = "https://evil.example".into()), RejectReason::WrongOrigin);
    assert_eq!(lie(&|says| says.rp_id = "evil.example".into()), RejectReason::WrongOrigin);
    assert_eq!(lie(&|says| says.challenge = Some(vec![1; 32])), RejectReason::WrongResponse);
    assert_eq!(lie(&|says| says.kind = Some("webauthn.get")), RejectReason::WrongResponse);
    assert_eq!(lie(&|says| says.client_data["crossOrigin"] = json!(true)), RejectReason::WrongOrigin);
    assert_eq!(lie(&|says| says.client_data["topOrigin"] = json!("https://evil.example")), RejectReason::WrongOrigin);
    assert_eq!(lie(&|says| says.flags = UP), RejectReason::UserVerificationMissing);
    assert_eq!(lie(&|says| says.flags = UV), RejectReason::WrongResponse);
    assert_eq!(lie(&|says| says.flags = UP | UV | BS), RejectReason::AuthenticatorNotAllowed);
    assert_eq!(lie(&|says| says.format = "android-safetynet"), RejectReason::AuthenticatorNotAllowed);
    assert_eq!(lie(&|says| says.format = "of-tomorrow"), RejectReason::AuthenticatorNotAllowed);
    // The id outside is another than the one that the key made.
    let mut answer = truth.create(&asked);
    answer["id"] = json!(b64(&[5; 20]));
    answer["rawId"] = json!(b64(&[5; 20]));
    assert_eq!(not_enrolled(enrol(&ctx, &[], &step, webauthn(answer.to_string()))), RejectReason::Malformed);
}

#[test]
fn broken_registrations_are_refused_and_harm_nothing() {
    let ctx = ctx("{}");
    let step = SecurityKey::begin_enrolment(ctx.clone(), Vec::new()).unwrap();
    let truth = Authenticator::new(1);
    let answer = truth.create(&options(&step));
    let object = data_encoding::BASE64URL_NOPAD
        .decode(answer["response"]["attestationObject"].as_str().unwrap().as_bytes())
        .unwrap();
    let with = |object: &[u8]| {
        let mut answer = answer.clone();
        answer["response"]["attestationObject"] = json!(b64(object));
        enrol(&ctx, &[], &step, webauthn(answer.to_string()))
    };
    let claims = [
        // Nested beyond all measure; lengths of four and of nine gigabytes; a map without end.
        vec![0x81; 40_000],
        vec![0xa1, 0x5a, 0xff, 0xff, 0xff, 0xff],
        vec![0x9b, 0, 0, 0, 2, 0x1c, 0x71, 0xc7, 0x1c],
        vec![0xbf; 40_000],
        vec![0xff; 4],
        Vec::new(),
    ];
    for claim in claims {
        assert_eq!(not_enrolled(with(&claim)), RejectReason::Malformed);
    }
    for position in 0..object.len() {
        let _ = with(&object[..position]);
        let mut altered = object.clone();
        altered[position] ^= 0x55;
        let _ = with(&altered);
    }
    // No key in it at all.
    let without = truth.created(&truth.client_data("webauthn.create", &options(&step)), &truth.auth_data(0));
    assert_eq!(not_enrolled(enrol(&ctx, &[], &step, webauthn(without.to_string()))), RejectReason::Malformed);
}
