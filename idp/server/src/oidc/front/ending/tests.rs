use super::*;
use keyholder_core::assurance::Assurance;

#[test]
fn every_refusal_has_the_code_of_the_specification() {
    let code = |refusal| error_code(refusal, Interaction::Allowed).name();
    assert_eq!(code(Refusal::LoginRequired), "login_required");
    assert_eq!(code(Refusal::OtherPerson), "login_required");
    assert_eq!(code(Refusal::AccountSelectionRequired), "account_selection_required");
    assert_eq!(code(Refusal::ConsentRequired), "consent_required");
    assert_eq!(code(Refusal::NoMembership), "access_denied");
    assert_eq!(code(Refusal::AssuranceNotReached), "unmet_authentication_requirements");
    assert_eq!(code(Refusal::GroupNeedsMore(Assurance::MultiFactor)), "access_denied");
    let silent = error_code(Refusal::GroupNeedsMore(Assurance::MultiFactor), Interaction::Forbidden);
    assert_eq!(silent.name(), "interaction_required");
}
