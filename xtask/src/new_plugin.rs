//! `cargo xtask new-plugin`: a working plugin with tests, for its author to change.
//!
//! Owns the writing of the template (`xtask/templates/plugin`). What the files are for stands in `docs/plugins/guide.md`, which shows the
//! same ones.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::run::Failure;

/// Which plugin, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What it is
    world: World,
    /// Its id: a-z, 0-9 and hyphens
    name: String,
    /// The folder to write; by default one of its name, in the current folder
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum World {
    /// A kind of key
    Factor,
    /// A decision about what a sign-in may get
    Policy,
}

impl World {
    fn folder(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::Policy => "policy",
        }
    }
}

/// Writes it, and says how to go on.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let out = options.out.clone().unwrap_or_else(|| PathBuf::from(&options.name));
    write(options.world, &options.name, &out)?;
    println!(
        "written to {0}. Go on with:\n\
         \n  cd {0}\
         \n  cargo test\
         \n  cargo build --release --target wasm32-unknown-unknown\
         \n  cp target/wasm32-unknown-unknown/release/{1}.wasm plugin.wasm\
         \n  keyholder plugin check .\n\
         \nThe guide is docs/plugins/guide.md.",
        out.display(),
        options.name.replace('-', "_"),
    );
    Ok(())
}

fn write(world: World, name: &str, out: &Path) -> Result<(), Failure> {
    if !is_id(name) {
        return Err(Failure::Told(format!(
            "`{name}` is no id of a plugin: it must be of a-z, 0-9 and hyphens, begin with a letter, and have at most 40"
        )));
    }
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Told(format!("{} is not empty", out.display())));
    }
    let templates = crate::root().join("xtask/templates/plugin");
    let sdk = crate::root().join("plugins/sdk");
    let render = |text: &str| {
        let text = text.replace("{{name}}", name).replace("{{Name}}", &type_name(name));
        text.replace("{{sdk}}", &format!("path = {:?}", sdk.display().to_string()))
    };
    for folder in ["shared", world.folder()] {
        copy(&templates.join(folder), out, &render)?;
    }
    Ok(())
}

/// As in a manifest.
fn is_id(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && name.len() <= 40 && name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-')
}

/// `GridCard` for `grid-card`.
fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(word).collect()
}

fn copy(from: &Path, to: &Path, render: &dyn Fn(&str) -> String) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Failure::File { path, source }
    };
    fs::create_dir_all(to).map_err(failed(to))?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // The repository's own git and cargo would heed the template's, and so would the cargo of whoever depends on it by git.
        let target = to.join(if name == "gitignore" { ".gitignore" } else { name.trim_end_matches(".template") });
        if path.is_dir() {
            copy(&path, &target, render)?;
        } else {
            let text = fs::read_to_string(&path).map_err(failed(&path))?;
            fs::write(&target, render(&text)).map_err(failed(&target))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
