//! A server for tests from which Keyholder fetches documents.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::Fetcher;
use crate::config::{OutboundConfig, TestBedConfig};

/// Answers each request with what stands in the slot, and keeps what was asked for.
pub(crate) struct Publisher {
    pub(crate) url: Url,
    state: Arc<Mutex<(Vec<u8>, Vec<String>)>>,
}

impl Publisher {
    pub(crate) async fn of(document: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/metadata", listener.local_addr().unwrap())).unwrap();
        let state = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let slot = state.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut part = [0; 1024];
                    match stream.read(&mut part).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => head.extend_from_slice(&part[..read]),
                    }
                }
                let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
                let answer = {
                    let mut slot = slot.lock().unwrap();
                    slot.1.push(line);
                    slot.0.clone()
                };
                // Whoever had enough has hung up.
                let _ = stream.write_all(&answer).await;
            }
        });
        let publisher = Self { url, state };
        publisher.publish(document);
        publisher
    }

    pub(crate) fn publish(&self, document: &str) {
        self.answer(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{document}",
            document.len()
        ));
    }

    /// Answers with this from now on, word by word.
    pub(crate) fn answer(&self, answer: &str) {
        self.state.lock().unwrap().0 = answer.as_bytes().to_vec();
    }

    /// The first line of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().1.clone()
    }
}

/// A configuration of a test bed, where this machine may be asked.
pub(crate) fn on_test_bed() -> OutboundConfig {
    OutboundConfig { allow: vec![], test_bed: TestBedConfig { allow_loopback: true, ca_file: None } }
}

/// The client of a test bed.
pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new(&on_test_bed()).unwrap()
}
