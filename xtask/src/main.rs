//! `cargo xtask`: what a developer and CI run. There is no second way.
//!
//! Owns the demo, the test run, new plugins, and what is made once and committed or bundled (breached passwords, fonts). Says what it installs.

mod bench;
mod breached;
mod demo;
mod fonts;
mod install;
mod new_plugin;
mod run;
mod soft_key;
mod test;
mod visitor;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::run::Failure;

/// Developer commands of Keyholder
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs Keyholder and the example safeguarding application on this machine, with two invented schools
    Demo(demo::Options),
    /// Runs every test there is
    Test(test::Options),
    /// Measures what each operation costs, beside the goals and a peer
    Bench(bench::Options),
    /// Writes a working plugin with tests, for its author to change
    NewPlugin(new_plugin::Options),
    /// Fetches the theme's typeface from its npm package
    Fonts,
    /// Makes the set of breached passwords anew from a list, commonest first
    Breached {
        /// A text file with one password a line
        list: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(options) => demo::run(&options)?,
        Command::Test(options) => return test::run(&options),
        Command::Bench(options) => bench::run(&options)?,
        Command::NewPlugin(options) => new_plugin::run(&options)?,
        Command::Fonts => fonts::fetch()?,
        Command::Breached { list } => {
            let out = root().join("idp/server/data/breached.fst");
            let built = breached::build(&list, &out).map_err(|source| Failure::File { path: list, source })?;
            println!(
                "{} passwords, {} of them long, {} bytes in {}",
                built.passwords,
                built.long,
                built.bytes,
                out.display()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The top of the repository.
fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}
