//! From rows to the sandbox.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use keyholder_core::audit::AuditKind;
use keyholder_core::id::PluginVersionId;
use keyholder_core::plugin::{Choice, Plugin, PluginFile, PluginGrant, PluginVersion, Switch};
use keyholder_core::ports::{Command, PluginQueries as _, Queries as _, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_plugin_host::admission::requested;
use keyholder_plugin_host::package::{Files, MANIFEST, Package};
use keyholder_store::SqliteOptions;
use keyholder_store::seal::MasterKey;
use tempfile::TempDir;

use super::install::{Change, Stored};
use super::*;
use crate::wiring::SystemRandom;

/// Each look is a second later, so that what is stored one after the other has an order.
#[derive(Debug)]
struct Seconds(AtomicI64);

impl Clock for Seconds {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

struct Bed {
    _folder: TempDir,
    config: Config,
    store: SqlStore,
    surroundings: Surroundings,
}

impl Bed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let sealer: Arc<dyn Sealer> =
            Arc::new(MasterKey::load_or_create(&folder.path().join("master.key"), random.clone()).unwrap());
        let options = SqliteOptions::server(folder.path().join("keyholder.db"));
        let store = SqlStore::open(&options, sealer.clone()).await.unwrap();
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let clock = Arc::new(Seconds(AtomicI64::new(1_800_000_000)));
        let compiler = Arc::new(Compiler::InProcess);
        let surroundings = Surroundings { compiler, ..Surroundings::new(clock, random, sealer) };
        Self { _folder: folder, config, store, surroundings }
    }

    /// As after a start of the server, without the bundled packages.
    async fn started(&self) -> Plugins {
        let admission = admission(&self.config, &self.surroundings).unwrap();
        let plugins = Plugins::new(admission, self.surroundings.clone(), unsigned(&self.config));
        plugins.refresh(&self.store).await.unwrap();
        plugins
    }

    async fn install(&self, package: &Package, origin: Origin) {
        let plugin = self.store.find_plugin(&package.manifest.id).await.unwrap();
        let change =
            Change { plugin, package, origin, grant: requested(package), replaces: None, detail: "a test".to_owned() };
        assert_eq!(install::store(&self.store, &self.surroundings, change).await.unwrap(), Stored::Done);
    }

    async fn soft_key(&self) -> (Plugin, PluginVersion, Vec<PluginFile>) {
        let plugin = self.store.find_plugin("soft-key").await.unwrap().unwrap();
        let version = self.store.find_plugin_version(plugin.active).await.unwrap().unwrap();
        let files = self.store.list_plugin_files(version.id).await.unwrap();
        (plugin, version, files)
    }

    /// How often a plugin was not loaded.
    async fn not_loaded(&self) -> usize {
        let events = self.store.list_unsealed_audit(100).await.unwrap();
        events.iter().filter(|event| event.kind == AuditKind::PluginNotLoaded).count()
    }
}

fn soft_key() -> Package {
    bundled::read(keyholder_bundled_plugins::find("soft-key").unwrap()).unwrap()
}

/// A version whose component is of another version than its manifest says.
fn broken() -> Package {
    let mut files: Files = soft_key().files().clone();
    let text = String::from_utf8(files.get(MANIFEST).unwrap().to_vec()).unwrap();
    let version = soft_key().manifest.version.to_string();
    files.replace(MANIFEST, text.replacen(&version, "9.9.9", 1).into_bytes()).unwrap();
    Package::from_files(files).unwrap()
}

/// Writes rows as somebody with the database file could.
struct Tamper {
    version: PluginVersion,
    files: Vec<PluginFile>,
}

#[async_trait]
impl Command for Tamper {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.delete_plugin_version(self.version.id).await?;
        transaction.insert_plugin_version(&self.version, &self.files).await
    }
}

/// A changed plugin, told to the nodes.
struct Alter(Plugin);

#[async_trait]
impl Command for Alter {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool, StoreError> {
        transaction.raise_revision(keyholder_core::plugin::REVISION).await?;
        transaction.swap_plugin(&self.0).await
    }
}

#[tokio::test]
async fn what_is_stored_serves_until_it_is_switched_off() {
    let bed = Bed::new().await;
    let plugins = bed.started().await;
    assert!(plugins.factors().find("soft-key").is_none());
    bed.install(&soft_key(), Origin::Bundled).await;
    plugins.refresh(&bed.store).await.unwrap();
    assert!(plugins.factors().find("soft-key").is_some());
    let (plugin, ..) = bed.soft_key().await;
    assert!(bed.store.execute(Alter(Plugin { switch: Switch::Off, ..plugin })).await.unwrap());
    plugins.refresh(&bed.store).await.unwrap();
    assert!(plugins.factors().find("soft-key").is_none());
    assert!(bed.started().await.factors().find("soft-key").is_none());
    assert_eq!(bed.not_loaded().await, 0);
    bed.store.close().await;
}

#[tokio::test]
async fn files_that_were_swapped_in_the_database_do_not_run() {
    let bed = Bed::new().await;
    bed.install(&soft_key(), Origin::Bundled).await;
    assert!(bed.started().await.factors().find("soft-key").is_some());
    let (_, honest, files) = bed.soft_key().await;
    let mut other_files = files.clone();
    for file in &mut other_files {
        if file.name == "README.md" {
            file.content.push(b'!');
        }
    }
    let digest = {
        let rows = Files::from_rows(other_files.clone()).unwrap();
        Package::from_files(rows).unwrap().digest()
    };
    let wider = PluginGrant { capabilities: vec!["std".into()], ..honest.grant.clone() };
    for (number, (version, files)) in [
        // The files alone, the files with a digest to match, a wider grant, another origin.
        (honest.clone(), other_files.clone()),
        (PluginVersion { digest, ..honest.clone() }, other_files),
        (PluginVersion { grant: wider, ..honest.clone() }, files.clone()),
        (PluginVersion { origin: Origin::Development, ..honest.clone() }, files.clone()),
    ]
    .into_iter()
    .enumerate()
    {
        bed.store.execute(Tamper { version, files }).await.unwrap();
        assert!(bed.started().await.factors().find("soft-key").is_none(), "{number}");
        assert_eq!(bed.not_loaded().await, number + 1);
    }
    bed.store.execute(Tamper { version: honest, files }).await.unwrap();
    assert!(bed.started().await.factors().find("soft-key").is_some(), "as it was, it runs");
    bed.store.close().await;
}

#[tokio::test]
async fn a_version_that_does_not_load_leaves_the_former_serving() {
    let bed = Bed::new().await;
    bed.install(&soft_key(), Origin::Bundled).await;
    let plugins = bed.started().await;
    let good = plugins.host().version("soft-key").unwrap();
    bed.install(&broken(), Origin::Bundled).await;
    for _ in 0..2 {
        plugins.refresh(&bed.store).await.unwrap();
        assert_eq!(plugins.host().version("soft-key").unwrap(), good);
    }
    assert_eq!(bed.not_loaded().await, 1, "told once, not twice a second");
    // After a restart there is nothing in memory to go on with.
    assert_eq!(bed.started().await.host().version("soft-key").unwrap(), good);
    bed.store.close().await;
}

#[tokio::test]
async fn an_unsigned_version_stops_with_the_switch() {
    let mut bed = Bed::new().await;
    bed.config.plugins.development_unsigned = true;
    bed.install(&soft_key(), Origin::Development).await;
    assert!(bed.started().await.factors().find("soft-key").is_some());
    bed.config.plugins.development_unsigned = false;
    assert!(bed.started().await.factors().find("soft-key").is_none());
    bed.store.close().await;
}

#[tokio::test]
async fn a_version_below_the_floor_is_not_loaded() {
    let bed = Bed::new().await;
    bed.install(&soft_key(), Origin::Bundled).await;
    let (plugin, ..) = bed.soft_key().await;
    assert!(bed.store.execute(Alter(Plugin { floor: Some("9.0.0".into()), ..plugin })).await.unwrap());
    assert!(bed.started().await.factors().find("soft-key").is_none());
    bed.store.close().await;
}

#[tokio::test]
async fn bundled_packages_are_stored_once_and_leave_the_operators_choice_alone() {
    let bed = Bed::new().await;
    bundled::store(&bed.store, &bed.surroundings).await.unwrap();
    let revision = bed.store.revision(keyholder_core::plugin::REVISION).await.unwrap();
    let stored: Vec<String> = bed.store.list_plugins().await.unwrap().into_iter().map(|plugin| plugin.name).collect();
    for package in PACKAGES {
        assert!(stored.contains(&package.id.to_owned()), "{}", package.id);
    }
    bundled::store(&bed.store, &bed.surroundings).await.unwrap();
    assert_eq!(bed.store.revision(keyholder_core::plugin::REVISION).await.unwrap(), revision);
    // A pinned version stays, even where the files of the bundled one are others.
    let (plugin, version, files) = bed.soft_key().await;
    bed.store.execute(Tamper { version: PluginVersion { digest: [9; 32], ..version.clone() }, files }).await.unwrap();
    let pinned = Plugin { choice: Choice::Pinned, ..plugin };
    assert!(bed.store.execute(Alter(pinned)).await.unwrap());
    bundled::store(&bed.store, &bed.surroundings).await.unwrap();
    let (plugin, ..) = bed.soft_key().await;
    assert_eq!(plugin.active, version.id);
    // Not pinned: the same version with other files is replaced, as developers make them.
    assert!(bed.store.execute(Alter(Plugin { choice: Choice::Newest, ..plugin })).await.unwrap());
    bundled::store(&bed.store, &bed.surroundings).await.unwrap();
    let (plugin, version, _) = bed.soft_key().await;
    assert_eq!(version.digest, soft_key().digest());
    assert_eq!(bed.store.list_plugin_versions(plugin.id).await.unwrap().len(), 1);
    let _: PluginVersionId = version.id;
    bed.store.close().await;
}

#[tokio::test]
async fn a_server_waits_for_plugins_that_are_stored_and_for_no_others() {
    let bed = Bed::new().await;
    let open = async || open_for_server(&bed.config, &bed.store, bed.surroundings.clone()).await.unwrap();
    let fresh = open().await;
    assert!(!fresh.is_settled());
    assert!(bed.store.list_plugins().await.unwrap().is_empty(), "nothing was stored yet");
    fresh.follow_rows(&bed.store).await.unwrap();
    assert!(fresh.is_settled());
    let again = open().await;
    assert!(again.is_settled());
    for plugins in [fresh, again] {
        for package in PACKAGES {
            assert!(plugins.factors().find(package.id).is_some(), "{}", package.id);
        }
    }
    bed.store.close().await;
}
