//! A small safeguarding application that lets Keyholder (or any `OpenID` Connect provider) do the signing in; over SAML 2.0 as well,
//! where it is told how (`saml`).
//!
//! It is written to be read by people who build relying applications. Read in this order: `sign_in` (the two halves of a
//! sign-in), `provider` (everything said to the provider), `assurance` (what a sign-in is worth), `incidents` (what needs a
//! key), `sign_out`. It keeps its sessions in memory and has no database.

#![cfg_attr(not(feature = "saml"), allow(dead_code, reason = "sessions and pages know both ways of signing in"))]

mod api;
mod assurance;
mod claims;
mod config;
mod incidents;
mod mount;
mod pages;
mod problem;
mod provider;
mod return_page;
#[cfg_attr(not(feature = "saml"), path = "without_saml.rs")]
mod saml;
mod session;
mod sign_in;
mod sign_out;
mod web;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::{App, HttpServer};
use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::config::Flags;
use crate::web::Application;

#[actix_web::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match serve(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot serve: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until SIGTERM or SIGINT. The provider is not asked for anything before somebody signs in.
async fn serve(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    if let Some(metadata) = flags.metadata_to_print()? {
        std::io::stdout().write_all(metadata.as_bytes())?;
        return Ok(());
    }
    let listen = flags.listen;
    let application = actix_web::web::Data::new(Application::new(flags.check()?, unix_now)?);
    tracing::info!(public_url = %application.public_url, "listening on {listen}");
    HttpServer::new(move || App::new().configure(|service| web::configure(service, &application)).wrap(web::headers()))
        .workers(2)
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(5)
        .bind(listen)?
        .run()
        .await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn unix_now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}
