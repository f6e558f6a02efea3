//! `cargo xtask new-plugin`: what it writes passes its own tests, becomes a component, and is let in by the server's own checks; in a
//! folder outside the repository, as an author has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use keyholder_tests::built;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The target directory of the plugins that come with the server, whose dependencies a new one shares.
fn guests() -> PathBuf {
    built("keyholder").parent().and_then(Path::parent).unwrap().join("guests")
}

fn run(command: &mut Command) -> String {
    // What the outer cargo set for this test is not for the plugin.
    for (name, _) in std::env::vars_os() {
        let of_cargo = name.to_str().is_some_and(|name| name.starts_with("CARGO_") || name.starts_with("RUSTFLAGS"));
        if of_cargo && name != "CARGO_HOME" {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).arg("--offline").arg("--target-dir").arg(guests()).current_dir(folder);
    run(&mut command)
}

/// Writes a plugin and goes the way of the guide as far as `keyholder plugin check`.
fn written(world: &str, name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    run(Command::new(built("xtask")).args(["new-plugin", world, name, "--out"]).arg(out));
    // The versions that were fetched already: this test asks no registry.
    std::fs::copy(Path::new(REPOSITORY).join("plugins/Cargo.lock"), out.join("Cargo.lock")).unwrap();
    let tests = cargo(out, &["test"]);
    assert!(tests.contains("test result: ok. ") && !tests.contains("warning:"), "{tests}");
    cargo(out, &["build", "--release", "--target", "wasm32-unknown-unknown"]);
    let wasm = format!("{}.wasm", name.replace('-', "_"));
    let component = guests().join("wasm32-unknown-unknown/release").join(wasm);
    std::fs::copy(component, out.join("plugin.wasm")).unwrap();
    let checked = run(Command::new(built("keyholder")).args(["plugin", "check", "."]).current_dir(out));
    assert!(checked.contains("good: "), "{checked}");
    folder
}

#[test]
fn a_new_factor_works_as_it_is_written() {
    let folder = written("factor", "new-plugin-test-factor");
    let mut vectors = Command::new(built("keyholder"));
    let ran = run(vectors.args(["plugin", "run", ".", "--vectors", "vectors"]).current_dir(folder.path()));
    assert!(ran.starts_with("ok ") && !ran.contains("FAILED"), "{ran}");
}

#[test]
fn a_new_policy_works_as_it_is_written() {
    written("policy", "new-plugin-test-policy");
}
