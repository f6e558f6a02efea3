#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use uuid::Uuid;

use super::*;
use crate::config::{MailConfig, SmtpSecurity};

pub(super) fn drawn() -> DrawnMail {
    DrawnMail {
        subject: "Gosod cyfrinair – Ysgol y Bryn".into(),
        text: "Mae'r ddolen yn gweithio am awr: https://id.example/link/abc\n\nDiolch, ŵyr neb ond chi.\n".into(),
        html: "<p>Mae'r ddolen yn gweithio am awr: <a href=\"https://id.example/link/abc\">ŵyr neb ond chi</a></p>"
            .into(),
    }
}

pub(super) fn letter(drawn: &DrawnMail) -> Letter<'_> {
    Letter {
        id: OutboxId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
        written_at: Timestamp::from_seconds(1_800_000_000),
        name: "Siân Ŵyn-Jones, Dr.",
        address: "sian@oakfield.example",
        drawn,
        link: Some("https://id.example/link/abc"),
    }
}

fn config(transport: MailTransport) -> Config {
    let mail = MailConfig { from: "Keyholder <sign-in@oakfield.example>".into(), transport };
    Config { mail, issuer: "https://id.oakfield.example".parse().unwrap(), ..Config::default() }
}

fn smtp(host: &str, security: SmtpSecurity) -> MailTransport {
    MailTransport::Smtp { host: host.into(), port: 25, security, username: None, password: None }
}

async fn written(letter: &Letter<'_>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mails");
    let transport = MailTransport::Folder { folder: Some(path.clone()), print_links: false };
    Mailer::new(&config(transport)).unwrap().send(letter).await.unwrap();
    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["01900000000070008000000000000001.eml"], "one whole file, and no partial one");
    fs::read_to_string(path.join(&files[0])).unwrap()
}

#[tokio::test]
async fn a_mail_becomes_one_file_with_both_alternatives() {
    let drawn = drawn();
    let text = written(&letter(&drawn)).await;
    for line in [
        "From: Keyholder <sign-in@oakfield.example>\r\n",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n",
        "Message-ID: <01900000000070008000000000000001@id.oakfield.example>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: multipart/alternative;\r\n boundary=\"keyholder-01900000000070008000000000000001\"\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.find("text/plain").unwrap() < text.find("text/html").unwrap(), "the preferred one last");
    assert!(text.contains("https://id.example/link/abc"), "{text}");
}

#[tokio::test]
async fn names_and_subjects_of_any_language_are_encoded() {
    let drawn = drawn();
    let text = written(&letter(&drawn)).await;
    let (headers, _) = text.split_once("\r\n\r\n").unwrap();
    assert!(headers.is_ascii(), "{headers}");
    assert!(headers.contains("=?utf-8?b?"), "{headers}");
    assert!(headers.contains("<sian@oakfield.example>"), "{headers}");
}

#[tokio::test]
async fn a_name_cannot_add_a_header_or_a_recipient() {
    let drawn = drawn();
    for name in ["Ann\r\nBcc: eve@evil.example", "Ann <eve@evil.example>, Bob", "\"Ann\" \\", "  "] {
        let text = written(&Letter { name, ..letter(&drawn) }).await;
        let (headers, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        let to: lettre::message::Mailboxes =
            headers.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().parse().unwrap();
        assert_eq!(to.iter().map(|to| to.email.to_string()).collect::<Vec<_>>(), ["sian@oakfield.example"], "{name:?}");
    }
}

#[tokio::test]
async fn a_second_delivery_overwrites_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let transport = MailTransport::Folder { folder: Some(folder.path().to_owned()), print_links: false };
    let (mailer, drawn) = (Mailer::new(&config(transport)).unwrap(), drawn());
    mailer.send(&letter(&drawn)).await.unwrap();
    mailer.send(&letter(&drawn)).await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_for_the_eyes_of_the_operator_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let transport = MailTransport::Folder { folder: Some(folder.path().to_owned()), print_links: false };
    let drawn = drawn();
    Mailer::new(&config(transport)).unwrap().send(&letter(&drawn)).await.unwrap();
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_folder_that_went_away_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let transport = MailTransport::Folder { folder: Some(folder.path().join("mails")), print_links: false };
    let (mailer, drawn) = (Mailer::new(&config(transport)).unwrap(), drawn());
    fs::remove_dir(folder.path().join("mails")).unwrap();
    assert!(mailer.send(&letter(&drawn)).await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn an_address_that_cannot_be_written_to_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let transport = MailTransport::Folder { folder: Some(folder.path().to_owned()), print_links: false };
    let (mailer, drawn) = (Mailer::new(&config(transport)).unwrap(), drawn());
    let refused = mailer.send(&Letter { address: "nobody", ..letter(&drawn) }).await.unwrap_err();
    assert!(!refused.is_temporary());
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |config: &Config| Mailer::new(config).unwrap_err().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut sender = config(MailTransport::Folder { folder: Some(folder.path().to_owned()), print_links: false });
    sender.mail.from = "nobody".into();
    assert!(refused(&sender).starts_with("mail.from "));
    assert!(refused(&config(smtp("mail.oakfield.example", SmtpSecurity::None))).starts_with("mail.security "));
    let half = MailTransport::Smtp {
        host: "localhost".into(),
        port: 25,
        security: SmtpSecurity::None,
        username: Some("ann".into()),
        password: None,
    };
    assert!(refused(&config(half)).starts_with("mail.username "));
    let mut bed = config(smtp("localhost", SmtpSecurity::Starttls));
    bed.outbound.test_bed.ca_file = Some(folder.path().join("none.pem"));
    assert!(refused(&bed).starts_with("outbound.test_bed.ca_file "));
}

#[test]
fn nothing_shows_the_mail_password_in_debug_output() {
    let transport = MailTransport::Smtp {
        host: "localhost".into(),
        port: 25,
        security: SmtpSecurity::None,
        username: Some("ann".into()),
        password: Some("hunter2".into()),
    };
    let config = config(transport);
    assert!(!format!("{:?} {config:?}", Mailer::new(&config).unwrap()).contains("hunter2"));
}
