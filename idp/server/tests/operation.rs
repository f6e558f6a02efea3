//! Doctor, backup, restore and the audit log as operators meet them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keyholder::audit::{About, Whence, event_at};
use keyholder::wiring::SystemRandom;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::time::Timestamp;

struct Installation {
    folder: tempfile::TempDir,
}

impl Installation {
    fn new() -> Self {
        let here = Self { folder: tempfile::tempdir().unwrap() };
        here.done(&["init"]);
        here
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyholder"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("KEYHOLDER_DATA", self.path("data")).env("KEYHOLDER_ISSUER", "https://id.oakfield.example");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {} {}", text(&output.stdout), text(&output.stderr));
        format!("{}{}", text(&output.stdout), text(&output.stderr))
    }

    /// The same where no file can grow beyond so many bytes.
    fn run_with_file_limit(&self, bytes: u64, arguments: &[&str]) -> Output {
        let wanted = self.command(arguments);
        let mut command = Command::new("/bin/sh");
        // `ulimit` counts in 512 bytes; without the trap the signal would end the program.
        command.args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512)]);
        command.arg(wanted.get_program()).args(wanted.get_args()).current_dir(self.folder.path()).env_clear();
        command.envs(wanted.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.output().unwrap()
    }

    /// The names in a folder, without the lock of the database, its log and the index of that, which come and go.
    fn files(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> =
            names.filter(|name| ![".lock", "-wal", "-shm"].iter().any(|end| name.ends_with(end))).collect();
        names.sort();
        names
    }

    /// Somebody who can write the file does.
    fn meddle(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.path("data/keyholder.db")).unwrap();
        database.execute_batch(sql).unwrap();
    }

    /// The bytes of the database, its log and the index of that.
    fn whole_database(&self) -> String {
        let files = keyholder_store::files_of(&self.path("data/keyholder.db"));
        files.iter().filter_map(|file| std::fs::read(file).ok()).map(|bytes| text(&bytes)).collect()
    }

    /// The key events of `init` are sealed as a running server does.
    fn sealed() -> Self {
        let here = Self::new();
        here.seal(&[]);
        here
    }

    /// More events happened before those of `init`, and then all are sealed.
    fn seal(&self, more: &[AuditEvent]) {
        block_on(async {
            let data = keyholder::serve::DataFolder::new(&self.path("data"));
            let sealer = data.existing_sealer(None, std::sync::Arc::new(SystemRandom)).unwrap();
            let store = data.open_store(keyholder_store::Access::Server, sealer).await.unwrap();
            store.execute(Insert(more.to_vec())).await.unwrap();
            let now = Timestamp::from_seconds(1_800_000_000);
            let sealed = keyholder::workers::audit_seal::seal_all(&store, "node", now).await.unwrap();
            assert_eq!(sealed, 3 + u64::try_from(more.len()).unwrap());
            store.close().await;
        });
    }

    /// What doctor prints, and its exit code.
    fn doctor(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self.run(&[&["doctor"], arguments].concat());
        (text(&output.stdout), output.status.code())
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn line<'a>(report: &'a str, level: &str, subject: &str) -> &'a str {
    let found = report.lines().find(|line| line.starts_with(level) && line.contains(subject));
    found.unwrap_or_else(|| panic!("no {level} {subject} in\n{report}"))
}

#[test]
fn the_audit_log_is_verified_and_whoever_meddles_with_it_is_found_out() {
    let whole = Installation::sealed().done(&["audit", "verify"]);
    assert!(whole.starts_with("installation: ok, 3 events as written, 0 truncated; head 3 "), "{whole}");
    for (sql, told) in [
        (
            "UPDATE audit_events SET personal = replace(personal, 'ES256', 'RS256') WHERE personal LIKE '%ES256%'",
            "was altered",
        ),
        ("UPDATE audit_events SET at = at + 1 WHERE sequence = 2", "event 2 was altered"),
        ("UPDATE audit_events SET kind = 'signed-in' WHERE sequence = 3", "event 3 was altered"),
        ("UPDATE audit_events SET kind = 'nonsense' WHERE sequence = 3", "event 3 is damaged"),
        ("DELETE FROM audit_events WHERE sequence = 2", "event 2 is missing"),
        ("DELETE FROM audit_events WHERE sequence = 1", "event 1 is missing"),
        (
            "UPDATE audit_events SET sequence = 9 - sequence WHERE sequence > 1; UPDATE audit_events SET sequence = sequence - 4 WHERE sequence > 4",
            "event 2 does not follow",
        ),
        (
            "UPDATE audit_events SET salt = NULL, personal = NULL WHERE sequence = 2",
            "the values of event 2 were removed",
        ),
        ("UPDATE audit_events SET salt = NULL WHERE sequence = 1", "event 1 is damaged"),
        ("UPDATE audit_events SET subject_id = id WHERE sequence = 1", "event 1 is damaged"),
    ] {
        let here = Installation::sealed();
        here.meddle(sql);
        let said = here.refused(&["audit", "verify"]);
        assert!(said.contains("installation: BROKEN") && said.contains(told), "{sql}: {said}");
        let (report, code) = here.doctor(&[]);
        assert_eq!(code, Some(2), "{report}");
        line(&report, "failed", "audit log");
    }
}

#[test]
fn a_truncated_log_still_verifies_and_holds_nothing_personal() {
    let here = Installation::new();
    // Long enough that the file has free space when it is gone.
    here.seal(&(0..300).map(old_event).collect::<Vec<_>>());
    assert!(here.whole_database().contains("ann7@oakfield.example"));
    let refused = here.refused(&["audit", "truncate", "--before", "2999-01-01"]);
    assert!(refused.contains("yet to come"), "{refused}");
    let said = here.done(&["audit", "truncate", "--before", "2019-01-01"]);
    assert_eq!(said, "installation: 0 events truncated\n");
    let said = here.done(&["audit", "truncate", "--before", "2021-01-01"]);
    assert_eq!(said, "installation: 300 events truncated\n");
    let verified = here.done(&["audit", "verify"]);
    assert!(verified.starts_with("installation: ok, 3 events as written, 300 truncated; head 303"), "{verified}");
    let left = here.whole_database();
    for personal in ["@oakfield.example", "192.0.2.", "Mozilla/5.0", "a quiet word"] {
        assert!(!left.contains(personal), "{personal}");
    }
    let export = here.done(&["audit", "export", "--format", "csv"]);
    assert_eq!(export.lines().count(), 304);
    assert!(export.lines().nth(1).unwrap().ends_with("\"\",\"truncated\""), "{export}");
    let lines = here.done(&["audit", "export", "--since", "2021-01-01"]);
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["event"], "signing-key-made");
    }
    assert_eq!(here.done(&["audit", "export", "--since", "2999-01-01"]), "");
}

/// One of the spring of 2020.
fn old_event(number: u64) -> AuditEvent {
    let (email, address) = (format!("ann{number}@oakfield.example"), std::net::Ipv4Addr::new(192, 0, 2, 7));
    let whence = Whence { address: Some(address.into()), user_agent: Some("Mozilla/5.0".into()) };
    let detail = Some("a quiet word");
    let about = About { email: Some(&email), whence: Some(&whence), detail, ..About::default() };
    let at = Timestamp::from_seconds(1_585_000_000 + i64::try_from(number).unwrap());
    event_at(&SystemRandom, at, AuditKind::SignInFailed, about)
}

struct Insert(Vec<AuditEvent>);

#[async_trait::async_trait]
impl keyholder_core::ports::Command for Insert {
    type Output = ();
    async fn run(
        &self,
        transaction: &dyn keyholder_core::ports::Transaction,
    ) -> Result<(), keyholder_core::ports::StoreError> {
        for event in &self.0 {
            transaction.insert_audit(event).await?;
        }
        Ok(())
    }
}

#[test]
fn doctor_finds_what_is_wrong_and_says_what_to_do() {
    let here = Installation::sealed();
    let (report, code) = here.doctor(&[]);
    assert_eq!(code, Some(1), "mails are not sent, which is a warning\n{report}");
    for subject in ["database", "signing keys", "clock", "outbox", "audit log", "files", "certificate", "mail"] {
        line(&report, "ok", subject);
    }
    set_mode(&here.path("data/keyholder.db"), 0o644);
    let (report, code) = here.doctor(&[]);
    assert!(line(&report, "failed", "files").contains("chmod 600"));
    assert_eq!(code, Some(2));
    set_mode(&here.path("data/keyholder.db"), 0o600);

    here.meddle("UPDATE audit_events SET at = 9000000000000 WHERE sequence = 3");
    assert!(line(&here.doctor(&[]).0, "failed", "clock").contains("turned back"));
    here.meddle("DELETE FROM signing_keys WHERE algorithm LIKE '%ES256%'");
    assert!(line(&here.doctor(&[]).0, "failed", "signing keys").contains("ES256"));
    std::fs::rename(here.path("data/master.key"), here.path("elsewhere")).unwrap();
    line(&here.doctor(&[]).0, "failed", "master key");
    let other = Installation::new();
    std::fs::copy(other.path("data/master.key"), here.path("data/master.key")).unwrap();
    assert!(line(&here.doctor(&[]).0, "failed", "signing keys").contains("is master.key the one"));
    here.meddle("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_the_future', 1)");
    assert!(line(&here.doctor(&[]).0, "failed", "database").contains("newer version"));
}

#[test]
fn doctor_tells_a_wrong_configuration_and_a_certificate_that_ends() {
    let here = Installation::new();
    let output = here.command(&["doctor"]).env("KEYHOLDER_LISTEN", "nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).starts_with("failed   configuration"), "{output:?}");
    let report = |not_after: (i32, u8, u8), host: &str| {
        let mut parameters = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
        let key = rcgen::KeyPair::generate().unwrap();
        std::fs::write(here.path("c.pem"), parameters.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(here.path("k.pem"), key.serialize_pem()).unwrap();
        let mut command = here.command(&["doctor"]);
        command.env("KEYHOLDER_TLS__CERTIFICATE", here.path("c.pem")).env("KEYHOLDER_TLS__KEY", here.path("k.pem"));
        text(&command.output().unwrap().stdout)
    };
    line(&report((4000, 1, 1), "id.oakfield.example"), "ok", "certificate");
    assert!(line(&report((2020, 1, 1), "id.oakfield.example"), "failed", "certificate").contains("expired"));
    assert!(line(&report((4000, 1, 1), "id.bryn.example"), "failed", "certificate").contains("not for id.oakfield"));
}

#[test]
fn doctor_sends_a_mail_when_asked() {
    let here = Installation::new();
    let (report, _) = here.doctor(&["--mail", "ann@oakfield.example"]);
    assert!(line(&report, "ok", "mail").contains("handed over"), "{report}");
    let mails = std::fs::read_dir(here.path("data/mails")).unwrap();
    assert!(mails.flatten().any(|mail| mail.path().extension().is_some_and(|extension| extension == "eml")));
}

/// No file may grow beyond the limit: as full as a disk gets for one process (setrlimit(2), `RLIMIT_FSIZE`).
#[test]
fn a_full_disk_leaves_no_backup_under_its_name() {
    let here = Installation::new();
    here.done(&["backup", "whole"]);
    // What is sealed is a little longer than the database in it, whose pages have 4096 bytes.
    let pages = std::fs::metadata(here.path("whole")).unwrap().len() / 4096;
    let before = here.files("data");
    let mut told = String::new();
    // The database may have grown by a page since: the last limits hold the plain copy, and not the sealed one.
    for limit in [2, 9, pages / 2, pages, pages + 1] {
        let output = here.run_with_file_limit(limit * 4096, &["backup", "full"]);
        if output.status.success() {
            break;
        }
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        told += &text(&output.stderr);
        let left: Vec<_> = here.files(".").into_iter().filter(|name| name.starts_with("full")).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(here.files("data/backups"), Vec::<String>::new(), "no plain copy");
        assert_eq!(here.files("data"), before);
    }
    assert!(told.contains("full cannot be written"), "{told}");
    assert!(told.contains("copy"), "{told}");
}

#[test]
fn a_full_disk_restores_nothing() {
    let here = Installation::new();
    here.done(&["backup", "one"]);
    let (key, before) = (here.path("data/master.key").display().to_string(), here.files("data"));
    let restore = ["restore", "one", "--data", "empty", "--master-key", &key];
    let output = here.run_with_file_limit(65_536, &restore);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("cannot be written"), "{output:?}");
    assert!(!here.path("empty/keyholder.db").exists() && !here.path("empty/master.key").exists());
    let output = here.run_with_file_limit(65_536, &["restore", "one", "--replace"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(here.files("data"), before);
    here.done(&["audit", "verify"]);
    here.done(&restore);
}

#[test]
fn backups_and_restores_are_in_the_audit_log() {
    let here = Installation::new();
    here.done(&["backup", "one"]);
    assert!(here.done(&["audit", "export"]).contains("\"event\":\"backup-made\""));
    here.done(&["restore", "one", "--replace"]);
    let log = here.done(&["audit", "export"]);
    assert!(log.contains("\"event\":\"backup-restored\"") && log.contains("\"detail\":\"as of "), "{log}");
}

#[test]
fn a_refused_restore_leaves_the_directory_as_it_was() {
    let here = Installation::new();
    here.done(&["backup", "one"]);
    assert!(here.refused(&["backup", "one"]).contains("is there already"));
    let key = here.path("data/master.key").display().to_string();
    std::fs::write(here.path("torn"), &std::fs::read(here.path("one")).unwrap()[..70_000]).unwrap();
    let said = here.refused(&["restore", "torn", "--data", "empty", "--master-key", &key]);
    assert!(said.contains("cut off") || said.contains("damaged"), "{said}");
    assert!(!here.path("empty/master.key").exists() && !here.path("empty/keyholder.db").exists());
    here.done(&["restore", "one", "--data", "empty", "--master-key", &key]);
    assert!(here.path("empty/keyholder.db").exists());
    let said = here.refused(&["restore", "one", "--data", "empty"]);
    assert!(said.contains("--replace"), "{said}");
    here.done(&["restore", "one", "--data", "empty", "--replace"]);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
