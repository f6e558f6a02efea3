#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::config::Config;
use crate::serve::{Running, Wiring, start};

const OPERATORS: &str = include_str!("../../../../docs/operators.md");

async fn request(address: std::net::SocketAddr, line: &str, headers: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{line} HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn running(folder: &std::path::Path) -> Running {
    let mut config =
        Config { data: folder.to_owned(), listen: ([127, 0, 0, 1], 0).into(), workers: Some(1), ..Config::default() };
    config.metrics.listen = Some(([127, 0, 0, 1], 0).into());
    config.password.threads = Some(1);
    start(config, Wiring::new(Arc::new(crate::wiring::SystemClock), Arc::new(crate::wiring::SystemRandom)))
        .await
        .unwrap()
}

/// What is between two things, in what comes after the first.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map(|(found, _)| found).unwrap()
}

/// Types e-mail and a wrong password, as a browser does.
async fn try_to_sign_in(running: &Running) {
    let begun = request(running.address, "GET /", "Accept: text/html\r\n", "").await;
    let ticket = between(&begun, "location: ", "\r\n").to_owned();
    let cookie = between(&begun, "set-cookie: ", ";").to_owned();
    let headers = format!(
        "Cookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://localhost:8080\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nAccept: text/html\r\n"
    );
    let path = ticket.strip_prefix("http://localhost:8080").unwrap_or(&ticket).to_owned();
    let answered =
        request(running.address, &format!("POST {path}/email"), &headers, "email=ann%40oakfield.example").await;
    let path = between(&answered, "location: ", "\r\n").to_owned();
    request(running.address, &format!("POST {path}/password"), &headers, "password=wrong%20wrong%20wrong").await;
}

/// Every metric with its type.
fn kinds(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    lines.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// The value of one series.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn what_is_told_during_sign_ins_is_what_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let running = running(folder.path()).await;
    try_to_sign_in(&running).await;
    request(running.address, "POST /oidc/token", "Content-Type: application/x-www-form-urlencoded\r\n", "a=b").await;
    request(running.address, "BREW /nowhere/secret-4711", "", "").await;
    let address = running.metrics_address().unwrap();
    let answer = request(address, "GET /metrics", "", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    let text = answer.split_once("\r\n\r\n").unwrap().1;

    let documented: BTreeMap<String, String> = OPERATORS
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let name = cells.next()?.strip_suffix('`')?;
            let kind = cells.next()?;
            let told = name.starts_with("keyholder_") || name.starts_with("process_");
            told.then(|| (name.to_owned(), kind.to_owned()))
        })
        .collect();
    assert_eq!(kinds(text), documented);

    assert!(value(text, "keyholder_sign_ins_total{outcome=\"refused\"}") >= 1.0);
    assert!(value(text, "keyholder_sign_ins_total{outcome=\"signed-in\"}") < 1.0);
    assert!(value(text, "keyholder_password_hash_duration_seconds_count") >= 1.0);
    assert!(value(text, "keyholder_store_commits_total") >= 1.0);
    assert!(value(text, "keyholder_store_batch_size_bucket{le=\"+Inf\"}") >= 1.0);
    assert!(value(text, "process_resident_memory_bytes") > 1_000_000.0);
    assert!(value(text, "keyholder_plugin_threads") >= 2.0);
    let series = "keyholder_http_requests_total{route=\"/oidc/token\",method=\"POST\",status=\"4xx\"}";
    assert!(value(text, series) >= 1.0);
    for personal in ["ann", "oakfield", "secret-4711", "BREW"] {
        assert!(!text.contains(personal), "{personal}");
    }
    // Each line is a comment, or a series and a number.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok() && series.starts_with(char::is_alphabetic), "{line}");
    }
    let elsewhere = request(running.address, "GET /metrics", "", "").await;
    assert!(elsewhere.starts_with("HTTP/1.1 404"), "not where everybody is: {elsewhere}");
    running.stop().await;
}

#[test]
fn methods_are_of_a_closed_set() {
    assert_eq!(method(&Method::from_bytes(b"ANYTHING").unwrap()), "other");
    assert_eq!(method(&Method::GET), "GET");
}
