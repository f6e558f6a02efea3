use keyholder_plugin_sdk::policy::{Decision, Policy as _, Request, Selection, Stage};
use keyholder_plugin_sdk::testing::policy::{factor_use, request};

use crate::{{Name}};

fn groups(request: Request) -> Selection {
    match {{Name}}::evaluate(request).unwrap() {
        Decision::Permit(permit) => permit.groups,
        other => panic!("not permitted: {other:?}"),
    }
}

/// A sign-in on this day of the week.
fn on(weekday: u8) -> Request {
    let mut request = request();
    request.now.weekday = weekday;
    request
}

#[test]
fn weekdays_give_everything() {
    for weekday in 1..=5 {
        assert_eq!(groups(on(weekday)), Selection::All);
    }
}

#[test]
fn weekends_give_everything_with_a_key_and_the_restricted_set_without() {
    for weekday in [6, 7] {
        assert_eq!(groups(on(weekday)), Selection::RestrictedSet);
        let mut with_key = on(weekday);
        with_key.factors.push(factor_use("soft-key"));
        assert_eq!(groups(with_key), Selection::All);
    }
}

#[test]
fn the_offer_says_why() {
    let Decision::Permit(permit) = {{Name}}::evaluate(on(6)).unwrap() else { panic!("not permitted") };
    let key = permit.offer.unwrap().reason.key;
    for ftl in [include_str!("../locales/en.ftl"), include_str!("../locales/cy.ftl")] {
        assert!(ftl.lines().any(|line| line.starts_with(&format!("{key} ="))));
    }
}

#[test]
fn other_stages_are_not_its_business() {
    let request = Request { stage: Stage::Recovery, ..on(6) };
    assert_eq!({{Name}}::evaluate(request).unwrap(), Decision::Abstain);
}
