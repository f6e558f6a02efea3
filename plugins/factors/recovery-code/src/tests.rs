use keyholder_plugin_sdk::factor::{
    Accepted, Answer, Ask, Context, Credential, EnrolOutcome, Exhibit, Factor as _, FieldKind, Form, NewCredential,
    RejectReason, Rejection, Response, Step, VerifyOutcome, Warning,
};
use keyholder_plugin_sdk::testing::{answer, cancelled, context, credential, messages, missing_texts, stored};

use crate::RecoveryCode;
use crate::code::Code;

const NOW: u64 = 1_795_336_440;

fn begin() -> Step {
    RecoveryCode::begin_enrolment(context(NOW), Vec::new()).unwrap()
}

fn finish(state: &[u8], answer: Answer) -> EnrolOutcome {
    RecoveryCode::finish_enrolment(context(NOW), Vec::new(), state.to_vec(), answer).unwrap()
}

fn kept() -> Answer {
    answer("sheet", &[("kept", "on")])
}

fn enrolled(outcome: EnrolOutcome) -> NewCredential {
    match outcome {
        EnrolOutcome::Enrolled(new) => new,
        other => panic!("not enrolled: {other:?}"),
    }
}

fn form(step: &Step) -> &Form {
    match &step.prompts.first().unwrap().ask {
        Ask::Form(form) => form,
        other => panic!("no form: {other:?}"),
    }
}

fn codes_on(step: &Step) -> Vec<String> {
    match form(step).exhibits.as_slice() {
        [Exhibit::SecretList(codes)] => codes.clone(),
        other => panic!("no sheet: {other:?}"),
    }
}

/// A saved sheet and its codes.
fn sheet() -> (Credential, Vec<String>) {
    let step = begin();
    (stored("sheet", &enrolled(finish(&step.state, kept()))), codes_on(&step))
}

fn verify(sheet: &Credential, typed: &str) -> VerifyOutcome {
    let answer = answer("code", &[("code", typed)]);
    RecoveryCode::verify(context(NOW), vec![sheet.clone()], Vec::new(), answer).unwrap()
}

fn accepted(outcome: VerifyOutcome) -> Accepted {
    match outcome {
        VerifyOutcome::Accepted(accepted) => accepted,
        other => panic!("not accepted: {other:?}"),
    }
}

fn rejected(outcome: VerifyOutcome) -> Rejection {
    match outcome {
        VerifyOutcome::Rejected(rejection) => rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

fn after(sheet: &Credential, accepted: &Accepted) -> Credential {
    let update = accepted.update.clone().unwrap();
    Credential { format: update.format, data: update.data, ..sheet.clone() }
}

#[test]
fn a_sheet_has_eight_codes_of_fifty_bits_in_groups_of_five() {
    let codes = codes_on(&begin());
    assert_eq!(codes.len(), 8);
    for code in &codes {
        let (front, back) = code.split_once('-').unwrap();
        assert_eq!((front.len(), back.len()), (5, 5), "{code}");
        assert!(code.chars().all(|character| "0123456789ABCDEFGHJKMNPQRSTVWXYZ-".contains(character)), "{code}");
    }
    let mut distinct = codes.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 8);
    assert_ne!(codes, codes_on(&begin()));
}

#[test]
fn nothing_is_saved_before_the_person_has_kept_the_codes() {
    let step = begin();
    for not_kept in [answer("sheet", &[]), answer("sheet", &[("kept", "")]), answer("sheet", &[("kept", "false")])] {
        let EnrolOutcome::More(again) = finish(&step.state, not_kept) else { panic!("saved without a tick") };
        let problem = again.problem.clone().unwrap();
        assert_eq!((problem.field.as_deref(), problem.text.unwrap().key.as_str()), (Some("kept"), "not-kept"));
        // The same codes: the person may have begun to write them down.
        assert_eq!(Step { problem: None, ..again }, step);
    }
    assert!(matches!(finish(&step.state, cancelled()), EnrolOutcome::Rejected(_)));
    let new = enrolled(finish(&step.state, kept()));
    assert_eq!(new.facts, [("left".to_owned(), "8".to_owned())]);
    assert_eq!(new.suggested_label, "Recovery codes");
}

#[test]
fn the_codes_themselves_are_not_stored() {
    let (sheet, codes) = sheet();
    for code in codes {
        let plain = code.replace('-', "");
        for stored in [code.as_bytes(), plain.as_bytes()] {
            assert!(!sheet.data.windows(stored.len()).any(|window| window == stored));
        }
    }
}

#[test]
fn two_sheets_do_not_share_a_salt() {
    // The hashes of one say nothing about the other's.
    assert_ne!(sheet().0.data[..16], sheet().0.data[..16]);
}

#[test]
fn each_code_counts_once() {
    let (mut sheet, codes) = sheet();
    for (used, code) in codes.iter().enumerate() {
        let accepted = accepted(verify(&sheet, code));
        assert_eq!(accepted.credential_id, "sheet");
        let left = 7 - used;
        assert_eq!(accepted.update.as_ref().unwrap().facts, Some(vec![("left".to_owned(), left.to_string())]));
        sheet = after(&sheet, &accepted);
        let again = rejected(verify(&sheet, code)).reason;
        assert_eq!(again, if left == 0 { RejectReason::Exhausted } else { RejectReason::WrongResponse });
    }
}

#[test]
fn of_two_answers_at_the_same_moment_one_is_burnt() {
    let (sheet, codes) = sheet();
    let (one, other) = (accepted(verify(&sheet, &codes[0])), accepted(verify(&sheet, &codes[0])));
    assert_eq!(one.consume, other.consume);
    assert_eq!(one.consume.len(), 1);
    assert!(one.consume[0].expires_unix_ms > NOW * 1_000);
    assert_ne!(one.consume, accepted(verify(&sheet, &codes[1])).consume);
}

#[test]
fn a_code_changes_keys_and_proves_nothing_to_an_application() {
    let (sheet, codes) = sheet();
    assert!(accepted(verify(&sheet, &codes[0])).evidence.recovery_only);
    assert!(RecoveryCode::describe().ceiling.recovery_only);
}

#[test]
fn typing_is_forgiving() {
    let all = Code::parse("01OIL-abcde").unwrap();
    for same in ["0101 1ABCDE", "o1oil abcde", "0L0I1–ABCDE", " 0 1 0 1 1 a b c d e ", "01011\u{2212}ABCDE\n"] {
        assert!(Code::parse(same) == Some(all.clone()), "{same}");
    }
    assert_eq!(all.grouped(), "01011-ABCDE");
    let (sheet, codes) = sheet();
    accepted(verify(&sheet, &codes[0].to_lowercase().replace('-', " ")));
    accepted(verify(&sheet, &codes[1].replace('0', "O").replace('1', "l")));
}

#[test]
fn what_is_no_code_is_malformed() {
    let (sheet, codes) = sheet();
    let short = &codes[0][..10];
    let long = format!("{}0", codes[0]);
    for typed in
        ["", "-", short, &long, "UUUUU-UUUUU", "ABCDE-FGHJ!", "٠١٢٣٤-٥٦٧٨٩", "ＡBCDE-FGHJK", &"0".repeat(100_000)]
    {
        let rejection = rejected(verify(&sheet, typed));
        assert_eq!(rejection.reason, RejectReason::Malformed, "{typed:.20}");
        assert_eq!(rejection.text.unwrap().key, "not-a-code");
    }
    let other = rejected(verify(&sheet, "00000-00000"));
    assert_eq!((other.reason, other.text.unwrap().key.as_str()), (RejectReason::WrongResponse, "not-left"));
}

#[test]
fn a_code_of_another_sheet_is_wrong() {
    let (mine, _) = sheet();
    let (_, codes) = sheet();
    assert_eq!(rejected(verify(&mine, &codes[0])).reason, RejectReason::WrongResponse);
}

#[test]
fn the_last_few_codes_come_with_a_warning() {
    let (mut sheet, codes) = sheet();
    for (used, code) in codes.iter().enumerate() {
        let accepted = accepted(verify(&sheet, code));
        let left = 7 - u32::try_from(used).unwrap();
        let expected = if left <= 3 { vec![Warning::FewLeft(left)] } else { vec![] };
        assert_eq!(accepted.warnings, expected);
        sheet = after(&sheet, &accepted);
    }
    // The page says so before anything is typed.
    let step = RecoveryCode::begin_challenge(context(NOW), vec![sheet.clone()]).unwrap();
    assert!(matches!(form(&step).exhibits.as_slice(), [Exhibit::Note(note)] if note.key == "none-left"));
    assert_eq!(rejected(verify(&sheet, "anything")).reason, RejectReason::Exhausted);
}

#[test]
fn the_field_takes_a_code_with_its_spaces() {
    let (sheet, _) = sheet();
    let step = RecoveryCode::begin_challenge(context(NOW), vec![sheet]).unwrap();
    assert_eq!(form(&step).fields[0].kind, FieldKind::Text(24));
    assert!(form(&step).exhibits.is_empty());
}

#[test]
fn data_that_cannot_be_read_is_a_fault_and_no_verdict() {
    let (sheet, codes) = sheet();
    let longer = [sheet.data.as_slice(), &[0]].concat();
    let broken = [
        credential("sheet", 2, sheet.data.clone()),
        credential("sheet", 1, Vec::new()),
        credential("sheet", 1, sheet.data[..40].to_vec()),
        credential("sheet", 1, longer),
    ];
    for broken in broken {
        let answer = answer("code", &[("code", &codes[0])]);
        assert!(RecoveryCode::verify(context(NOW), vec![broken.clone()], Vec::new(), answer).is_err());
        assert!(RecoveryCode::begin_challenge(context(NOW), vec![broken]).is_err());
    }
    let state = begin().state;
    for state in [&[][..], &state[..20], &[state.as_slice(), &[0]].concat(), &[1, 3, b'A', b'B', b'C']] {
        assert!(RecoveryCode::finish_enrolment(context(NOW), Vec::new(), state.to_vec(), kept()).is_err());
    }
}

#[test]
fn an_answer_of_another_kind_is_refused() {
    let (sheet, _) = sheet();
    for response in [Response::Webauthn("{}".into()), Response::Other(("new".into(), "{}".into())), Response::Cancelled]
    {
        let answer = Answer { response, ..answer("code", &[]) };
        let outcome = RecoveryCode::verify(context(NOW), vec![sheet.clone()], Vec::new(), answer.clone()).unwrap();
        assert!(matches!(outcome, VerifyOutcome::Rejected(_)));
        assert!(matches!(finish(&begin().state, answer), EnrolOutcome::Rejected(_)));
    }
}

#[test]
fn each_text_of_the_pages_exists_in_both_languages() {
    let step = begin();
    let EnrolOutcome::More(again) = finish(&step.state, answer("sheet", &[])) else { panic!("saved") };
    let (sheet, _) = sheet();
    let challenge = RecoveryCode::begin_challenge(context(NOW), vec![sheet]).unwrap();
    let empty = RecoveryCode::begin_challenge(context(NOW), Vec::new()).unwrap();
    for ftl in [include_str!("../locales/en.ftl"), include_str!("../locales/cy.ftl")] {
        for step in [&step, &again, &challenge, &empty] {
            assert_eq!(missing_texts(step, ftl), Vec::<String>::new());
        }
        assert!(messages(ftl).iter().any(|(key, _)| *key == "not-a-code"));
    }
    let ctx = Context { locales: vec!["cy".into()], ..context(NOW) };
    let new = enrolled(RecoveryCode::finish_enrolment(ctx, Vec::new(), step.state, kept()).unwrap());
    assert_eq!(new.suggested_label, "Codau adfer");
}

#[test]
fn the_plugin_describes_itself_as_its_manifest_does() {
    let manifest = include_str!("../plugin.toml");
    let described = RecoveryCode::describe();
    assert!(manifest.contains(&format!("id = \"{}\"\nversion = \"{}\"", described.id, described.version)));
    assert!(!described.multiple_per_user);
}

#[test]
fn vectors_hold_natively() {
    keyholder_plugin_sdk::testing::vectors::run_folder::<RecoveryCode>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
}
