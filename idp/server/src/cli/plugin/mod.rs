//! `keyholder plugin`: what the operator and the author of a plugin do with packages.
//!
//! Owns arguments and words. The checks are those of `keyholder-plugin-host`, the rows those of [`crate::plugins`]: a running server
//! follows within a second.

mod check;
mod install;
mod manage;
mod measure;
mod publish;
mod run;

use std::path::PathBuf;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// `keyholder plugin ...`.
#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// Check a package as installing it would, and install nothing.
    Check {
        /// A folder or a `.keyholder-plugin` file.
        package: PathBuf,
        /// Settings to check it with, JSON. Default: those that are stored, else the schema's defaults.
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
    },
    /// Call a package in the sandbox: one function with arguments from a file, or test vectors.
    Run {
        package: PathBuf,
        /// Such as `begin-enrolment`.
        #[arg(required_unless_present = "vectors", conflicts_with = "vectors")]
        export: Option<String>,
        /// The call, as in `docs/plugins/vectors.md`.
        #[arg(long, value_name = "FILE", requires = "export")]
        input: Option<PathBuf>,
        /// A file of test vectors, or a folder of such files.
        #[arg(long, value_name = "PATH")]
        vectors: Option<PathBuf>,
    },
    /// Measure what a factor costs this machine: nothing else should run meanwhile.
    Measure {
        /// A folder, a `.keyholder-plugin` file, or the id of a plugin that comes with the server.
        package: PathBuf,
        /// A file of test vectors; its last verification that is accepted is measured.
        #[arg(long, value_name = "FILE")]
        vector: PathBuf,
        /// How often it is repeated.
        #[arg(long, default_value_t = 2000)]
        calls: usize,
        /// The figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Install a package or a newer version of it.
    Install {
        package: PathBuf,
        /// Grant all that it requests.
        #[arg(long)]
        grant: bool,
        /// Take it although an earlier version came from another publisher.
        #[arg(long)]
        change_publisher: bool,
        /// Take an older version than the one that serves.
        #[arg(long)]
        downgrade: bool,
    },
    /// List plugins, or the versions of one.
    List { plugin: Option<String> },
    /// Let an earlier version serve again.
    Rollback {
        plugin: String,
        /// Default: the one before the version that serves.
        #[arg(long)]
        to: Option<String>,
    },
    /// Let the newest version serve again, and follow upgrades of the server.
    Newest { plugin: String },
    /// Switch a plugin on.
    Enable { plugin: String },
    /// Switch a plugin off: nobody can sign in with its keys until it is on again.
    Disable { plugin: String },
    /// Set settings, such as `digits=6`; a name without a value goes back to its default. Without any: show them.
    Set { plugin: String, settings: Vec<String> },
    /// Refuse versions below this one from now on: they are known to be vulnerable.
    Floor { plugin: String, version: String },
    /// Remove a plugin with all its versions.
    Remove {
        plugin: String,
        /// Although people have keys of it. The keys stay, and work again if it is installed again.
        #[arg(long)]
        force: bool,
    },
    /// Make the key with which a publisher signs packages.
    NewPublisherKey {
        /// The secret key's file; the public one goes beside it, with `.pub` at its end.
        file: PathBuf,
        #[command(flatten)]
        password: publish::Password,
    },
    /// Write the digests of a package's files into its manifest, and sign it.
    Sign {
        folder: PathBuf,
        /// The publisher's secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        #[command(flatten)]
        password: publish::Password,
        /// Also write the package as one file.
        #[arg(long, value_name = "FILE")]
        archive: Option<PathBuf>,
    },
    /// Trust a publisher: packages signed with this key may be installed. Without a key: list the publishers.
    Trust {
        /// The publisher's public key.
        #[arg(requires = "name")]
        key: Option<PathBuf>,
        /// Your name for the publisher.
        #[arg(long)]
        name: Option<String>,
    },
    /// Trust a publisher no longer. What is installed goes on.
    Distrust { name: String },
}

pub(super) async fn run(context: &mut Context, command: PluginCommand) -> Result<(), CliError> {
    match command {
        PluginCommand::Check { package, settings } => check::run(context, &package, settings.as_deref()).await,
        PluginCommand::Run { package, export, input, vectors } => {
            run::run(context, &package, export.as_deref(), input.as_deref(), vectors.as_deref()).await
        }
        PluginCommand::Measure { package, vector, calls, json } => {
            measure::run(context, &package, &vector, calls, json).await
        }
        PluginCommand::Install { package, grant, change_publisher, downgrade } => {
            let allowed = install::Allowed { grant, change_publisher, downgrade };
            install::run(context, &package, allowed).await
        }
        PluginCommand::List { plugin } => manage::list(context, plugin.as_deref()).await,
        PluginCommand::Rollback { plugin, to } => manage::rollback(context, &plugin, to.as_deref()).await,
        PluginCommand::Newest { plugin } => manage::newest(context, &plugin).await,
        PluginCommand::Enable { plugin } => manage::switch(context, &plugin, manage::On::Yes).await,
        PluginCommand::Disable { plugin } => manage::switch(context, &plugin, manage::On::No).await,
        PluginCommand::Set { plugin, settings } => manage::set(context, &plugin, &settings).await,
        PluginCommand::Floor { plugin, version } => manage::floor(context, &plugin, &version).await,
        PluginCommand::Remove { plugin, force } => manage::remove(context, &plugin, force).await,
        PluginCommand::NewPublisherKey { file, password } => publish::new_key(context, &file, password),
        PluginCommand::Sign { folder, key, password, archive } => {
            publish::sign(context, &folder, &key, password, archive.as_deref())
        }
        PluginCommand::Trust { key: Some(key), name: Some(name) } => publish::trust(context, &key, &name).await,
        PluginCommand::Trust { .. } => publish::list(context).await,
        PluginCommand::Distrust { name } => publish::distrust(context, &name).await,
    }
}
