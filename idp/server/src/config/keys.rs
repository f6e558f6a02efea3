//! Every key that may be set, with its type and range.
//!
//! A test holds this table to the fields of [`Config`](super::Config), and `docs/operators.md` to this table.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use toml::de::DeValue;
use toml::{Spanned, Value};
use url::Url;

use super::faults::listing;

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// With its sections, such as `mail.port`.
    pub name: &'static str,
    pub kind: Kind,
}

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Text,
    /// Text that is never shown.
    Secret,
    Path,
    Url,
    /// Address and port.
    Socket,
    Networks,
    Switch,
    Whole {
        least: i64,
        most: i64,
    },
    Choice(&'static [&'static str]),
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind }
}

const fn whole(name: &'static str, least: i64, most: i64) -> Key {
    Key { name, kind: Kind::Whole { least, most } }
}

/// The table.
pub const KEYS: &[Key] = &[
    key("issuer", Kind::Url),
    key("listen", Kind::Socket),
    key("data", Kind::Path),
    whole("workers", 1, 1024),
    key("theme", Kind::Path),
    key("tls.certificate", Kind::Path),
    key("tls.key", Kind::Path),
    key("proxy.trusted", Kind::Networks),
    key("mail.from", Kind::Text),
    key("mail.transport", Kind::Choice(&["folder", "smtp"])),
    key("mail.folder", Kind::Path),
    key("mail.print_links", Kind::Switch),
    key("mail.host", Kind::Text),
    whole("mail.port", 1, 65_535),
    key("mail.security", Kind::Choice(&["tls", "starttls", "none"])),
    key("mail.username", Kind::Text),
    key("mail.password", Kind::Secret),
    // NIST SP 800-63B-4 3.1.1.2: eight characters at the least, and every password of 64 must be permitted.
    whole("password.minimum", 8, 64),
    // OWASP Password Storage Cheat Sheet: argon2id with at least 19 MiB.
    whole("password.memory_kib", 19_456, 262_144),
    whole("password.passes", 1, 54),
    whole("password.threads", 1, 1024),
    whole("password.queue", 1, 100_000),
    whole("session.idle_minutes", 1, 1440),
    whole("session.absolute_minutes", 1, 10_080),
    // The code's contents are kept for ten minutes, so that a replay of an expired one is still recognised.
    whole("token.code_seconds", 10, 300),
    whole("token.access_minutes", 1, 60),
    whole("token.id_minutes", 1, 60),
    whole("token.refresh_hours", 1, 720),
    whole("token.offline_days", 1, 365),
    whole("keys.rotate_days", 1, 3650),
    whole("keys.overlap_hours", 1, 720),
    key("outbound.allow", Kind::Networks),
    key("outbound.test_bed.allow_loopback", Kind::Switch),
    key("outbound.test_bed.ca_file", Kind::Path),
    key("plugins.development_unsigned", Kind::Switch),
    whole("plugins.threads", 1, 64),
    key("plugins.artefacts", Kind::Path),
    key("metrics.listen", Kind::Socket),
    key("log.format", Kind::Choice(&["text", "json"])),
    key("log.level", Kind::Text),
];

/// A value as an operator wrote it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written<'a> {
    File(&'a DeValue<'a>),
    /// Environment variables are all text; lists have commas.
    Environment(&'a str),
}

impl Kind {
    /// What is expected, for people.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Secret => "text (kept secret)".into(),
            Self::Path => "the path of a file or folder".into(),
            Self::Url => "an address such as `https://id.school.example`".into(),
            Self::Socket => "an address and a port, such as `127.0.0.1:8080` or `[::]:443`".into(),
            Self::Networks => "a list of networks, such as `[\"10.0.0.0/8\", \"192.168.1.7\"]`".into(),
            Self::Switch => "`true` or `false`".into(),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::Choice(choices) => format!("one of {}", listing(choices.iter().copied())),
        }
    }

    /// Reads a value; the error says what is wrong and what is expected.
    pub(super) fn read(self, written: Written<'_>) -> Result<Value, String> {
        let wrong = |what: String| format!("{what}; expected {}", self.expected());
        match self {
            Self::Switch => written
                .as_switch()
                .map(Value::Boolean)
                .ok_or_else(|| wrong(format!("{} is neither", written.describe()))),
            Self::Whole { least, most } => match written.as_whole() {
                None => Err(wrong(format!("{} is not a whole number", written.describe()))),
                Some(number) if !(least..=most).contains(&number) => Err(wrong(format!("{number} is out of range"))),
                Some(number) => Ok(Value::Integer(number)),
            },
            Self::Networks => {
                let items = written.as_list().ok_or_else(|| wrong(format!("{} is not a list", written.describe())))?;
                let networks = items.iter().map(|item| {
                    read_network(item)
                        .map(|network| Value::String(network.to_string()))
                        .ok_or_else(|| wrong(format!("`{item}` is not a network")))
                });
                networks.collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Text | Self::Secret | Self::Path | Self::Url | Self::Socket | Self::Choice(_) => {
                let text = written.as_text().ok_or_else(|| wrong(format!("{} is not text", written.describe())))?;
                self.check_text(text).map_err(wrong)?;
                Ok(Value::String(text.to_owned()))
            }
        }
    }

    fn check_text(self, text: &str) -> Result<(), String> {
        match self {
            Self::Url => Url::parse(text).map(drop).map_err(|error| format!("`{text}` is not an address ({error})")),
            Self::Socket => {
                text.parse::<SocketAddr>().map(drop).map_err(|_| format!("`{text}` is not an address and a port"))
            }
            Self::Choice(choices) if !choices.contains(&text) => Err(format!("`{text}` is not known")),
            _ if text.is_empty() => Err("it is empty".into()),
            _ => Ok(()),
        }
    }
}

/// A network, or one address as a network of its own.
fn read_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl<'a> Written<'a> {
    /// The type of the value; never the value itself, which may be a secret in the wrong place.
    fn describe(self) -> &'static str {
        match self {
            Self::Environment(_) => "the text",
            Self::File(value) => match value {
                DeValue::String(_) => "text",
                DeValue::Integer(_) => "a number",
                DeValue::Float(_) => "a number with a fraction",
                DeValue::Boolean(_) => "a `true` or `false`",
                DeValue::Datetime(_) => "a date",
                DeValue::Array(_) => "a list",
                DeValue::Table(_) => "a table",
            },
        }
    }

    fn as_text(self) -> Option<&'a str> {
        match self {
            Self::File(value) => value.as_str(),
            Self::Environment(text) => Some(text),
        }
    }

    fn as_switch(self) -> Option<bool> {
        match self {
            Self::File(value) => value.as_bool(),
            Self::Environment(text) => text.parse().ok(),
        }
    }

    fn as_whole(self) -> Option<i64> {
        match self {
            Self::File(value) => {
                let number = value.as_integer()?;
                i64::from_str_radix(number.as_str(), number.radix()).ok()
            }
            Self::Environment(text) => text.parse().ok(),
        }
    }

    fn as_list(self) -> Option<Vec<&'a str>> {
        match self {
            Self::File(value) => value.as_array()?.iter().map(|item: &Spanned<_>| item.get_ref().as_str()).collect(),
            Self::Environment(text) => Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
        }
    }
}
