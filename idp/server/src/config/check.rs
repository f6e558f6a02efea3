//! What the type of one key alone does not say: addresses, files, and keys that belong together.

use std::path::Path;

use lettre::message::Mailbox;
use url::{Host, Url};

use super::faults::{Fault, Origin};
use super::load::{FoundValues, describe};

/// Adds what is wrong with the values together.
pub(super) fn check(found: &FoundValues, faults: &mut Vec<Fault>) {
    let mut checks = Checks { found, faults };
    checks.issuer();
    checks.tls();
    checks.mail();
    checks.password();
    checks.lifetimes();
    checks.theme_and_log();
}

struct Checks<'a> {
    found: &'a FoundValues,
    faults: &'a mut Vec<Fault>,
}

impl Checks<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.found.get(key).and_then(|found| found.value.as_str())
    }

    fn whole(&self, key: &str, default: i64) -> i64 {
        self.found.get(key).and_then(|found| found.value.as_integer()).unwrap_or(default)
    }

    fn fault(&mut self, key: &str, problem: impl Into<String>) {
        let origin = self.found.get(key).map_or(Origin::Nowhere, |found| found.origin.clone());
        self.faults.push(Fault { origin, key: key.to_owned(), problem: problem.into() });
    }

    fn issuer(&mut self) {
        let Some(problem) = self.text("issuer").and_then(|text| check_issuer(text).err()) else { return };
        self.fault("issuer", problem);
    }

    fn tls(&mut self) {
        for (key, other) in [("tls.certificate", "tls.key"), ("tls.key", "tls.certificate")] {
            if self.found.contains_key(key) && !self.found.contains_key(other) {
                self.fault(other, format!("it is missing; `{key}` and `{other}` are set together"));
            }
            self.readable_file(key);
        }
        self.readable_file("outbound.test_bed.ca_file");
    }

    fn readable_file(&mut self, key: &str) {
        let Some(path) = self.text(key).map(Path::new) else { return };
        let problem = match std::fs::File::open(path).and_then(|file| file.metadata()) {
            Ok(metadata) if metadata.is_file() => return,
            Ok(_) => "it is not a file".to_owned(),
            Err(error) => describe(&error),
        };
        let problem = format!("{} cannot be read: {problem}", path.display());
        self.fault(key, problem);
    }

    fn mail(&mut self) {
        const OF_SMTP: [&str; 5] = ["mail.host", "mail.port", "mail.security", "mail.username", "mail.password"];
        const OF_FOLDER: [&str; 2] = ["mail.folder", "mail.print_links"];
        let smtp = self.text("mail.transport") == Some("smtp");
        let (foreign, transport): (&[&str], _) = if smtp { (&OF_FOLDER, "folder") } else { (&OF_SMTP, "smtp") };
        for key in foreign {
            if self.found.contains_key(*key) {
                self.fault(key, format!("it counts only with `mail.transport = \"{transport}\"`"));
            }
        }
        if let Some(from) = self.text("mail.from")
            && from.parse::<Mailbox>().is_err()
        {
            self.fault(
                "mail.from",
                "it is not a sender; expected an address such as `Keyholder <sign-in@school.example>`",
            );
        }
        if !smtp {
            return;
        }
        if self.text("mail.from").is_none() {
            self.fault("mail.from", "it is missing; mail servers refuse mails without a sender of their own");
        }
        let Some(host) = self.text("mail.host").map(str::to_owned) else {
            self.fault("mail.host", "it is missing; expected the name of the mail server");
            return;
        };
        if self.text("mail.security") == Some("none") && !is_this_machine(&host) {
            self.fault(
                "mail.security",
                "`none` is only for a mail server on this machine; expected `tls` or `starttls`",
            );
        }
        for (key, other) in [("mail.username", "mail.password"), ("mail.password", "mail.username")] {
            if self.found.contains_key(key) && !self.found.contains_key(other) {
                self.fault(other, format!("it is missing; `{key}` and `{other}` are set together"));
            }
        }
    }

    fn password(&mut self) {
        let (passes, memory) = (self.whole("password.passes", 2), self.whole("password.memory_kib", 19_456));
        if passes * memory > i64::from(crate::password::hash::GREATEST_WORK_KIB) {
            self.fault(
                "password.passes",
                format!("{passes} passes over {memory} KiB take seconds; expected at most 1048576 KiB together"),
            );
        }
        // OWASP Password Storage Cheat Sheet: one pass only with 46 MiB or more.
        if passes == 1 && memory < 47_104 {
            self.fault(
                "password.passes",
                "1 is too few for this memory; expected 2 or more, or `password.memory_kib` of at least 47104",
            );
        }
    }

    fn lifetimes(&mut self) {
        let (idle, absolute) = (self.whole("session.idle_minutes", 480), self.whole("session.absolute_minutes", 720));
        if idle > absolute {
            self.fault(
                "session.idle_minutes",
                format!("{idle} is longer than `session.absolute_minutes` ({absolute}); expected less"),
            );
        }
        let (days, hours) = (self.whole("keys.rotate_days", 90), self.whole("keys.overlap_hours", 24));
        // A key is published for the overlap before it signs and after: within its successor's time.
        if hours * 2 > days * 24 {
            self.fault(
                "keys.overlap_hours",
                format!("{hours} is too long; expected at most half of `keys.rotate_days` ({} hours)", days * 12),
            );
        }
    }

    fn theme_and_log(&mut self) {
        if let Some(path) = self.text("theme").map(Path::new)
            && !path.is_dir()
        {
            let problem =
                format!("{} is not a folder; expected a folder with templates, texts or assets", path.display());
            self.fault("theme", problem);
        }
        if let Some(level) = self.text("log.level")
            && tracing_subscriber::EnvFilter::builder().parse(level).is_err()
        {
            self.fault("log.level", "it is not a level; expected `error`, `warn`, `info`, `debug`, or a directive such as `info,keyholder=debug`");
        }
    }
}

/// The rules for an issuer (`OpenID` Connect Discovery 3: https, no query, no fragment). No path either: cookies with the
/// `__Host-` prefix and the well-known documents stand at the root of a host.
fn check_issuer(text: &str) -> Result<(), String> {
    let expected = "expected an address such as `https://id.school.example`";
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not an address ({error}); {expected}"))?;
    let wrong = |what: &str| Err(format!("{what}; {expected}"));
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return wrong("`http` is only for `localhost`: passwords would travel in the clear"),
        _ => return wrong("it does not begin with `https://`"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("it has a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("it has a user name or a password");
    }
    if !matches!(url.path(), "" | "/") {
        return wrong("it has a path: Keyholder stands at the root of its host name");
    }
    Ok(())
}

/// Whether an address is this machine by its very name, without asking the DNS.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
