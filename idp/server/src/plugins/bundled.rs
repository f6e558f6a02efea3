//! The packages that come with the server.
//!
//! Owns when one of them is stored: at the first start, and when an upgrade of the server brings a newer version that reads every
//! stored key. Trusted by digests compiled into this binary, and otherwise a package like any other.

pub use keyholder_bundled_plugins::PACKAGES;
use keyholder_bundled_plugins::Package as Embedded;
use keyholder_core::plugin::{Choice, Origin, Plugin};
use keyholder_core::ports::{PluginQueries as _, StoreError};
use keyholder_plugin_host::admission::{Bundled, requested};
use keyholder_plugin_host::package::{Files, MANIFEST, Package, PackageError, README, SCHEMA, WASM};
use keyholder_store::SqlStore;

use super::Surroundings;
use super::install::{self, Stored};
use super::load::can_read_all;
use crate::workers::describe;

/// The digests by which they are trusted.
pub fn digests() -> Vec<Bundled> {
    PACKAGES.iter().map(|package| Bundled { id: package.id, digest: package.sha256 }).collect()
}

/// One of them, read as a stranger's would be.
pub(super) fn read(embedded: &Embedded) -> Result<Package, PackageError> {
    let mut files = Files::default();
    files.add(MANIFEST, embedded.manifest.into())?;
    files.add(WASM, embedded.wasm.into())?;
    files.add(SCHEMA, embedded.schema.into())?;
    files.add(README, embedded.readme.into())?;
    for (name, text) in embedded.locales {
        files.add(&format!("locales/{name}"), (*text).into())?;
    }
    Package::from_files(files)
}

/// The one with this id.
pub fn find(id: &str) -> Option<Result<Package, PackageError>> {
    keyholder_bundled_plugins::find(id).map(read)
}

/// Stores what is not stored yet.
pub(super) async fn store(store: &SqlStore, surroundings: &Surroundings) -> Result<(), StoreError> {
    for embedded in PACKAGES {
        // At nearly every start: nothing has to be read.
        if serves(store, embedded).await? {
            continue;
        }
        match read(embedded) {
            Ok(package) if package.digest() == embedded.sha256 => store_one(store, surroundings, &package).await?,
            // The build made both: a defect, which must not keep everybody from signing in.
            Ok(_) => tracing::error!(plugin = embedded.id, "a bundled plugin is not what the build says"),
            Err(error) => {
                tracing::error!(plugin = embedded.id, error = %describe(&error), "a bundled plugin cannot be read");
            }
        }
    }
    Ok(())
}

/// Whether the very package is the active version.
async fn serves(store: &SqlStore, embedded: &Embedded) -> Result<bool, StoreError> {
    let Some(plugin) = store.find_plugin(embedded.id).await? else { return Ok(false) };
    let version = store.find_plugin_version(plugin.active).await?;
    Ok(version.is_some_and(|version| version.digest == embedded.sha256))
}

async fn store_one(store: &SqlStore, surroundings: &Surroundings, package: &Package) -> Result<(), StoreError> {
    let name = &package.manifest.id;
    let plugin = store.find_plugin(name).await?;
    let former = match &plugin {
        None => None,
        Some(plugin) => match relation(store, plugin, package).await? {
            Relation::Older => return Ok(()),
            Relation::Same(former) => Some(former),
            Relation::Newer => None,
        },
    };
    let formats = store.count_credentials_by_format(name).await?;
    if let Err(format) = can_read_all(package, &formats) {
        let version = &package.manifest.version;
        tracing::error!(plugin = name, %version, format, "a bundled plugin cannot read stored keys; the former version stays");
        return Ok(());
    }
    let change = install::Change {
        plugin,
        package,
        origin: Origin::Bundled,
        grant: requested(package),
        replaces: former,
        detail: format!("{name} {}, comes with the server", package.manifest.version),
    };
    // Another node may be faster: then it is stored.
    match install::store(store, surroundings, change).await? {
        Stored::Done => tracing::info!(plugin = name, version = %package.manifest.version, "a plugin was installed"),
        Stored::Changed => {}
    }
    Ok(())
}

/// How a bundled package stands to what is stored.
enum Relation {
    /// Nothing to do: it is what is stored, older, or the operator chose otherwise.
    Older,
    /// The same version with other files, as developers make them.
    Same(keyholder_core::id::PluginVersionId),
    Newer,
}

async fn relation(store: &SqlStore, plugin: &Plugin, package: &Package) -> Result<Relation, StoreError> {
    if plugin.choice == Choice::Pinned || plugin.origin != Origin::Bundled {
        return Ok(Relation::Older);
    }
    let versions = store.list_plugin_versions(plugin.id).await?;
    let mine = &package.manifest.version;
    if let Some(same) = versions.iter().find(|version| version.version == mine.to_string()) {
        let replace = same.digest != package.digest() && same.id == plugin.active;
        return Ok(if replace { Relation::Same(same.id) } else { Relation::Older });
    }
    let newer = versions.iter().filter_map(|version| version.version.parse().ok()).all(|version| *mine > version);
    Ok(if newer { Relation::Newer } else { Relation::Older })
}
