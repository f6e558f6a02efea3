//! Real exchanges with a small mail server.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::test_server::{Handshake, MailServer};
use super::tests::{drawn, letter};
use super::*;
use crate::config::{MailConfig, OutboundConfig, SmtpSecurity, TestBedConfig};

/// TLS for `localhost`, and its certificate in PEM.
fn certified() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

fn mailer(port: u16, security: SmtpSecurity, ca_file: Option<&Path>) -> Mailer {
    let transport = MailTransport::Smtp { host: "localhost".into(), port, security, username: None, password: None };
    mailer_by(transport, ca_file)
}

fn mailer_by(transport: MailTransport, ca_file: Option<&Path>) -> Mailer {
    let test_bed = TestBedConfig { ca_file: ca_file.map(Path::to_owned), ..TestBedConfig::default() };
    let config = Config {
        mail: MailConfig { from: "Keyholder <sign-in@oakfield.example>".into(), transport },
        outbound: OutboundConfig { test_bed, ..OutboundConfig::default() },
        ..Config::default()
    };
    Mailer::new(&config).unwrap()
}

async fn send(mailer: &Mailer) -> Result<(), SendError> {
    let drawn = drawn();
    mailer.send(&letter(&drawn)).await
}

#[tokio::test]
async fn a_mail_reaches_the_mail_server() {
    let server = MailServer::default();
    let mailer = mailer(server.listen().await, SmtpSecurity::None, None);
    send(&mailer).await.unwrap();
    let received = server.received.lock().unwrap().clone();
    assert!(received[0].contains("Message-ID: <01900000000070008000000000000001@localhost>\r\n"), "{}", received[0]);
    assert!(received[0].contains("Auto-Submitted: auto-generated\r\n"));
}

#[tokio::test]
async fn connections_are_kept_for_the_next_mails() {
    let server = MailServer::default();
    let mailer = mailer(server.listen().await, SmtpSecurity::None, None);
    for _ in 0..10 {
        send(&mailer).await.unwrap();
    }
    assert_eq!(server.received(), 10);
    // A connection goes back to the pool in the background, perhaps only after the next mail has asked for one.
    assert!(server.connections.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn a_busy_server_is_tried_again() {
    let server = MailServer { to_recipients: Arc::new(Mutex::new(vec!["451 4.7.1 greylisted"])), ..Default::default() };
    let mailer = mailer(server.listen().await, SmtpSecurity::None, None);
    assert!(send(&mailer).await.unwrap_err().is_temporary());
    send(&mailer).await.unwrap();
    assert_eq!(server.received(), 1);
}

#[tokio::test]
async fn a_recipient_who_does_not_exist_is_given_up() {
    let server =
        MailServer { to_recipients: Arc::new(Mutex::new(vec!["550 5.1.1 no such user"])), ..Default::default() };
    let refused = send(&mailer(server.listen().await, SmtpSecurity::None, None)).await.unwrap_err();
    assert!(!refused.is_temporary());
    assert!(crate::workers::describe(&refused).contains("no such user"), "the operator is told why");
}

#[tokio::test]
async fn refused_credentials_are_the_operators_fault_and_lose_no_mail() {
    let server = MailServer { to_credentials: Some("535 5.7.8 wrong"), ..Default::default() };
    let transport = MailTransport::Smtp {
        host: "localhost".into(),
        port: server.listen().await,
        security: SmtpSecurity::None,
        username: Some("keyholder".into()),
        password: Some("secret".into()),
    };
    assert!(send(&mailer_by(transport, None)).await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn nobody_listening_is_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(send(&mailer(port, SmtpSecurity::None, None)).await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn starttls_with_a_certificate_that_is_trusted() {
    let (tls, pem) = certified();
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), pem).unwrap();
    let server = MailServer { tls: Some(tls), ..Default::default() };
    send(&mailer(server.listen().await, SmtpSecurity::Starttls, Some(ca_file.path()))).await.unwrap();
    assert_eq!(server.received(), 1);
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let (tls, pem) = certified();
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), pem).unwrap();
    let server = MailServer { tls: Some(tls), handshake: Handshake::AtOnce, ..Default::default() };
    send(&mailer(server.listen().await, SmtpSecurity::Tls, Some(ca_file.path()))).await.unwrap();
    assert_eq!(server.received(), 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_mail() {
    for (security, handshake) in
        [(SmtpSecurity::Starttls, Handshake::OnStarttls), (SmtpSecurity::Tls, Handshake::AtOnce)]
    {
        let server = MailServer { tls: Some(certified().0), handshake, ..Default::default() };
        let refused = send(&mailer(server.listen().await, security, None)).await.unwrap_err();
        assert!(refused.is_temporary(), "{refused:?}");
        assert_eq!(server.received(), 0);
    }
}

#[tokio::test]
async fn a_server_whose_starttls_was_stripped_gets_no_mail() {
    let server = MailServer::default();
    let refused = send(&mailer(server.listen().await, SmtpSecurity::Starttls, None)).await.unwrap_err();
    assert!(refused.is_temporary(), "{refused:?}");
    assert_eq!(server.received(), 0);
}
