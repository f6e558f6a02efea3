#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn the_set_holds_a_hundred_thousand_and_is_whole() {
    let breached = Breached::open().unwrap();
    assert_eq!(breached.len(), 105_000);
    breached.0.as_fst().verify().unwrap();
    assert!(EMBEDDED.len() < 620_000, "{} bytes are too many", EMBEDDED.len());
}

#[test]
fn every_entry_is_folded_and_long_enough() {
    use fst::Streamer as _;
    let breached = Breached::open().unwrap();
    let mut entries = breached.0.stream();
    while let Some(entry) = entries.next() {
        let entry = std::str::from_utf8(entry).unwrap();
        assert_eq!(*fold(entry), entry);
        assert!(entry.chars().count() >= 8, "{entry}");
    }
}

#[test]
fn common_passwords_are_found_in_any_case() {
    let breached = Breached::open().unwrap();
    for password in ["password", "PassWord", "baseball", "LETMEIN123", "123456789012345", "qwertyuiopasdfgh"] {
        assert!(breached.contains(password), "{password}");
    }
}

#[test]
fn only_the_whole_password_counts() {
    let breached = Breached::open().unwrap();
    for password in ["", "passwor", "password in a sentence", "violet otter sings at noon", "vjht008-x"] {
        assert!(!breached.contains(password), "{password}");
    }
}
