#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::id::{PupilScopeId, SchoolId};
use keyholder_core::membership::PupilScopeKind;

use super::*;
use crate::tests_support::{Counting, NOW};

fn facts() -> Facts {
    Facts {
        persistent: "abc234".into(),
        subject: "s1".into(),
        scope: "school.example".into(),
        email: Some("ada@school.example".into()),
        display_name: Some("Ada <b>&".into()),
        principal: Some("ada".into()),
        affiliations: vec![Affiliation::Staff, Affiliation::Member],
        school_urn: Some("100001".into()),
        groups: vec!["safeguarding".into(), "staff".into()],
        ..Facts::default()
    }
}

fn released(fact: Fact) -> Vec<String> {
    release(&facts(), &[fact.into()], "https://id.example").into_iter().flat_map(|one| one.values).collect()
}

#[test]
fn nothing_is_released_that_the_settings_do_not_name() {
    assert_eq!(release(&facts(), &[], "https://id.example"), []);
    let only = release(&facts(), &[Fact::Mail.into()], "https://id.example");
    assert_eq!(only.len(), 1);
    assert_eq!(only[0].name, "urn:oid:0.9.2342.19200300.100.1.3");
}

#[test]
fn what_nobody_knows_is_not_released_empty() {
    assert_eq!(release(&facts(), &[Fact::GivenName.into(), Fact::SchoolUkprn.into()], "https://id.example"), []);
}

#[test]
fn values_have_the_forms_of_their_specifications() {
    assert_eq!(released(Fact::EduPersonPrincipalName), ["ada@school.example"]);
    assert_eq!(released(Fact::EduPersonScopedAffiliation), ["staff@school.example", "member@school.example"]);
    assert_eq!(released(Fact::PairwiseId), ["abc234@school.example"]);
    assert_eq!(released(Fact::SubjectId), ["s1@school.example"]);
    assert_eq!(released(Fact::Groups), ["safeguarding", "staff"]);
    assert_eq!(Fact::SchoolUrn.name("https://id.example"), "https://id.example/saml/attributes/school-urn");
}

#[test]
fn pupils_are_told_by_kind_and_name_and_that_there_is_no_restriction_in_a_word() {
    let told = |pupil_scopes| {
        let facts = Facts { pupil_scopes, ..facts() };
        release(&facts, &[Fact::PupilScopes.into()], "").into_iter().flat_map(|one| one.values).collect::<Vec<_>>()
    };
    let scope = |kind, name: &str| PupilScope {
        id: PupilScopeId::draw(&Counting::default(), NOW),
        school: SchoolId::draw(&Counting::default(), NOW),
        kind,
        name: name.to_owned(),
    };
    let some = vec![scope(PupilScopeKind::YearGroup, "Year 6"), scope(PupilScopeKind::Class, "all: 6B")];
    assert_eq!(told(Some(some)), ["year-group:Year 6", "class:all: 6B"]);
    assert_eq!(told(Some(Vec::new())), ["all"]);
    assert_eq!(told(None), Vec::<String>::new());
}

#[test]
fn a_name_with_a_scope_of_its_own_is_not_scoped_again() {
    let facts = Facts { principal: Some("ada@other.example".into()), ..facts() };
    assert_eq!(release(&facts, &[Fact::EduPersonPrincipalName.into()], ""), []);
}

#[test]
fn two_factors_are_told_to_microsoft_only_when_passed() {
    assert_eq!(released(Fact::MicrosoftMethods), Vec::<String>::new());
    let facts = Facts { assurance: Assurance::MultiFactor, ..facts() };
    assert_eq!(release(&facts, &[Fact::MicrosoftMethods.into()], "")[0].values, [MICROSOFT_MULTIPLE]);
}

#[test]
fn no_two_facts_share_a_name() {
    let names: std::collections::BTreeSet<_> = Fact::ALL.iter().map(|fact| fact.name("https://id.example")).collect();
    assert_eq!(names.len(), Fact::ALL.len());
}
