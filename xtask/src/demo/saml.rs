//! The switch `--saml`: the example application is a SAML service provider as well, registered as `safeguarding-saml`.
//!
//! Owns the exchange of metadata, by file and both ways, as two operators would do it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Addresses;
use super::description::WRITTEN_ADDRESS;
use super::directory::Directory;
use super::keyholder::Keyholder;
use super::servers::{Running, Stop};
use crate::run::{Failure, output, run, write};
use crate::visitor::Visitor;

/// What the application is given.
#[derive(Debug)]
pub(super) struct ServiceProvider {
    key: PathBuf,
    certificate: PathBuf,
    /// Keyholder's metadata: the certificate in it is the one that is trusted.
    idp_metadata: PathBuf,
}

impl ServiceProvider {
    /// Makes the key and its certificate, once.
    pub(super) fn new(directory: &Directory) -> Result<Self, Failure> {
        let made = Self {
            key: directory.join("safeguarding-saml-key.pem"),
            certificate: directory.join("safeguarding-saml.pem"),
            idp_metadata: directory.join("keyholder-metadata.xml"),
        };
        if !made.certificate.exists() {
            let mut openssl = Command::new("openssl");
            openssl.args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "365",
                "-subj",
                "/CN=safeguarding-saml",
            ]);
            openssl.arg("-keyout").arg(&made.key).arg("-out").arg(&made.certificate);
            run(openssl.stderr(Stdio::null()))?;
        }
        Ok(made)
    }

    /// Registers the application with Keyholder.
    pub(super) fn register(
        &self,
        keyholder: &Keyholder,
        binary: &Path,
        directory: &Directory,
        addresses: &Addresses,
    ) -> Result<(), Failure> {
        let mut print = Command::new(binary);
        print.env("SAFEGUARDING_ISSUER", &addresses.issuer).env("SAFEGUARDING_PUBLIC_URL", &addresses.app);
        print.arg("--print-saml-metadata").arg("--saml-certificate").arg(&self.certificate);
        write(&directory.join("safeguarding-saml.xml"), &output(&mut print)?)?;
        let source = crate::root().join("config/demo/saml.toml");
        let text = std::fs::read_to_string(&source).map_err(|error| Failure::File { path: source, source: error })?;
        let copy = directory.join("saml.toml");
        write(&copy, &text.replace(WRITTEN_ADDRESS, &addresses.app))?;
        keyholder.apply(&copy)
    }

    /// Takes Keyholder's metadata, once: a certificate that changes later is not believed.
    pub(super) fn pin(
        &self,
        keyholder: &Keyholder,
        directory: &Directory,
        port: u16,
        stop: &Stop,
    ) -> Result<(), Failure> {
        if self.idp_metadata.exists() {
            return Ok(());
        }
        let mut running = Running::start(vec![("keyholder", keyholder.serve_quietly(directory)?)])?;
        running.wait_until_they_answer(&[port], false, stop)?;
        write(&self.idp_metadata, &Visitor::new(port).read("/saml/metadata")?)
    }

    /// Tells the application.
    pub(super) fn settle(&self, app: &mut Command) {
        app.env("SAFEGUARDING_SAML_IDP_METADATA", &self.idp_metadata)
            .env("SAFEGUARDING_SAML_KEY", &self.key)
            .env("SAFEGUARDING_SAML_CERTIFICATE", &self.certificate);
    }
}
