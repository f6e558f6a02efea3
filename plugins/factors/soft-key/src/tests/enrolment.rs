use keyholder_plugin_sdk::factor::{DeviceKey, Effect, FieldKind, RejectReason};
use keyholder_plugin_sdk::testing::{Phone, cancelled, device_answer, missing_texts};

use super::*;
use crate::stored::Enrolment;

fn begin() -> Step {
    SoftKey::begin_enrolment(context(NOW), Vec::new()).unwrap()
}

fn finish(state: &[u8], answer: Answer) -> EnrolOutcome {
    SoftKey::finish_enrolment(context(NOW), Vec::new(), state.to_vec(), answer).unwrap()
}

fn pictures(step: &Step) -> Vec<String> {
    let address = |exhibit: &Exhibit| match exhibit {
        Exhibit::Qr(address) | Exhibit::PlainQr(address) => Some(address.clone()),
        _ => None,
    };
    form(step).exhibits.iter().filter_map(address).collect()
}

#[test]
fn an_app_that_scans_the_picture_is_enrolled_by_its_code() {
    let step = begin();
    let secret = secret_on(&step);
    let new = enrolled(finish(&step.state, typed(&code_at(secret, STEP))));
    assert_eq!((new.suggested_label.as_str(), new.format), ("Phone", FORMAT));
    assert!(new.device.is_none() && new.lookup.is_none());
    assert_eq!(new.evidence.amr, ["otp"]);
    let key = stored("a", &new);
    accepted(verify(context(NOW + 30), &[key], typed(&code_at(secret, STEP + 1))));
}

#[test]
fn the_code_that_enrolled_does_not_sign_in() {
    let step = begin();
    let secret = secret_on(&step);
    // Of the codes that are accepted now, the latest as well.
    for shown in [STEP - 1, STEP, STEP + 1] {
        let code = code_at(secret, shown);
        let new = enrolled(finish(&step.state, typed(&code)));
        assert_eq!(new.consume, [crate::code::burnt(shown)]);
        let again = rejected(verify(context(NOW), &[stored("a", &new)], typed(&code)));
        assert_eq!(again.reason, RejectReason::Replayed);
    }
}

#[test]
fn the_picture_is_a_key_uri_that_standard_apps_read() {
    let step = begin();
    let secret = Secret::from(secret_on(&step)).to_base32();
    let pictures = pictures(&step);
    let plain = format!(
        "otpauth://totp/Keyholder:person%40school.example?secret={secret}&issuer=Keyholder&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(pictures[1], plain);
    assert!(pictures[0].starts_with(&format!("{plain}&keyholder=")), "{}", pictures[0]);
    assert_eq!(secret.len(), 32);
}

#[test]
fn each_enrolment_has_a_secret_of_its_own() {
    assert_ne!(secret_on(&begin()), secret_on(&begin()));
}

#[test]
fn names_that_would_break_the_picture_are_written_safely() {
    let ctx = Context {
        issuer_name: "Ysgol: Dŵr & Tân?".into(),
        user_name: format!("{}@ysgol.example", "ŵ".repeat(200)),
        ..context(NOW)
    };
    let step = SoftKey::begin_enrolment(ctx, Vec::new()).unwrap();
    for picture in pictures(&step) {
        assert!(picture.len() <= 512, "{}", picture.len());
        assert!(picture.starts_with("otpauth://totp/Ysgol%20%20D%C5%B5r%20%26%20T%C3%A2n%3F:%C5%B5"), "{picture}");
        assert!(picture.contains("&issuer=Ysgol%20%20D%C5%B5r%20%26%20T%C3%A2n%3F&"));
    }
}

#[test]
fn a_wrong_code_keeps_the_picture_and_says_that_it_is_wrong() {
    let step = begin();
    let secret = secret_on(&step);
    let again = more(finish(&step.state, typed(&code_at([9; 20], STEP))));
    let problem = again.problem.clone().unwrap();
    assert_eq!((problem.reason, problem.clock_off_ms), (RejectReason::WrongResponse, None));
    assert_eq!(problem.field.as_deref(), Some("code"));
    assert_eq!(Step { problem: None, ..again.clone() }, step);
    enrolled(finish(&again.state, typed(&code_at(secret, STEP))));
}

#[test]
fn a_late_code_keeps_the_picture_and_says_that_it_is_late() {
    let step = begin();
    let again = more(finish(&step.state, typed(&code_at(secret_on(&step), STEP - 4))));
    let problem = again.problem.clone().unwrap();
    assert_eq!((problem.reason, problem.clock_off_ms), (RejectReason::Expired, Some(-120_000)));
    assert_eq!(Step { problem: None, ..again }, step);
}

#[test]
fn letters_keep_the_picture_too() {
    let step = begin();
    let again = more(finish(&step.state, typed("abcdef")));
    assert_eq!(again.problem.unwrap().reason, RejectReason::Malformed);
}

#[test]
fn a_phone_hands_in_its_key_and_takes_the_secret_while_the_form_stays() {
    let step = begin();
    let phone = Phone::new(7);
    let connected = more(finish(&step.state, device_answer("code", None, Some(phone.device_key()), b"{}".to_vec())));
    assert_eq!(connected.reply_tag, step.reply_tag);
    assert_eq!(pictures(&connected), pictures(&step));
    let [Effect::AnswerDevice(body)] = connected.effects.as_slice() else { panic!("no answer for the phone") };
    let told: serde_json::Value = serde_json::from_slice(body).unwrap();
    let secret = secret_on(&step);
    assert_eq!(told["secret"], Secret::from(secret).to_base32());
    assert_eq!((&told["digits"], &told["period"], &told["algorithm"]), (&6.into(), &30.into(), &"SHA1".into()));
    assert_eq!(told["account"], "person@school.example");
    // Nothing is enrolled before the person has typed what it shows.
    let new = enrolled(finish(&connected.state, typed(&code_at(secret, STEP))));
    assert_eq!(new.device, Some(phone.device_key()));
}

#[test]
fn the_phone_finds_the_enrolment_by_the_tag_in_the_picture() {
    use base64::Engine as _;
    let step = begin();
    let picture = &pictures(&step)[0];
    let (_, tag) = picture.split_once("&keyholder=").unwrap();
    let tag = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(tag).unwrap();
    assert_eq!(Some(tag), step.reply_tag);
    assert_eq!(step.reply_tag.unwrap().len(), 16);
}

#[test]
fn a_phone_that_lost_the_answer_may_ask_again_and_another_may_not() {
    let step = begin();
    let hand_in = |state: &[u8], phone: &Phone| {
        more(finish(state, device_answer("code", None, Some(phone.device_key()), Vec::new())))
    };
    let connected = hand_in(&step.state, &Phone::new(7));
    assert_eq!(hand_in(&connected.state, &Phone::new(7)), connected);
    let intruder = hand_in(&connected.state, &Phone::new(8));
    assert!(intruder.effects.is_empty(), "the secret is not told twice");
    let problem = intruder.problem.unwrap();
    assert_eq!(problem.reason, RejectReason::AuthenticatorNotAllowed);
    assert_eq!(problem.text.unwrap().key, "another-phone");
    assert_eq!(Enrolment::read(&intruder.state).unwrap().device, Some(Phone::new(7).device_key().spki));
}

#[test]
fn a_key_that_is_not_p256_is_not_taken() {
    let step = begin();
    let good = Phone::new(7).device_key().spki;
    let mut compressed = good.clone();
    compressed[26] = 2;
    for spki in [Vec::new(), good[..90].to_vec(), compressed, vec![0; 91]] {
        let outcome = more(finish(&step.state, device_answer("code", None, Some(DeviceKey { spki }), Vec::new())));
        assert_eq!(outcome, step);
    }
    assert_eq!(more(finish(&step.state, device_answer("code", None, None, Vec::new()))), step);
}

#[test]
fn where_approvals_are_off_no_phone_connects() {
    let without = || Context { config: r#"{"approvals":false}"#.into(), ..context(NOW) };
    let step = SoftKey::begin_enrolment(without(), Vec::new()).unwrap();
    assert_eq!(step.reply_tag, None);
    let [picture, plain] = pictures(&step).try_into().unwrap();
    assert_eq!(picture, plain);
    let answer = device_answer("code", None, Some(Phone::new(7).device_key()), Vec::new());
    let outcome = SoftKey::finish_enrolment(without(), Vec::new(), step.state.clone(), answer).unwrap();
    assert_eq!(more(outcome), step);
}

#[test]
fn a_person_may_give_up() {
    assert!(matches!(finish(&begin().state, cancelled()), EnrolOutcome::Rejected(_)));
}

#[test]
fn a_state_that_was_altered_is_a_fault() {
    let state = begin().state;
    for broken in [&[][..], &state[..state.len() - 1], &[state.as_slice(), &[0]].concat()] {
        let outcome = SoftKey::finish_enrolment(context(NOW), Vec::new(), broken.to_vec(), typed("123456"));
        assert!(outcome.is_err());
    }
}

#[test]
fn the_label_is_in_the_readers_language() {
    let ctx = || Context { locales: vec!["cy-GB".into(), "en".into()], ..context(NOW) };
    let step = SoftKey::begin_enrolment(ctx(), Vec::new()).unwrap();
    let code = typed(&code_at(secret_on(&step), STEP));
    let new = enrolled(SoftKey::finish_enrolment(ctx(), Vec::new(), step.state, code).unwrap());
    assert_eq!(new.suggested_label, "Ffôn");
}

#[test]
fn each_text_of_the_pages_exists_in_both_languages() {
    let step = begin();
    let phone = device_answer("code", None, Some(Phone::new(7).device_key()), Vec::new());
    let connected = more(finish(&step.state, phone));
    let intruder = device_answer("code", None, Some(Phone::new(8).device_key()), Vec::new());
    let refused = more(finish(&connected.state, intruder));
    let malformed = more(finish(&step.state, typed("1")));
    let mut approving = key("a", RFC_SECRET);
    approving.device = Some(Phone::new(7).device_key());
    let challenges =
        [vec![key("a", RFC_SECRET)], vec![approving]].map(|keys| SoftKey::begin_challenge(context(NOW), keys).unwrap());
    for ftl in [include_str!("../../locales/en.ftl"), include_str!("../../locales/cy.ftl")] {
        for step in [&step, &connected, &refused, &malformed].into_iter().chain(&challenges) {
            assert_eq!(missing_texts(step, ftl), Vec::<String>::new());
        }
        for rejection in ["six-digits", "wrong-number", "sign-in-waits"] {
            assert!(keyholder_plugin_sdk::testing::messages(ftl).iter().any(|(key, _)| *key == rejection));
        }
    }
}

#[test]
fn the_field_takes_six_digits() {
    assert_eq!(form(&begin()).fields[0].kind, FieldKind::OneTimeCode(6));
}
