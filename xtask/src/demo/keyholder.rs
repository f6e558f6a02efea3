//! The demo's Keyholder: its configuration, and the commands that fill it. They are those that an operator would use.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::accounts::ACCOUNTS;
use super::directory::{Certificate, Directory};
use super::{Addresses, description};
use crate::run::{Failure, output, write};

#[derive(Debug)]
pub(super) struct Keyholder {
    binary: PathBuf,
    configuration: PathBuf,
}

impl Keyholder {
    /// Writes the configuration. Paths in it begin at the data directory.
    pub(super) fn new(
        binary: PathBuf,
        directory: &Directory,
        addresses: &Addresses,
        certificate: Option<&Certificate>,
    ) -> Result<Self, Failure> {
        let mut text = format!(
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
        if certificate.is_some() {
            text.push_str("\n[tls]\ncertificate = \"certificate.pem\"\nkey = \"certificate-key.pem\"\n");
        }
        let configuration = directory.join("keyholder.toml");
        write(&configuration, &text)?;
        Ok(Self { binary, configuration })
    }

    /// Makes what is not there yet. Everything but the passwords may be done again and again.
    pub(super) fn set_up(&self, directory: &Directory) -> Result<(), Failure> {
        output(&mut self.command(&["init"]))?;
        output(self.command(&["apply"]).arg(description::path(directory)))?;
        output(self.command(&["person", "import"]).arg(crate::root().join("config/demo/people.jsonl")))?;
        let done = directory.join("passwords-are-set");
        if done.exists() {
            return Ok(());
        }
        for account in &ACCOUNTS {
            if let Some(password) = account.password {
                self.set_password(account.email, password)?;
            }
        }
        write(&done, "")
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
