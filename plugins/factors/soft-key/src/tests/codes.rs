use keyholder_plugin_sdk::factor::{FactorClass, Fault, RejectReason};

use super::*;
use crate::code;

#[test]
fn codes_of_the_rfc_are_accepted_at_their_time() {
    // RFC 6238 appendix B, SHA-1: the last six of eight digits are the code of six.
    let vectors = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    for (time, digits) in vectors {
        let accepted = accepted(verify(context(time), &[key("a", RFC_SECRET)], typed(digits)));
        assert_eq!(accepted.credential_id, "a");
        assert_eq!(accepted.evidence.amr, ["otp"]);
        assert_eq!(accepted.evidence.classes, [FactorClass::Possession]);
        assert!(!accepted.evidence.phishing_resistant && !accepted.evidence.recovery_only);
    }
}

#[test]
fn one_step_either_side_is_accepted_and_no_more() {
    for (off, fits) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let code = code_at(RFC_SECRET, STEP.checked_add_signed(off).unwrap());
        // The first and the last millisecond of the step alike.
        for late in [0, 29_999] {
            let ctx = Context { now_unix_ms: NOW * 1_000 + late, ..context(NOW) };
            let outcome = verify(ctx, &[key("a", RFC_SECRET)], typed(&code));
            assert_eq!(matches!(outcome, VerifyOutcome::Accepted(_)), fits, "{off} steps, {late} ms");
        }
    }
}

#[test]
fn a_code_is_accepted_once() {
    let key = key("a", RFC_SECRET);
    let code = code_at(RFC_SECRET, STEP);
    let first = accepted(verify(context(NOW), std::slice::from_ref(&key), typed(&code)));
    // Two at the same moment: both are told to burn the same token, and one of them finds it burnt.
    let twin = accepted(verify(context(NOW), std::slice::from_ref(&key), typed(&code)));
    assert_eq!(first.consume, twin.consume);
    assert_eq!(first.consume.len(), 1);
    // It stays burnt for as long as the step could be accepted.
    assert_eq!(first.consume[0].expires_unix_ms, (STEP + 2) * 30_000);
    // One after the other: the step is remembered.
    let again = rejected(verify(context(NOW + 29), &[after(&key, &first)], typed(&code)));
    assert_eq!(again.reason, RejectReason::Replayed);
}

#[test]
fn a_code_from_before_the_last_one_is_refused() {
    let used = key_used_at("a", RFC_SECRET, STEP);
    let older = rejected(verify(context(NOW), &[used], typed(&code_at(RFC_SECRET, STEP - 1))));
    assert_eq!(older.reason, RejectReason::Expired);
    assert_eq!(older.clock_off_ms, None);
}

#[test]
fn the_next_code_is_accepted_after_the_last() {
    let used = key_used_at("a", RFC_SECRET, STEP);
    accepted(verify(context(NOW), &[used], typed(&code_at(RFC_SECRET, STEP + 1))));
}

#[test]
fn spaces_are_passed_over() {
    let code = code_at(RFC_SECRET, STEP);
    let (front, back) = code.split_at(3);
    for spaced in [format!("{front} {back}"), format!(" {code}\n"), format!("{front}\u{a0}{back}")] {
        accepted(verify(context(NOW), &[key("a", RFC_SECRET)], typed(&spaced)));
    }
}

#[test]
fn what_is_not_six_digits_is_malformed() {
    let code = code_at(RFC_SECRET, STEP);
    let arabic: String = code.chars().map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0x0660).unwrap()).collect();
    let wide: String = code.chars().map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0xff10).unwrap()).collect();
    let short = &code[..5];
    let long = format!("{code}0");
    for typed_code in [&arabic, &wide, short, &long, "", "12345a", "+12345", "-12345", "12.345", "１23456"] {
        let rejection = rejected(verify(diagnosing(NOW), &[key("a", RFC_SECRET)], typed(typed_code)));
        assert_eq!(rejection.reason, RejectReason::Malformed, "{typed_code}");
    }
}

#[test]
fn the_device_that_shows_the_code_is_the_one_that_was_used() {
    let keys = [key("phone", [1; 20]), key("tablet", [2; 20])];
    for (id, secret) in [("phone", [1; 20]), ("tablet", [2; 20])] {
        assert_eq!(accepted(verify(context(NOW), &keys, typed(&code_at(secret, STEP)))).credential_id, id);
    }
    let wrong = rejected(verify(context(NOW), &keys, typed(&code_at([3; 20], STEP))));
    assert_eq!(wrong.reason, RejectReason::WrongResponse);
}

#[test]
fn a_code_used_on_one_device_still_counts_on_another_with_the_same_digits() {
    // Two devices of one secret stand for two that show the same digits by chance.
    let keys = [key_used_at("phone", RFC_SECRET, STEP), key("tablet", RFC_SECRET)];
    assert_eq!(accepted(verify(context(NOW), &keys, typed(&code_at(RFC_SECRET, STEP)))).credential_id, "tablet");
}

#[test]
fn a_clock_that_is_off_is_told_and_lets_nobody_in() {
    for off in (2..=20_i64).flat_map(|off| [off, -off]) {
        let step = STEP.checked_add_signed(off).unwrap();
        let rejection = rejected(verify(diagnosing(NOW), &[key("a", RFC_SECRET)], typed(&code_at(RFC_SECRET, step))));
        assert_eq!((rejection.reason, rejection.clock_off_ms), (RejectReason::Expired, Some(off * 30_000)));
        // Burnt until its step can no longer come.
        assert_eq!(rejection.consume, [("a".to_owned(), code::burnt(step))]);
        assert!(rejection.updates.is_empty());
    }
    for off in [-21, 21] {
        let step = STEP.checked_add_signed(off).unwrap();
        let rejection = rejected(verify(diagnosing(NOW), &[key("a", RFC_SECRET)], typed(&code_at(RFC_SECRET, step))));
        assert_eq!((rejection.reason, rejection.clock_off_ms), (RejectReason::WrongResponse, None));
    }
}

#[test]
fn a_code_of_a_clock_that_is_off_is_burnt_for_its_own_step() {
    // Seen over a shoulder five minutes early: when its time comes, it is on the list that the host keeps.
    let key = key("a", RFC_SECRET);
    let code = code_at(RFC_SECRET, STEP + 10);
    let told = rejected(verify(diagnosing(NOW), std::slice::from_ref(&key), typed(&code)));
    let later = accepted(verify(context(NOW + 300), &[key], typed(&code)));
    assert_eq!(later.consume, [told.consume[0].1.clone()]);
    assert!(told.consume[0].1.expires_unix_ms > (NOW + 300 + 30) * 1_000);
}

#[test]
fn clocks_are_diagnosed_only_when_the_host_allows_it() {
    let code = code_at(RFC_SECRET, STEP + 5);
    for extra in [vec![], vec![("diagnose".into(), "false".into())], vec![("other".into(), "true".into())]] {
        let ctx = Context { extra, ..context(NOW) };
        let rejection = rejected(verify(ctx, &[key("a", RFC_SECRET)], typed(&code)));
        assert_eq!((rejection.reason, rejection.clock_off_ms), (RejectReason::WrongResponse, None));
        assert!(rejection.consume.is_empty());
    }
}

#[test]
fn an_old_code_is_not_taken_for_a_slow_clock() {
    // The device has shown a later code since.
    let used = key_used_at("a", RFC_SECRET, STEP - 3);
    let rejection = rejected(verify(diagnosing(NOW), &[used], typed(&code_at(RFC_SECRET, STEP - 5))));
    assert_eq!((rejection.reason, rejection.clock_off_ms), (RejectReason::Expired, None));
    let used = key_used_at("a", RFC_SECRET, STEP - 3);
    let rejection = rejected(verify(diagnosing(NOW), &[used], typed(&code_at(RFC_SECRET, STEP - 3))));
    assert_eq!((rejection.reason, rejection.clock_off_ms), (RejectReason::Replayed, None));
}

#[test]
fn the_first_minute_of_the_epoch_has_no_edge() {
    accepted(verify(context(30), &[key("a", RFC_SECRET)], typed(&code_at(RFC_SECRET, 1))));
    let rejection = rejected(verify(diagnosing(0), &[key("a", RFC_SECRET)], typed("000000")));
    assert_eq!(rejection.reason, RejectReason::WrongResponse);
}

#[test]
fn data_that_cannot_be_read_is_a_fault_and_no_verdict() {
    let try_with = |credential| SoftKey::verify(context(NOW), vec![credential], Vec::new(), typed("123456"));
    assert_eq!(try_with(credential("a", 2, Vec::new())).unwrap_err(), Fault::UnsupportedFormat(2));
    let data = key("a", RFC_SECRET).data;
    let longer = [data.as_slice(), &[0]].concat();
    for broken in [&[][..], &data[..10], &longer] {
        assert!(matches!(try_with(credential("a", FORMAT, broken.to_vec())), Err(Fault::Internal(_))));
    }
}

#[test]
fn an_answer_of_another_kind_is_refused() {
    use keyholder_plugin_sdk::factor::Response;
    let keys = [key("a", RFC_SECRET)];
    let with = |response| rejected(verify(context(NOW), &keys, Answer { response, ..typed("") })).reason;
    assert_eq!(with(Response::Webauthn("{}".into())), RejectReason::Malformed);
    assert_eq!(with(Response::Other(("new".into(), "{}".into()))), RejectReason::Malformed);
    assert_eq!(with(Response::Cancelled), RejectReason::Other("cancelled".into()));
    // A field of another name is no code.
    let other = answer("code", &[("name", &code_at(RFC_SECRET, STEP))]);
    assert_eq!(rejected(verify(context(NOW), &keys, other)).reason, RejectReason::Malformed);
}
