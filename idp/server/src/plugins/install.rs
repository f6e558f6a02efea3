//! Storing a version of a plugin.

use std::sync::Arc;

use keyholder_core::audit::AuditKind;
use keyholder_core::id::{PluginId, PluginVersionId};
use keyholder_core::plugin::{Choice, Origin, Plugin, PluginGrant, PluginVersion, Switch};
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::random::Random;
use keyholder_core::time::Clock;
use keyholder_plugin_host::admission::seal;
use keyholder_plugin_host::package::Package;
use keyholder_store::SqlStore;
use semver::Version;

use super::Surroundings;
use super::commands::StoreVersion;
use crate::audit::{About, event_at};

/// A version that was admitted, and what it is to become.
#[derive(Debug)]
pub struct Change<'a> {
    /// What is stored of the plugin; `None`: nothing yet.
    pub plugin: Option<Plugin>,
    pub package: &'a Package,
    pub origin: Origin,
    pub grant: PluginGrant,
    /// A version that goes, since it has the same number.
    pub replaces: Option<PluginVersionId>,
    /// For the audit log.
    pub detail: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Done,
    /// Somebody else changed the plugin meanwhile; nothing was done.
    Changed,
}

/// Stores a version, makes it the active one, and tells the nodes.
///
/// # Errors
/// Those of the database.
pub async fn store(store: &SqlStore, surroundings: &Surroundings, change: Change<'_>) -> Result<Stored, StoreError> {
    let Surroundings { clock, random, sealer, .. } = surroundings;
    let command = command(clock, random, sealer, change);
    match store.execute(command).await {
        Ok(true) => Ok(Stored::Done),
        Ok(false) | Err(StoreError::Conflict(_)) => Ok(Stored::Changed),
        Err(error) => Err(error),
    }
}

/// A floor only rises.
fn highest(stored: Option<&str>, named: Option<&Version>) -> Option<String> {
    let stored = stored.and_then(|floor| floor.parse().ok());
    stored.into_iter().chain(named.cloned()).max().map(|floor: Version| floor.to_string())
}

fn command(
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    sealer: &Arc<dyn Sealer>,
    change: Change<'_>,
) -> StoreVersion {
    let now = clock.now();
    let (manifest, digest) = (&change.package.manifest, change.package.digest());
    let id = PluginVersionId::draw(random.as_ref(), now);
    let existing = change.plugin.is_some();
    let plugin = match change.plugin {
        Some(plugin) => Plugin {
            active: id,
            choice: Choice::Newest,
            origin: change.origin.clone(),
            floor: highest(plugin.floor.as_deref(), manifest.floor.as_ref()),
            updated_at: now,
            ..plugin
        },
        None => Plugin {
            id: PluginId::draw(random.as_ref(), now),
            name: manifest.id.clone(),
            switch: Switch::On,
            active: id,
            choice: Choice::Newest,
            origin: change.origin.clone(),
            floor: highest(None, manifest.floor.as_ref()),
            settings: serde_json::Map::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        },
    };
    let version = PluginVersion {
        id,
        plugin: plugin.id,
        version: manifest.version.to_string(),
        digest,
        seal: seal(sealer.as_ref(), &manifest.id, &digest, &change.origin, &change.grant),
        origin: change.origin,
        grant: change.grant,
        installed_at: now,
    };
    let about = About { detail: Some(&change.detail), ..About::default() };
    StoreVersion {
        plugin,
        existing,
        version,
        files: change.package.files().to_rows(),
        replaces: change.replaces,
        audit: event_at(random.as_ref(), now, AuditKind::PluginInstalled, about),
    }
}
