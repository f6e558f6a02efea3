//! The peer in the same run: npm `oidc-provider`, where it has the operation.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::rows::Report;
use super::seed::{Applications, SCOPE};
use super::server::{Pinning, Server, free_port};
use super::{Bench, CONNECTIONS, Extent, Paths, failed, operations};
use crate::install;
use crate::run::Failure;

const PATHS: Paths<'static> =
    Paths { jwks: "/jwks", token: "/token", userinfo: "/me", introspection: "/token/introspection" };

/// Sees to it that Node.js and the packages of the lock file are there.
pub(super) fn install() -> Result<(), Failure> {
    install::system(&[install::NODE])?;
    install::npm(&folder())
}

/// Measures the operations that both have.
pub(super) fn measure_all(
    report: &mut Report,
    scratch: &Path,
    pinning: Pinning,
    extent: Extent,
    applications: &Applications,
) -> Result<(), Failure> {
    let port = free_port()?;
    let tokens = scratch.join("peer-tokens.json");
    let secrets: Map<String, Value> = applications
        .machines
        .iter()
        .chain([&applications.people])
        .map(|application| (application.id.clone(), application.secret.clone().into()))
        .collect();
    let mut command = pinning.command(Path::new("node"));
    command
        .arg(folder().join("server.mjs"))
        .env("PEER_PORT", port.to_string())
        .env("PEER_CLIENTS", Value::Object(secrets).to_string())
        .env("PEER_TOKENS", &tokens)
        .env("PEER_SCOPE", SCOPE)
        .env("NODE_ENV", "production");
    let server = Server::start(command, port, &scratch.join("peer.log"))?;
    let (access, refresh) = read_tokens(&tokens)?;
    let bench = Bench { server: &server, extent };
    for (name, _, requests) in operations(&PATHS, applications, &access, &refresh) {
        println!("peer: {name}");
        let measured = bench.repeat(&requests, CONNECTIONS).map_err(Failure::Told)?;
        report.peer(&name, &measured);
    }
    Ok(())
}

fn read_tokens(path: &Path) -> Result<(String, Vec<String>), Failure> {
    let text = fs::read_to_string(path).map_err(|source| failed(path, source))?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let refresh = value.get("refresh").and_then(Value::as_array).into_iter().flatten().filter_map(text).collect();
    let access = value.get("access").and_then(text);
    access.map(|access| (access, refresh)).ok_or_else(|| Failure::Told("the peer wrote no tokens".into()))
}

fn folder() -> PathBuf {
    crate::root().join("bench/peer")
}
