#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const JANE: Context<'_> =
    Context { email: "jane.doe42@oakfield.sch.uk", names: &["Oakfield Primary School", "Ysgol y Bryn"] };

fn check_with(minimum: usize, password: &str) -> Result<(), Refusal> {
    PasswordPolicy::new(minimum).unwrap().check(&SecretString::from(password), &JANE)
}

fn check(password: &str) -> Result<(), Refusal> {
    check_with(DEFAULT_MINIMUM, password)
}

#[test]
fn the_minimum_stays_within_the_standard() {
    assert!(matches!(PasswordPolicy::new(7), Err(PolicyError::Minimum(7))));
    assert!(matches!(PasswordPolicy::new(65), Err(PolicyError::Minimum(65))));
    assert_eq!(PasswordPolicy::new(8).unwrap().minimum(), 8);
    assert_eq!(PasswordPolicy::new(64).unwrap().minimum(), 64);
}

#[test]
fn length_is_counted_in_code_points_after_normalisation() {
    let fourteen = "zebra quilt my";
    assert_eq!(fourteen.len(), 14);
    assert_eq!(check(fourteen), Err(Refusal::TooShort { minimum: 15 }));
    assert_eq!(check("zebra quilt mya"), Ok(()));
    // One more code point as typed, but é is one character in NFC.
    assert_eq!(check("zebra quilt me\u{301}"), Err(Refusal::TooShort { minimum: 15 }));
    // Seven of four bytes each.
    assert_eq!(check_with(8, "🦊🦉🐝🦔🐿🦌🦡"), Err(Refusal::TooShort { minimum: 8 }));
}

#[test]
fn long_passwords_are_permitted_up_to_a_bound() {
    let phrase = "seven quiet herons stand in the reeds and count the passing boats; ".repeat(4);
    let longest: String = phrase.chars().take(MAXIMUM).collect();
    assert_eq!(check(&longest), Ok(()));
    assert_eq!(check(&format!("{longest}x")), Err(Refusal::TooLong { maximum: MAXIMUM }));
    assert_eq!(check(&"é\u{301}".repeat(400)), Err(Refusal::TooLong { maximum: MAXIMUM }));
}

#[test]
fn every_printable_character_and_space_is_permitted_and_no_mixture_is_asked_for() {
    for password in [
        "quietherontandemlake",
        "QUIETHERONTANDEMLAKE",
        "836104759283746150",
        "  quiet heron tandem  ",
        "ŷ môr a'r mynydd glas",
        "тихая цапля у озера",
        "静かな鷺が湖のほとりで朝を待つ",
        "👩‍👧 heron 🦊 tandem 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
        "~`!@#$%^&*()_+=[]{}|;':\",./<>?\\",
    ] {
        assert_eq!(check(password), Ok(()), "{password}");
    }
}

#[test]
fn characters_that_nobody_can_print_are_refused() {
    for password in
        ["quiet heron\ttandem", "quiet heron\0tandem", "quiet heron \u{e000} tandem", "quiet heron \u{378} tandem"]
    {
        assert_eq!(check(password), Err(Refusal::Unprintable), "{password:?}");
    }
}

#[test]
fn breached_passwords_are_refused_in_any_case() {
    assert_eq!(check_with(8, "Baseball"), Err(Refusal::Breached));
    assert_eq!(check("PASSWORDpassword"), Err(Refusal::Breached));
}

#[test]
fn passwords_made_of_what_an_attacker_knows_are_refused() {
    for password in [
        "jane.doe42@oakfield.sch.uk",
        "JaneDoe42JaneDoe42",
        "Oakfield Primary School",
        "Oakfield-Primary-2024!",
        "0akf1eld-Pr1mary-2024!",
        "keyholder keyholder",
        "K3yh0lder-12/05/2024",
        "ysgolybryn-2024-2025",
        "Welcome2Oakfield!!",
        "Password-Oakfield-1",
    ] {
        assert_eq!(check(password), Err(Refusal::Context), "{password}");
    }
}

#[test]
fn a_known_word_inside_a_longer_password_is_permitted() {
    // NIST SP 800-63B-4 3.1.1.2: the entire password is compared, not words contained in it.
    for password in
        ["Oakfield otters juggle", "jane likes the rain", "keyholder 8361047592837", "school on the hill at dusk"]
    {
        assert_eq!(check(password), Ok(()), "{password}");
    }
}

#[test]
fn patterns_are_refused() {
    for password in [
        "zzzzzzzzzzzzzzzzzzzzzzzzz",
        "otterotterotterotter",
        "OtterotterOtterotter",
        "abcdefghijklmnopq",
        "zyxwvutsrqponmlkj",
    ] {
        assert_eq!(check(password), Err(Refusal::Pattern), "{password}");
    }
}

#[test]
fn a_refusal_never_shows_the_password() {
    let refusal = check("Oakfield Primary School").unwrap_err();
    assert!(!format!("{refusal:?} {refusal}").contains("Oakfield"));
}
