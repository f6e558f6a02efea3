//! How mails leave: to a mail server (SMTP, RFC 5321) or, for demos and tests, into a folder.
//!
//! Owns the message around a drawn mail and its transport. Does not own the words (`keyholder-theme`), nor when to try
//! again (`crate::workers::outbox`): an error says whether that can help.

mod folder;
mod message;
mod smtp;

use std::path::PathBuf;

use keyholder_core::id::OutboxId;
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::DrawnMail;
use lettre::message::Mailbox;

use self::folder::Folder;
use self::smtp::Smtp;
use crate::config::{Config, MailTransport};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Why mails cannot be sent at all; each names the setting.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// Not an address with or without a name.
    #[error("mail.from is not of the form `Name <name@domain>`: {0}")]
    From(String),
    /// It would show links to whoever listens.
    #[error("mail.security = \"none\" is for a mail server on this machine, not for {0}")]
    Clear(String),
    /// A user name without a password, or the other way round.
    #[error("mail.username and mail.password are set together or not at all")]
    Credentials,
    /// The certificates cannot be read.
    #[error("outbound.test_bed.ca_file {path} cannot be read as PEM certificates")]
    Certificates {
        /// As set.
        path: PathBuf,
        #[source]
        source: BoxedError,
    },
    /// TLS cannot be set up.
    #[error("TLS to the mail server cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// The folder cannot be made.
    #[error("the folder {path} for mails cannot be made")]
    Folder {
        /// Where.
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The next try may succeed: no connection, a busy or badly configured server (4yz, refused credentials), a full disk.
    #[error("the mail could not be handed over")]
    Temporary(#[source] BoxedError),
    /// It will never succeed: the server refused this mail for good (5yz), or the address cannot be written to.
    #[error("the mail was refused for good")]
    Permanent(#[source] BoxedError),
}

impl SendError {
    /// Whether to try again.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Temporary(_))
    }
}

/// A mail that is ready to leave.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The outbox row: the message has the same `Message-ID` however often it is delivered.
    pub id: OutboxId,
    /// When it was put into the outbox.
    pub written_at: Timestamp,
    /// The recipient's name; may be empty.
    pub name: &'a str,
    /// The recipient's address.
    pub address: &'a str,
    /// The words.
    pub drawn: &'a DrawnMail,
    /// The link in it, which a demo prints.
    pub link: Option<&'a str>,
}

/// Sends mails.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    /// The right side of `Message-ID`s.
    domain: String,
    route: Route,
}

#[derive(Debug)]
enum Route {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

impl Mailer {
    /// Prepares the way that the configuration says. Connects to nobody yet.
    pub fn new(config: &Config) -> Result<Self, MailerError> {
        let from = config.mail.from.parse().map_err(|_| MailerError::From(config.mail.from.clone()))?;
        let route = match &config.mail.transport {
            MailTransport::Folder { folder, print_links } => {
                let path = folder.clone().unwrap_or_else(|| config.data.join("mails"));
                Route::Folder(Folder::create(path, *print_links)?)
            }
            smtp @ MailTransport::Smtp { .. } => {
                Route::Smtp(Box::new(Smtp::new(smtp, config.outbound.test_bed.ca_file.as_deref())?))
            }
        };
        let domain = config.issuer.host_str().unwrap_or("localhost").to_owned();
        Ok(Self { from, domain, route })
    }

    /// Hands a mail over. When it returns, the server has accepted it or the file is durable.
    pub async fn send(&self, letter: &Letter<'_>) -> Result<(), SendError> {
        let message = message::compose(&self.from, &self.domain, letter)?;
        match &self.route {
            Route::Smtp(smtp) => smtp.send(message).await,
            Route::Folder(folder) => folder.keep(letter, message.formatted()).await,
        }
    }

    /// Finds out whether mails can leave, without sending one. Answers what was found, in words.
    pub async fn probe(&self) -> Result<String, SendError> {
        match &self.route {
            Route::Smtp(smtp) => smtp.probe().await,
            Route::Folder(folder) => folder.probe(),
        }
    }

    /// Says good-bye to the mail server.
    pub async fn close(&self) {
        match &self.route {
            Route::Smtp(smtp) => smtp.close().await,
            Route::Folder(_) => {}
        }
    }
}

#[cfg(test)]
mod smtp_tests;
#[cfg(test)]
pub(crate) mod test_server;
#[cfg(test)]
mod tests;
