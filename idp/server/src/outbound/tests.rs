//! The fetcher against servers on this machine.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;

use keyholder_core::application::{ClientAuthentication, JwksSource, RelyingApplication, SigningAlgorithm};
use keyholder_core::time::Timestamp;
use keyholder_oidc::jws::{self, JwsAlgorithm, PrivateKey};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::config::TestBedConfig;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn fetcher(allow_loopback: bool) -> Fetcher {
    let test_bed = TestBedConfig { allow_loopback, ca_file: None };
    Fetcher::new(&OutboundConfig { allow: vec![], test_bed }).unwrap()
}

/// Answers every request with what stands in the slot; counts them.
struct Server {
    url: Url,
    answer: Arc<Mutex<(String, usize)>>,
}

impl Server {
    async fn start(answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/keys", listener.local_addr().unwrap())).unwrap();
        let slot = Arc::new(Mutex::new((answer.into(), 0)));
        let answer = slot.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let text = {
                    let mut slot = slot.lock().unwrap();
                    slot.1 += 1;
                    slot.0.clone()
                };
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Self { url, answer }
    }

    fn set(&self, answer: String) {
        self.answer.lock().unwrap().0 = answer;
    }

    fn count(&self) -> usize {
        self.answer.lock().unwrap().1
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[actix_web::test]
async fn this_machine_is_asked_on_test_beds_only() {
    let server = Server::start(ok("hello")).await;
    assert_eq!(fetcher(true).get(&server.url, 100).await.unwrap(), b"hello");
    assert!(matches!(fetcher(false).get(&server.url, 100).await, Err(FetchError::Refused(_))));
    assert_eq!(server.count(), 1);
}

#[actix_web::test]
async fn a_name_that_leads_inward_is_refused_when_it_is_resolved() {
    // https, so that the address alone looks harmless.
    let url = Url::parse("https://localhost:1/keys").unwrap();
    assert!(matches!(fetcher(false).get(&url, 100).await, Err(FetchError::Refused(Refused::Inward))));
    assert!(matches!(fetcher(true).get(&url, 100).await, Err(FetchError::Unreachable(_))));
}

#[actix_web::test]
async fn redirects_are_not_followed() {
    let target = Server::start(ok("secret")).await;
    let redirect =
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", target.url);
    let server = Server::start(redirect).await;
    assert!(matches!(fetcher(true).get(&server.url, 100).await, Err(FetchError::Status(StatusCode::FOUND))));
    assert_eq!(target.count(), 0);
}

#[actix_web::test]
async fn long_answers_are_cut_off() {
    let server = Server::start(ok(&"x".repeat(101))).await;
    assert!(matches!(fetcher(true).get(&server.url, 100).await, Err(FetchError::TooLong)));
    // Without a length, as well.
    server.set(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(101)));
    assert!(matches!(fetcher(true).get(&server.url, 100).await, Err(FetchError::TooLong)));
}

fn text(mut body: Body) -> std::io::Result<String> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut body, &mut text)?;
    Ok(text)
}

#[actix_web::test]
async fn a_document_is_read_as_it_comes_within_the_same_limits() {
    let long = "x".repeat(1_000_000);
    let server = Server::start(ok(&long)).await;
    let read = async |fetcher: Fetcher, limit| fetcher.read(&server.url, limit, text).await;
    assert_eq!(read(fetcher(true), 1_000_000).await.unwrap().unwrap(), long);
    assert!(matches!(read(fetcher(true), 999_999).await, Err(FetchError::TooLong)));
    assert!(matches!(read(fetcher(false), 1_000_000).await, Err(FetchError::Refused(_))));
    // Whoever reads may have enough before the end.
    let first = |mut body: Body| std::io::Read::read(&mut body, &mut [0; 10]).unwrap();
    assert!(fetcher(true).read(&server.url, 1_000_000, first).await.unwrap() > 0);
    // A connection that breaks is not the end of a document.
    server.set("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf of it".into());
    assert!(matches!(read(fetcher(true), 1_000).await, Err(FetchError::Unreachable(_))));
    server.set("HTTP/1.1 404 None\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into());
    assert!(matches!(read(fetcher(true), 1_000).await, Err(FetchError::Status(StatusCode::NOT_FOUND))));
}

fn key(kid: &str) -> PrivateKey {
    PrivateKey::generate(SigningAlgorithm::EdDsa, kid.into()).unwrap().0
}

fn jwks(keys: &[&PrivateKey]) -> String {
    ok(&json!({"keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>()}).to_string())
}

async fn application(uri: &Url) -> RelyingApplication {
    let bed = crate::oidc::back::tests::bed::Bed::open().await;
    let jwks = JwksSource::Uri(uri.clone());
    bed.register("app", |client| client.authentication = ClientAuthentication::PrivateKeyJwt { jwks }).await
}

#[actix_web::test]
async fn client_keys_are_kept_and_an_unknown_one_leads_to_one_more_look() {
    let (old, new) = (key("old"), key("new"));
    let server = Server::start(jwks(&[&old])).await;
    let application = application(&server.url).await;
    let fetcher = fetcher(true);
    let accepted = async |key: &PrivateKey, seconds: i64| {
        let token = jws::sign(key, "JWT", &json!({})).unwrap();
        let now = Timestamp::from_seconds(NOW.as_seconds() + seconds);
        fetcher.verify_by_client(&application, &token, &JwsAlgorithm::ALL, now).await.is_ok()
    };
    assert!(accepted(&old, 0).await && accepted(&old, 1).await);
    assert_eq!(server.count(), 1);

    server.set(jwks(&[&old, &new]));
    assert!(!accepted(&new, 2).await, "too soon after the last look");
    assert_eq!(server.count(), 1);
    assert!(accepted(&new, 30).await);
    assert_eq!(server.count(), 2);
    // Forged tokens do not become requests.
    for _ in 0..20 {
        assert!(!accepted(&key("forged"), 31).await);
    }
    assert_eq!(server.count(), 2);
}

#[actix_web::test]
async fn known_keys_go_on_for_a_day_when_the_client_is_down() {
    let known = key("known");
    let server = Server::start(jwks(&[&known])).await;
    let application = application(&server.url).await;
    let fetcher = fetcher(true);
    let token = jws::sign(&known, "JWT", &json!({})).unwrap();
    let accepted = async |hours: i64| {
        let now = Timestamp::from_seconds(NOW.as_seconds() + hours * 3600);
        fetcher.verify_by_client(&application, &token, &JwsAlgorithm::ALL, now).await.is_ok()
    };
    assert!(accepted(0).await);
    server.set("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into());
    assert!(accepted(2).await && accepted(23).await);
    assert!(!accepted(25).await);
}

#[actix_web::test]
async fn a_server_that_hangs_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/out", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = listener.accept().await {
            held.push(connection);
        }
    });
    let test_bed = TestBedConfig { allow_loopback: true, ca_file: None };
    let config = OutboundConfig { allow: vec![], test_bed };
    let fetcher = Fetcher::with_timeout(&config, std::time::Duration::from_millis(20)).unwrap();
    let failed = |result: Result<(), FetchError>| matches!(result, Err(FetchError::Unreachable(_)));
    assert!(failed(fetcher.post(&url, &[("logout_token", "x")]).await.map(|_| ())));
    assert!(failed(fetcher.get(&url, 100).await.map(|_| ())));
    let fetcher = Fetcher::with_timeout(&config, std::time::Duration::from_millis(1)).unwrap();
    assert!(failed(fetcher.read(&url, 100, text).await.map(|_| ())));
}

#[actix_web::test]
async fn posts_are_guarded_as_reads_are() {
    let target = Server::start(ok("secret")).await;
    assert!(matches!(fetcher(false).post(&target.url, &[]).await, Err(FetchError::Refused(_))));
    let redirect =
        format!("HTTP/1.1 307 Again\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", target.url);
    let server = Server::start(redirect).await;
    assert_eq!(fetcher(true).post(&server.url, &[]).await.unwrap(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(target.count(), 0);
}
