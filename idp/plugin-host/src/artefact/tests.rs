//! The cache of machine code.
#![allow(clippy::indexing_slicing, reason = "tests")]

use keyholder_core::ports::SealError;

use super::*;

/// A keyed digest that anybody could compute: what is tested here is that it is asked.
#[derive(Debug)]
struct Keyed(u8);

impl Sealer for Keyed {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError)
    }
    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError)
    }
    fn digest(&self, context: &str, value: &[u8]) -> [u8; 32] {
        crate::package::sha256(&[&[self.0], context.as_bytes(), value].concat())
    }
}

fn cache(folder: &Path, key: u8) -> Artefacts {
    Artefacts::new(folder.join("plugins"), Arc::new(Keyed(key)))
}

const KEY: ArtefactKey = ArtefactKey { wasm: [1; 32], engine: 7 };

#[test]
fn what_was_kept_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path(), 1);
    assert_eq!(cache.find(&KEY), None);
    cache.keep(&KEY, b"machine code").unwrap();
    assert_eq!(cache.find(&KEY).unwrap(), b"machine code");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(cache.path(&KEY)).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "nobody else reads or writes it");
}

#[test]
fn an_artefact_with_a_flipped_bit_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path(), 1);
    cache.keep(&KEY, b"machine code").unwrap();
    let whole = fs::read(cache.path(&KEY)).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(cache.path(&KEY), &flipped).unwrap();
        assert_eq!(cache.find(&KEY), None, "byte {at}");
    }
    for length in 0..whole.len() {
        fs::write(cache.path(&KEY), &whole[..length]).unwrap();
        assert_eq!(cache.find(&KEY), None, "{length} bytes");
    }
}

#[test]
fn an_artefact_counts_for_its_plugin_engine_and_server_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, stranger) = (cache(folder.path(), 1), cache(folder.path(), 2));
    cache.keep(&KEY, b"machine code").unwrap();
    assert_eq!(stranger.find(&KEY), None, "another server's key");
    for other in [ArtefactKey { wasm: [2; 32], ..KEY }, ArtefactKey { engine: 8, ..KEY }] {
        fs::copy(cache.path(&KEY), cache.path(&other)).unwrap();
        assert_eq!(cache.find(&other), None);
    }
}

#[test]
fn what_nothing_needs_goes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path(), 1);
    cache.tidy(&[]).unwrap();
    let other = ArtefactKey { engine: 8, ..KEY };
    cache.keep(&KEY, b"one").unwrap();
    cache.keep(&other, b"two").unwrap();
    fs::write(cache.folder().join("notes.txt"), "the operator's").unwrap();
    cache.tidy(std::slice::from_ref(&KEY)).unwrap();
    assert!(cache.find(&KEY).is_some() && cache.find(&other).is_none());
    assert!(cache.folder().join("notes.txt").exists());
}

#[test]
fn artefacts_are_named_after_the_version_of_wasmtime_that_made_them() {
    let lock = include_str!("../../../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME}\"\n")));
}
