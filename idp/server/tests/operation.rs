//! Doctor, backup, restore and the audit log as operators meet them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

    /// Somebody who can write the file does.
    fn meddle(&self, sql: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(keyholder_store::meddle(&self.path("data/keyholder.db"), sql)).unwrap();
    }

    /// The key events of `init` are sealed as a running server does.
    fn sealed() -> Self {
        let here = Self::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let data = keyholder::serve::DataFolder::new(&here.path("data"));
            let random = std::sync::Arc::new(keyholder::wiring::SystemRandom);
            let sealer = data.existing_sealer(None, random).unwrap();
            let store = data.open_store(keyholder_store::Access::Server, sealer).await.unwrap();
            let now = keyholder_core::time::Timestamp::from_seconds(1_800_000_000);
            assert_eq!(keyholder::workers::audit_seal::seal_all(&store, "node", now).await.unwrap(), 3);
            store.close().await;
        });
        here
    }

    /// What doctor prints, and its exit code.
    fn doctor(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self.run(&[&["doctor"], arguments].concat());
        (text(&output.stdout), output.status.code())
    }
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
    let here = Installation::sealed();
    assert!(here.refused(&["audit", "truncate", "--before", "2999-01-01"]).contains("yet to come"));
    // The events are of today: they are made old.
    let said = here.done(&["audit", "truncate", "--before", "2020-01-01"]);
    assert_eq!(said, "installation: 0 events truncated\n");
    here.meddle("UPDATE audit_events SET salt = NULL, personal = NULL, subject_id = NULL WHERE sequence = 1");
    let verified = here.done(&["audit", "verify"]);
    assert!(verified.starts_with("installation: ok, 2 events as written, 1 truncated; head 3"), "{verified}");
    let export = here.done(&["audit", "export", "--format", "csv"]);
    assert_eq!(export.lines().count(), 4);
    assert!(export.lines().nth(1).unwrap().ends_with("\"\",\"truncated\""), "{export}");
    let lines = here.done(&["audit", "export", "--since", "2020-01-01"]);
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["event"], "signing-key-made");
    }
    assert_eq!(here.done(&["audit", "export", "--since", "2999-01-01"]), "");
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

/// A small file system needs root and Linux; without them there is nothing to test with.
#[test]
fn a_full_disk_leaves_no_backup_under_its_name() {
    let here = Installation::new();
    let small = here.path("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&small).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    let said = here.run(&["backup", small.join("backup").to_str().unwrap()]);
    let left: Vec<_> = std::fs::read_dir(&small).unwrap().collect();
    let unmounted = Command::new("umount").arg(&small).status().unwrap();
    assert!(unmounted.success());
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    assert!(text(&said.stderr).contains("cannot be written"), "{said:?}");
    assert!(left.is_empty(), "{left:?}");
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
