//! `RequestedAuthnContext`: what satisfies it, and by what name it is answered.

use keyholder_core::assurance::ACR_MULTI_FACTOR as MFA;
use keyholder_core::assurance::ACR_SINGLE_FACTOR as SFA;
use keyholder_core::assurance::Assurance::{self, MultiFactor, PhishingResistant, SingleFactor};

use super::super::context::*;
use crate::messages::{Comparison, RequestedAuthnContext};
use crate::service_provider::{ContextPolicy, MultiFactorClass, SingleFactorClass};

const PPT: &str = PASSWORD_PROTECTED_TRANSPORT;

fn of(comparison: Comparison, classes: &[&str]) -> Option<RequestedContext> {
    let classes = classes.iter().map(|class| (*class).to_owned()).collect();
    RequestedContext::of(&RequestedAuthnContext { comparison, classes, declarations: false })
}

/// What each sign-in answers, weakest first.
fn answers(comparison: Comparison, classes: &[&str]) -> [Option<String>; 3] {
    let context = of(comparison, classes).unwrap();
    Assurance::ALL.map(|reached| context.answer(reached, ContextPolicy::default()))
}

#[allow(clippy::unnecessary_wraps, reason = "reads like what it is compared with")]
fn some(class: &str) -> Option<String> {
    Some(class.to_owned())
}

#[test]
fn exact_is_met_by_any_sign_in_of_which_the_class_is_true() {
    assert_eq!(answers(Comparison::Exact, &[MFA]), [None, some(MFA), some(MFA)]);
    assert_eq!(answers(Comparison::Exact, &[PPT]), [some(PPT), some(PPT), some(PPT)]);
    assert_eq!(answers(Comparison::Exact, &[MFA, SFA]), [some(SFA), some(MFA), some(MFA)]);
    assert_eq!(answers(Comparison::Exact, &[PHISHING_RESISTANT]), [None, None, some(PHISHING_RESISTANT)]);
    assert_eq!(answers(Comparison::Exact, &["urn:unknown", MFA]), [None, some(MFA), some(MFA)]);
}

#[test]
fn minimum_is_met_by_the_weakest_and_answered_by_what_was_reached() {
    assert_eq!(answers(Comparison::Minimum, &[MFA]), [None, some(MFA), some(PHISHING_RESISTANT)]);
    assert_eq!(answers(Comparison::Minimum, &[PPT]), [some(PPT), some(MFA), some(PHISHING_RESISTANT)]);
}

#[test]
fn maximum_is_answered_by_nothing_stronger() {
    assert_eq!(answers(Comparison::Maximum, &[MFA]), [some(SFA), some(MFA), some(MFA)]);
    assert_eq!(answers(Comparison::Maximum, &[PPT]), [some(PPT), some(PPT), some(PPT)]);
}

#[test]
fn better_is_stronger_than_each_of_those_named() {
    assert_eq!(answers(Comparison::Better, &[SFA]), [None, some(MFA), some(PHISHING_RESISTANT)]);
    assert_eq!(answers(Comparison::Better, &[SFA, MFA]), [None, None, some(PHISHING_RESISTANT)]);
    assert_eq!(of(Comparison::Better, &[PHISHING_RESISTANT]), None);
    assert_eq!(of(Comparison::Better, &[]), None);
}

#[test]
fn the_dispatcher_is_told_the_weakest_sign_in_that_will_do() {
    let weakest = |comparison, classes: &[&str]| of(comparison, classes).unwrap().acceptable().into_iter().min();
    for comparison in Comparison::ALL {
        for classes in [&[SFA][..], &[MFA], &[PPT, MFA], &[MFA, SFA]] {
            let context = of(comparison, classes).unwrap();
            let least =
                Assurance::ALL.into_iter().find(|reached| context.answer(*reached, ContextPolicy::default()).is_some());
            assert_eq!(weakest(comparison, classes), least, "{comparison:?} {classes:?}");
        }
    }
    assert_eq!(of(Comparison::Exact, &[MFA, SFA]).unwrap().acceptable(), [MultiFactor, SingleFactor]);
}

#[test]
fn no_answer_says_more_than_what_was_reached() {
    for comparison in Comparison::ALL {
        for (class, _) in CLASSES {
            let Some(context) = of(comparison, &[class]) else { continue };
            for reached in Assurance::ALL {
                let answer = context.answer(reached, ContextPolicy::default());
                let said = answer.map(|answer| CLASSES.iter().find(|(known, _)| *known == answer).unwrap().1);
                assert!(said <= Some(reached), "{comparison:?} {class}: {said:?} for {reached:?}");
            }
        }
    }
}

#[test]
fn a_class_that_is_repeated_is_kept_once() {
    let classes = vec![PPT.to_owned(); 500];
    let flood = RequestedAuthnContext { comparison: Comparison::Exact, classes, declarations: false };
    let kept = serde_json::to_string(&RequestedContext::of(&flood).unwrap()).unwrap();
    assert!(kept.len() < 200, "{kept}");
}

#[test]
fn unasked_the_class_is_that_of_the_sign_in() {
    let refeds = ContextPolicy::default();
    let password =
        ContextPolicy { single_factor: SingleFactorClass::PasswordProtectedTransport, ..ContextPolicy::default() };
    let microsoft = ContextPolicy { multi_factor: MultiFactorClass::Microsoft, ..password };
    assert_eq!(class_of(SingleFactor, refeds), SFA);
    assert_eq!(class_of(SingleFactor, password), PPT);
    assert_eq!(class_of(MultiFactor, password), MFA);
    assert_eq!(class_of(PhishingResistant, refeds), PHISHING_RESISTANT);
    let microsoft = [SingleFactor, MultiFactor, PhishingResistant].map(|reached| class_of(reached, microsoft));
    assert_eq!(microsoft, [PPT, MICROSOFT_MULTIPLE, MICROSOFT_MULTIPLE]);
}
