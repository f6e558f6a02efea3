//! What the machine says: modes of files, space on the disk, the TLS certificate.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use keyholder_core::time::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use super::super::london::utc;
use super::{Report, sentence};
use crate::config::Config;
use crate::serve::DataFolder;
use crate::serve::tls::Certificate;

/// Space on the disk that is too little for a busy day, and for an hour.
const LITTLE: u64 = 1024 * 1024 * 1024;
const TOO_LITTLE: u64 = 64 * 1024 * 1024;
/// How long before its end a certificate should have been replaced.
const RENEWAL: Duration = Duration::from_hours(14 * 24);

pub(super) fn files(report: &mut Report, config: &Config) {
    let data = DataFolder::new(&config.data);
    let mut private = true;
    for (path, what) in [(data.master_key(), "the master key"), (data.database(), "the database")] {
        if let Some(mode) = open_to_others(&path) {
            private = false;
            report.failed(
                "files",
                format!(
                    "{what} {} has mode {mode:04o}; run `chmod 600` on it, and think of who may have read it",
                    path.display()
                ),
            );
        }
    }
    for path in [data.path().to_owned(), data.backups(), data.path().join("mails")] {
        if let Some(mode) = open_to_others(&path) {
            private = false;
            report
                .warning("files", format!("the folder {} has mode {mode:04o}; run `chmod 700` on it", path.display()));
        }
    }
    if let Some(tls) = &config.tls
        && let Some(mode) = open_to_others(&tls.key)
    {
        private = false;
        report.warning(
            "files",
            format!("tls.key {} has mode {mode:04o}; only the server's user should read it", tls.key.display()),
        );
    }
    if private {
        report.ok("files", "nobody else can read what is private");
    }
    space(report, data.path());
}

/// The mode, where others than the owner have any right.
fn open_to_others(path: &Path) -> Option<u32> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

fn space(report: &mut Report, folder: &Path) {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{} MiB free where the data directory is", free / (1024 * 1024));
    match free {
        ..TOO_LITTLE => report.failed("disk", format!("{text}; make room, or sign-ins will fail")),
        TOO_LITTLE..LITTLE => report.warning("disk", format!("{text}; make room soon")),
        LITTLE.. => report.ok("disk", text),
    }
}

pub(super) fn certificate(report: &mut Report, config: &Config, now: Timestamp) {
    const SUBJECT: &str = "certificate";
    let Some(tls) = &config.tls else {
        return report.ok(SUBJECT, "none here: TLS is the reverse proxy's, where there is one");
    };
    let certificate = match Certificate::load(tls) {
        Ok(certificate) => certificate.current(),
        Err(error) => return report.failed(SUBJECT, sentence(&error)),
    };
    let parsed = certificate.cert.first().map(|der| X509Certificate::from_der(der));
    let Some(Ok((_, leaf))) = parsed else { return report.failed(SUBJECT, "it cannot be read as X.509") };
    let ends = Timestamp::from_seconds(leaf.validity().not_after.timestamp());
    let begins = Timestamp::from_seconds(leaf.validity().not_before.timestamp());
    if now >= ends {
        report.failed(SUBJECT, format!("it expired on {}; replace it, no restart is needed", utc(ends)));
    } else if now < begins {
        report.failed(SUBJECT, format!("it counts only from {} on; is the clock right?", utc(begins)));
    } else if ends.since(now) < RENEWAL {
        report.warning(SUBJECT, format!("it expires on {}; replace it, no restart is needed", utc(ends)));
    } else {
        report.ok(SUBJECT, format!("it belongs to its key and counts until {}", utc(ends)));
    }
    let host = config.issuer.host_str().unwrap_or_default();
    if !names(&leaf).iter().any(|name| covers(name, host)) {
        report.failed(SUBJECT, format!("it is not for {host}, the host of the issuer"));
    }
}

fn names(leaf: &X509Certificate<'_>) -> Vec<String> {
    let extension = leaf.subject_alternative_name().ok().flatten();
    let names = extension.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
                Ok(bytes) => Some(std::net::Ipv4Addr::from(bytes).to_string()),
                Err(_) => Some(format!("[{}]", std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?))),
            },
            _ => None,
        })
        .collect()
}

/// RFC 9525 6.3: a wildcard stands for one whole label on the left.
fn covers(name: &str, host: &str) -> bool {
    name.eq_ignore_ascii_case(host)
        || name
            .strip_prefix("*.")
            .zip(host.split_once('.'))
            .is_some_and(|(rest, (_, domain))| rest.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_wildcard_covers_one_label() {
        assert!(covers("id.school.example", "ID.school.example") && covers("*.school.example", "id.school.example"));
        for host in ["school.example", "a.id.school.example", "idschool.example"] {
            assert!(!covers("*.school.example", host), "{host}");
        }
    }
}
