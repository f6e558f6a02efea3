//! A server for tests that is called by Keyholder.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

/// Answers each request with the status in the slot and keeps what was posted.
pub(crate) struct Receiver {
    pub(crate) url: Url,
    /// Rung for each request, before it is answered.
    pub(crate) asked: Arc<Notify>,
    hold: Option<Arc<Notify>>,
    state: Arc<Mutex<(String, Vec<String>)>>,
}

impl Receiver {
    pub(crate) async fn answering(answer: &str) -> Self {
        Self::listen(answer, None).await
    }

    /// Answers a request only when it is released.
    pub(crate) async fn hanging(answer: &str) -> Self {
        Self::listen(answer, Some(Arc::default())).await
    }

    async fn listen(answer: &str, hold: Option<Arc<Notify>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/out", listener.local_addr().unwrap())).unwrap();
        let state = Arc::new(Mutex::new((answer.to_owned(), Vec::new())));
        let asked = Arc::new(Notify::new());
        let (slot, bell, held) = (state.clone(), asked.clone(), hold.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read(&mut stream).await;
                let answer = {
                    let mut slot = slot.lock().unwrap();
                    slot.1.push(request);
                    slot.0.clone()
                };
                bell.notify_one();
                if let Some(held) = &held {
                    held.notified().await;
                }
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, asked, hold, state }
    }

    pub(crate) fn now_answers(&self, answer: &str) {
        self.state.lock().unwrap().0 = answer.to_owned();
    }

    pub(crate) fn release(&self) {
        self.hold.as_ref().unwrap().notify_one();
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().1.clone()
    }

    /// The value of the only field of a form that was posted.
    pub(crate) fn posted(&self, number: usize, field: &str) -> String {
        let request = self.requests().remove(number);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /out HTTP/1.1"));
        assert!(head.to_lowercase().contains("content-type: application/x-www-form-urlencoded"));
        body.strip_prefix(field).and_then(|rest| rest.strip_prefix('=')).unwrap().to_owned()
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    // A form has no line end: read on until all of the announced length is there.
    while !is_whole(&request) {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => break,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
    String::from_utf8(request).unwrap()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.is_some_and(|length| body.len() >= length.trim().parse::<usize>().unwrap())
}
