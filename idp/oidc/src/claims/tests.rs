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
