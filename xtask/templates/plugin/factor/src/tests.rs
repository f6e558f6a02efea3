use keyholder_plugin_sdk::factor::{
    Answer, Ask, Credential, EnrolOutcome, Exhibit, Factor as _, RejectReason, Step, VerifyOutcome,
};
use keyholder_plugin_sdk::testing::{answer, context, missing_texts, stored, vectors};

use crate::{FIELDS, {{Name}}, cell_of};

/// 2 January 2026, 12:00.
const NOW: u64 = 1_767_355_200;

/// A card that was kept.
fn card() -> Credential {
    let step = {{Name}}::begin_enrolment(context(NOW), Vec::new()).unwrap();
    let kept = answer("card", &[("kept", "on")]);
    match {{Name}}::finish_enrolment(context(NOW), Vec::new(), step.state, kept).unwrap() {
        EnrolOutcome::Enrolled(new) => stored("card", &new),
        other => panic!("not enrolled: {other:?}"),
    }
}

/// What a person with this card types.
fn read(card: &Credential, step: &Step) -> Answer {
    let cells = step.state.iter().map(|cell| cell_of(&card.data, usize::from(*cell)).unwrap());
    let cells: Vec<String> = cells.map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect();
    let fields: Vec<_> = FIELDS.into_iter().zip(cells.iter().map(String::as_str)).collect();
    answer("cells", &fields)
}

fn verify(card: &Credential, step: &Step, answer: Answer) -> VerifyOutcome {
    {{Name}}::verify(context(NOW), vec![card.clone()], step.state.clone(), answer).unwrap()
}

#[test]
fn whoever_has_the_card_signs_in() {
    let card = card();
    let step = {{Name}}::begin_challenge(context(NOW), vec![card.clone()]).unwrap();
    let VerifyOutcome::Accepted(accepted) = verify(&card, &step, read(&card, &step)) else { panic!("not accepted") };
    assert_eq!(accepted.credential_id, "card");
}

#[test]
fn whoever_has_another_card_does_not() {
    let (mine, other) = (card(), card());
    let step = {{Name}}::begin_challenge(context(NOW), vec![mine.clone()]).unwrap();
    for typed in [read(&other, &step), answer("cells", &[]), answer("cells", &[("first", "AA")])] {
        let VerifyOutcome::Rejected(rejection) = verify(&mine, &step, typed) else { panic!("accepted") };
        assert_eq!(rejection.reason, RejectReason::WrongResponse);
    }
}

#[test]
fn nothing_is_saved_before_the_card_was_kept() {
    let step = {{Name}}::begin_enrolment(context(NOW), Vec::new()).unwrap();
    let not_kept = answer("card", &[]);
    let outcome = {{Name}}::finish_enrolment(context(NOW), Vec::new(), step.state.clone(), not_kept).unwrap();
    let EnrolOutcome::More(again) = outcome else { panic!("saved") };
    assert_eq!(Step { problem: None, ..again }, step);
}

#[test]
fn a_card_has_eight_rows() {
    let step = {{Name}}::begin_enrolment(context(NOW), Vec::new()).unwrap();
    let Ask::Form(form) = &step.prompts[0].ask else { panic!("no form") };
    assert!(matches!(form.exhibits.as_slice(), [Exhibit::SecretList(rows)] if rows.len() == 8));
}

#[test]
fn each_text_exists_in_both_languages() {
    let enrolment = {{Name}}::begin_enrolment(context(NOW), Vec::new()).unwrap();
    let challenge = {{Name}}::begin_challenge(context(NOW), vec![card()]).unwrap();
    for ftl in [include_str!("../locales/en.ftl"), include_str!("../locales/cy.ftl")] {
        for step in [&enrolment, &challenge] {
            assert_eq!(missing_texts(step, ftl), Vec::<String>::new());
        }
    }
}

#[test]
fn vectors_hold() {
    vectors::run_folder::<{{Name}}>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
}
