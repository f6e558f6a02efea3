//! Somebody who makes plugins and signs them, and is no part of Keyholder.

use std::path::Path;

use crate::Keyholder;

/// The files of a package.
#[derive(Debug, Clone, Default)]
pub struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    #[must_use]
    pub fn with(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.0.push((name.to_owned(), content.into()));
        self
    }
}

/// A publisher with a key.
#[derive(Debug, Clone, Copy)]
pub struct Publisher;

const KEY: &str = "stranger.key";

impl Publisher {
    /// Makes the key. Nobody trusts it yet.
    pub async fn new(keyholder: &Keyholder) -> Self {
        keyholder.run(&["plugin", "new-publisher-key", KEY, "--no-password"]).await;
        Self
    }

    /// The operator trusts the key.
    pub async fn is_trusted(self, keyholder: &Keyholder) {
        keyholder.run(&["plugin", "trust", &format!("{KEY}.pub"), "--name", "A stranger"]).await;
    }

    /// Writes a package and signs it; its name as one file.
    pub async fn sign(self, keyholder: &Keyholder, name: &str, files: &Files) -> String {
        for (file, content) in &files.0 {
            let path = keyholder.path(name).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let archive = format!("{name}.keyholder-plugin");
        keyholder.run(&["plugin", "sign", name, "--key", KEY, "--no-password", "--archive", &archive]).await;
        archive
    }
}

/// A plugin that comes with the server as a later version, which somebody else made of it. Both versions are written in as many
/// letters: the component has it inside.
pub fn bundled_as(id: &str, version: &str) -> Files {
    const VERSION: &str = "0.1.0";
    assert_eq!(version.len(), VERSION.len());
    let bundled = keyholder_bundled_plugins::find(id).unwrap();
    let mut wasm = bundled.wasm.to_vec();
    let places: Vec<usize> =
        (0..wasm.len() - VERSION.len()).filter(|at| wasm[*at..].starts_with(VERSION.as_bytes())).collect();
    assert!(!places.is_empty(), "{id} does not say its version");
    for at in places {
        wasm[at..at + VERSION.len()].copy_from_slice(version.as_bytes());
    }
    let manifest = bundled.manifest.replacen(VERSION, version, 1);
    let files = Files::default()
        .with("plugin.toml", manifest)
        .with("plugin.wasm", wasm)
        .with("config.schema.json", bundled.schema)
        .with("README.md", bundled.readme);
    let folder = Path::new("locales");
    bundled.locales.iter().fold(files, |files, (name, text)| files.with(folder.join(name).to_str().unwrap(), *text))
}
