//! Which versions run here, and how they follow the rows.
//!
//! Owns that a version which cannot be loaded changes nothing about the one that serves. A worker calls [`Plugins::refresh`] twice a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::factor::Factors;
use keyholder_core::id::PluginVersionId;
use keyholder_core::plugin::{Origin, Plugin, PluginVersion, REVISION, Switch};
use keyholder_core::ports::{Command, PluginQueries as _, Queries as _, StoreError, Transaction};
use keyholder_plugin_host::admission::{Admission, AdmissionError, Terms, Unsigned, seal};
use keyholder_plugin_host::artefact::ArtefactKey;
use keyholder_plugin_host::package::{Files, Package, PackageError};
use keyholder_plugin_host::{PluginHost, Refused};
use keyholder_store::SqlStore;
use tokio::sync::Mutex;

use super::{Surroundings, bundled};
use crate::audit::{About, event_at};
use crate::workers::describe;

/// The plugins that run in this process.
#[derive(Debug)]
pub struct Plugins {
    admission: Admission,
    surroundings: Surroundings,
    unsigned: Unsigned,
    state: Mutex<State>,
    settled: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    revision: Option<i64>,
    by_name: HashMap<String, Loaded>,
}

/// What was made of a row.
#[derive(Debug)]
struct Loaded {
    /// The row's version, so that one that failed is not tried again before it changes.
    row: i64,
    /// What serves; `None`: nothing.
    serves: Option<(PluginVersionId, ArtefactKey)>,
}

/// Why a stored version does not run.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Admission(#[from] AdmissionError),
    #[error("the stored package cannot be read")]
    Package(#[from] PackageError),
    #[error("it is not what was admitted: its files, origin or grant were changed in the database")]
    Altered,
    #[error("it is not signed, and the switch `plugins.development_unsigned` is off")]
    Unsigned,
    #[error("the version is gone")]
    Gone,
    #[error("its floor is {0}, and it is below")]
    BelowFloor(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LoadError {
    /// Whether it may go away by itself.
    fn passes(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Admission(AdmissionError::Refused(Refused::Busy)))
    }
}

impl Plugins {
    pub(super) fn new(admission: Admission, surroundings: Surroundings, unsigned: Unsigned) -> Self {
        Self { admission, surroundings, unsigned, state: Mutex::default(), settled: AtomicBool::new(false) }
    }

    /// The factors that run.
    pub fn factors(&self) -> Arc<dyn Factors> {
        Arc::new(self.host().clone())
    }

    /// The sandbox.
    pub fn host(&self) -> &PluginHost {
        self.admission.host()
    }

    /// The first time: stores bundled packages that are new, and loads everything. From then on what changed.
    ///
    /// # Errors
    /// Those of the database; what was not done is tried again.
    pub async fn follow_rows(&self, store: &SqlStore) -> Result<(), StoreError> {
        if self.is_settled() {
            return self.refresh(store).await;
        }
        bundled::store(store, &self.surroundings).await?;
        self.refresh(store).await?;
        self.settled.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether everything that was stored was loaded, or is known not to load.
    pub fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// Loads what changed since the last time.
    ///
    /// # Errors
    /// Those of the database; what was not loaded is tried again.
    pub async fn refresh(&self, store: &SqlStore) -> Result<(), StoreError> {
        // The revision first: a change in between makes what is read newer than its number, and so read once more.
        let revision = store.revision(REVISION).await?;
        let mut state = self.state.lock().await;
        if state.revision == Some(revision) {
            return Ok(());
        }
        let plugins = store.list_plugins().await?;
        let on: Vec<&Plugin> = plugins.iter().filter(|plugin| plugin.switch == Switch::On).collect();
        state.by_name.retain(|name, _| {
            let stays = on.iter().any(|plugin| plugin.name == *name);
            if !stays && self.host().remove(name) {
                tracing::info!(plugin = name, "a plugin was switched off");
            }
            stays
        });
        for plugin in on {
            if state.by_name.get(&plugin.name).is_none_or(|loaded| loaded.row != plugin.version) {
                self.follow(store, plugin, &mut state.by_name).await?;
            }
        }
        state.revision = Some(revision);
        Ok(())
    }

    /// Removes compiled plugins that nothing here needs.
    pub(super) async fn tidy(&self) {
        let state = self.state.lock().await;
        let wanted: Vec<ArtefactKey> =
            state.by_name.values().filter_map(|loaded| loaded.serves.as_ref().map(|(_, key)| key.clone())).collect();
        if let Err(error) = self.admission.tidy(&wanted) {
            tracing::warn!(%error, "compiled plugins that nothing needs cannot be removed");
        }
    }

    /// Brings one plugin to what its row says.
    async fn follow(
        &self,
        store: &SqlStore,
        plugin: &Plugin,
        by_name: &mut HashMap<String, Loaded>,
    ) -> Result<(), StoreError> {
        let former = by_name.get(&plugin.name).and_then(|loaded| loaded.serves.clone());
        let serves = match self.load(store, plugin, plugin.active).await {
            Ok(key) => Some((plugin.active, key)),
            Err(LoadError::Store(error)) => return Err(error),
            // Tried again at the next turn.
            Err(error) if error.passes() => return Err(StoreError::Unavailable(Box::new(error))),
            Err(error) => {
                self.tell(store, plugin, &error).await?;
                match former {
                    Some(former) => Some(former),
                    None => self.fall_back(store, plugin).await?,
                }
            }
        };
        by_name.insert(plugin.name.clone(), Loaded { row: plugin.version, serves });
        Ok(())
    }

    /// Where nothing serves: the newest of the other versions that loads.
    async fn fall_back(
        &self,
        store: &SqlStore,
        plugin: &Plugin,
    ) -> Result<Option<(PluginVersionId, ArtefactKey)>, StoreError> {
        let mut versions = store.list_plugin_versions(plugin.id).await?;
        versions.reverse();
        for version in versions.iter().filter(|version| version.id != plugin.active) {
            match self.load(store, plugin, version.id).await {
                Ok(key) => {
                    tracing::warn!(plugin = plugin.name, version = version.version, "an earlier version serves");
                    return Ok(Some((version.id, key)));
                }
                Err(LoadError::Store(error)) => return Err(error),
                Err(error) => {
                    let error = describe(&error);
                    tracing::debug!(plugin = plugin.name, version = version.version, error, "not loaded either");
                }
            }
        }
        Ok(None)
    }

    /// Admits a stored version and lets it serve.
    async fn load(&self, store: &SqlStore, plugin: &Plugin, id: PluginVersionId) -> Result<ArtefactKey, LoadError> {
        let version = store.find_plugin_version(id).await?.ok_or(LoadError::Gone)?;
        let package = Package::from_files(Files::from_rows(store.list_plugin_files(id).await?)?)?;
        self.check(plugin, &version, &package)?;
        let formats: Vec<u32> =
            store.count_credentials_by_format(&plugin.name).await?.into_iter().map(|(format, _)| format).collect();
        let terms = Terms { grant: &version.grant, settings: &plugin.settings, stored_formats: &formats };
        let admitted = self.admission.admit(&package, terms).await?;
        self.host().switch_on(admitted.prepared);
        tracing::info!(plugin = plugin.name, version = version.version, "a plugin serves");
        Ok(admitted.artefact)
    }

    /// Whether the rows are still what was admitted.
    fn check(&self, plugin: &Plugin, version: &PluginVersion, package: &Package) -> Result<(), LoadError> {
        let digest = package.digest();
        let sealer = self.surroundings.sealer.as_ref();
        let sealed = seal(sealer, &plugin.name, &digest, &version.origin, &version.grant);
        let same = sealed == version.seal
            && digest == version.digest
            && version.plugin == plugin.id
            && package.manifest.id == plugin.name
            && package.manifest.version.to_string() == version.version;
        if !same {
            return Err(LoadError::Altered);
        }
        if version.origin == Origin::Development && self.unsigned == Unsigned::Refused {
            return Err(LoadError::Unsigned);
        }
        match &plugin.floor {
            Some(floor) if floor.parse().is_ok_and(|floor| package.manifest.version < floor) => {
                Err(LoadError::BelowFloor(floor.clone()))
            }
            _ => Ok(()),
        }
    }

    async fn tell(&self, store: &SqlStore, plugin: &Plugin, error: &LoadError) -> Result<(), StoreError> {
        let error = describe(error);
        tracing::error!(plugin = plugin.name, error, "a plugin cannot be loaded");
        let Surroundings { clock, random, .. } = &self.surroundings;
        let detail = format!("{}: {error}", plugin.name);
        let about = About { detail: Some(&detail), ..About::default() };
        store.execute(Note(event_at(random.as_ref(), clock.now(), AuditKind::PluginNotLoaded, about))).await
    }
}

/// Writes an event down.
struct Note(AuditEvent);

#[async_trait::async_trait]
impl Command for Note {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_audit(&self.0).await
    }
}

/// Whether a package reads every stored format; else the first that it does not.
pub(super) fn can_read_all(package: &Package, stored: &[(u32, u64)]) -> Result<(), u32> {
    let reads = &package.manifest.formats.reads;
    stored.iter().map(|(format, _)| *format).find(|format| !reads.contains(format)).map_or(Ok(()), Err)
}
