//! `cargo xtask demo`: both halves of a sign-in on one machine, with two invented schools.
//!
//! Keyholder is `http://localhost:8080`, the application `http://127.0.0.1:8081`: two sites, so that cookies are really tested.
//! Owns the demo's data directory. What is in it afterwards: Keyholder's own data, its configuration, the client secrets,
//! the mails, and `demo.json` for scripts, written once both servers answer.

mod accounts;
mod description;
mod directory;
mod keyholder;
mod keys;
mod saml;
mod servers;

use std::path::{Path, PathBuf};

use crate::run::{Failure, cargo, run as run_command, target_directory};
use crate::{fonts, install};

use self::directory::Directory;
use self::keyholder::Keyholder;

/// Where the demo's data lies, and what it listens on.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Options {
    /// Where the demo keeps its data [default: `demo` in cargo's target directory]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Keyholder's port
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The example application's port
    #[arg(long, default_value_t = 8081)]
    app_port: u16,
    /// Throws away what a former demo left in the data directory
    #[arg(long)]
    fresh: bool,
    /// Builds for speed: takes longer once
    #[arg(long, overrides_with = "dev")]
    release: bool,
    /// Builds for development [default]
    #[arg(long)]
    dev: bool,
    /// Runs the programs in this folder instead of building them
    #[arg(long, conflicts_with_all = ["release", "dev"])]
    binaries: Option<PathBuf>,
    /// Serves Keyholder over https with a self-signed certificate
    #[arg(long)]
    tls: bool,
    /// Lets the example application sign in over SAML as well, under /s/over-saml; builds it with libxml2 and xmlsec
    #[arg(long)]
    saml: bool,
}

/// The addresses of a demo.
#[derive(Debug, Clone)]
struct Addresses {
    issuer: String,
    app: String,
    port: u16,
    app_port: u16,
}

/// Runs the demo until it is told to stop.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let stop = servers::Stop::register()?;
    let scheme = if options.tls { "https" } else { "http" };
    let addresses = Addresses {
        issuer: format!("{scheme}://localhost:{}", options.port),
        app: format!("http://127.0.0.1:{}", options.app_port),
        port: options.port,
        app_port: options.app_port,
    };
    servers::check_free(options.port, "--port")?;
    servers::check_free(options.app_port, "--app-port")?;

    if options.tls || options.saml {
        install::system(&[install::OPENSSL])?;
    }
    if options.saml {
        install::system(&install::SAMAEL)?;
    }
    let target = target_directory()?;
    let binaries = match &options.binaries {
        Some(binaries) => binaries.clone(),
        None => build(&target, options)?,
    };
    let path = options.data.clone().unwrap_or_else(|| target.join("demo"));
    let directory = Directory::open(&path, options.fresh)?;
    let certificate = options.tls.then(|| directory.certificate()).transpose()?;
    let keyholder = Keyholder::new(binaries.join("keyholder"), &directory, &addresses, certificate.as_ref())?;
    let clients = description::write_copy(&directory, &addresses)?;
    keyholder.set_up(&directory)?;
    let application = binaries.join("safeguarding-app");
    let provider = options.saml.then(|| saml::ServiceProvider::new(&directory)).transpose()?;
    if let Some(provider) = &provider {
        provider.register(&keyholder, &application, &directory, &addresses)?;
    }
    if stop.is_asked_for() {
        return Ok(());
    }
    let soft_keys = keys::soft_keys(&keyholder, &directory, addresses.port, &stop)?;
    if stop.is_asked_for() {
        return Ok(());
    }
    let mut app = servers::example_app(&application, &addresses, &clients, certificate.as_ref());
    if let Some(provider) = &provider {
        provider.pin(&keyholder, &directory, addresses.port, &stop)?;
        provider.settle(&mut app);
    }
    let mut running = servers::Running::start(vec![("keyholder", keyholder.serve()), ("safeguarding-app", app)])?;
    running.wait_until_they_answer(&[addresses.port, addresses.app_port], options.tls, &stop)?;
    accounts::print(&addresses, &directory.mails(), &soft_keys, options.saml);
    directory.write_description(&addresses, &clients, &soft_keys)?;
    running.wait(&stop)
}

/// Builds both programs; the folder in which they are then.
fn build(target: &Path, options: &Options) -> Result<PathBuf, Failure> {
    fonts::fetch()?;
    println!("building Keyholder and the example application");
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "keyholder", "--package", "safeguarding-app"]);
    if !options.saml {
        // Without C libraries that nobody asked for.
        build.arg("--no-default-features");
    }
    if options.release {
        build.arg("--release");
    }
    run_command(&mut build)?;
    Ok(target.join(if options.release { "release" } else { "debug" }))
}
