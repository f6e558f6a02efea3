use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::ExposeSecret as _;

use super::*;

/// Never repeats itself, which is all that is asked of it here.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).to_be_bytes();
            chunk.copy_from_slice(&count[..chunk.len()]);
        }
    }
}

fn random() -> Arc<dyn Random> {
    Arc::new(Counting::default())
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn what_is_sealed_opens_in_its_own_context_only() {
    let folder = folder();
    let key = MasterKey::load_or_create(&folder.path().join("master.key"), random()).unwrap();
    let sealed = key.seal("credentials.secret/1", b"seed").unwrap();
    assert_eq!(key.open("credentials.secret/1", &sealed).unwrap(), b"seed");
    assert_eq!(key.open("credentials.secret/2", &sealed), Err(SealError));
    assert!(!sealed.windows(4).any(|window| window == b"seed"));
}

#[test]
fn an_altered_value_does_not_open() {
    let folder = folder();
    let key = MasterKey::load_or_create(&folder.path().join("master.key"), random()).unwrap();
    let sealed = key.seal("flow", b"value").unwrap();
    for position in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[position] ^= 1;
        assert_eq!(key.open("flow", &altered), Err(SealError), "byte {position}");
        assert_eq!(key.open("flow", &sealed[..position]), Err(SealError), "cut at {position}");
    }
}

#[test]
fn equal_values_are_sealed_differently() {
    let folder = folder();
    let key = MasterKey::load_or_create(&folder.path().join("master.key"), random()).unwrap();
    assert_ne!(key.seal("flow", b"value").unwrap(), key.seal("flow", b"value").unwrap());
}

#[test]
fn the_key_outlives_a_restart() {
    let folder = folder();
    let path = folder.path().join("master.key");
    let sealed = MasterKey::load_or_create(&path, random()).unwrap().seal("flow", b"value").unwrap();
    assert_eq!(MasterKey::load_or_create(&path, random()).unwrap().open("flow", &sealed).unwrap(), b"value");
}

#[test]
fn after_rotation_former_values_open_and_digests_stay() {
    let folder = folder();
    let path = folder.path().join("master.key");
    let random = random();
    let before = MasterKey::load_or_create(&path, Arc::clone(&random)).unwrap();
    let sealed = before.seal("flow", b"value").unwrap();

    let after = MasterKey::rotate(&path, Arc::clone(&random)).unwrap();
    assert_eq!(after.open("flow", &sealed).unwrap(), b"value");
    assert_eq!(after.digest("subject", b"person"), before.digest("subject", b"person"));
    let sealed_after = after.seal("flow", b"value").unwrap();
    assert_ne!(sealed[1..5], sealed_after[1..5]);

    // The process that ran all along reads the file again.
    assert_eq!(before.seal("flow", b"value").unwrap()[1..5], sealed_after[1..5]);
    assert_eq!(before.open("flow", &sealed_after).unwrap(), b"value");

    let alone = MasterKey::forget_former(&path, random).unwrap();
    assert_eq!(alone.open("flow", &sealed), Err(SealError));
    assert_eq!(alone.open("flow", &sealed_after).unwrap(), b"value");
    assert_eq!(alone.digest("subject", b"person"), before.digest("subject", b"person"));
}

#[test]
fn digests_keep_context_and_value_apart() {
    let folder = folder();
    let key = MasterKey::load_or_create(&folder.path().join("master.key"), random()).unwrap();
    assert_ne!(key.digest("ab", b"c"), key.digest("a", b"bc"));
}

#[test]
fn the_text_of_the_file_serves_as_an_environment_variable() {
    let folder = folder();
    let key = MasterKey::load_or_create(&folder.path().join("master.key"), random()).unwrap();
    let one_line = SecretString::from(key.to_text().expose_secret().trim().replace('\n', " "));
    let copy = MasterKey::from_text(&one_line, random()).unwrap();
    assert_eq!(copy.open("flow", &key.seal("flow", b"value").unwrap()).unwrap(), b"value");
}

#[test]
fn text_that_is_no_key_is_refused() {
    let good = format!("keyholder-master-key-1 digest:{} key:00000001:{}", "1f".repeat(32), "2e".repeat(32));
    assert!(MasterKey::from_text(&SecretString::from(good.clone()), random()).is_ok());
    for bad in [
        String::new(),
        "hunter2".to_owned(),
        good.replace("-1 ", "-2 "),
        good.replace("digest:1f", "digest:1"),
        good.replace("key:00000001:", "key:"),
        good.replace("2e", "2g"),
        format!("{good} rest"),
        good.split_once(" key:").unwrap().0.to_owned(),
    ] {
        let refused = MasterKey::from_text(&SecretString::from(bad.clone()), random());
        assert!(matches!(refused, Err(MasterKeyError::Malformed)), "{bad}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let path = folder.path().join("master.key");
    MasterKey::load_or_create(&path, random()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(MasterKey::load_or_create(&path, random()), Err(MasterKeyError::Exposed(_))), "{mode:o}");
    }
}

#[test]
fn nothing_but_the_key_file_is_left_behind() {
    let folder = folder();
    let path = folder.path().join("master.key");
    MasterKey::load_or_create(&path, random()).unwrap();
    MasterKey::rotate(&path, random()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn debug_output_shows_no_key() {
    let text = format!("keyholder-master-key-1 digest:{} key:00000001:{}", "1f".repeat(32), "2e".repeat(32));
    let key = MasterKey::from_text(&SecretString::from(text), random()).unwrap();
    let shown = format!("{key:?}");
    assert!(!shown.contains("1f1f") && !shown.contains("2e2e") && !shown.contains("46"), "{shown}");
}
