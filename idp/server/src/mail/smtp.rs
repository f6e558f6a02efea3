//! A mail server, spoken to over SMTP (RFC 5321) with TLS (RFC 8314) or `STARTTLS` (RFC 3207).

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;

use super::{MailerError, SendError};
use crate::config::{MailTransport, SmtpSecurity};

/// How long one command may take. RFC 5321 4.5.3.2 grants more; the outbox tries again.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Connections kept. Mail servers count them.
const CONNECTIONS: u32 = 4;

pub(super) struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    /// Made with the first mail: connections belong to the runtime that uses them, and end within it.
    transport: Mutex<Option<Transport>>,
    host: String,
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

impl std::fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Smtp({})", self.host)
    }
}

impl Smtp {
    pub(super) fn new(transport: &MailTransport, ca_file: Option<&Path>) -> Result<Self, MailerError> {
        let MailTransport::Smtp { host, port, security, username, password } = transport else {
            return Err(MailerError::Credentials);
        };
        let tls = match security {
            SmtpSecurity::Tls => Tls::Wrapper(parameters(host, ca_file)?),
            // Required, not opportunistic: otherwise whoever sits between strips it (RFC 3207 6).
            SmtpSecurity::Starttls => Tls::Required(parameters(host, ca_file)?),
            SmtpSecurity::None if is_this_machine(host) => Tls::None,
            SmtpSecurity::None => return Err(MailerError::Clear(host.clone())),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
            .port(*port)
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        match (username, password) {
            (Some(name), Some(password)) => {
                builder = builder.credentials(Credentials::new(name.clone(), password.expose_secret().to_owned()));
            }
            (None, None) => {}
            _ => return Err(MailerError::Credentials),
        }
        Ok(Self { builder, transport: Mutex::new(None), host: host.clone() })
    }

    fn slot(&self) -> MutexGuard<'_, Option<Transport>> {
        self.transport.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn send(&self, message: Message) -> Result<(), SendError> {
        let transport = self.slot().get_or_insert_with(|| self.builder.clone().build()).clone();
        match transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if is_for_good(&error) => Err(SendError::Permanent(Box::new(error))),
            Err(error) => Err(SendError::Temporary(Box::new(error))),
        }
    }

    /// Connects, greets, signs in and asks whether the server is there (RFC 5321 4.1.1.9).
    pub(super) async fn probe(&self) -> Result<String, SendError> {
        let transport = self.slot().get_or_insert_with(|| self.builder.clone().build()).clone();
        match transport.test_connection().await {
            Ok(true) => Ok(format!("{} answers and accepts our credentials", self.host)),
            Ok(false) => Err(SendError::Temporary("the server closed the connection".into())),
            Err(error) => Err(SendError::Temporary(Box::new(error))),
        }
    }

    pub(super) async fn close(&self) {
        let transport = self.slot().take();
        if let Some(transport) = transport {
            transport.shutdown().await;
        }
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        // Outside of a runtime the pool would panic instead of saying good-bye. The sockets are closed by then.
        if Handle::try_current().is_err() {
            std::mem::forget(self.slot().take());
        }
    }
}

/// Whether the server refused this mail for good (RFC 5321 4.2.1). Refused credentials (RFC 4954 6) are the operator's
/// to mend, and the mail can leave afterwards.
fn is_for_good(error: &lettre::transport::smtp::Error) -> bool {
    let about_credentials = |code: u16| matches!(code, 530 | 534 | 535 | 538);
    error.is_permanent() && !error.status().is_some_and(|code| about_credentials(code.into()))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn parameters(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters, MailerError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let unreadable = |source| MailerError::Certificates { path: path.to_owned(), source };
        let pem = std::fs::read(path).map_err(|error| unreadable(error.into()))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unreadable(error.into()))?);
    }
    builder.build().map_err(MailerError::Tls)
}
