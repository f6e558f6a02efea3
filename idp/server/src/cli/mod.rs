//! The command line: everything that an operator does without a browser.
//!
//! Owns arguments, output and exit codes: 0 done, 1 refused or failed (one sentence on standard error), 2 a wrong
//! configuration or wrong arguments. Commands work beside a running server, through the same rows; the server notices
//! within a second.

mod apply;
mod audit;
mod backup;
mod context;
mod doctor;
mod error;
mod import;
mod key;
pub(crate) mod london;
mod managed_key;
mod master;
mod person;
pub(crate) mod person_commands;
mod plain;
mod plugin;
mod saml;
mod school;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use self::apply::{Mode, Unlisted};
use self::audit::AuditCommand;
use self::backup::{BackupArguments, RestoreArguments};
use self::context::Context;
pub use self::error::CliError;
use self::key::KeyCommand;
use self::managed_key::ManagedKeyCommand;
use self::person::PersonCommand;
use self::plugin::PluginCommand;
use self::saml::SamlCommand;
use self::school::SchoolCommand;
use crate::config::load::{self, FILE_VARIABLE, Loaded};
use crate::serve::{self, Wiring, log};
use clap::{Parser, Subcommand};
use keyholder_plugin_host::compile;
use keyholder_store::Access;

/// Keyholder, an identity provider for schools.
#[derive(Debug, Parser)]
#[command(name = "keyholder", version, about)]
struct Arguments {
    /// The configuration file; else the one that `KEYHOLDER_CONFIG` names; else defaults.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the data directory, the master key, the database and the signing keys; what is there is kept.
    Init,
    /// Run the server.
    Serve,
    /// Bring the database to this version's form, after a backup. `serve` does so as well.
    Migrate,
    /// Make trusts, schools, groups, pupil scopes and applications as a file says.
    Apply {
        file: PathBuf,
        /// Remove applications that the file does not list.
        #[arg(long)]
        prune: bool,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Manage people.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Look at schools.
    #[command(subcommand)]
    School(SchoolCommand),
    /// Look at and replace keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Look at SAML service providers, messages and keys.
    #[command(subcommand)]
    Saml(SamlCommand),
    /// Check, install and manage plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Take in, hand out and retire the keys that a school issues.
    #[command(subcommand)]
    ManagedKey(ManagedKeyCommand),
    /// Verify, export or truncate the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Make a sealed backup of the database, while the server runs.
    Backup(BackupArguments),
    /// Restore a backup into a data directory; the server must be stopped.
    Restore(RestoreArguments),
    /// Examine configuration, files, database, keys, certificate, clock and mail. Ends with 0: all well, 1: warnings,
    /// 2: something failed.
    Doctor {
        /// Send a mail to this address.
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
    },
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the configuration and print what it sets.
    Check,
}

/// Runs what the process's arguments say.
pub fn main() -> ExitCode {
    // Before anything else is done: in this life the program only compiles a plugin, within limits that it sets itself.
    if std::env::args_os().nth(1).is_some_and(|first| first == compile::ARGUMENT) {
        return compile::child_main();
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(code) => code,
        // Whoever read the output has enough of it, as `head` has.
        Err(CliError::Terminal(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "keyholder: {}", error.sentence());
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, CliError> {
    let file = arguments.config.or_else(|| std::env::var_os(FILE_VARIABLE).map(PathBuf::from));
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let loaded = match load::load(file.as_deref(), environment) {
        Ok(loaded) => loaded,
        Err(error) if matches!(arguments.command, Command::Doctor { .. }) => {
            writeln!(std::io::stdout(), "{}", doctor::no_configuration(&error, file.as_ref()))?;
            return Ok(ExitCode::from(2));
        }
        Err(error) => return Err(error.into()),
    };
    let wiring = Wiring::of_machine();
    let mut context = Context {
        config: loaded.config.clone(),
        clock: wiring.clock.clone(),
        random: wiring.random.clone(),
        master_key: wiring.master_key.clone(),
        output: Box::new(std::io::stdout()),
    };
    match arguments.command {
        Command::Init => init(&mut context).await,
        Command::Serve => serve_until_signal(&mut context, loaded, wiring).await,
        Command::Migrate => migrate(&mut context).await,
        Command::Apply { file, prune, dry_run } => {
            let unlisted = if prune { Unlisted::Remove } else { Unlisted::Keep };
            let mode = if dry_run { Mode::DryRun } else { Mode::Write };
            apply::run(&mut context, &file, unlisted, mode).await
        }
        Command::Person(command) => person::run(&mut context, command).await,
        Command::School(command) => school::run(&mut context, command).await,
        Command::Key(command) => key::run(&mut context, command).await,
        Command::Saml(command) => saml::run(&mut context, command).await,
        Command::Plugin(command) => plugin::run(&mut context, command).await,
        Command::ManagedKey(command) => managed_key::run(&mut context, command).await,
        Command::Audit(command) => audit::run(&mut context, command).await,
        Command::Backup(arguments) => backup::back_up(&mut context, &arguments).await,
        Command::Restore(arguments) => backup::put_back(&mut context, &arguments).await,
        Command::Doctor { mail } => return doctor::run(&mut context, &loaded, mail).await,
        Command::Config(ConfigCommand::Check) => print_configuration(&mut context, &loaded),
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn init(context: &mut Context) -> Result<(), CliError> {
    let data = context.data();
    data.prepare()?;
    let sealer = context.sealer()?;
    match data.open_store(Access::Server, sealer).await {
        Ok(store) => {
            let keys = serve::open_keys(&context.config, &store, context.clock.clone(), context.random.clone()).await;
            store.close().await;
            keys?;
        }
        // Whoever has it open has made all of it.
        Err(error) if error.is_in_use() => {}
        Err(error) => return Err(error.into()),
    }
    context.say(&format!("{} is ready", data.path().display()))
}

async fn migrate(context: &mut Context) -> Result<(), CliError> {
    log::start(&context.config.log);
    let data = context.data();
    data.must_exist()?;
    data.open_store(Access::Server, context.sealer()?).await?.close().await;
    context.say("the database has this version's form")
}

async fn serve_until_signal(context: &mut Context, loaded: Loaded, wiring: Wiring) -> Result<(), CliError> {
    log::start(&loaded.config.log);
    // Before anything is started: a signal from now on stops the server in order.
    let stop = serve::StopSignal::listen()?;
    let issuer = loaded.config.issuer().to_owned();
    let running = serve::start(loaded.config, wiring).await?;
    if let Some(link) = running.first_run_link() {
        // On standard output, for the operator alone: the log goes elsewhere.
        context.say("")?;
        context.say("There is no school yet. Open this link to make the first one; it works once, within 24 hours:")?;
        context.say(&format!("  {}", secrecy::ExposeSecret::expose_secret(&link)))?;
        context.say("")?;
    }
    context.say(&format!("keyholder answers at {issuer} (listening on {})", running.address))?;
    stop.received().await;
    running.stop().await;
    Ok(())
}

fn print_configuration(context: &mut Context, loaded: &Loaded) -> Result<(), CliError> {
    use crate::config::faults::Origin;
    match &loaded.file {
        Some(file) => context.say(&format!("# {}", file.display()))?,
        None => context.say("# no file; defaults, and the environment over them")?,
    }
    for setting in &loaded.set {
        let origin = match &setting.origin {
            Origin::File(place) => format!("line {}", place.line),
            Origin::Environment(variable) => variable.clone(),
            Origin::Nowhere => "default".into(),
        };
        context.say(&format!("{} = {}  # {origin}", setting.key, setting.value))?;
    }
    context.say(&format!(
        "# all other keys have their defaults; issuer {}, listening on {}, data in {}",
        loaded.config.issuer(),
        loaded.config.listen,
        loaded.config.data.display()
    ))
}
