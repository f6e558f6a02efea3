//! Which claims are given.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::metadata::SCOPES;

#[test]
fn every_scope_that_gives_claims_is_offered() {
    for (scope, claims) in OF_SCOPES {
        assert!(SCOPES.contains(&scope));
        assert_eq!(Wanted::of_scopes(&[scope.to_owned()]).0, claims.iter().copied().collect());
    }
    assert_eq!(Wanted::of_scopes(&["openid".into(), "offline_access".into(), "unknown".into()]), Wanted::default());
}

#[test]
fn extra_claims_are_left_out_where_they_are_not_known() {
    assert_eq!(serde_json::to_string(&IdTokenExtra::default()).unwrap(), "{}");
    assert_eq!(serde_json::to_string(&UserInfoExtra::default()).unwrap(), "{}");
}

/// RFC 9470 5, Core 3.1.2.1: the class asked for is answered where it was reached, in the order of preference.
#[test]
fn the_class_asked_for_is_answered_if_it_was_reached() {
    use keyholder_core::assurance::{ACR_MULTI_FACTOR as MFA, ACR_PHISHING_RESISTANT as PHR, ACR_SINGLE_FACTOR as SFA};
    use keyholder_core::assurance::{Assurance, Method, Proof};

    let password = Proof::of_password(keyholder_core::time::Timestamp::from_seconds(1));
    let factor = |phishing_resistant| Proof { method: Method::Factor, phishing_resistant, ..password.clone() };
    for (asked, second, answered) in [
        (&[][..], None, SFA),
        (&[MFA], None, SFA),
        (&[SFA, MFA], Some(false), SFA),
        (&[MFA, SFA], Some(false), MFA),
        (&[PHR, MFA], Some(false), MFA),
        (&[MFA, PHR], Some(true), MFA),
        (&[PHR], Some(false), MFA),
        (&["urn:unknown"], Some(true), PHR),
        (&[], Some(true), PHR),
    ] {
        let mut grant = crate::id_token::tests::grant();
        grant.proofs = [password.clone()].into_iter().chain(second.map(factor)).collect();
        let request = serde_json::json!({ "id_token": { "acr": { "values": asked } } });
        grant.claims_request = Some(request.to_string());
        assert_eq!(acr(&grant), answered, "{asked:?}");
        assert!(Assurance::from_acr(acr(&grant)).unwrap() <= grant.assurance());
    }
}
