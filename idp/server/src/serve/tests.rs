use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use actix_web::App as HttpApp;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use keyholder_core::time::Timestamp;
use secrecy::ExposeSecret as _;

use super::*;
use crate::config::TlsConfig;
use crate::web::testing::fake_factors::FakeFactors;

/// A clock that stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }
}

fn wiring() -> Wiring {
    // Plugins have tests of their own; compiling them takes longer than all of these.
    Wiring { factors: Some(Arc::new(FakeFactors)), ..Wiring::new(Arc::new(Still), Arc::new(SystemRandom)) }
}

fn config(data: &Path) -> Config {
    let mut config = Config {
        data: data.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        workers: Some(1),
        ..Config::default()
    };
    config.password.threads = Some(1);
    config
}

/// One request over a plain connection; the head and the body of the answer.
async fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_server_starts_from_nothing_answers_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let running = start(config(&data), wiring()).await.unwrap();
    let health = get(running.address, "/healthz", "").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
    let ready = get(running.address, "/readyz", "").await;
    assert!(ready.starts_with("HTTP/1.1 200") && ready.ends_with("ready\n"), "{ready}");
    for (path, mode) in
        [("", 0o700), ("backups", 0o700), ("mails", 0o700), ("master.key", 0o600), ("keyholder.db", 0o600)]
    {
        let permissions = std::fs::metadata(data.join(path)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{path}");
    }
    let address = running.address;
    running.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_first_run_link_is_made_anew_at_each_start_and_kills_the_old_one() {
    use keyholder_core::ports::Queries as _;
    let folder = tempfile::tempdir().unwrap();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let running = start(config(folder.path()), wiring()).await.unwrap();
        let link = running.first_run_link().unwrap();
        let token = link.expose_secret().strip_prefix("http://localhost:8080/link/").unwrap().to_owned();
        tokens.push(crate::digest::hash_token(&token));
        running.stop().await;
    }
    let data = DataFolder::new(folder.path());
    let store = data.open_store(Access::Server, data.sealer(None, Arc::new(SystemRandom)).unwrap()).await.unwrap();
    let usable = |link: Option<keyholder_core::link::MailedLink>| link.is_some_and(|link| link.used_at.is_none());
    assert!(!usable(store.find_link(tokens[0]).await.unwrap()), "the former link is dead");
    assert!(usable(store.find_link(tokens[1]).await.unwrap()));
    store.close().await;
}

#[tokio::test]
async fn a_second_server_on_one_data_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(config(folder.path()), wiring()).await.unwrap();
    let error = start(config(folder.path()), wiring()).await.unwrap_err();
    assert!(matches!(&error, ServeError::Data(error) if error.is_in_use()), "{error}");
    first.stop().await;
    start(config(folder.path()), wiring()).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_taken_port_is_told_and_the_database_is_free_again() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = start(Config { listen: address, ..config(folder.path()) }, wiring()).await.unwrap_err();
    assert!(matches!(error, ServeError::PortTaken(told) if told == address), "{error}");
    start(config(folder.path()), wiring()).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_lost_master_key_is_told_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    start(config(folder.path()), wiring()).await.unwrap().stop().await;
    let key = folder.path().join("master.key");
    std::fs::rename(&key, folder.path().join("elsewhere")).unwrap();
    let error = start(config(folder.path()), wiring()).await.unwrap_err();
    assert!(matches!(error, ServeError::Data(DataError::MasterKeyMissing(_))), "{error}");
    assert!(!key.exists());
}

#[tokio::test]
async fn another_master_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    start(config(folder.path()), wiring()).await.unwrap().stop().await;
    let other = keyholder_store::seal::MasterKey::load_or_create(&folder.path().join("other"), Arc::new(SystemRandom));
    let master_key = Some(other.unwrap().to_text());
    let error = start(config(folder.path()), Wiring { master_key, ..wiring() }).await.unwrap_err();
    assert!(matches!(error, ServeError::Keys(_)), "{error}");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = start(config(&file.join("data")), wiring()).await.unwrap_err();
    assert!(matches!(error, ServeError::Data(DataError::NotWritable { .. })), "{error}");
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(config(folder.path()), wiring()).await.unwrap();
    let long = "a".repeat(17_000);
    assert!(get(running.address, &format!("/healthz?{long}"), "").await.starts_with("HTTP/1.1 414"));
    let headers = format!("X-Long: {}\r\n", "a".repeat(33_000));
    assert!(get(running.address, "/healthz", &headers).await.starts_with("HTTP/1.1 431"));
    running.stop().await;
}

#[tokio::test]
async fn a_closed_database_is_not_ready_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(config(folder.path()), wiring()).await.unwrap();
    running.app.store.close().await;
    let service = init_service(
        HttpApp::new()
            .app_data(Data::from(running.app.clone()))
            .app_data(Data::new(Readiness::default()))
            .configure(health::configure),
    )
    .await;
    let answer = call_service(&service, TestRequest::get().uri("/readyz").to_request()).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(read_body(answer).await, "the database cannot be written\n");
    let answer = call_service(&service, TestRequest::get().uri("/healthz").to_request()).await;
    assert_eq!(answer.status(), 200);
    running.stop().await;
}

/// Writes a fresh self-signed certificate and its key.
fn write_certificate(folder: &Path) -> TlsConfig {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let config = TlsConfig { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    std::fs::write(&config.certificate, made.cert.pem()).unwrap();
    std::fs::write(&config.key, made.signing_key.serialize_pem()).unwrap();
    config
}

/// Moves a file's time on, as if it were written later: two writes may fall within one tick of the file system.
fn age(path: &Path, seconds: u64) {
    let later = std::time::UNIX_EPOCH + Duration::from_secs(1_900_000_000 + seconds);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
}

#[test]
fn a_certificate_is_replaced_when_its_files_change_and_kept_when_they_break() {
    let folder = tempfile::tempdir().unwrap();
    let tls = write_certificate(folder.path());
    let certificate = Certificate::load(&tls).unwrap();
    let first = certificate.current();
    assert_eq!(certificate.look().unwrap(), tls::Look::Unchanged);
    write_certificate(folder.path());
    age(&tls.certificate, 1);
    assert_eq!(certificate.look().unwrap(), tls::Look::Replaced);
    let second = certificate.current();
    assert_ne!(first.cert, second.cert);
    std::fs::write(&tls.key, "half a k").unwrap();
    age(&tls.key, 2);
    assert!(certificate.look().is_err());
    assert_eq!(certificate.current().cert, second.cert, "the former certificate serves on");
    write_certificate(folder.path());
    age(&tls.key, 3);
    assert_eq!(certificate.look().unwrap(), tls::Look::Replaced);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tls = write_certificate(folder.path());
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&tls.key, other.signing_key.serialize_pem()).unwrap();
    assert!(matches!(Certificate::load(&tls).unwrap_err(), TlsError::Unusable(_)));
    std::fs::write(&tls.certificate, "").unwrap();
    assert!(matches!(Certificate::load(&tls).unwrap_err(), TlsError::NoCertificate(_)));
}

#[tokio::test]
async fn a_server_with_a_certificate_speaks_tls() {
    let folder = tempfile::tempdir().unwrap();
    let tls = write_certificate(folder.path());
    let pem = std::fs::read(&tls.certificate).unwrap();
    let running = start(Config { tls: Some(tls), ..config(&folder.path().join("data")) }, wiring()).await.unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .resolve("localhost", running.address)
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/healthz", running.address.port());
    assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), "ok\n");
    running.stop().await;
}
