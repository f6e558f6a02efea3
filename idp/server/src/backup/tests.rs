#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::{Command, Queries as _, StoreError, Transaction};
use keyholder_store::{Access, SqlStore};
use secrecy::SecretString;

use super::*;
use crate::audit::{About, event_at};
use crate::wiring::SystemRandom;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Events enough for a database of several chunks.
struct Fill(Vec<keyholder_core::audit::AuditEvent>);

#[async_trait::async_trait]
impl Command for Fill {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for event in &self.0 {
            transaction.insert_audit(event).await?;
        }
        Ok(())
    }
}

struct Bed {
    folder: tempfile::TempDir,
    data: DataFolder,
    sealer: Arc<dyn Sealer>,
}

impl Bed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::new(&folder.path().join("data"));
        data.prepare().unwrap();
        let sealer = data.sealer(None, Arc::new(SystemRandom)).unwrap();
        let bed = Self { folder, data, sealer };
        let store = bed.open(Access::Server).await;
        bed.fill(&store).await;
        store.close().await;
        bed
    }

    async fn fill(&self, store: &SqlStore) {
        let about = About { detail: Some("a line of the log"), ..About::default() };
        let events = (0..300).map(|_| event_at(&SystemRandom, NOW, AuditKind::SignedIn, about)).collect();
        store.execute(Fill(events)).await.unwrap();
    }

    async fn open(&self, access: Access) -> SqlStore {
        self.data.open_store(access, self.sealer.clone()).await.unwrap()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("backup.keyholder")
    }

    async fn make(&self, lock: Lock<'_>) -> Result<Manifest, BackupError> {
        let (file, random) = (self.file(), &SystemRandom);
        let (data, sealer, issuer) = (&self.data, self.sealer.as_ref(), "https://id.school.example");
        make(&Making { data, file: &file, lock, sealer, random, now: NOW, issuer }).await
    }

    async fn make_with_master(&self) -> Manifest {
        self.make(Lock::Master(self.sealer.as_ref())).await.unwrap()
    }

    async fn restore(&self, lock: Lock<'_>, existing: Existing) -> Result<Restored, BackupError> {
        let file = self.file();
        restore(&Restoring { file: &file, data: &self.data, lock, sealer: self.sealer.as_ref(), existing, now: NOW })
            .await
    }

    async fn restore_with_master(&self) -> Result<Restored, BackupError> {
        self.restore(Lock::Master(self.sealer.as_ref()), Existing::PutAside).await
    }

    async fn events(&self) -> usize {
        let store = self.open(Access::Server).await;
        let events = store.list_unsealed_audit(10_000).await.unwrap().len();
        store.close().await;
        events
    }

    /// What is in the data directory, the lock aside.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = [self.data.path().to_owned(), self.data.backups()]
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "keyholder.db.lock")
            .collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn a_backup_made_under_a_running_server_holds_what_was_acknowledged() {
    let bed = Bed::new().await;
    let store = bed.open(Access::Server).await;
    bed.fill(&store).await;
    let manifest = bed.make_with_master().await;
    bed.fill(&store).await;
    store.close().await;
    assert_eq!(bed.events().await, 900);
    let restored = bed.restore_with_master().await.unwrap();
    assert_eq!(restored.manifest, manifest);
    assert_eq!(bed.events().await, 600);
    let aside = restored.put_aside.unwrap();
    assert!(aside.join("keyholder.db").exists(), "the replaced one is kept");
}

#[tokio::test]
async fn nothing_of_the_database_can_be_read_in_a_backup_and_nobody_else_can_open_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = Bed::new().await;
    bed.make_with_master().await;
    let bytes = std::fs::read(bed.file()).unwrap();
    for word in [&b"SQLite format"[..], b"a line of the log", b"school.example"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word));
    }
    assert_eq!(std::fs::metadata(bed.file()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(bed.files(), ["backups", "keyholder.db", "mails", "master.key"], "no plain copy is left");
}

#[tokio::test]
async fn a_byte_flipped_anywhere_is_noticed_and_nothing_is_touched() {
    let bed = Bed::new().await;
    bed.make_with_master().await;
    let whole = std::fs::read(bed.file()).unwrap();
    assert!(whole.len() > 3 * 65_552, "several chunks");
    let before = bed.files();
    for at in [0, 16, 17, 19, 25, 60, 110, 200, 65_700, 140_000, whole.len() - 17, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(bed.file(), damaged).unwrap();
        let error = bed.restore_with_master().await.unwrap_err();
        assert!(matches!(error, BackupError::Unopened { .. }), "{at}: {error:?}");
        assert_eq!(bed.files(), before, "{at}");
    }
    assert_eq!(bed.events().await, 300);
}

#[tokio::test]
async fn a_backup_that_is_cut_off_or_goes_on_is_refused() {
    let bed = Bed::new().await;
    bed.make_with_master().await;
    let whole = std::fs::read(bed.file()).unwrap();
    let head = 20 + usize::from(u16::from_be_bytes([whole[18], whole[19]]));
    // At the end of a chunk as well: the last one is marked as the last.
    for length in [0, 10, 20, head, head + 100, head + 65_552, head + 2 * 65_552, whole.len() - 1] {
        std::fs::write(bed.file(), &whole[..length]).unwrap();
        let error = bed.restore_with_master().await.unwrap_err();
        assert!(matches!(error, BackupError::Unopened { .. }), "{length}: {error:?}");
    }
    std::fs::write(bed.file(), &whole[..head + 65_552]).unwrap();
    let error = bed.restore_with_master().await.unwrap_err();
    assert!(matches!(error, BackupError::Unopened { source: OpenBackupError::CutOff, .. }), "{error:?}");
    let mut longer = whole.clone();
    longer.extend_from_slice(&[0; 10]);
    std::fs::write(bed.file(), longer).unwrap();
    bed.restore_with_master().await.unwrap_err();
    let mut swapped = whole[..head].to_vec();
    swapped.extend_from_slice(&whole[head + 65_552..head + 2 * 65_552]);
    swapped.extend_from_slice(&whole[head..head + 65_552]);
    swapped.extend_from_slice(&whole[head + 2 * 65_552..]);
    std::fs::write(bed.file(), swapped).unwrap();
    bed.restore_with_master().await.unwrap_err();
    assert_eq!(bed.events().await, 300);
}

#[tokio::test]
async fn another_master_key_opens_nothing() {
    let (bed, other) = (Bed::new().await, Bed::new().await);
    bed.make_with_master().await;
    std::fs::copy(bed.file(), other.file()).unwrap();
    let error = other.restore_with_master().await.unwrap_err();
    assert!(matches!(error, BackupError::Unopened { source: OpenBackupError::OtherMasterKey, .. }), "{error:?}");
}

#[tokio::test]
async fn a_passphrase_opens_it_with_the_right_master_key_beside_it_only() {
    let bed = Bed::new().await;
    let passphrase = SecretString::from("nine quiet herons at dusk");
    bed.make(Lock::Passphrase(&passphrase)).await.unwrap();
    let wrong = SecretString::from("nine quiet herons at dawn");
    let error = bed.restore(Lock::Passphrase(&wrong), Existing::PutAside).await.unwrap_err();
    assert!(matches!(error, BackupError::Unopened { source: OpenBackupError::OtherPassphrase, .. }), "{error:?}");
    let error = bed.restore_with_master().await.unwrap_err();
    assert!(matches!(error, BackupError::Unopened { source: OpenBackupError::NeedsPassphrase, .. }), "{error:?}");
    let other = Bed::new().await;
    std::fs::copy(bed.file(), other.file()).unwrap();
    let error = other.restore(Lock::Passphrase(&passphrase), Existing::PutAside).await.unwrap_err();
    assert!(matches!(error, BackupError::OtherMasterKey), "{error:?}");
    bed.restore(Lock::Passphrase(&passphrase), Existing::PutAside).await.unwrap();
    assert_eq!(bed.events().await, 300);
}

#[tokio::test]
async fn a_backup_with_migrations_of_a_newer_version_is_refused() {
    let bed = Bed::new().await;
    let database = bed.data.database();
    let statement = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_the_future', 1)";
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.execute_batch(statement).unwrap();
    connection.close().unwrap();
    bed.make_with_master().await;
    let error = bed.restore_with_master().await.unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, BackupError::NewerDatabase { .. }) && told.contains("m9999_the_future"), "{told}");
    assert!(!bed.files().iter().any(|name| name.contains("restoring") || name.contains("replaced")));
}

#[tokio::test]
async fn a_backup_of_a_newer_version_is_refused() {
    let bed = Bed::new().await;
    for (version, newer) in [("999.0.0", true), ("0.999.0-rc.1", true), ("0.0.9", false)] {
        let _ = std::fs::remove_file(bed.file());
        let copy = bed.folder.path().join("copy.db");
        let migrations = keyholder_store::copy(&bed.data.database(), &copy).unwrap();
        let (bytes, sha256) = measure(&copy).unwrap();
        let probe = STANDARD.encode(bed.sealer.seal(PROBE.0, PROBE.1).unwrap());
        let version = version.to_owned();
        let issuer = "https://id.school.example".to_owned();
        let manifest = Manifest { version, made_at: NOW, issuer, migrations, bytes, sha256, probe };
        let (file, sealer) = (bed.file(), bed.sealer.as_ref());
        let lock = Lock::Master(sealer);
        let making =
            Making { data: &bed.data, file: &file, lock, sealer, random: &SystemRandom, now: NOW, issuer: "unused" };
        write(&making, &manifest, &copy).unwrap();
        keyholder_store::remove(&copy);
        match bed.restore_with_master().await {
            Err(BackupError::Newer { .. }) => assert!(newer, "{manifest:?}"),
            other => assert!(!newer && other.is_ok(), "{manifest:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_running_server_is_not_replaced() {
    let bed = Bed::new().await;
    bed.make_with_master().await;
    let store = bed.open(Access::Server).await;
    let error = bed.restore_with_master().await.unwrap_err();
    assert!(matches!(error, BackupError::Database(OpenError::InUse(_))), "{error:?}");
    store.close().await;
}

#[tokio::test]
async fn what_is_there_is_replaced_only_when_asked() {
    let bed = Bed::new().await;
    bed.make_with_master().await;
    let error = bed.restore(Lock::Master(bed.sealer.as_ref()), Existing::Refuse).await.unwrap_err();
    assert!(matches!(error, BackupError::NotEmpty(_)), "{error:?}");
    let error = bed.make(Lock::Master(bed.sealer.as_ref())).await.unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error:?}");
}
