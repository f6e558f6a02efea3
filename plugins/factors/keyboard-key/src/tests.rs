//! What holds of the factor as a whole.

use keyholder_plugin_sdk::factor::{
    Accepted, Credential, EnrolOutcome, Factor as _, Fault, RejectReason, Step, VerifyOutcome,
};
use keyholder_plugin_sdk::seeds::SeedImport as _;
use keyholder_plugin_sdk::testing::{answer, cancelled, context, credential, messages, missing_texts, stored};

use crate::hotp::Code;
use crate::stored::{FORMAT, Key, Secret};
use crate::yubico::{Moment, testing::token};
use crate::{KeyboardKey, TOKEN};

const NOW: u64 = 1_800_000_000;
const SECRET: &[u8; 20] = b"12345678901234567890";
const AES_KEY: [u8; 16] = [0x42; 16];
const PRIVATE_ID: [u8; 6] = [1, 2, 3, 4, 5, 6];

fn key(secret: Secret) -> Key {
    Key { secret, serial: "30000001".into(), manufacturer: None, valid_from: None, valid_until: None }
}

fn hotp(next: u64) -> Key {
    key(Secret::Hotp { secret: SECRET.to_vec(), next, digits: 6, prefix: None })
}

fn yubico() -> Key {
    let public_id = "cccccccccccb".into();
    key(Secret::Yubico { public_id, private_id: PRIVATE_ID.to_vec(), aes_key: AES_KEY.to_vec(), last: None })
}

fn handed_in(id: &str, key: &Key) -> Credential {
    credential(id, FORMAT, key.write().unwrap())
}

fn code(counter: u64) -> String {
    Code::of(SECRET, counter, 6).unwrap().to_string()
}

fn begin(credentials: &[Credential]) -> Step {
    KeyboardKey::begin_challenge(context(NOW), credentials.to_vec()).unwrap()
}

fn verify(credentials: &[Credential], state: &[u8], typed: &str) -> VerifyOutcome {
    KeyboardKey::verify(context(NOW), credentials.to_vec(), state.to_vec(), answer(TOKEN, &[(TOKEN, typed)])).unwrap()
}

fn press(credentials: &[Credential], typed: &str) -> VerifyOutcome {
    verify(credentials, &begin(credentials).state, typed)
}

fn accepted(outcome: VerifyOutcome) -> Accepted {
    let VerifyOutcome::Accepted(accepted) = outcome else { panic!("not accepted: {outcome:?}") };
    accepted
}

fn refused(outcome: VerifyOutcome) -> RejectReason {
    let VerifyOutcome::Rejected(rejection) = outcome else { panic!("not refused: {outcome:?}") };
    rejection.reason
}

fn more(outcome: VerifyOutcome) -> Step {
    let VerifyOutcome::More(step) = outcome else { panic!("nothing more asked: {outcome:?}") };
    step
}

/// What the host stores after an acceptance.
fn after(accepted: &Accepted) -> Vec<Credential> {
    let update = accepted.update.clone().unwrap();
    vec![credential(&accepted.credential_id, update.format, update.data)]
}

#[test]
fn a_code_is_accepted_once_and_the_counter_only_rises() {
    let keys = [handed_in("k", &hotp(0))];
    let first = accepted(press(&keys, &code(0)));
    assert_eq!(first.credential_id, "k");
    let keys = after(&first);
    assert_eq!(refused(press(&keys, &code(0))), RejectReason::Replayed);
    let keys = after(&accepted(press(&keys, &code(5))));
    for old in 0..=5 {
        assert_eq!(refused(press(&keys, &code(old))), RejectReason::Replayed, "{old}");
    }
    accepted(press(&keys, &code(6)));
}

#[test]
fn the_window_ends_after_ten_codes() {
    let keys = [handed_in("k", &hotp(20))];
    accepted(press(&keys, &code(29)));
    more(press(&keys, &code(30)));
}

#[test]
fn two_consecutive_codes_bring_a_key_back_and_one_does_not() {
    let keys = [handed_in("k", &hotp(0))];
    let again = more(press(&keys, &code(57)));
    assert_eq!(refused(verify(&keys, &again.state, &code(57))), RejectReason::WrongResponse);
    assert_eq!(refused(verify(&keys, &again.state, &code(59))), RejectReason::WrongResponse);
    assert_eq!(refused(verify(&keys, &again.state, &code(0))), RejectReason::WrongResponse);
    let back = accepted(verify(&keys, &again.state, &code(58)));
    let keys = after(&back);
    assert_eq!(refused(verify(&keys, &again.state, &code(58))), RejectReason::Replayed);
    accepted(press(&keys, &code(59)));
}

#[test]
fn resynchronisation_ends_after_a_hundred_codes() {
    let keys = [handed_in("k", &hotp(7))];
    more(press(&keys, &code(106)));
    assert_eq!(refused(press(&keys, &code(107))), RejectReason::WrongResponse);
}

#[test]
fn the_second_code_counts_for_the_key_of_the_first_alone() {
    let other =
        Key { serial: "2".into(), ..key(Secret::Hotp { secret: vec![7; 20], next: 0, digits: 6, prefix: None }) };
    let keys = [handed_in("k", &hotp(0)), handed_in("other", &other)];
    let again = more(press(&keys, &code(40)));
    let of_other = Code::of(&[7; 20], 41, 6).unwrap().to_string();
    assert_eq!(refused(verify(&keys, &again.state, &of_other)), RejectReason::WrongResponse);
    assert_eq!(refused(verify(&keys[1..], &again.state, &code(41))), RejectReason::UnknownCredential);
}

#[test]
fn of_several_keys_the_one_that_typed_is_named() {
    let other =
        Key { serial: "2".into(), ..key(Secret::Hotp { secret: vec![7; 20], next: 3, digits: 8, prefix: None }) };
    let keys = [handed_in("k", &hotp(0)), handed_in("other", &other), handed_in("y", &yubico())];
    let typed = Code::of(&[7; 20], 4, 8).unwrap().to_string();
    assert_eq!(accepted(press(&keys, &typed)).credential_id, "other");
    let typed = token("cccccccccccb", PRIVATE_ID, &AES_KEY, Moment { uses: 1, session: 0 });
    assert_eq!(accepted(press(&keys, &typed)).credential_id, "y");
}

#[test]
fn a_prefix_that_the_key_types_is_passed_over() {
    let prefixed =
        key(Secret::Hotp { secret: SECRET.to_vec(), next: 0, digits: 6, prefix: Some("ubhe01234567".into()) });
    let keys = [handed_in("k", &prefixed)];
    accepted(press(&keys, &format!("UBHE01234567{}", code(0))));
    accepted(press(&keys, &code(0)));
    assert_eq!(refused(press(&keys, &format!("ubhe01234568{}", code(0)))), RejectReason::Malformed);
}

#[test]
fn a_token_is_accepted_once_and_its_counters_only_rise() {
    let keys = [handed_in("y", &yubico())];
    let at = |uses, session| token("cccccccccccb", PRIVATE_ID, &AES_KEY, Moment { uses, session });
    let keys = after(&accepted(press(&keys, &at(4, 9))));
    for (uses, session) in [(4, 9), (4, 8), (3, 255), (0, 0)] {
        assert_eq!(refused(press(&keys, &at(uses, session))), RejectReason::Replayed, "{uses} {session}");
    }
    let keys = after(&accepted(press(&keys, &at(4, 10))));
    let keys = after(&accepted(press(&keys, &at(5, 0).to_uppercase())));
    // The top bit of the use counter is no count.
    assert_eq!(refused(press(&keys, &at(0x8000 | 4, 0))), RejectReason::Replayed);
}

#[test]
fn a_token_of_another_key_or_another_holder_is_refused() {
    let keys = [handed_in("y", &yubico())];
    let moment = Moment { uses: 1, session: 1 };
    assert_eq!(
        refused(press(&keys, &token("cccccccccccd", PRIVATE_ID, &AES_KEY, moment))),
        RejectReason::UnknownCredential
    );
    assert_eq!(refused(press(&keys, &token("cccccccccccb", [9; 6], &AES_KEY, moment))), RejectReason::WrongResponse);
    assert_eq!(
        refused(press(&keys, &token("cccccccccccb", PRIVATE_ID, &[1; 16], moment))),
        RejectReason::WrongResponse
    );
}

#[test]
fn a_key_is_good_only_while_its_supplier_says() {
    let from = Key { valid_from: Some((NOW + 1) * 1_000), ..hotp(0) };
    let until = Key { valid_until: Some(NOW * 1_000), ..hotp(0) };
    for key in [from, until] {
        assert_eq!(refused(press(&[handed_in("k", &key)], &code(0))), RejectReason::Expired);
    }
    let within = Key { valid_from: Some(NOW * 1_000), valid_until: Some(NOW * 1_000 + 1), ..hotp(0) };
    accepted(press(&[handed_in("k", &within)], &code(0)));
}

#[test]
fn what_is_no_code_is_refused() {
    let keys = [handed_in("k", &hotp(0)), handed_in("y", &yubico())];
    let long = "1".repeat(81);
    let longest = "1".repeat(80);
    for typed in [
        "",
        " ",
        "75522",
        "7552240",
        "٧٥٥٢٢٤",
        "755 22x",
        "<script>",
        "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        &long,
        &longest,
    ] {
        assert_eq!(refused(press(&keys, typed)), RejectReason::Malformed, "{typed}");
    }
    assert_eq!(refused(press(&keys, "000001")), RejectReason::WrongResponse);
    accepted(press(&keys, " 755 224\n"));
}

#[test]
fn an_answer_of_another_form_is_refused() {
    let keys = [handed_in("k", &hotp(0))];
    let state = begin(&keys).state;
    let other = answer(TOKEN, &[("code", "755224")]);
    let outcome = KeyboardKey::verify(context(NOW), keys.to_vec(), state.clone(), other).unwrap();
    assert_eq!(refused(outcome), RejectReason::Malformed);
    let outcome = KeyboardKey::verify(context(NOW), keys.to_vec(), state, cancelled()).unwrap();
    more(outcome);
}

#[test]
fn the_last_counter_of_all_is_not_used() {
    let keys = [handed_in("k", &hotp(u64::MAX - 1))];
    let keys = after(&accepted(press(&keys, &code(u64::MAX - 1))));
    assert_ne!(refused(press(&keys, &code(u64::MAX))), RejectReason::UnknownCredential);
}

#[test]
fn foreign_state_and_stored_data_are_faults() {
    let keys = [handed_in("k", &hotp(0))];
    let typed = || answer(TOKEN, &[(TOKEN, "755224")]);
    for state in [&b""[..], b"{}", b"null", b"\"what\"", &[0xff; 40], "[".repeat(10_000).as_bytes()] {
        let fault = KeyboardKey::verify(context(NOW), keys.to_vec(), state.to_vec(), typed()).unwrap_err();
        assert_eq!(fault, Fault::CorruptState);
    }
    let newer = credential("k", FORMAT + 1, hotp(0).write().unwrap());
    assert_eq!(
        KeyboardKey::begin_challenge(context(NOW), vec![newer]).unwrap_err(),
        Fault::UnsupportedFormat(FORMAT + 1)
    );
    let unsound = key(Secret::Hotp { secret: Vec::new(), next: 0, digits: 6, prefix: None });
    for data in [unsound.write().unwrap(), Vec::new(), b"{".to_vec(), vec![0xff; 1_000]] {
        let fault = KeyboardKey::begin_challenge(context(NOW), vec![credential("k", FORMAT, data)]).unwrap_err();
        assert!(matches!(fault, Fault::Internal(_)), "{fault:?}");
    }
}

#[test]
fn nobody_enrols_a_key_themselves() {
    assert!(matches!(KeyboardKey::begin_enrolment(context(NOW), Vec::new()), Err(Fault::Other(_))));
    let outcome = KeyboardKey::finish_enrolment(context(NOW), Vec::new(), Vec::new(), cancelled()).unwrap();
    let EnrolOutcome::Rejected(rejection) = outcome else { panic!("{outcome:?}") };
    assert_eq!(rejection.reason, RejectReason::AuthenticatorNotAllowed);
}

#[test]
fn evidence_stays_within_the_ceiling_and_claims_no_more_than_possession() {
    let evidence = accepted(press(&[handed_in("k", &hotp(0))], &code(0))).evidence;
    assert_eq!(evidence, KeyboardKey::describe().ceiling);
    assert!(!evidence.phishing_resistant && !evidence.user_verified && !evidence.recovery_only);
    assert_eq!(evidence.classes.len(), 1);
}

#[test]
fn an_imported_key_signs_in() {
    let file = b"serial,secret,counter\n30000001,3132333435363738393031323334353637383930,3\n".to_vec();
    let imported = KeyboardKey::import_seeds("{}".into(), "keys.csv".into(), file, None).unwrap();
    assert_eq!(imported.problems, []);
    let [new] = imported.keys.as_slice() else { panic!("one key") };
    assert_eq!(new.lookup.as_deref(), Some(&b"30000001"[..]));
    assert!(new.facts.iter().all(|(_, value)| !value.contains("3132")));
    let keys = [stored("k", new)];
    assert_eq!(refused(press(&keys, &code(2))), RejectReason::Replayed);
    accepted(press(&keys, &code(3)));
}

#[test]
fn texts_exist_in_both_languages() {
    let keys = [handed_in("k", &hotp(0))];
    let steps = [begin(&keys), more(press(&keys, &code(50)))];
    for ftl in [include_str!("../locales/en.ftl"), include_str!("../locales/cy.ftl")] {
        for step in &steps {
            assert_eq!(missing_texts(step, ftl), Vec::<String>::new());
        }
        let said: Vec<_> = messages(ftl).into_iter().map(|(key, _)| key).collect();
        assert!(["issued-only", "not-valid"].iter().all(|key| said.contains(key)));
    }
}

#[test]
fn vectors_hold_natively() {
    keyholder_plugin_sdk::testing::vectors::run_folder_with_seeds::<KeyboardKey>(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/vectors"
    ));
}
