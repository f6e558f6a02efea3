//! The form of answers. Who is told what is tested over HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn an_inactive_answer_says_nothing_else() {
    assert_eq!(serde_json::to_string(&Introspection::inactive()).unwrap(), r#"{"active":false}"#);
}
