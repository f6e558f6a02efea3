#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::tests_support::Counting;

const NAMING: Naming<'static> = Naming {
    issuer: "https://id.example",
    provider: "https://sp.example",
    persistent: "abcdefgh",
    email: Some("ada@school.example"),
};

#[test]
fn base32_is_that_of_the_rfc_in_lower_case() {
    // RFC 4648 10.
    for (bytes, text) in
        [("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb")]
    {
        assert_eq!(base32(bytes.as_bytes()), text);
    }
}

#[test]
fn opaque_identifiers_cannot_differ_in_case_alone() {
    let drawn = draw_opaque(&Counting::default());
    assert_eq!(drawn.len(), 32);
    assert_eq!(drawn, drawn.to_lowercase());
}

#[test]
fn a_transient_identifier_is_new_each_time_and_a_persistent_one_is_not() {
    let random = Counting::default();
    let named = |format| name_id(format, &NAMING, &random).unwrap();
    assert_ne!(named(NameIdFormat::Transient).value, named(NameIdFormat::Transient).value);
    assert_eq!(named(NameIdFormat::Persistent), named(NameIdFormat::Persistent));
    assert_eq!(named(NameIdFormat::Persistent).sp_name_qualifier.as_deref(), Some("https://sp.example"));
    assert_eq!(named(NameIdFormat::EmailAddress).value, "ada@school.example");
}

#[test]
fn nobody_is_named_by_an_address_that_they_do_not_have() {
    let nobody = Naming { email: None, ..NAMING };
    assert_eq!(name_id(NameIdFormat::EmailAddress, &nobody, &Counting::default()), Err(NameIdError::NoEmail));
}

#[test]
fn a_scoped_identifier_has_the_syntax_of_its_specification() {
    assert_eq!(scoped_id("abc=-1", "school.example").as_deref(), Some("abc=-1@school.example"));
    for (unique, scope) in [("", "a"), ("-a", "a"), ("a_b", "a"), ("a", ""), ("a", "a@b"), ("a@b", "c"), ("ä", "a")] {
        assert_eq!(scoped_id(unique, scope), None, "{unique}@{scope}");
    }
    assert_eq!(scoped_id(&"a".repeat(128), "a"), None);
}
