//! The demo's Keyholder: its configuration, and the commands that fill it. They are those that an operator would use.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::accounts::ACCOUNTS;
use super::directory::{Certificate, Directory};
use super::keys::{MANAGED_KEYS, SCHOOL};
use super::{Addresses, description};
use crate::run::{Failure, output, write};

#[derive(Debug)]
pub(super) struct Keyholder {
    binary: PathBuf,
    configuration: PathBuf,
    /// Without TLS: the same server, as if behind a proxy, for whoever speaks plain http while the demo is made.
    for_set_up: PathBuf,
}

impl Keyholder {
    /// Writes the configuration. Paths in it begin at the data directory.
    pub(super) fn new(
        binary: PathBuf,
        directory: &Directory,
        addresses: &Addresses,
        certificate: Option<&Certificate>,
    ) -> Result<Self, Failure> {
        let text = format!(
            "# Written by `cargo xtask demo`.\n\
             issuer = \"{}\"\n\
             listen = \"127.0.0.1:{}\"\n\
             data = \"data\"\n\n\
             [mail]\n\
             from = \"Keyholder demo <keyholder@demo.example>\"\n\
             transport = \"folder\"\n\
             folder = \"mails\"\n\
             print_links = true\n\n\
             # The applications are on this machine, and are told of sign-outs there.\n\
             [outbound.test_bed]\n\
             allow_loopback = true\n",
            addresses.issuer, addresses.port
        );
        let tls = match certificate {
            // Applications of the tests have it too.
            Some(_) => {
                "ca_file = \"certificate.pem\"\n\n[tls]\ncertificate = \"certificate.pem\"\nkey = \"certificate-key.pem\"\n"
            }
            None => "",
        };
        let configuration = directory.join("keyholder.toml");
        write(&configuration, &format!("{text}{tls}"))?;
        let for_set_up = directory.join("set-up.toml");
        write(&for_set_up, &text)?;
        Ok(Self { binary, configuration, for_set_up })
    }

    /// Makes what is not there yet. Passwords and managed keys are set once, the rest may be done again and again.
    pub(super) fn set_up(&self, directory: &Directory) -> Result<(), Failure> {
        output(&mut self.command(&["init"]))?;
        self.apply(&description::path(directory))?;
        output(self.command(&["person", "import"]).arg(crate::root().join("config/demo/people.jsonl")))?;
        once(&directory.join("passwords-are-set"), || self.set_passwords())?;
        once(&directory.join("managed-keys-are-imported"), || self.import_managed_keys())
    }

    pub(super) fn apply(&self, file: &Path) -> Result<(), Failure> {
        output(self.command(&["apply"]).arg(file)).map(drop)
    }

    fn set_passwords(&self) -> Result<(), Failure> {
        for account in &ACCOUNTS {
            if let Some(password) = account.password {
                self.set_password(account.email, password)?;
            }
        }
        Ok(())
    }

    /// The box of keys that the school bought, one of which it has handed out.
    fn import_managed_keys(&self) -> Result<(), Failure> {
        let school = ["--school", SCHOOL];
        let file = crate::root().join("config/demo/managed-keys.xml");
        output(self.command(&["managed-key", "import"]).arg(file).args(school))?;
        for key in &MANAGED_KEYS {
            if let Some(holder) = key.holder {
                output(self.command(&["managed-key", "issue", key.serial, holder]).args(school))?;
            }
        }
        Ok(())
    }

    fn set_password(&self, email: &str, password: &str) -> Result<(), Failure> {
        let failed = |source| Failure::Start { program: "keyholder person set-password".into(), source };
        let mut command = self.command(&["person", "set-password", email, "--stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "{password}").map_err(failed)?;
        }
        let status = child.wait().map_err(failed)?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Status { program: "keyholder person set-password".into(), status })
    }

    pub(super) fn serve(&self) -> Command {
        self.command(&["serve"])
    }

    /// For while the demo is made: over http, what it says going to `set-up.log`.
    pub(super) fn serve_quietly(&self, directory: &Directory) -> Result<Command, Failure> {
        let path = directory.join("set-up.log");
        let log = File::create(&path).and_then(|log| Ok((log.try_clone()?, log)));
        let (stdout, stderr) = log.map_err(|source| Failure::File { path, source })?;
        let mut command = self.command(&["serve"]);
        command.env("KEYHOLDER_CONFIG", &self.for_set_up).stdout(stdout).stderr(stderr);
        Ok(command)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // Nothing of the caller's own settings reaches the demo.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYHOLDER_")) {
            command.env_remove(name);
        }
        command.env("KEYHOLDER_CONFIG", &self.configuration).args(arguments);
        command
    }
}

/// Does something unless it was done before; the mark says that it was.
fn once(mark: &Path, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    if mark.exists() {
        return Ok(());
    }
    work()?;
    write(mark, "")
}
