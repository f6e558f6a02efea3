//! `cargo xtask test`: every test there is, in the order in which they are cheapest to fail.
//!
//! Owns the order and the count. A step that fails does not keep the next from running; the last line is the sum.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::run::{Failure, cargo, output, run as run_command, target_directory};
use crate::{fonts, install};

/// Which tests.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leaves out licences and advisories, browser tests, and relying parties
    #[arg(long)]
    fast: bool,
}

#[derive(Debug, Default)]
struct Sum {
    passed: u32,
    failed: u32,
    /// The steps in which something failed.
    where_failed: Vec<&'static str>,
}

/// Runs them, and says how many passed and failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    fonts::fetch()?;
    // Some tests do not compile without these.
    install::system(&[install::SAML.as_slice(), &install::SAMAEL].concat())?;
    let build = || {
        let mut command = cargo();
        if !options.fast {
            // Nothing is built twice in a whole run: what helps the second build would only fill the disk.
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    };
    let mut sum = Sum::default();
    sum.check("formatting", cargo().args(["fmt", "--all", "--check"]));
    let lints = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    sum.check("lints", build().args(lints));
    let plugins = crate::root().join("plugins");
    sum.check("formatting of plugins", cargo().current_dir(&plugins).args(["fmt", "--all", "--check"]));
    let lints = ["clippy", "--quiet", "--workspace", "--all-features", "--all-targets", "--", "--deny", "warnings"];
    sum.check("lints of plugins", build().current_dir(&plugins).args(lints));
    if !options.fast {
        install::cargo_deny()?;
        sum.check(
            "licences and sources",
            cargo().args(["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
        );
        let deny = ["deny", "--manifest-path", "plugins/Cargo.toml", "--log-level", "error", "check", "--config"];
        sum.check(
            "licences and sources of plugins",
            cargo().args(deny).args(["../deny.toml", "bans", "licenses", "sources"]),
        );
        sum.advisories();
    }
    // The end-to-end tests start the real programs.
    run_command(build().args(["build", "--quiet", "--package", "keyholder", "--package", "safeguarding-app"]))?;
    sum.tests("cargo tests", build().args(["test", "--quiet", "--workspace", "--no-fail-fast"]))?;
    sum.tests(
        "plugins, natively",
        build().current_dir(&plugins).args(["test", "--quiet", "--workspace", "--no-fail-fast"]),
    )?;
    if !options.fast {
        sum.browser_and_relying_parties()?;
    }
    println!();
    for step in &sum.where_failed {
        println!("failed: {step}");
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Sum {
    /// A step that passes or fails as a whole.
    fn check(&mut self, step: &'static str, command: &mut Command) {
        println!("# {step}");
        match run_command(command) {
            Ok(()) => self.passed += 1,
            Err(failure) => {
                println!("{failure}");
                self.fail(step, 1);
            }
        }
    }

    /// Advisories are of today, not of the commit: where their database cannot be had, that is said and fails nothing.
    fn advisories(&mut self) {
        let fetched = output(cargo().args(["deny", "--log-level", "off", "fetch", "db"]));
        if fetched.is_ok() {
            let check = ["deny", "--log-level", "error", "check", "--disable-fetch", "advisories"];
            self.check("advisories", cargo().args(check));
        } else {
            println!("# advisories\nnot checked: their database cannot be fetched from here");
        }
    }

    /// A step whose tests a runner counts.
    fn tests(&mut self, step: &'static str, command: &mut Command) -> Result<(), Failure> {
        println!("# {step}");
        let program = format!("{}", Path::new(command.get_program()).display());
        let started = |source| Failure::Start { program: program.clone(), source };
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(started)?;
        let (mut passed, mut failed) = (0, 0);
        for line in
            child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok)
        {
            println!("{line}");
            let (more_passed, more_failed) = count(&line);
            passed += more_passed;
            failed += more_failed;
        }
        let status = child.wait().map_err(started)?;
        // Something that did not compile, or a runner that died, has counted nothing.
        if !status.success() && failed == 0 || passed == 0 {
            failed += 1;
        }
        self.passed += passed;
        self.fail(step, failed);
        Ok(())
    }

    fn fail(&mut self, step: &'static str, failed: u32) {
        self.failed += failed;
        if failed > 0 {
            self.where_failed.push(step);
        }
    }

    fn browser_and_relying_parties(&mut self) -> Result<(), Failure> {
        use install::{APACHE, CHROMIUM, MOD_AUTH_MELLON, MOD_AUTH_OPENIDC, MOD_SHIB, NODE, OATHTOOL, OPENSSL, PYTHON};
        install::system(&[
            NODE,
            CHROMIUM,
            APACHE,
            MOD_AUTH_MELLON,
            MOD_AUTH_OPENIDC,
            MOD_SHIB,
            OATHTOOL,
            PYTHON,
            OPENSSL,
        ])?;
        let folder = crate::root().join("tests/web");
        install::npm(&folder)?;
        let examples = crate::root().join("examples/relying-parties");
        install::npm(&examples.join("node"))?;
        install::npm(&examples.join("saml-node"))?;
        let target = target_directory()?;
        let python = python_environment(&["python", "saml-python"].map(|name| examples.join(name)), &target)?;
        let node = |files: &[PathBuf]| {
            let mut command = Command::new("node");
            // One file after another: each starts servers and a browser of its own.
            command.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(files);
            let binaries = target.join("debug");
            // Not the program that runs: the steps before have built it again, and its file is gone.
            command.env("TESTS_PYTHON", &python).env("TESTS_XTASK", binaries.join("xtask"));
            command.env("TESTS_BINARIES", &binaries);
            command.current_dir(&folder);
            command
        };
        self.tests("one-time codes", &mut node(&test_files(&folder.join("factors"))?))?;
        self.tests("browser", &mut node(&test_files(&folder.join("browser"))?))?;
        self.tests("relying parties", &mut node(&test_files(&folder.join("relying-parties"))?))
    }
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|source| Failure::File { path: folder.to_owned(), source })?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<_> = paths.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    Ok(files)
}

/// A virtual environment with what the folders' `requirements.txt` list; the path of its Python.
fn python_environment(folders: &[PathBuf], target: &Path) -> Result<PathBuf, Failure> {
    let environment = target.join("python");
    let (python, mark) = (environment.join("bin/python"), environment.join("installed.txt"));
    let files: Vec<_> = folders.iter().map(|folder| folder.join("requirements.txt")).collect();
    let mut wanted = Vec::new();
    for path in &files {
        let read = std::fs::read(path).map_err(|source| Failure::File { path: path.clone(), source })?;
        wanted.extend(read);
    }
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let names = files.iter().map(|path| path.strip_prefix(crate::root()).unwrap_or(path).display().to_string());
    println!("installing Python packages: {}", names.collect::<Vec<_>>().join(" "));
    run_command(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    for path in &files {
        pip.arg("-r").arg(path);
    }
    run_command(&mut pip)?;
    std::fs::write(&mark, wanted).map_err(|source| Failure::File { path: mark, source })?;
    Ok(python)
}

/// Passed and failed, if a line is a runner's sum: cargo's `test result: ok. 5 passed; 1 failed; ...`, node's `ℹ pass 5`.
fn count(line: &str) -> (u32, u32) {
    let line = line.trim();
    if let Some(result) = line.strip_prefix("test result: ") {
        let number = |what: &str| {
            let part = result.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what));
            part.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        return (number("passed"), number("failed"));
    }
    let number = |what: &str| line.strip_prefix(what).and_then(|number| number.trim().parse().ok()).unwrap_or(0);
    (number("ℹ pass "), number("ℹ fail ") + number("ℹ cancelled "))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn the_sums_of_the_runners_are_read() {
        assert_eq!(
            count("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s"),
            (12, 0)
        );
        assert_eq!(count("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out"), (3, 2));
        assert_eq!((count("ℹ pass 7"), count("ℹ fail 2"), count("ℹ cancelled 1")), ((7, 0), (0, 2), (0, 1)));
        assert_eq!((count("ℹ tests 9"), count("running 3 tests"), count("a test passed")), ((0, 0), (0, 0), (0, 0)));
    }
}
