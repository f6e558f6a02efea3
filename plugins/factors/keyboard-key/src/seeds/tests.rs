//! Files, good and bad.

use super::{LARGEST_FILE, Seeds, read};
use crate::stored::{Key, Secret};
use crate::yubico::Moment;

const PASS_PHRASE: Option<&[u8]> = Some(b"correct horse");
const PRE_SHARED: Option<&[u8]> = Some(b"12345678901234567890123456789012");

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!("../../tests/vectors/", $name))
    };
}

fn only(seeds: &Seeds) -> Key {
    assert_eq!(seeds.problems, []);
    let [key] = seeds.keys.as_slice() else { panic!("{seeds:?}") };
    key.clone()
}

fn hotp(key: &Key) -> (&[u8], u64, u8) {
    let Secret::Hotp { secret, next, digits, .. } = &key.secret else { panic!("{key:?}") };
    (secret, *next, *digits)
}

/// Nothing was taken, and the problem says why.
fn refused(file: &str, secret: Option<&[u8]>) -> String {
    let seeds = read(file.as_bytes(), secret);
    assert_eq!(seeds.keys, [], "taken from {file}");
    seeds.problems.into_iter().map(|(_, why)| why).next().unwrap()
}

fn csv(lines: &str) -> Seeds {
    read(lines.as_bytes(), None)
}

/// RFC 6030 figures 6 and 7.
#[test]
fn the_examples_of_the_standard_are_read() {
    for (file, secret) in
        [(vector!("rfc6030-figure6.xml"), PRE_SHARED), (vector!("rfc6030-figure7.xml"), Some(&b"qwerty"[..]))]
    {
        let key = only(&read(file.as_bytes(), secret));
        assert_eq!(hotp(&key), (&b"12345678901234567890"[..], 0, 8));
        assert_eq!(key.serial, "987654321");
    }
    let raw = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12];
    only(&read(vector!("rfc6030-figure6.xml").as_bytes(), Some(&raw)));
}

/// Made by an independent library (python-pskc); each also holds a TOTP key.
#[test]
fn files_of_an_independent_library_are_read_and_other_algorithms_told() {
    for (file, secret) in [
        (vector!("plain.pskc.xml"), None),
        (vector!("pre-shared.pskc.xml"), PRE_SHARED),
        (vector!("pass-phrase.pskc.xml"), PASS_PHRASE),
        (vector!("pass-phrase-256.pskc.xml"), PASS_PHRASE),
    ] {
        let seeds = read(file.as_bytes(), secret);
        let [key] = seeds.keys.as_slice() else { panic!("{seeds:?}") };
        assert_eq!(hotp(key), (&b"12345678901234567890"[..], 3, 6));
        assert_eq!((key.serial.as_str(), key.manufacturer.as_deref()), ("30000001", Some("Acme")));
        let [(place, why)] = seeds.problems.as_slice() else { panic!("{:?}", seeds.problems) };
        assert_eq!(place, "key 2, 30000002");
        assert!(why.contains("totp"), "{why}");
    }
}

#[test]
fn nothing_is_taken_with_a_wrong_secret_or_without() {
    let wrong = read(vector!("pre-shared.pskc.xml").as_bytes(), Some(&[7; 16]));
    assert_eq!(wrong.keys, []);
    let wrong = read(vector!("pass-phrase.pskc.xml").as_bytes(), Some(b"correct house"));
    assert_eq!(wrong.keys, []);
    assert!(refused(vector!("pass-phrase.pskc.xml"), None).contains("needed"));
    assert!(refused(vector!("pre-shared.pskc.xml"), Some(b"short")).contains("16 or 32"));
}

#[test]
fn an_encrypted_value_that_was_altered_is_not_taken() {
    let file = vector!("rfc6030-figure6.xml");
    // Another byte of the ciphertext that would decrypt to another secret.
    let altered = file.replace("AAECAwQFBgcICQoLDA0OD+", "AAECAwQFBgcICQoLDA0OD/");
    assert_ne!(file, altered);
    assert!(refused(&altered, PRE_SHARED).contains("check value does not fit"));
    let altered = file.replace("Su+NvtQfmvfJzF6bmQiJqoLRExc=", "Su+NvtQfmvfJzF6bmQiJqoLRExd=");
    assert_ne!(file, altered);
    refused(&altered, PRE_SHARED);
}

#[test]
fn an_encrypted_value_without_a_check_value_is_not_taken() {
    let file = vector!("rfc6030-figure6.xml");
    let without = file.replace("<ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC>", "");
    assert_ne!(file, without);
    assert!(refused(&without, PRE_SHARED).contains("without a check value"));
    let (start, end) = (file.find("<MACMethod").unwrap(), file.find("</MACMethod>").unwrap());
    let without = format!("{}{}", &file[..start], &file[end + "</MACMethod>".len()..]);
    assert!(refused(&without, PRE_SHARED).contains("without a check value"));
    let unknown = file.replace("xmldsig#hmac-sha1", "xmldsig#hmac-md5");
    assert!(refused(&unknown, PRE_SHARED).contains("unknown algorithm"));
}

#[test]
fn a_file_may_not_ask_for_endless_work() {
    let file = vector!("pass-phrase.pskc.xml").replace("<IterationCount>2000<", "<IterationCount>4000000000<");
    assert!(refused(&file, PASS_PHRASE).contains("iterations"));
    let file = vector!("pass-phrase.pskc.xml").replace("<IterationCount>2000<", "<IterationCount>0<");
    assert!(refused(&file, PASS_PHRASE).contains("iterations"));
    assert!(read(&vec![b'<'; LARGEST_FILE + 1], None).problems[0].1.contains("larger"));
}

#[test]
fn entities_and_deep_nesting_do_no_harm() {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>"#;
    assert!(refused(bomb, None).contains("not readable XML"));
    let outside = r#"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>"#;
    assert!(refused(outside, None).contains("not readable XML"));
    refused(&"<a>".repeat(100_000), None);
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    refused(&deep, None);
}

#[test]
fn a_policy_that_is_not_kept_keeps_the_key_out() {
    let with = |policy: &str| {
        vector!("plain.pskc.xml").replace("<pskc:Data>", &format!("<pskc:Policy>{policy}</pskc:Policy><pskc:Data>"))
    };
    for policy in [
        "<pskc:NumberOfTransactions>10</pskc:NumberOfTransactions>",
        "<pskc:PINPolicy PINUsageMode=\"Prepend\"/>",
        "<pskc:KeyUsage>Unlock</pskc:KeyUsage>",
        "<pskc:ExpiryDate>one day</pskc:ExpiryDate>",
        "<x:Rule xmlns:x=\"urn:x\"/>",
    ] {
        refused(&with(policy), None);
    }
    let kept = "<pskc:StartDate>2026-01-01T00:00:00Z</pskc:StartDate><pskc:ExpiryDate>2031-01-01T00:00:00Z</pskc:ExpiryDate>\
                <pskc:PINPolicy PINUsageMode=\"Local\"/><pskc:KeyUsage>OTP</pskc:KeyUsage>";
    let key = read(with(kept).as_bytes(), None).keys.remove(0);
    assert_eq!((key.valid_from, key.valid_until), (Some(1_767_225_600_000), Some(1_924_992_000_000)));
}

#[test]
fn what_a_hotp_key_cannot_be_is_told() {
    let plain = vector!("plain.pskc.xml");
    for (from, to) in [
        ("Length=\"6\"", "Length=\"10\""),
        ("Length=\"6\"", "Length=\"six\""),
        ("DECIMAL", "HEXADECIMAL"),
        ("Encoding=\"DECIMAL\"", "Encoding=\"DECIMAL\" CheckDigits=\"true\""),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "MTIz"),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "!!!!"),
        (">3<", ">-3<"),
        ("<pskc:AlgorithmParameters>", "<pskc:AlgorithmParameters><pskc:Suite>HMAC-SHA256</pskc:Suite>"),
        ("Version=\"1.0\"", "Version=\"2.0\""),
        ("urn:ietf:params:xml:ns:keyprov:pskc\"", "urn:example\""),
        (":pskc:hotp", ":pskc:pin"),
    ] {
        let altered = plain.replace(from, to);
        assert_ne!(plain, altered, "{from}");
        refused(&altered, None);
    }
}

#[test]
fn a_signature_that_was_not_checked_is_told() {
    let signed = vector!("plain.pskc.xml").replace(
        "</pskc:KeyContainer>",
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/></pskc:KeyContainer>",
    );
    let seeds = read(signed.as_bytes(), None);
    assert!(seeds.problems.iter().any(|(_, why)| why.contains("signature was not checked")));
}

#[test]
fn named_columns_are_read_in_any_order() {
    let seeds =
        csv("Counter,Serial,Secret,Digits,Manufacturer\n5,A1,3132333435363738393031323334353637383930,8,Acme\n");
    let key = only(&seeds);
    assert_eq!(hotp(&key), (&b"12345678901234567890"[..], 5, 8));
    assert_eq!(key.label(), "Acme A1");
    let seeds = csv("\u{feff}serial,secret_base32\r\n\"A,2\",GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ\r\n");
    let key = only(&seeds);
    assert_eq!((hotp(&key), key.serial.as_str()), ((&b"12345678901234567890"[..], 0, 6), "A,2"));
    let seeds = csv("public_id,private_id,aes_key\nvvccccfjihtb,0a1b2c3d4e5f,000102030405060708090a0b0c0d0e0f\n");
    assert_eq!(only(&seeds).serial, "vvccccfjihtb");
}

#[test]
fn the_configuration_logs_of_yubikeys_are_read() {
    let log = "LOGGING START,2/21/12 10:15 PM\n\
        Yubico OTP,2/21/12 10:15 PM,1,vvccccfjihtb,0a1b2c3d4e5f,000102030405060708090a0b0c0d0e0f,,,0,0,0,0,0,0,0,0,0,0\n\
        OATH-HOTP,2/21/12, 10:16 PM,2,ubhe01234567,,3132333435363738393031323334353637383930,,,0,0,0,8,16,0,0,0,0,0\n\
        Static Password,2/21/12 10:17 PM,2,,,00,,,0,0,0,0,0,0,0,0,0,0\n\
        OATH-HOTP,2/21/12 10:16 PM,2,,,3132333435363738393031323334353637383930,,,0,0,0,6,0,0,0,0,0,0\n";
    let seeds = csv(log);
    let [otp, hotp_key] = seeds.keys.as_slice() else { panic!("{seeds:?}") };
    let Secret::Yubico { public_id, private_id, last, .. } = &otp.secret else { panic!("{otp:?}") };
    assert_eq!((public_id.as_str(), private_id.len(), *last), ("vvccccfjihtb", 6, None::<Moment>));
    assert_eq!(hotp(hotp_key), (&b"12345678901234567890"[..], 16, 8));
    assert_eq!(seeds.problems.len(), 1, "{:?}", seeds.problems);
    assert_eq!(seeds.problems[0].0, "line 5");
    let seeds = csv("4175001,vvccccfjihtb,0a1b2c3d4e5f,000102030405060708090a0b0c0d0e0f,,2023-05-10T10:30:00,\n\
        4175002,,16,3132333435363738393031323334353637383930,,2023-05-10T10:30:00,\n");
    assert_eq!(seeds.problems, []);
    assert_eq!(seeds.keys.iter().map(|key| key.serial.as_str()).collect::<Vec<_>>(), ["4175001", "4175002"]);
}

#[test]
fn a_bad_line_is_told_and_the_others_are_taken() {
    let seeds = csv("serial,secret,counter\n\
        1,3132333435363738393031323334353637383930,0\n\
        2,31,0\n\
        3,xyz,0\n\
        4,,0\n\
        ,3132333435363738393031323334353637383930,0\n\
        6,3132333435363738393031323334353637383930,many\n\
        1,4132333435363738393031323334353637383930,0\n\
        8,4132333435363738393031323334353637383930,0\n");
    assert_eq!(seeds.keys.iter().map(|key| key.serial.as_str()).collect::<Vec<_>>(), ["1", "8"]);
    let places: Vec<_> = seeds.problems.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["line 3", "line 4", "line 5", "line 6", "line 7", "1"]);
    // A problem never repeats the secret.
    assert!(seeds.problems.iter().all(|(_, why)| !why.contains("3132") && !why.contains("xyz")));
}

#[test]
fn garbage_gives_problems_and_no_keys() {
    for garbage in [
        "",
        "\n\n",
        "hello",
        "a,b,c\n1,2,3",
        "<",
        "<a/>",
        "<?xml version=\"1.0\"?>",
        "serial,secret\n",
        "\u{0}",
        "\"",
        "PK\u{3}\u{4}",
    ] {
        refused(garbage, None);
    }
    refused(vector!("plain.pskc.xml").split_at(700).0, None);
    assert_eq!(read(&[0xff, 0xfe, 0x00, 0x3c], None).keys, []);
    // Whatever is cut or changed somewhere, nothing panics.
    let file = vector!("pass-phrase.pskc.xml").replace("<IterationCount>2000<", "<IterationCount>2<");
    for position in (0..file.len()).step_by(3) {
        let (before, after) = file.split_at(position);
        read(before.as_bytes(), PASS_PHRASE);
        read(format!("{before}<&\"{}", after.get(1..).unwrap_or_default()).as_bytes(), PASS_PHRASE);
    }
}
