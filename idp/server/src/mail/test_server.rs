//! A small mail server for tests.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// A mail server that says what it is told to.
#[derive(Clone, Default)]
pub(crate) struct MailServer {
    /// Answers to `RCPT`, first to last; then everything is accepted.
    pub(crate) to_recipients: Arc<Mutex<Vec<&'static str>>>,
    /// The answer to `AUTH`; `None`: it is not offered.
    pub(crate) to_credentials: Option<&'static str>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) handshake: Handshake,
    /// Whole messages that it took.
    pub(crate) received: Arc<Mutex<Vec<String>>>,
    /// Rung for each of them.
    pub(crate) arrival: Arc<Notify>,
    pub(crate) connections: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Handshake {
    #[default]
    OnStarttls,
    AtOnce,
}

impl MailServer {
    pub(crate) async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                server.connections.fetch_add(1, Ordering::SeqCst);
                let server = server.clone();
                tokio::spawn(async move {
                    // Clients hang up as they like: only what was received counts.
                    let _ = server.greet(stream).await;
                });
            }
        });
        port
    }

    async fn greet(&self, stream: tokio::net::TcpStream) -> std::io::Result<()> {
        match &self.tls {
            Some(tls) if self.handshake == Handshake::AtOnce => {
                let mut stream = BufStream::new(tls.accept(stream).await?);
                say(&mut stream, "220 mail.example").await?;
                self.converse(&mut stream, Offer::Nothing).await?;
            }
            Some(tls) => {
                let mut stream = BufStream::new(stream);
                say(&mut stream, "220 mail.example").await?;
                if self.converse(&mut stream, Offer::Starttls).await? == End::Starttls {
                    let mut stream = BufStream::new(tls.accept(stream.into_inner()).await?);
                    self.converse(&mut stream, Offer::Nothing).await?;
                }
            }
            None => {
                let mut stream = BufStream::new(stream);
                say(&mut stream, "220 mail.example").await?;
                self.converse(&mut stream, Offer::Nothing).await?;
            }
        }
        Ok(())
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufStream<S>,
        offer: Offer,
    ) -> std::io::Result<End> {
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(End::Quit);
            }
            match line.get(..4).unwrap_or_default() {
                "EHLO" => {
                    if offer == Offer::Starttls {
                        say(stream, "250-STARTTLS").await?;
                    }
                    if self.to_credentials.is_some() {
                        say(stream, "250-AUTH PLAIN").await?;
                    }
                    say(stream, "250 8BITMIME").await?;
                }
                "STAR" => {
                    say(stream, "220 go ahead").await?;
                    return Ok(End::Starttls);
                }
                "AUTH" => say(stream, self.to_credentials.unwrap_or("503 no")).await?,
                "RCPT" => {
                    let scripted = self.to_recipients.lock().unwrap().pop();
                    say(stream, scripted.unwrap_or("250 ok")).await?;
                }
                "DATA" => {
                    say(stream, "354 go ahead").await?;
                    let mut message = String::new();
                    while !message.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut message).await?;
                    }
                    self.received.lock().unwrap().push(message);
                    self.arrival.notify_one();
                    say(stream, "250 queued").await?;
                }
                "QUIT" => {
                    say(stream, "221 bye").await?;
                    return Ok(End::Quit);
                }
                _ => say(stream, "250 ok").await?,
            }
        }
    }

    pub(crate) fn received(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Offer {
    Starttls,
    Nothing,
}

#[derive(PartialEq)]
enum End {
    Starttls,
    Quit,
}

async fn say<S: AsyncWrite + AsyncRead + Unpin>(stream: &mut BufStream<S>, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}
