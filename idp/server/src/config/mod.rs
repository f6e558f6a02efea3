//! The configuration: what an operator may set, with the defaults that need no file.
//!
//! Owns names, meanings and ranges. Durations are in the unit that their name says. [`load`] reads them, [`keys`] has the
//! type and range of each, [`faults`] says what is wrong.

pub(crate) mod check;
pub mod faults;
pub mod keys;
pub mod load;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The issuer: `https`, no query, no fragment, no trailing slash. All addresses of ours are made from it.
    pub issuer: Url,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where the database, the master key and backups are kept.
    pub data: PathBuf,
    /// Worker threads that answer requests; absent: one a processor.
    pub workers: Option<usize>,
    pub tls: Option<TlsConfig>,
    pub proxy: ProxyConfig,
    pub mail: MailConfig,
    pub password: PasswordSettings,
    pub session: SessionConfig,
    pub token: TokenConfig,
    pub keys: KeysConfig,
    pub outbound: OutboundConfig,
    pub plugins: PluginsConfig,
    pub log: LogConfig,
    pub metrics: MetricsConfig,
    /// A folder whose templates, texts and assets replace the embedded ones file by file.
    pub theme: Option<PathBuf>,
}

impl Config {
    /// The issuer as every token and document has it: without a slash at its end.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: default_issuer(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("keyholder-data"),
            workers: None,
            tls: None,
            proxy: ProxyConfig::default(),
            mail: MailConfig::default(),
            password: PasswordSettings::default(),
            session: SessionConfig::default(),
            token: TokenConfig::default(),
            keys: KeysConfig::default(),
            outbound: OutboundConfig::default(),
            plugins: PluginsConfig::default(),
            log: LogConfig::default(),
            metrics: MetricsConfig::default(),
            theme: None,
        }
    }
}

#[allow(clippy::unwrap_used, reason = "a constant that a test reads")]
fn default_issuer() -> Url {
    Url::parse("http://localhost:8080").unwrap()
}

/// TLS by the server itself. Files are read again when they change.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

/// Reverse proxies in front.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProxyConfig {
    /// Networks of the proxies whose `X-Forwarded-For` is believed. Empty: nobody's.
    pub trusted: Vec<IpNet>,
}

/// How mails leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "MailTable")]
pub struct MailConfig {
    /// The sender, such as `Keyholder <sign-in@school.example>`.
    pub from: String,
    pub transport: MailTransport,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            from: "Keyholder <keyholder@localhost>".into(),
            transport: MailTransport::Folder { folder: None, print_links: false },
        }
    }
}

/// The way that mails take.
#[derive(Debug, Clone)]
pub enum MailTransport {
    /// Each mail becomes a file `*.eml`; `None`: `mails` in the data directory. `print_links`: for demos, links go to the log.
    Folder { folder: Option<PathBuf>, print_links: bool },
    /// To a mail server.
    Smtp { host: String, port: u16, security: SmtpSecurity, username: Option<String>, password: Option<SecretString> },
}

/// The section `[mail]` as it is written. Which keys belong to which transport is checked before it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MailTable {
    from: Option<String>,
    transport: TransportName,
    folder: Option<PathBuf>,
    print_links: bool,
    host: String,
    port: Option<u16>,
    security: SmtpSecurity,
    username: Option<String>,
    password: Option<SecretString>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TransportName {
    #[default]
    Folder,
    Smtp,
}

impl From<MailTable> for MailConfig {
    fn from(table: MailTable) -> Self {
        let transport = match table.transport {
            TransportName::Folder => MailTransport::Folder { folder: table.folder, print_links: table.print_links },
            TransportName::Smtp => MailTransport::Smtp {
                host: table.host,
                port: table.port.unwrap_or(table.security.port()),
                security: table.security,
                username: table.username,
                password: table.password,
            },
        };
        Self { from: table.from.unwrap_or_else(|| Self::default().from), transport }
    }
}

/// How the connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmtpSecurity {
    /// TLS from the first byte (port 465).
    Tls,
    /// `STARTTLS`, required (port 587).
    #[default]
    Starttls,
    /// In the clear: only to a mail server on this machine.
    None,
}

impl SmtpSecurity {
    /// The port that goes with it (RFC 8314 3.3, RFC 6409 3.1).
    pub fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// Passwords: which may be chosen, and what a hash costs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// The shortest password that may be chosen, in characters, 8 to 64.
    pub minimum: usize,
    /// argon2id memory in KiB, at least 19456.
    pub memory_kib: u32,
    /// argon2id passes.
    pub passes: u32,
    /// Threads that hash; absent: one less than there are processors, at least one.
    pub threads: Option<usize>,
    /// How many may wait for a thread; beyond it, 503 with `Retry-After`.
    pub queue: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self { minimum: 15, memory_kib: 19_456, passes: 2, threads: None, queue: 256 }
    }
}

/// Lifetimes of sessions, in minutes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    pub idle_minutes: u32,
    pub absolute_minutes: u32,
}

impl SessionConfig {
    /// How long a session may go unused.
    pub fn idle(&self) -> Duration {
        Duration::from_mins(u64::from(self.idle_minutes))
    }

    /// How long a session may last.
    pub fn absolute(&self) -> Duration {
        Duration::from_mins(u64::from(self.absolute_minutes))
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { idle_minutes: 8 * 60, absolute_minutes: 12 * 60 }
    }
}

/// Lifetimes of codes and tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenConfig {
    pub code_seconds: u32,
    pub access_minutes: u32,
    pub id_minutes: u32,
    pub refresh_hours: u32,
    pub offline_days: u32,
}

impl Default for TokenConfig {
    fn default() -> Self {
        Self { code_seconds: 60, access_minutes: 10, id_minutes: 10, refresh_hours: 12, offline_days: 30 }
    }
}

/// The schedule of signing keys.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysConfig {
    /// How long a key signs, in days.
    pub rotate_days: u32,
    /// How long a key is published before it signs and after it stopped, in hours.
    pub overlap_hours: u32,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { rotate_days: 90, overlap_hours: 24 }
    }
}

/// Requests that the server makes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundConfig {
    /// Private networks where registered applications are; every other private address is refused.
    pub allow: Vec<IpNet>,
    pub test_bed: TestBedConfig,
}

/// Switches for test beds: off by default, and loud in the log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestBedConfig {
    /// Registered addresses may be on this machine.
    pub allow_loopback: bool,
    /// PEM file with certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// Plugins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginsConfig {
    /// For who writes plugins: packages that nobody signed may be installed, and run. Loud in the log.
    pub development_unsigned: bool,
    /// Calls of plugins that run at once; absent: two a processor, 2 to 16.
    pub threads: Option<NonZeroUsize>,
    /// Where compiled plugins are kept; absent: `plugins` in the data directory.
    pub artefacts: Option<PathBuf>,
}

/// What the log looks like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    pub format: LogFormat,
    /// A directive of `tracing`, such as `info` or `keyholder=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

/// Numbers for Prometheus.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Where `/metrics` is told; absent: nowhere.
    pub listen: Option<SocketAddr>,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}
