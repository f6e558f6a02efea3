#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::wiring::SystemRandom;

fn hasher() -> Hasher {
    Hasher::new(&PasswordSettings::default()).unwrap()
}

fn verify(password: &str, stored: &str) -> Verification {
    let stored = StoredHash::parse(stored).unwrap();
    hasher().verify(&SecretString::from(password), &stored, &SystemRandom, &mut Memory::default())
}

fn hash(password: &str) -> String {
    hasher().hash(&SecretString::from(password), &SystemRandom, &mut Memory::default()).unwrap()
}

fn is_rehashed(password: &str, stored: &str) -> bool {
    match verify(password, stored) {
        Verification::Right { rehash: Some(rehash) } => {
            assert!(rehash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{rehash}");
            assert_eq!(verify(password, &rehash), Verification::Right { rehash: None });
            true
        }
        Verification::Right { rehash: None } => false,
        Verification::Wrong => panic!("wrong: {stored}"),
    }
}

// Made by other programs.
const BCRYPT_B: &str = "$2b$05$ac5NX2YdxhzA70S.9PnHFezl6H4DrFJLavuSw8sffMOGksVRk7oda"; // bcrypt 5.0 (Python)
const BCRYPT_A: &str = "$2a$05$GrAodp14onk6fb682ZL4ouep6Ws/ohoC9vN4icUcbpf4G6c3zON2a"; // the same
const BCRYPT_Y: &str = "$2y$05$9ioVoN/dtK2thVsYRAqSh.2NrAYIc5JhHdZo6DVW1kAt.gs037ULO"; // htpasswd of Apache
// The reference implementation, four lanes.
const ARGON2ID: &str =
    "$argon2id$v=19$m=4096,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$D/bt3bZUb6tpQT3N9XFC09mUphHB0MKIJDKk7r709vU";
// passlib 1.7.4
const PASSLIB_256: &str = "$pbkdf2-sha256$1000$YIxRCkFoLQUgBKCU0hpDCA$sgry0lc4aw8n2z9KcQkkFeXcOf5qpHXciO3Aam7TDy0";
const PASSLIB_512: &str = "$pbkdf2-sha512$1000$f49xztkbA8CY814rZQyhtA$flFQ56IE7esAS7zc/mGFSF/99GjVOKzH02L3QqeEUZwl0w1DwTIDcbZztMXRKsm8KoJzjUSqJoGawx4EeDUFIA";
// Django 5.2
const DJANGO: &str = "pbkdf2_sha256$1000$seasalt1$tJiSiUXPclAL0GoL/DSQLqbHPd68TmBu3sz2Uxm7ulY=";
const DECOMPOSED: &str = "pbkdf2_sha256$1000$seasalt2$TwDwg/KnYD/ITfmncRRB1mqqog0fdcsZD2NLwkKdRjg=";
// Python's hashlib, written as PHC strings.
const PHC_256: &str = "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHRzYWx0c2FsdA$G1PxA8xI5cKurdoaNVYrAEKr9gBGwpRB2+VPq4yfiYk";
const PHC_512: &str = "$pbkdf2-sha512$i=1000,l=64$c2FsdHNhbHRzYWx0c2FsdA$oQja6QRnHGJqES4ukiNaJy46ql+C7OCLY9lYZHlKIBLyKkUXsxTO4xLX4oKFmCTVDoTqy0qEoodKSWpF1h6M7A";

const HERONS: &str = "seven quiet herons";
const IMPORTED: [(&str, &str); 9] = [
    (HERONS, BCRYPT_B),
    ("Pa55wort ünd Straße", BCRYPT_A),
    (HERONS, BCRYPT_Y),
    (HERONS, ARGON2ID),
    (HERONS, PASSLIB_256),
    (HERONS, PASSLIB_512),
    (HERONS, DJANGO),
    (HERONS, PHC_256),
    (HERONS, PHC_512),
];

#[test]
fn a_hash_is_argon2id_at_the_cost_of_the_settings() {
    let stored = hash("seven quiet herons");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(verify("seven quiet herons", &stored), Verification::Right { rehash: None });
    assert_eq!(verify("seven quiet heron", &stored), Verification::Wrong);
    assert_eq!(verify("", &stored), Verification::Wrong);
}

#[test]
fn two_hashes_of_one_password_differ() {
    assert_ne!(hash("seven quiet herons"), hash("seven quiet herons"));
}

#[test]
fn the_memory_may_hold_anything() {
    let mut memory = Memory::default();
    let hasher = hasher();
    let password = SecretString::from("seven quiet herons");
    let first = StoredHash::parse(&hasher.hash(&password, &SystemRandom, &mut memory).unwrap()).unwrap();
    hasher.hash(&SecretString::from("something else"), &SystemRandom, &mut memory).unwrap();
    assert_eq!(hasher.verify(&password, &first, &SystemRandom, &mut memory), Verification::Right { rehash: None });
}

/// The flags of the mapping around an address (proc(5), `smaps`).
#[cfg(target_os = "linux")]
fn flags_of_mapping(address: usize) -> String {
    let (maps, mut here) = (std::fs::read_to_string("/proc/self/smaps").unwrap(), false);
    for line in maps.lines() {
        let number = |text: &str| usize::from_str_radix(text, 16).ok();
        if let Some((from, to)) = line.split_once(' ').and_then(|(range, _)| range.split_once('-'))
            && let (Some(from), Some(to)) = (number(from), number(to))
        {
            here = (from..to).contains(&address);
        }
        if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| here) {
            return flags.to_owned();
        }
    }
    panic!("no mapping at {address:x}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_is_asked_for_in_huge_pages() {
    // Kernels without them have no such folder, and nothing to ask.
    if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
        return;
    }
    let mut memory = Memory::default();
    let middle = std::ptr::from_ref(memory.blocks(19_456).get(9_728).unwrap()).addr();
    let flags = flags_of_mapping(middle);
    assert!(flags.split_whitespace().any(|flag| flag == "hg"), "{flags}");
}

#[test]
fn an_argon2id_hash_of_another_cost_is_rehashed() {
    let dearer = PasswordSettings { memory_kib: 20_480, ..PasswordSettings::default() };
    let dearer = Hasher::new(&dearer).unwrap();
    let stored = dearer.hash(&SecretString::from("seven quiet herons"), &SystemRandom, &mut Memory::default()).unwrap();
    assert!(is_rehashed("seven quiet herons", &stored));
    assert_eq!(verify("seven quiet heron", &stored), Verification::Wrong);
}

#[test]
fn memory_taken_by_a_costly_import_is_given_back() {
    let dearer = PasswordSettings { memory_kib: 65_536, ..PasswordSettings::default() };
    let mut memory = Memory::default();
    let password = SecretString::from("seven quiet herons");
    let stored = Hasher::new(&dearer).unwrap().hash(&password, &SystemRandom, &mut memory).unwrap();
    hasher().verify(&password, &StoredHash::parse(&stored).unwrap(), &SystemRandom, &mut memory);
    assert_eq!(memory.0.len(), 19_456);
}

#[test]
fn imported_hashes_are_verified_and_rehashed() {
    for (password, stored) in IMPORTED {
        assert!(is_rehashed(password, stored), "{stored}");
        assert_eq!(verify("another password", stored), Verification::Wrong, "{stored}");
    }
}

#[test]
fn imported_hashes_of_unnormalised_text_are_verified() {
    // Python made it of what a Mac sends: e and a combining acute accent.
    let typed = "cafe\u{301} au lait";
    assert!(is_rehashed(typed, DECOMPOSED));
    // Whoever types on Windows from now on is the same person with the same password.
    let Verification::Right { rehash: Some(rehash) } = verify(typed, DECOMPOSED) else { panic!("wrong") };
    assert_eq!(verify("café au lait", &rehash), Verification::Right { rehash: None });
}

#[test]
fn bcrypt_reads_72_bytes_and_what_it_did_not_read_does_not_become_the_password() {
    let first = "x".repeat(72);
    let stored = bcrypt::hash_with_salt(&first, 4, [7; 16]).unwrap().format_for_version(bcrypt::Version::TwoB);
    assert!(is_rehashed(&first, &stored));
    assert_eq!(verify(&format!("{first} and a slip"), &stored), Verification::Right { rehash: None });
    assert_eq!(verify(&"x".repeat(71), &stored), Verification::Wrong);
}

#[test]
fn a_nul_does_not_make_another_password_of_a_bcrypt_hash() {
    let stored = bcrypt::hash_with_salt("otter", 4, [7; 16]).unwrap().format_for_version(bcrypt::Version::TwoB);
    assert!(bcrypt::verify("otter\0otter", &stored).unwrap(), "the danger is real");
    assert_eq!(verify("otter\0otter", &stored), Verification::Wrong);
    assert_eq!(verify("otter\0", &stored), Verification::Wrong);
    assert!(is_rehashed("otter", &stored));
}

#[test]
fn what_costs_too_much_is_not_verified() {
    for stored in [
        "$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$argon2id$v=19$m=65536,t=1000,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$2b$15$abcdefghijklmnopqrstuuSz8d1yAkdEz7dYbOO4iV3wGgSTAZ2a6",
        "$2b$31$abcdefghijklmnopqrstuuSz8d1yAkdEz7dYbOO4iV3wGgSTAZ2a6",
        "$pbkdf2-sha256$i=4000000000,l=32$c2FsdHNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$pbkdf2-sha512$4000000$c2FsdHNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "pbkdf2_sha256$3000001$salt$MTIzNDU2Nzg5MDEyMzQ1Ng==",
    ] {
        assert_eq!(StoredHash::parse(stored), Err(Unusable::TooCostly), "{stored}");
    }
}

#[test]
fn what_is_not_a_known_hash_is_not_usable() {
    for stored in [
        "",
        "$",
        "password",
        "!",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2x$05$abcdefghijklmnopqrstuuSz8d1yAkdEz7dYbOO4iV3wGgSTAZ2a6",
        "$2b$03$abcdefghijklmnopqrstuuSz8d1yAkdEz7dYbOO4iV3wGgSTAZ2a6",
        "$2b$05$short",
        "$2b$05$abcdefghijklmnopqrstuuSz8d1yAkdEz7dYbOO4iV3wGgSTAZ2é",
        "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$argon2id$v=19$m=19456,t=2,p=1,keyid=YQ$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$MTIzNA",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l",
        "$argon2id$v=19$m=4,t=2,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$pbkdf2-sha256$i=0,l=32$c2FsdHNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng",
        "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHQ$",
        "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Ng$more",
        "pbkdf2_sha1$1000$salt$MTIzNDU2Nzg5MDEyMzQ1Ng==",
        "pbkdf2_sha256$-1$salt$MTIzNDU2Nzg5MDEyMzQ1Ng==",
        "pbkdf2_sha256$1000$$MTIzNDU2Nzg5MDEyMzQ1Ng==",
        "pbkdf2_sha256$1000$salt$MTIz",
    ] {
        assert_eq!(StoredHash::parse(stored), Err(Unusable::Unknown), "{stored}");
    }
    assert_eq!(StoredHash::parse(&"$".repeat(10_000)), Err(Unusable::Unknown));
}

#[test]
fn a_password_beyond_all_bounds_is_wrong_without_a_hash() {
    assert_eq!(verify(&"x".repeat(1025), BCRYPT_A), Verification::Wrong);
    assert_eq!(hasher().hash(&SecretString::from("x".repeat(1025)), &SystemRandom, &mut Memory::default()), None);
}

#[test]
fn settings_below_the_floor_or_beyond_the_bounds_are_refused() {
    let with =
        |memory_kib, passes| Hasher::new(&PasswordSettings { memory_kib, passes, ..PasswordSettings::default() });
    assert!(matches!(with(19_455, 2), Err(CostError::Memory(19_455))));
    assert!(matches!(with(262_145, 2), Err(CostError::Memory(_))));
    assert!(matches!(with(19_456, 1), Err(CostError::Passes { .. })));
    assert!(matches!(with(262_144, 5), Err(CostError::Passes { .. })));
    assert!(with(65_536, 3).is_ok());
}

#[test]
fn nothing_shows_a_hash_in_debug_output() {
    let stored = hash("seven quiet herons");
    let parsed = StoredHash::parse(&stored).unwrap();
    let right = Verification::Right { rehash: Some(stored) };
    assert!(!format!("{parsed:?} {right:?}").contains("$argon2id$"));
}
