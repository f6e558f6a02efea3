//! The components of this folder, built when a test first asks for one. Included by the tests that need them (`#[path]`).

#![allow(dead_code, unreachable_pub, reason = "shared by test programs that each need a part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A component for `wasm32-unknown-unknown`, by the name of its example in `guests`.
pub fn guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| build("guests", "wasm32-unknown-unknown"));
    component("wasm32-unknown-unknown", name)
}

/// A component for `wasm32-wasip2`, by the name of its example in `std-guests`.
pub fn std_guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| build("std-guests", "wasm32-wasip2"));
    component("wasm32-wasip2", name)
}

/// This folder, from whatever crate of the workspace.
fn folder() -> PathBuf {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("tests/plugins"));
    above.find(|folder| folder.join("guests.rs").is_file()).expect("the repository")
}

fn build(package: &str, target: &str) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What the outer cargo set for the crate under test is not for these.
    for (name, _) in std::env::vars_os() {
        let of_cargo = name.to_str().is_some_and(|name| name.starts_with("CARGO_") || name.starts_with("RUSTFLAGS"));
        if of_cargo && name != "CARGO_HOME" {
            command.env_remove(name);
        }
    }
    let arguments =
        ["build", "--quiet", "--release", "--locked", "--examples", "--package", package, "--target", target];
    let status = command.args(arguments).current_dir(folder()).status().expect("cargo runs");
    assert!(status.success(), "the plugins of the tests are not built");
}

fn component(target: &str, name: &str) -> Vec<u8> {
    let file = folder().join("../../target/guests-hostile").join(target).join("release/examples").join(name);
    std::fs::read(file.with_extension("wasm")).unwrap_or_else(|error| panic!("{name}: {error}"))
}
