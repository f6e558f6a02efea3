//! The conformance suite on SQLite.

use std::sync::Arc;

use keyholder_core::random::Random;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::seal::MasterKey;
use crate::{SqlStore, SqliteOptions};

/// The random source of tests.
#[derive(Debug)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

/// A master key that is the same in each test and each process of a test.
pub(crate) fn sealer() -> Arc<MasterKey> {
    let text = format!("keyholder-master-key-1 digest:{} key:00000001:{}", "1f".repeat(32), "2e".repeat(32));
    Arc::new(MasterKey::from_text(&SecretString::from(text), Arc::new(SystemRandom)).unwrap())
}

struct Opened {
    store: SqlStore,
    _folder: TempDir,
}

async fn open() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let store = SqlStore::open(&SqliteOptions::server(folder.path().join("keyholder.db")), sealer()).await.unwrap();
    Opened { store, _folder: folder }
}

crate::conformance_suite!(open);
