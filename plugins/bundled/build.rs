//! Builds the plugins to components and puts their packages where `lib.rs` includes them.
//!
//! They are built by a cargo of its own, in a target directory of its own: the outer one's lock is held by the cargo that runs this.
//! The bytes that come out do not depend on where the repository, the toolchain or the registry lie.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

/// Folder below `plugins/` and target of each. `wasm32-wasip2` is for those whose libraries want the standard library's clock and
/// random bytes.
const PACKAGES: [(&str, &str); 4] = [
    ("factors/keyboard-key", UNKNOWN),
    ("factors/recovery-code", UNKNOWN),
    ("factors/security-key", WASIP2),
    ("factors/soft-key", UNKNOWN),
];

pub(crate) const UNKNOWN: &str = "wasm32-unknown-unknown";
const WASIP2: &str = "wasm32-wasip2";

/// What each of them is built from, beside its own folder.
const SHARED: [&str; 6] = [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "sdk/Cargo.toml", "sdk/src", "wit"];

fn main() {
    if let Err(problem) = run() {
        println!("cargo::error={}", problem.replace('\n', " "));
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let plugins = here.parent().ok_or("this crate has no parent folder")?;
    let target_directory = target_directory(&out);
    println!("cargo::rerun-if-changed=build.rs");
    for path in SHARED.into_iter().chain(PACKAGES.map(|(folder, _)| folder)) {
        println!("cargo::rerun-if-changed={}", plugins.join(path).display());
    }
    let mut list = String::from("/// All of them, by id.\npub static PACKAGES: &[Package] = &[\n");
    for (folder, target) in PACKAGES {
        let id = folder.rsplit('/').next().unwrap_or(folder);
        let wasm = build(plugins, &target_directory, id, target)?;
        list.push_str(&package(id, &plugins.join(folder), &wasm, &out.join(id))?);
    }
    list.push_str("];\n");
    write(&out.join("packages.rs"), list.as_bytes())
}

/// Builds one plugin; the path of its component.
pub(crate) fn build(plugins: &Path, target_directory: &Path, id: &str, target: &str) -> Result<PathBuf, String> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let library = PathBuf::from(output(&rustc, &["--print", "target-libdir", "--target", target])?.trim());
    if !library.is_dir() {
        return Err(format!(
            "the plugins need the target {target}, which is not installed: run `rustup target add wasm32-unknown-unknown wasm32-wasip2`"
        ));
    }
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.current_dir(plugins).stdout(Stdio::null());
    // Whatever was set for the outer build is not for this one: its flags, its lints, its profile.
    for (name, _) in env::vars() {
        let of_the_outer_build = name.starts_with("CARGO_PROFILE_")
            || name.starts_with("CARGO_BUILD_")
            || name.starts_with("CARGO_TARGET_")
            || matches!(name.as_str(), "RUSTFLAGS" | "CARGO_INCREMENTAL" | "RUSTC_WORKSPACE_WRAPPER" | "CLIPPY_ARGS");
        if of_the_outer_build {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(plugins, &rustc, target)?.join("\u{1f}"));
    cargo.args(["build", "--release", "--locked", "--lib", "--package", id, "--target", target, "--target-dir"]);
    let status = cargo.arg(target_directory).status().map_err(|error| format!("cargo did not start: {error}"))?;
    if !status.success() {
        return Err(format!("the plugin {id} did not build; what cargo says of it stands above"));
    }
    let file = format!("{}.wasm", id.replace('-', "_"));
    Ok(target_directory.join(target).join("release").join(file))
}

/// Those of `.cargo/config.toml`, which these replace, and names for places, the last that fits counts.
fn flags(plugins: &Path, rustc: &str, target: &str) -> Result<Vec<String>, String> {
    let mut flags: Vec<String> = Vec::new();
    if target == UNKNOWN {
        flags.push("-Clinker-flavor=wasm-ld".into());
    }
    let mut remap = |from: &Path, to: &str| flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    remap(plugins, "/plugins");
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    if let Some(home) = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))) {
        remap(&home, "/cargo");
        let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten();
        for registry in registries.filter_map(Result::ok) {
            remap(&registry.path(), "/crates");
        }
    }
    // Where the sources of the standard library are installed, rustc names them instead of the place of the release.
    let version = output(rustc, &["-vV"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    let sysroot = output(rustc, &["--print", "sysroot"])?;
    remap(&Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), &format!("/rustc/{commit}"));
    Ok(flags)
}

/// Copies the files of a package, so that what is hashed is what is included; its line in the list.
fn package(id: &str, folder: &Path, wasm: &Path, out: &Path) -> Result<String, String> {
    let mut files: Vec<(String, Vec<u8>)> = vec![("plugin.wasm".into(), read(wasm)?)];
    for name in ["README.md", "config.schema.json", "plugin.toml"] {
        files.push((name.into(), read(&folder.join(name))?));
    }
    let locales = folder.join("locales");
    for entry in fs::read_dir(&locales).map_err(|error| format!("{}: {error}", locales.display()))? {
        let path = entry.map_err(|error| format!("{}: {error}", locales.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name that is no text")?.to_owned();
        files.push((format!("locales/{name}"), read(&path)?));
    }
    files.sort();
    let mut digest = Sha256::new();
    let mut texts = String::new();
    for (name, content) in &files {
        for bytes in [name.as_bytes(), content] {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        write(&out.join(name), content)?;
        if let Some(name) = name.strip_prefix("locales/") {
            let _ = write!(texts, "({name:?}, include_str!({})), ", literal(&out.join("locales").join(name)));
        }
    }
    Ok(format!(
        "Package {{ id: {id:?}, manifest: include_str!({}), wasm: include_bytes!({}), schema: include_str!({}), \
         locales: &[{texts}], readme: include_str!({}), sha256: {:?} }},\n",
        literal(&out.join("plugin.toml")),
        literal(&out.join("plugin.wasm")),
        literal(&out.join("config.schema.json")),
        literal(&out.join("README.md")),
        <[u8; 32]>::from(digest.finalize()),
    ))
}

/// A path as a literal of Rust.
fn literal(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

/// Beside the outer build's profiles, so that all profiles share what is built: the top of the target directory has a tag in it.
fn target_directory(out: &Path) -> PathBuf {
    let top = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    top.unwrap_or(out).join("guests")
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: this is run by cargo"))
}

fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    String::from_utf8(output.stdout).map_err(|error| format!("{program}: {error}"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write(path, content).map_err(failed)
}
