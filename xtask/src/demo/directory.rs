//! The demo's data directory.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use super::Addresses;
use super::accounts::ACCOUNTS;
use super::description::Client;
use super::keys::{MANAGED_KEYS, SCHOOL, SoftKeys};
use crate::run::{Failure, run, write};

/// Tells a directory of ours from anything else that `--fresh` might be pointed at.
const MARK: &str = ".keyholder-demo";
const CERTIFICATE_SETTINGS: &str = "\
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
";

#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

/// A certificate that is its own issuer, and its key.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Directory {
    /// Makes the directory, or opens what a former demo left.
    pub(super) fn open(path: &Path, fresh: bool) -> Result<Self, Failure> {
        let failed = |source| Failure::File { path: path.to_owned(), source };
        let used = path.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if used && !path.join(MARK).exists() {
            let path = path.display();
            return Err(Failure::Told(format!(
                "{path} holds something else than a demo; name another directory with --data"
            )));
        }
        if fresh && used {
            fs::remove_dir_all(path).map_err(failed)?;
        }
        fs::create_dir_all(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        write(&path.join(MARK), "")?;
        // Whoever waits for this file waits for the servers.
        match fs::remove_file(path.join("demo.json")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(Self { path }),
        }
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn mails(&self) -> PathBuf {
        self.join("mails")
    }

    /// A client's secret: 256 bits, made once.
    pub(super) fn secret(&self, client_id: &str) -> Result<String, Failure> {
        let path = self.join("secrets").join(client_id);
        if let Ok(secret) = fs::read_to_string(&path) {
            return Ok(secret);
        }
        let mut bytes = [0; 32];
        let source = PathBuf::from("/dev/urandom");
        let read = fs::File::open(&source).and_then(|mut file| file.read_exact(&mut bytes));
        read.map_err(|error| Failure::File { path: source, source: error })?;
        let secret = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        write(&path, &secret)?;
        Ok(secret)
    }

    /// A self-signed certificate for `localhost`, made once.
    pub(super) fn certificate(&self) -> Result<Certificate, Failure> {
        let made = Certificate { certificate: self.join("certificate.pem"), key: self.join("certificate-key.pem") };
        if !made.certificate.exists() {
            let settings = self.join("certificate.cnf");
            write(&settings, CERTIFICATE_SETTINGS)?;
            let mut openssl = Command::new("openssl");
            openssl.args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "90",
            ]);
            openssl.arg("-config").arg(settings).arg("-keyout").arg(&made.key).arg("-out").arg(&made.certificate);
            run(openssl.stderr(Stdio::null()))?;
        }
        Ok(made)
    }

    /// Writes `demo.json` in one step, so that a script never reads half of it.
    pub(super) fn write_description(
        &self,
        addresses: &Addresses,
        clients: &[Client],
        keys: &SoftKeys,
    ) -> Result<(), Failure> {
        let accounts: Vec<_> = ACCOUNTS
            .iter()
            .map(|account| {
                json!({
                    "email": account.email,
                    "password": account.password,
                    "role": account.role,
                    "school": account.school,
                    "totp_secret": keys.get(account.email),
                })
            })
            .collect();
        let clients: Vec<_> = clients
            .iter()
            .map(|client| {
                json!({
                    "client_id": client.id,
                    "client_secret": client.secret,
                    "auth_method": "client_secret_basic",
                    "redirect_uris": [client.redirect_uri()],
                })
            })
            .collect();
        let managed_keys: Vec<_> = MANAGED_KEYS
            .iter()
            .map(|key| json!({ "serial": key.serial, "school": SCHOOL, "holder": key.holder, "hotp_secret": key.secret }))
            .collect();
        let description = json!({
            "issuer": addresses.issuer,
            "app": addresses.app,
            "mail_dir": self.mails(),
            "accounts": accounts,
            "clients": clients,
            "managed_keys": managed_keys,
        });
        let draft = self.join("demo.json.draft");
        write(&draft, &format!("{description:#}\n"))?;
        let path = self.join("demo.json");
        fs::rename(draft, &path).map_err(|source| Failure::File { path, source })
    }
}
