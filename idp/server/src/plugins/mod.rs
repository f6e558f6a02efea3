//! Plugins of this installation: which run here, and the changes that the operator makes.
//!
//! Owns the way from rows to the sandbox: bundled packages are stored at the first start, every active version is admitted at each start and
//! whenever the revision rises, and a version that cannot be loaded leaves the one that serves as it is. Does not own the checks of a
//! package nor the sandbox (`keyholder-plugin-host`).

mod bundled;
pub mod commands;
pub mod install;
mod load;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyholder_core::plugin::Origin;
use keyholder_core::ports::{PluginQueries as _, Sealer, StoreError};
use keyholder_core::random::Random;
use keyholder_core::time::Clock;
use keyholder_plugin_host::admission::{Admission, Unsigned};
use keyholder_plugin_host::artefact::Artefacts;
use keyholder_plugin_host::compile::Compiler;
use keyholder_plugin_host::{HostError, HostSettings, Observer, PluginHost, Unobserved};
use keyholder_store::SqlStore;

use crate::config::Config;

pub use bundled::{PACKAGES, digests as bundled_digests, find as bundled_package};
pub use load::Plugins;

/// Why no plugin runs at all.
#[derive(Debug, thiserror::Error)]
pub enum PluginsError {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What plugins are opened with.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub sealer: Arc<dyn Sealer>,
    pub compiler: Arc<Compiler>,
    pub observer: Arc<dyn Observer>,
}

impl Surroundings {
    /// Compiling in a child of this very program; nobody hears of calls.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>, sealer: Arc<dyn Sealer>) -> Self {
        let compiler = Arc::new(Compiler::this_program());
        Self { clock, random, sealer, compiler, observer: Arc::new(Unobserved) }
    }
}

/// Makes the sandbox, stores bundled packages that are new, and loads every active version. What cannot be loaded is told in the
/// log and the audit log, and is not there; it keeps nothing else from starting.
///
/// # Errors
/// No engine, or no database.
pub async fn open(config: &Config, store: &SqlStore, surroundings: Surroundings) -> Result<Plugins, PluginsError> {
    let plugins = unsettled(config, surroundings)?;
    settle(config, store, &plugins).await?;
    Ok(plugins)
}

/// The same for a server. Where no plugin is stored, nobody has a key either: then it may answer before the bundled ones are
/// compiled, which takes seconds, and the first turn of the worker ([`Plugins::follow_rows`]) loads them.
///
/// # Errors
/// As of [`open`].
pub async fn open_for_server(
    config: &Config,
    store: &SqlStore,
    surroundings: Surroundings,
) -> Result<Plugins, PluginsError> {
    let plugins = unsettled(config, surroundings)?;
    if !store.list_plugins().await?.is_empty() {
        settle(config, store, &plugins).await?;
    }
    Ok(plugins)
}

fn unsettled(config: &Config, surroundings: Surroundings) -> Result<Plugins, PluginsError> {
    let admission = admission(config, &surroundings)?;
    if unsigned(config) == Unsigned::Allowed {
        tracing::warn!(
            "DEVELOPMENT: unsigned plugins may be installed (plugins.development_unsigned); never in production"
        );
    }
    Ok(Plugins::new(admission, surroundings, unsigned(config)))
}

async fn settle(config: &Config, store: &SqlStore, plugins: &Plugins) -> Result<(), StoreError> {
    plugins.follow_rows(store).await?;
    // A folder of the operator's choice may serve other installations as well.
    if config.plugins.artefacts.is_none() {
        plugins.tidy().await;
    }
    Ok(())
}

/// The sandbox with its cache of compiled plugins.
///
/// # Errors
/// No engine.
pub fn admission(config: &Config, surroundings: &Surroundings) -> Result<Admission, HostError> {
    let mut settings = HostSettings::new(surroundings.clock.clone(), surroundings.random.clone());
    settings.observer = surroundings.observer.clone();
    if let Some(threads) = config.plugins.threads {
        settings.threads = threads;
    }
    let host = PluginHost::new(settings)?;
    let artefacts = Artefacts::new(artefacts_folder(config), surroundings.sealer.clone());
    Ok(Admission::new(host, surroundings.compiler.clone(), Some(artefacts)))
}

/// Where compiled plugins are kept.
pub fn artefacts_folder(config: &Config) -> PathBuf {
    config.plugins.artefacts.clone().unwrap_or_else(|| Path::new(&config.data).join("plugins"))
}

/// Whether the development switch is set.
pub fn unsigned(config: &Config) -> Unsigned {
    if config.plugins.development_unsigned { Unsigned::Allowed } else { Unsigned::Refused }
}

/// By what a package is trusted, in words.
pub fn describe_origin(origin: &Origin) -> String {
    match origin {
        Origin::Bundled => "comes with the server".into(),
        Origin::Publisher { key } => format!("signed with the key {key}"),
        Origin::Development => "not signed".into(),
    }
}
